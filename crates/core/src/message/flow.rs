use weir_base::Timestamp;
use weir_store::{StoreError, Tx};

use super::{Draft, MessageId, State, TemplateSettings, rows, template};
use crate::{
    App,
    credit::{self, Key},
    job::{self, JobKind},
};

impl Draft {
    /// The ledger that the message is paid from.
    pub fn key(&self) -> Key {
        Key { appid: self.appid.clone(), openid: self.openid.clone(), template_id: self.template_id.clone() }
    }

    /// The messages to one person go one after another.
    fn lane(&self) -> String {
        format!("{}:{}", self.appid, self.openid)
    }
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
    let lane = draft.lane();
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
