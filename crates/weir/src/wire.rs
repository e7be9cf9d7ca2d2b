//! The only place that puts the parts together.

use std::{io::ErrorKind, net::SocketAddr, sync::Arc, time::Duration};

use anyhow::{Context, Result, anyhow};
use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use weir_base::{Clock, Dice, clock::pause};
use weir_core::{
    App, audit, authorization, binding, engagement, exchange, idempotency, job, message, push, session,
};
use weir_http::{Demo, Gateway, ServerSettings};
use weir_store::{DatabaseUrl, Store, StoreSettings};
use weir_wechat::{Endpoints, Transport, TransportSettings, WeChat};

use crate::{config::Config, files, telemetry};

/// How often what is old is deleted: sessions that nobody can come back to, audit entries that need not be kept.
const SWEEP_EVERY: Duration = Duration::from_secs(3600);

/// How often measurements are sorted into their buckets, in real time.
const UPKEEP_EVERY: Duration = Duration::from_secs(1);

/// What renders the page at `/metrics`.
pub type RenderMetrics = Arc<dyn Fn() -> String + Send + Sync>;

/// What a server stands on besides its settings. Tests hand in a clock that stands still.
#[derive(Clone)]
pub struct Ground {
    pub clock: Clock,
    pub dice: Dice,
    /// The middle of the wait before a call to WeChat is sent again. It is waited on `clock`.
    pub backoff: Duration,
}

impl Ground {
    /// The machine's own clock and chance.
    pub fn system() -> Self {
        let backoff = TransportSettings::default().backoff;
        Self { clock: Clock::system(), dice: Dice::system(), backoff }
    }
}

/// A server that listens.
pub struct Running {
    pub address: SocketAddr,
    pub app: Arc<App>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

/// Opens the database and builds the product on it, without listening. The database is migrated.
pub async fn build(config: &Config, ground: Ground) -> Result<Arc<App>> {
    config.core.validate().map_err(|sentence| anyhow!(sentence))?;
    let store = open_store(config).await?;
    let applied = store
        .migrate()
        .await
        .with_context(|| {
            let engine = store.engine();
            format!(
                "the {engine} database cannot be brought up to date: is database.url right, and may its user create tables?"
            )
        })?;
    if !applied.is_empty() {
        tracing::info!(migrations = applied.join(", "), "the database was brought up to date");
    }
    let wechat = wechat(config, &ground)?;
    let app = App::new(store, wechat, ground.clock, ground.dice, config.core.clone());
    Ok(Arc::new(app.map_err(|sentence| anyhow!(sentence))?))
}

/// Opens the database as it is.
pub async fn open_store(config: &Config) -> Result<Store> {
    let url = DatabaseUrl::parse(config.database.url.expose())?;
    if let DatabaseUrl::Sqlite(path) = &url
        && let Some(directory) = path.parent().filter(|directory| !directory.as_os_str().is_empty())
    {
        std::fs::create_dir_all(directory)
            .with_context(|| format!("{} cannot be made", directory.display()))?;
    }
    let settings = StoreSettings { pool_size: config.database.pool_size, ..StoreSettings::new(url) };
    Store::open(&settings).await.context("the database cannot be opened: is database.url right?")
}

fn wechat(config: &Config, ground: &Ground) -> Result<WeChat> {
    let settings = &config.wechat;
    let transport = TransportSettings {
        timeout: settings.timeout.0,
        connect_timeout: settings.connect_timeout.0,
        tries: settings.tries,
        max_calls: settings.max_calls,
        backoff: ground.backoff,
        ..TransportSettings::default()
    };
    let transport = Transport::new(transport, ground.clock.clone(), ground.dice.clone())?;
    let endpoints = Endpoints { api_base: settings.api_base.clone(), open_base: settings.open_base.clone() };
    Ok(WeChat::new(&endpoints, transport)?)
}

/// Starts serving.
pub async fn start(config: &Config, ground: Ground, render_metrics: RenderMetrics) -> Result<Running> {
    start_with(config, ground, render_metrics, None).await
}

/// Starts serving, with the page at `/demo` when there is a demo to show.
pub async fn start_with(
    config: &Config,
    ground: Ground,
    render_metrics: RenderMetrics,
    demo: Option<Demo>,
) -> Result<Running> {
    config.core.validate().map_err(|sentence| anyhow!(sentence))?;
    let listener = listen(&config.server).await?;
    let address = listener.local_addr()?;
    let app = build(&reached_at(config, address), ground).await?;
    let max_connections = files::room_for(config.server.max_connections);
    let server = ServerSettings { max_connections, ..config.server.clone() };
    let gateway = Gateway::new(Arc::clone(&app), &server, render_metrics, demo)
        .map_err(|sentence| anyhow!(sentence))?;
    let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
    tasks.spawn(gateway.serve(listener, stop.clone().cancelled_owned()));
    tasks.spawn(job::runner::run(Arc::clone(&app), stop.clone().cancelled_owned()));
    tasks.spawn(sweep(Arc::clone(&app), stop.clone()));
    tasks.spawn(keep_metrics(stop.clone()));
    let measuring = message::measure::run(Arc::clone(&app));
    tasks.spawn(stop.clone().run_until_cancelled_owned(measuring));
    tasks.close();
    Ok(Running { address, app, stop, tasks })
}

async fn listen(server: &ServerSettings) -> Result<TcpListener> {
    let (address, port) = (server.address.as_str(), server.port);
    TcpListener::bind((address, port)).await.map_err(|error| {
        let mend = match error.kind() {
            ErrorKind::AddrInUse => "the port is taken: choose another with --port or API_PORT",
            ErrorKind::PermissionDenied => {
                "ports below 1024 are for root: choose another with --port or API_PORT"
            }
            _ => "server.address (--address, API_HOST) must be an address of this machine",
        };
        anyhow!("cannot listen on {address}:{port}: {mend} ({error})")
    })
}

/// The settings with the address that people reach when they name none: the one that we listen on.
fn reached_at(config: &Config, mut address: SocketAddr) -> Config {
    let mut config = config.clone();
    let web = &mut config.core.web;
    if web.public_url.is_empty() && web.redirect_uri.is_empty() {
        if address.ip().is_unspecified() {
            address.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
        }
        web.public_url = format!("http://{address}");
    }
    config
}

impl Running {
    /// Finishes the requests that are under way and lets go of the database.
    pub async fn shutdown(self) {
        self.stop.cancel();
        // Whoever waits for news would keep us waiting.
        self.app.live.close();
        self.tasks.wait().await;
        self.app.store.close().await;
    }
}

async fn keep_metrics(stop: CancellationToken) {
    while stop.run_until_cancelled(pause(UPKEEP_EVERY)).await.is_some() {
        telemetry::upkeep();
    }
}

fn swept(what: &str, outcome: weir_core::Outcome<u64>) {
    match outcome {
        Ok(0) => {}
        Ok(deleted) => tracing::info!(what, deleted, "what is old was deleted"),
        Err(failure) => tracing::warn!(what, cause = failure.chain(), "what is old was not deleted"),
    }
}

async fn sweep(app: Arc<App>, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = app.clock.sleep(SWEEP_EVERY) => {}
        }
        swept("sessions", session::flow::sweep(&app).await);
        swept("exchanged codes", exchange::flow::sweep(&app).await);
        swept("states and relay codes", authorization::flow::sweep(&app).await);
        swept("QR codes and proofs", binding::flow::sweep(&app).await);
        swept("idempotency keys", idempotency::sweep(&app).await);
        swept("pushes", push::flow::sweep(&app).await);
        swept("messages, actions and ledger entries", engagement::sweep::sweep(&app).await);
        swept("audit entries", audit::flow::sweep(&app).await);
    }
}
