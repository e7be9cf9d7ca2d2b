//! From "ready" to a clean end.

use std::{future::Future, time::Duration};

use anyhow::Result;
use tokio::signal::unix::{SignalKind, signal};
use weir_base::clock::pause;

/// A supervisor kills what has not ended by then.
const DEADLINE: Duration = Duration::from_secs(9);

/// Waits for SIGTERM or SIGINT.
pub(crate) async fn asked_to_stop() -> Result<()> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

/// Lets `work` finish what is under way, for nine seconds at the most.
pub(crate) async fn drain(work: impl Future<Output = ()>) {
    tokio::select! {
        () = work => tracing::info!("stopped"),
        () = pause(DEADLINE) => tracing::warn!("stopped with requests still under way: they took longer than nine seconds"),
    }
}
