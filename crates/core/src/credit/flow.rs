//! Every change writes an entry in the same transaction. They take the caller's, because a credit never changes alone.

use std::time::Duration;

use weir_base::{
    Timestamp,
    page::{Page, WRONG_CURSOR, Wanted},
};
use weir_store::{Executor, StoreError, Tx};

use super::{
    Answer, Cause, EntryId, Key, Source,
    rows::{self, EntryRow},
};
use crate::{App, Code, Failure, Outcome, message::MessageId};

/// An accept told by the client and by WeChat's event within this time is one.
const SAME: Duration = Duration::from_secs(600);

/// A person answered the prompt. Tells what remains.
pub async fn answered(
    tx: &Tx<'_>,
    app: &App,
    key: &Key,
    answer: Answer,
    source: Source,
) -> Result<i64, StoreError> {
    let now = app.clock.now();
    let Key { appid, openid, template_id } = key;
    // Held first: of a client and an event that tell of one accept at once, the second finds the first.
    let held = hold(tx, app, key).await?;
    let mut change = 0;
    let mut paired = false;
    let mut remaining = held;
    if answer == Answer::Accept {
        let since = now.minus(SAME);
        paired = rows::pair(tx, appid, openid, template_id, source.other(), since).await? > 0;
        if !paired {
            remaining = rows::give(tx, appid, openid, template_id, now).await?;
            change = 1;
        }
    }
    let id = EntryId::new(&app.dice, now);
    let cause = answer.cause();
    rows::enter(tx, &id, appid, openid, template_id, cause, source, change, remaining, None, paired, now)
        .await?;
    Ok(remaining)
}

/// The person turned the template off in WeChat: nothing remains.
pub async fn withdrawn(tx: &Tx<'_>, app: &App, key: &Key) -> Result<(), StoreError> {
    let held = hold(tx, app, key).await?;
    leave(tx, app, key, held, 0, Cause::Cleared, Source::Event, None).await
}

/// Takes one for a message, if there is one.
pub async fn take(tx: &Tx<'_>, app: &App, key: &Key, message: &MessageId) -> Result<bool, StoreError> {
    let now = app.clock.now();
    let Some(remaining) = rows::take(tx, &key.appid, &key.openid, &key.template_id, now).await? else {
        return Ok(false);
    };
    taken(tx, app, key, message, remaining).await?;
    Ok(true)
}

/// The entry of one that was taken.
pub(crate) async fn taken(
    tx: &Tx<'_>,
    app: &App,
    key: &Key,
    message: &MessageId,
    remaining: i64,
) -> Result<(), StoreError> {
    enter(tx, app, key, Cause::Taken, message, -1, remaining).await
}

/// The message was not sent: one more is there again.
pub async fn give_back(tx: &Tx<'_>, app: &App, key: &Key, message: &MessageId) -> Result<(), StoreError> {
    let now = app.clock.now();
    let remaining = rows::give(tx, &key.appid, &key.openid, &key.template_id, now).await?;
    enter(tx, app, key, Cause::Returned, message, 1, remaining).await
}

/// WeChat took the message.
pub async fn sent(tx: impl Executor, app: &App, key: &Key, message: &MessageId) -> Result<(), StoreError> {
    let now = app.clock.now();
    let id = EntryId::new(&app.dice, now);
    let Key { appid, openid, template_id } = key;
    let (cause, source, message) = (Cause::Sent, Source::Message, Some(message.as_str()));
    rows::note(tx, &id, appid, openid, template_id, cause, source, message, now).await?;
    Ok(())
}

/// WeChat says that nothing was left (43101) when it was asked. What was accepted since then stays.
pub async fn corrected(
    tx: &Tx<'_>,
    app: &App,
    key: &Key,
    message: &MessageId,
    asked_at: Timestamp,
) -> Result<(), StoreError> {
    let Key { appid, openid, template_id } = key;
    // Held first: an accept that comes now waits, and is not forgotten.
    let held = hold(tx, app, key).await?;
    let newer = rows::accepted_since(tx, appid, openid, template_id, asked_at).await?;
    leave(tx, app, key, held, newer, Cause::Corrected, Source::Message, Some(message)).await
}

async fn hold(tx: &Tx<'_>, app: &App, key: &Key) -> Result<i64, StoreError> {
    rows::hold(tx, &key.appid, &key.openid, &key.template_id, app.clock.now()).await
}

/// Leaves `most` of the `held` that remain.
async fn leave(
    tx: &Tx<'_>,
    app: &App,
    key: &Key,
    held: i64,
    most: i64,
    cause: Cause,
    source: Source,
    message: Option<&MessageId>,
) -> Result<(), StoreError> {
    let now = app.clock.now();
    let Key { appid, openid, template_id } = key;
    let left = held.min(most);
    if left < held {
        rows::leave(tx, appid, openid, template_id, left, now).await?;
    }
    let id = EntryId::new(&app.dice, now);
    let (message, change) = (message.map(MessageId::as_str), left - held);
    rows::enter(tx, &id, appid, openid, template_id, cause, source, change, left, message, false, now)
        .await?;
    Ok(())
}

async fn enter(
    tx: &Tx<'_>,
    app: &App,
    key: &Key,
    cause: Cause,
    message: &MessageId,
    change: i64,
    remaining: i64,
) -> Result<(), StoreError> {
    let now = app.clock.now();
    let id = EntryId::new(&app.dice, now);
    let Key { appid, openid, template_id } = key;
    let (source, message) = (Source::Message, Some(message.as_str()));
    rows::enter(tx, &id, appid, openid, template_id, cause, source, change, remaining, message, false, now)
        .await?;
    Ok(())
}

/// What remains for a subscription, and why: its ledger, newest first.
pub async fn ledger(app: &App, subscription: &str, wanted: &Wanted) -> Outcome<(i64, Page<EntryRow>)> {
    let key = rows::of_subscription(&app.store, subscription).await?;
    let key = key.ok_or_else(|| Failure::new(Code::NotFound).detail("there is no such subscription"))?;
    let between = EntryId::between(wanted.after.as_deref(), None, None);
    let (first, end) = between.ok_or_else(|| Failure::invalid(WRONG_CURSOR.0, WRONG_CURSOR.1))?;
    let (store, limit) = (&app.store, wanted.rows());
    let (appid, openid, template_id) = (&key.appid, &key.openid, &key.template_id);
    let remaining = rows::remaining(store, appid, openid, template_id).await?.unwrap_or(0);
    let rows = rows::entries(store, appid, openid, template_id, &first, &end, limit).await?;
    Ok((remaining, wanted.page(rows, |row| row.id.as_str())))
}
