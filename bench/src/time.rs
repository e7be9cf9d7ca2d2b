//! The one place of the harness that reads the real clock and really waits.
#![expect(
    clippy::disallowed_methods,
    reason = "a load harness measures real time; nothing here decides anything for a user"
)]

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// Reads the monotonic clock.
pub fn now() -> Instant {
    Instant::now()
}

pub async fn sleep(duration: Duration) {
    tokio::time::sleep(duration).await;
}

/// Runs `work`, for at most `limit`.
pub async fn within<T>(limit: Duration, what: &str, work: impl Future<Output = T>) -> Result<T> {
    tokio::time::timeout(limit, work).await.with_context(|| format!("{what}: not done within {limit:?}"))
}

/// Asks `ready` every `step` until it says yes, for at most `limit`. Answers how long it took.
///
/// # Errors
/// When the limit is reached, and what `ready` itself cannot go on with.
pub async fn wait_for(
    limit: Duration,
    step: Duration,
    what: &str,
    mut ready: impl AsyncFnMut() -> Result<bool>,
) -> Result<Duration> {
    let start = now();
    loop {
        if ready().await? {
            return Ok(start.elapsed());
        }
        if start.elapsed() > limit {
            bail!("{what}: not ready within {limit:?}");
        }
        sleep(step).await;
    }
}
