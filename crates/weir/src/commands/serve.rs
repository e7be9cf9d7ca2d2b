use anyhow::{Result, anyhow};

use super::say;
use crate::{
    cli::ServeArgs,
    config::{Config, Layer, Sources},
    lifecycle, telemetry,
    wire::{self, Ground},
};

pub(super) async fn run(args: ServeArgs) -> Result<()> {
    let mut sources = Sources::usual(args.config.as_deref());
    if let Some(port) = args.port {
        sources.fixed.push(Layer::new("--port").with("server.port", port));
    }
    if let Some(address) = args.address {
        sources.fixed.push(Layer::new("--address").with("server.address", address));
    }
    let config = Config::load(&sources).map_err(|sentence| anyhow!(sentence))?;
    config.core.validate().map_err(|sentence| anyhow!(sentence))?;
    let _log = telemetry::start(&config.log)?;
    let running = wire::start(&config, Ground::system(), telemetry::metrics()).await?;
    if config.core.apps.is_empty() {
        tracing::warn!(
            "no WeChat app is configured: nobody can log in; add [[apps]] to weir.toml or set WX_APPID and WX_SECRET"
        );
    }
    if config.core.sandbox {
        tracing::warn!("sandbox = true: for development only, limits do not bite");
    }
    if config.core.engagement.open {
        tracing::warn!(
            "engagement.open = true: anybody may record actions, save subscriptions and send messages without credentials"
        );
    }
    let stop = lifecycle::Stop::listen()?;
    say(&format!("weir is ready at http://{}", running.address));
    stop.asked().await;
    lifecycle::drain(running.shutdown(), config.server.shutdown_grace).await;
    Ok(())
}
