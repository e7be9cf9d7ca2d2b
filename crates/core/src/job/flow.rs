use weir_base::Timestamp;
use weir_store::{Executor, StoreError};

use super::{JobId, JobKind, rows};
use crate::App;

/// Adds a job, in the transaction that makes it necessary. `app.jobs.nudge()` after the commit lets a worker look at once.
pub async fn add(
    tx: impl Executor,
    app: &App,
    kind: JobKind,
    subject: &str,
    lane: &str,
    due_at: Timestamp,
) -> Result<JobId, StoreError> {
    let now = app.clock.now();
    let id = JobId::new(&app.dice, now);
    rows::insert(tx, &id, kind, subject, kind.queue(lane), lane, due_at, now).await?;
    Ok(id)
}
