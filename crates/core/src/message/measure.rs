//! Figures of the queue, for the page of metrics.

use std::{sync::Arc, time::Duration};

use tokio::{runtime::Handle, task::spawn_blocking};
use weir_base::{Timestamp, clock::pause};
use weir_store::StoreError;

use super::{State, rows};
use crate::App;

/// In real time.
const EVERY: Duration = Duration::from_secs(10);
/// Nobody needs to know it more exactly when there are more.
const MOST: i64 = 1_000_000;

/// Measures now and then, until it is dropped.
pub async fn run(app: Arc<App>) {
    loop {
        let measured = Arc::clone(&app);
        // On SQLite a million rows are counted on the thread that asks.
        let measuring = spawn_blocking(move || Handle::current().block_on(measure(&measured))).await;
        if let Ok(Err(error)) = measuring {
            tracing::debug!(%error, "the queue could not be measured");
        }
        pause(EVERY).await;
    }
}

async fn measure(app: &App) -> Result<(), StoreError> {
    for state in [State::Queued, State::Sending] {
        let count = rows::count(&app.store, state, MOST).await?;
        metrics::gauge!("weir_messages", "state" => state.as_str()).set(count as f64);
    }
    let oldest = rows::oldest(&app.store, State::Queued).await?.map(Timestamp::from_millis);
    let age = oldest.map_or(0.0, |oldest| app.clock.now().since(oldest).as_secs_f64());
    metrics::gauge!("weir_message_oldest_seconds").set(age);
    Ok(())
}
