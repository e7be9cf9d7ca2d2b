//! Telling the browsers that wait: at once what this process has changed, within a moment what another replica has.

use std::{collections::HashMap, sync::Arc, time::Duration};

use weir_base::clock::pause;

use super::{QrRow, rows};
use crate::{App, Code, Failure, Outcome, live::Watching};

/// How often other replicas' changes are looked for, in real time, while somebody watches.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// How far apart the clocks of two replicas may be, and how long a commit may take.
const APART: Duration = Duration::from_secs(10);
const AT_ONCE: i64 = 2000;

/// Begins to watch a QR code. Read it only after this, so that no change is missed between the two.
pub fn subscribe(app: &Arc<App>, session: &str, asker: &str) -> Outcome<Watching<QrRow>> {
    let watching = app.live.watch(session, asker).ok_or_else(|| {
        Failure::new(Code::Unavailable)
            .detail("too many browsers wait for news: ask for the status instead")
            .retry_after(Duration::from_secs(5))
    })?;
    if app.live.begin_looking() {
        tokio::spawn(look(Arc::clone(app)));
    }
    Ok(watching)
}

/// Something was committed: tell those who wait.
pub(super) async fn changed(app: &App, session: &str) {
    if !app.live.is_watched(session) {
        return;
    }
    match rows::by_id(&app.store, session).await {
        Ok(Some(row)) => tell(app, row),
        Ok(None) => {}
        // They hear of it from the next look.
        Err(error) => tracing::warn!(%error, "a change of a QR code was not told at once"),
    }
}

fn tell(app: &App, row: QrRow) {
    let session = row.session_id.clone();
    app.live.tell(&session, row, is_newer);
}

/// Of two readings of one QR code.
pub fn is_newer(new: &QrRow, known: &QrRow) -> bool {
    new.version > known.version
}

/// Looks for changes of other replicas until nobody watches any more.
async fn look(app: Arc<App>) {
    // What was looked at, so that a change is read once: the window of time overlaps.
    let mut seen: HashMap<String, i64> = HashMap::new();
    while !app.live.end_looking() {
        pause(LOOK_EVERY).await;
        let since = app.clock.now().minus(APART);
        match rows::changed(&app.store, since, AT_ONCE).await {
            Ok(changes) => {
                seen.retain(|session, _| changes.iter().any(|change| change.session_id == *session));
                for change in changes {
                    let known = app.live.told(&change.session_id);
                    let is_news = match known {
                        None => false,
                        Some(Some(row)) => row.version < change.version,
                        Some(None) => seen.get(&change.session_id) != Some(&change.version),
                    };
                    if is_news {
                        changed(&app, &change.session_id).await;
                    }
                    seen.insert(change.session_id, change.version);
                }
            }
            Err(error) => tracing::warn!(%error, "changes of QR codes cannot be looked for"),
        }
    }
}
