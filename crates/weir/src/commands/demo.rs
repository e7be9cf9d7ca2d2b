//! Everything at once: WeChat's double and the server in one process, on one clock.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Result;
use serde_json::json;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use weir_base::{Clock, settings::Span};
use weir_core::{AppKind, AppSettings};
use weir_simulator::{Simulator, World};

use super::{place, say, simulate, token::host_token};
use crate::{
    cli::DemoArgs,
    config::Config,
    lifecycle, telemetry,
    wire::{self, Ground, RenderMetrics, Running},
};

/// Who is signed in on the host's site.
const HOST_USER: &str = "106";
/// Enough for one machine, and within the open files that systems grant without being asked.
const CONNECTIONS: usize = 400;
/// The simulator's clock can be moved on by days without the page losing its user.
const YEAR: Duration = Duration::from_secs(365 * 86_400);

/// A running demo.
pub(super) struct Demo {
    pub(super) gateway: Running,
    /// `http://127.0.0.1:7070`
    pub(super) simulator: String,
    /// `server.shutdown_grace`
    grace: Span,
    stop: CancellationToken,
    serving: JoinHandle<std::io::Result<()>>,
}

impl Demo {
    /// `level` is what is logged, over the settings. Starts both on one clock, so that `POST /_sim/clock` moves the server's time too.
    pub(super) async fn start(
        data: &Path,
        port: u16,
        simulator_port: u16,
        level: Option<&str>,
        metrics: RenderMetrics,
    ) -> Result<(Self, telemetry::Guard)> {
        let ground = Ground::system();
        let listener = simulate::listen(simulator_port).await?;
        let address = format!("http://{}", listener.local_addr()?);
        let mut config = place::demo_config(data, Some(&address))?;
        config.server.port = port;
        config.server.max_connections = config.server.max_connections.min(CONNECTIONS);
        if let Some(level) = level {
            level.clone_into(&mut config.log.level);
        }
        let log = telemetry::start(&config.log)?;
        let simulator = Simulator::load(
            World::demo(),
            ground.clock.clone(),
            ground.dice.clone(),
            &data.join("simulator.json"),
        )?;
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let served = simulator.clone();
        let serving = tokio::spawn(async move { served.serve(listener, stopped.cancelled_owned()).await });
        let grace = config.server.shutdown_grace;
        let page = page(&config, &address, ground.clock.clone());
        let gateway = wire::start_with(&config, ground, metrics, Some(page)).await?;
        for app in &config.core.apps {
            set_push(&simulator, app, &format!("http://{}", gateway.address))?;
        }
        Ok((Self { gateway, simulator: address, grace, stop, serving }, log))
    }

    pub(super) async fn shutdown(self) {
        self.gateway.shutdown().await;
        self.stop.cancel();
        match self.serving.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "the simulator's state was not saved"),
            Err(error) => tracing::error!(%error, "the simulator ended badly"),
        }
    }
}

/// The page at `/demo`: its user is somebody of a host's site.
fn page(config: &Config, simulator: &str, clock: Clock) -> weir_http::Demo {
    let secret = config.core.auth.jwt_secret.clone();
    let sign = move || host_token(&secret, HOST_USER, clock.now(), YEAR).map_err(|error| error.to_string());
    weir_http::Demo { simulator: simulator.to_owned(), user: HOST_USER.to_owned(), sign: Box::new(sign) }
}

/// Types the gateway's push address into the simulator's console: a mini-program's pushes are JSON, others' XML, and all are
/// sealed.
fn set_push(simulator: &Simulator, app: &AppSettings, gateway: &str) -> Result<()> {
    let (Some(token), Some(aes_key)) = (&app.token, &app.aes_key) else { return Ok(()) };
    let push = json!({
        "url": format!("{gateway}/wechat/push/{}", app.name),
        "token": token.expose(),
        "aes_key": aes_key.expose(),
        "format": if app.kind == AppKind::MiniProgram { "json" } else { "xml" },
        "mode": "safe",
    });
    simulator.change_app(&json!({"appid": app.appid, "push": push}))?;
    Ok(())
}

pub(super) async fn run(args: DemoArgs) -> Result<()> {
    let data = args.data.unwrap_or_else(|| PathBuf::from(place::DATA));
    let (demo, _log) = Demo::start(
        &data,
        args.port,
        args.simulator_port,
        args.quiet.then_some("error"),
        telemetry::metrics(),
    )
    .await?;
    let stop = lifecycle::Stop::listen()?;
    if args.quiet {
        say(&format!("weir is ready at http://{}", demo.gateway.address));
        say(&format!("the simulator is ready at {}", demo.simulator));
    } else {
        say(&welcome(&demo, &data));
    }
    stop.asked().await;
    let grace = demo.grace;
    lifecycle::drain(demo.shutdown(), grace).await;
    Ok(())
}

fn welcome(demo: &Demo, data: &Path) -> String {
    let (weir, wechat) = (format!("http://{}", demo.gateway.address), &demo.simulator);
    // As it was typed: it is in nobody's PATH yet.
    let command = std::env::args().next().unwrap_or_else(|| "weir".to_owned());
    format!(
        r#"
weir is ready at {weir}
the simulator is ready at {wechat}

  Open this in a browser     {weir}/demo

  The API, to read and try   {weir}/docs
  The phone by itself        {wechat}/
  What the simulator can do  {wechat}/_sim/

Log in as a mini-program's user: Alice's phone gives a code, Weir makes a user and a token of it.

  CODE=$(curl -s {wechat}/_sim/login-code -H 'content-type: application/json' \
    -d '{{"appid":"mini","user":"alice"}}' | sed 's/.*"code":"\([^"]*\)".*/\1/')
  curl -s {weir}/api/v1/auth/wx-login -H 'content-type: application/json' -d "{{\"code\":\"$CODE\",\"nickName\":\"Alice\"}}"

Every flow, step by step: {command} demo --once
What happens is kept in {data}/ until you remove it; a line below tells of each request. Stop with Ctrl-C.
"#,
        data = data.display()
    )
}
