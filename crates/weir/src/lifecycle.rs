//! From "ready" to a clean end.

use std::future::Future;

use anyhow::Result;
use tokio::signal::unix::{SignalKind, signal};
use weir_base::{clock::pause, settings::Span};

/// Waits for SIGTERM or SIGINT.
pub(crate) async fn asked_to_stop() -> Result<()> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

/// Lets `work` finish what is under way, for `grace` at the most.
pub(crate) async fn drain(work: impl Future<Output = ()>, grace: Span) {
    tokio::select! {
        () = work => tracing::info!("stopped"),
        () = pause(grace.0) => tracing::warn!(
            "stopped with requests still under way: they took longer than server.shutdown_grace, {grace}"
        ),
    }
}
