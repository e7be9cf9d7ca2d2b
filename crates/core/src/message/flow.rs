use std::sync::Arc;

use weir_base::Timestamp;
use weir_store::{StoreError, Tx};

use super::{Draft, MessageId, State, TemplateSettings, rows, template};
use crate::{
    App, Code, Failure, Outcome,
    audit::{Action, Entry},
    credit::{self, Key},
    idempotency::{self, Claim, Once},
    job::{self, JobKind},
};

impl Draft {
    /// The ledger that the message is paid from.
    pub fn key(&self) -> Key {
        Key { appid: self.appid.clone(), openid: self.openid.clone(), template_id: self.template_id.clone() }
    }
}

/// The messages to one person go one after another.
pub(crate) fn lane(appid: &str, openid: &str) -> String {
    format!("{appid}:{openid}")
}

/// Queues a message in the caller's transaction: the message, its job, and the credit that it takes. `None`: its template
/// wants a credit for each message, the caller too (`with_credit`), and there is none; nothing was written.
/// `app.jobs.nudge()` after the commit sends it at once.
pub async fn queue(
    tx: &Tx<'_>,
    app: &App,
    draft: &Draft,
    with_credit: bool,
) -> Result<Option<MessageId>, StoreError> {
    let now = app.clock.now();
    let id = MessageId::new(&app.dice, now);
    let template = template(&app.settings, &draft.appid, &draft.template_id);
    let key = draft.key();
    let mut taken = None;
    if template.needs_credit() {
        taken = credit::rows::take(tx, &key.appid, &key.openid, &key.template_id, now).await?;
        if with_credit && taken.is_none() {
            return Ok(None);
        }
    }
    let lane = lane(&draft.appid, &draft.openid);
    let note = async {
        match taken {
            Some(remaining) => credit::flow::taken(tx, app, &key, &id, remaining).await,
            None => Ok(()),
        }
    };
    // None of them needs to know of the others: PostgreSQL is sent all at once.
    tokio::try_join!(
        insert(tx, app, &id, draft, template, State::Queued, taken.is_some(), now),
        job::add(tx, app, JobKind::SendMessage, id.as_str(), &lane, now),
        note,
    )?;
    Ok(Some(id))
}

pub(super) async fn insert(
    tx: &Tx<'_>,
    app: &App,
    id: &MessageId,
    draft: &Draft,
    template: &TemplateSettings,
    state: State,
    credit_taken: bool,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Draft { appid, openid, template_id, data, page, miniprogram_state, lang, origin, .. } = draft;
    let data = serde_json::to_string(data).unwrap_or_default();
    let (page, in_state, lang) = (page.as_deref(), miniprogram_state.as_deref(), lang.as_deref());
    let (advisor, action) = (draft.advisor_id.as_deref(), draft.action_id.as_deref());
    let expires_after = template.expires_after.unwrap_or(app.settings.engagement.expires_after);
    let expires_at = now.plus(expires_after.0);
    rows::insert(
        tx,
        id,
        appid,
        openid,
        template_id,
        &data,
        page,
        in_state,
        lang,
        *origin,
        advisor,
        action,
        state,
        credit_taken,
        expires_at,
        now,
    )
    .await?;
    Ok(())
}

/// Queues a message that a service asks for, whatever the ledger says; WeChat decides. Asked again with the same key, it is
/// the same message.
pub async fn submit(app: &Arc<App>, draft: Draft, once: Option<Once>) -> Outcome<MessageId> {
    let for_it = Arc::clone(app);
    let id = app
        .store
        .transaction(move |tx| {
            Box::pin(async move {
                if let Some(known) = claimed(tx, &for_it, once.as_ref()).await? {
                    return Ok(known);
                }
                let id = queue(tx, &for_it, &draft, false).await?;
                let id = id.ok_or_else(|| Failure::new(Code::Internal))?;
                if let Some(once) = &once {
                    idempotency::answer(tx, once, id.as_str()).await?;
                }
                Ok::<_, Failure>(id)
            })
        })
        .await?;
    app.jobs.nudge();
    Ok(id)
}

/// The message that was made with this key already; else the key is claimed.
pub(super) async fn claimed(tx: &Tx<'_>, app: &App, once: Option<&Once>) -> Outcome<Option<MessageId>> {
    let Some(once) = once else { return Ok(None) };
    match idempotency::claim(tx, once, app.clock.now()).await? {
        Claim::Ours => Ok(None),
        Claim::Answered(kept) => {
            MessageId::parse(&kept).map(Some).ok_or_else(|| Failure::new(Code::Internal))
        }
    }
}

/// What WeChat's news is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// A message of ours, which knows it now.
    Known,
    /// Perhaps a message whose answer is still to be written down.
    Early,
    /// Nothing of ours.
    Unknown,
}

/// WeChat tells what became of a message that it took (`subscribe_msg_sent_event`): `error_code` 0 says that it arrived. One
/// whose answer was lost is found by who got it, unless there is another that is being sent.
pub async fn delivered(
    tx: &Tx<'_>,
    app: &App,
    appid: &str,
    msgid: &str,
    openid: &str,
    template_id: &str,
    error_code: i64,
) -> Result<News, StoreError> {
    let now = app.clock.now();
    // Looked for first: what is sent later is not what the news is about, and what is written down now is found below.
    let is_under_way = rows::under_way(tx, appid, openid, template_id).await?.is_some();
    let arrived = error_code == 0;
    let (state, reason, errcode) = if arrived {
        (State::Delivered, None, None)
    } else {
        (State::Refused, Some("not_delivered"), Some(error_code))
    };
    if rows::arrived(tx, appid, msgid, openid, state, reason, errcode, now).await? > 0 {
        return Ok(News::Known);
    }
    if is_under_way {
        return Ok(News::Early);
    }
    if rows::of_msgid(tx, msgid, appid).await?.is_some() {
        // Told before.
        return Ok(News::Known);
    }
    let cleared_up =
        rows::cleared_up(tx, appid, openid, template_id, msgid, state, reason, errcode, now).await?;
    Ok(if cleared_up > 0 { News::Known } else { News::Unknown })
}

/// Queues a message again that was refused, given up or left uncertain. `by` is who wants it, as the trail names them.
pub async fn retry(app: &Arc<App>, by: String, id: &MessageId) -> Outcome<()> {
    let entry = Entry::new(app, by, Action::MessageRetried, format!("message:{id}"));
    let (for_it, id) = (Arc::clone(app), id.clone());
    app.store.transaction(move |tx| Box::pin(async move { requeue(tx, &for_it, &id, &entry).await })).await?;
    app.jobs.nudge();
    Ok(())
}

async fn requeue(tx: &Tx<'_>, app: &App, id: &MessageId, entry: &Entry) -> Outcome<()> {
    let now = app.clock.now();
    let Some(message) = rows::requeue(tx, id, now).await? else {
        let known = rows::find(tx, id).await?.is_some();
        return Err(if known {
            Failure::new(Code::NotRetryable)
        } else {
            Failure::new(Code::NotFound).detail("there is no such message")
        });
    };
    let template = template(&app.settings, &message.appid, &message.template_id);
    let key = message.key();
    let taken =
        message.credit_taken || (template.needs_credit() && credit::flow::take(tx, app, &key, id).await?);
    let expires_after = template.expires_after.unwrap_or(app.settings.engagement.expires_after);
    rows::renew(tx, id, taken, now.plus(expires_after.0)).await?;
    let lane = lane(&message.appid, &message.openid);
    job::add(tx, app, JobKind::SendMessage, id.as_str(), &lane, now).await?;
    entry.write(tx).await?;
    Ok(())
}
