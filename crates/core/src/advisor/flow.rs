use std::sync::Arc;

use weir_base::{
    Timestamp,
    page::{Page, WRONG_CURSOR, Wanted},
};
use weir_store::Tx;

use super::{
    Filter, Subscription, SubscriptionId,
    model::Told,
    rows::{self, SubscriptionRow},
};
use crate::{
    App, Code, Failure, Outcome,
    credit::{self, Answer, Key, Source},
    engagement::Party,
    idempotency::{self, Claim, Once},
    message,
};

/// A subscription as it is now.
#[derive(Clone, Debug)]
pub struct Saved {
    pub subscription: Subscription,
    /// Messages that may still be sent; nothing for a template without a ledger.
    pub remaining: Option<i64>,
}

/// Saves whether an advisor wants messages, and what the person answered to WeChat's prompt: an accept of a one-time template
/// is one message.
///
/// # Errors
/// [`Code::Invalid`] with the field; [`Code::Forbidden`] for a person who speaks for another.
pub async fn save(
    app: &Arc<App>,
    party: &Party,
    appid: Option<&str>,
    told: Told,
    once: Option<Once>,
) -> Outcome<Saved> {
    told.validate()?;
    let appid = app.mini_program(appid)?.appid.clone();
    party.speaks_for(app, "openid", &told.openid).await?;
    let now = app.clock.now();
    let id = SubscriptionId::new(&app.dice, now);
    let work = Saving { app: Arc::clone(app), id, appid, told, once, now };
    app.store.transaction(move |tx| Box::pin(async move { work.write(tx).await })).await
}

#[derive(Clone)]
struct Saving {
    app: Arc<App>,
    id: SubscriptionId,
    appid: String,
    told: Told,
    once: Option<Once>,
    now: Timestamp,
}

impl Saving {
    async fn write(&self, tx: &Tx<'_>) -> Outcome<Saved> {
        let Told { advisor_id, openid, template_id, subscribed, answer, .. } = &self.told;
        let is_again = match &self.once {
            Some(once) => idempotency::claim(tx, once, self.now).await? != Claim::Ours,
            None => false,
        };
        let key = Key { appid: self.appid.clone(), openid: openid.clone(), template_id: template_id.clone() };
        let has_ledger = message::template(&self.app.settings, &self.appid, template_id).needs_credit();
        let mut remaining = None;
        if !is_again {
            let (id, appid, on, now) = (&self.id, &self.appid, *subscribed, self.now);
            let (since, until) = (on.then_some(now), (!on).then_some(now));
            let is_new = rows::insert(tx, id, advisor_id, appid, openid, template_id, on, since, until, now)
                .await?
                > 0;
            let turned = is_new || rows::turn(tx, advisor_id, openid, template_id, on, now).await? > 0;
            // A page that only says that it is on has asked once, not each time that it says so.
            let implied = if on { Answer::Accept } else { Answer::Reject };
            let answer = answer.or_else(|| turned.then_some(implied));
            if let Some(answer) = answer.filter(|_| has_ledger) {
                remaining = Some(credit::flow::answered(tx, &self.app, &key, answer, Source::Client).await?);
            }
            if let Some(once) = &self.once {
                idempotency::answer(tx, once, "saved").await?;
            }
        }
        let saved = rows::find(tx, advisor_id, openid, template_id).await?;
        let subscription = saved.ok_or_else(|| Failure::new(Code::Internal))?;
        if remaining.is_none() && has_ledger {
            let left = credit::rows::remaining(tx, &key.appid, &key.openid, &key.template_id).await?;
            remaining = Some(left.unwrap_or_default());
        }
        Ok(Saved { subscription, remaining })
    }
}

/// A page of the subscriptions that are wanted, newest first.
pub async fn list(app: &App, filter: &Filter, wanted: &Wanted) -> Outcome<Page<SubscriptionRow>> {
    let between = SubscriptionId::between(wanted.after.as_deref(), None, None);
    let (first, end) = between.ok_or_else(|| Failure::invalid(WRONG_CURSOR.0, WRONG_CURSOR.1))?;
    let (db, limit) = (&app.store, wanted.rows());
    let (template, on) = (filter.template_id.as_deref(), filter.subscribed);
    let advisor = filter.advisor_id.as_deref();
    let found = match (filter.openid.as_deref(), advisor) {
        (Some(openid), _) => {
            rows::page_of_openid(db, openid, advisor, template, on, &first, &end, limit).await?
        }
        (None, Some(advisor)) => {
            rows::page_of_advisor(db, advisor, template, on, &first, &end, limit).await?
        }
        (None, None) => rows::page(db, template, on, &first, &end, limit).await?,
    };
    Ok(wanted.page(found, |row| row.subscription.id.as_str()))
}

/// Whether a row's template has a ledger, and what remains in it.
pub fn remaining(app: &App, row: &SubscriptionRow) -> Option<i64> {
    let Subscription { appid, template_id, .. } = &row.subscription;
    let has_ledger = message::template(&app.settings, appid, template_id).needs_credit();
    has_ledger.then(|| row.remaining.unwrap_or_default())
}
