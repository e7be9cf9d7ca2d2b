use std::time::Duration;

use weir_base::Timestamp;
use weir_store::{Executor, StoreError};

use super::{JobId, JobKind, rows};
use crate::{App, AppKind};

/// A job that has been due for so long, while nothing holds its queue up, is late.
const LATE: Duration = Duration::from_secs(300);

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

/// What may be said of the queues: `ok`; `waiting`, because WeChat or the hour wants nothing to be sent now; `late`, when there
/// is more to do than is done; `stopped`, when this process does not look for jobs any more.
pub async fn condition(app: &App) -> Result<&'static str, StoreError> {
    if !app.jobs.are_run() {
        return Ok("stopped");
    }
    let now = app.clock.now();
    let quiet = app.settings.engagement.quiet_hours.end(now).is_some();
    let mut condition = "ok";
    for settings in app.settings.apps.iter().filter(|app| app.kind == AppKind::MiniProgram) {
        let Some(first) = rows::first(&app.store, &settings.appid).await? else { continue };
        if quiet || app.jobs.rests(&settings.appid, now).is_some() {
            condition = "waiting";
        } else if now.since(first.due_at) > LATE {
            return Ok("late");
        }
    }
    Ok(condition)
}
