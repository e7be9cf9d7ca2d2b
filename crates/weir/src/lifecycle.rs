//! From "ready" to a clean end.

use std::future::Future;

use anyhow::Result;
use tokio::signal::unix::{Signal, SignalKind, signal};
use weir_base::{clock::pause, settings::Span};

/// Hears SIGTERM and SIGINT from when it is made: before anybody is told that the server is ready, for whoever is told may
/// stop it at once, and an unheard signal ends the process with what is under way.
pub(crate) struct Stop {
    terminate: Signal,
    interrupt: Signal,
}

impl Stop {
    pub(crate) fn listen() -> Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Waits for one of them.
    pub(crate) async fn asked(mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
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
