use std::sync::Arc;

use serde::{Deserialize, Serialize};
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
        let Some(once) = &self.once else { return self.save(tx).await };
        match idempotency::claim(tx, once, self.now).await? {
            Claim::Answered(kept) => self.again(&kept),
            Claim::Ours => {
                let saved = self.save(tx).await?;
                idempotency::answer(tx, once, &kept(&saved)?).await?;
                Ok(saved)
            }
        }
    }

    async fn save(&self, tx: &Tx<'_>) -> Outcome<Saved> {
        let Told { advisor_id, openid, template_id, subscribed, answer, .. } = &self.told;
        let key = Key { appid: self.appid.clone(), openid: openid.clone(), template_id: template_id.clone() };
        let (id, appid, on, now) = (&self.id, &self.appid, *subscribed, self.now);
        let (since, until) = (on.then_some(now), (!on).then_some(now));
        let is_new =
            rows::insert(tx, id, advisor_id, appid, openid, template_id, on, since, until, now).await? > 0;
        let turned = is_new || rows::turn(tx, advisor_id, openid, template_id, on, now).await? > 0;
        let mut remaining = None;
        if message::template(&self.app.settings, &self.appid, template_id).needs_credit() {
            // A page that only says that it is on has asked once, not each time that it says so.
            let implied = if on { Answer::Accept } else { Answer::Reject };
            remaining = Some(match answer.or_else(|| turned.then_some(implied)) {
                Some(answer) => credit::flow::answered(tx, &self.app, &key, answer, Source::Client).await?,
                None => credit::rows::remaining(tx, appid, openid, template_id).await?.unwrap_or_default(),
            });
        }
        let saved = rows::find(tx, advisor_id, openid, template_id).await?;
        let subscription = saved.ok_or_else(|| Failure::new(Code::Internal))?;
        Ok(Saved { subscription, remaining })
    }

    /// What was answered before, whatever has become of it since.
    fn again(&self, kept: &str) -> Outcome<Saved> {
        let kept: Kept = serde_json::from_str(kept).map_err(broken)?;
        let Told { advisor_id, openid, template_id, subscribed, .. } = self.told.clone();
        let subscription = Subscription {
            id: SubscriptionId::parse(&kept.id).ok_or_else(|| Failure::new(Code::Internal))?,
            advisor_id,
            appid: self.appid.clone(),
            openid,
            template_id,
            subscribed,
            subscribed_at: kept.subscribed_at,
            unsubscribed_at: kept.unsubscribed_at,
            created_at: kept.created_at,
        };
        Ok(Saved { subscription, remaining: kept.remaining })
    }
}

/// What the request that comes again does not bring itself.
#[derive(Serialize, Deserialize)]
struct Kept {
    id: String,
    subscribed_at: Option<Timestamp>,
    unsubscribed_at: Option<Timestamp>,
    created_at: Timestamp,
    remaining: Option<i64>,
}

fn kept(saved: &Saved) -> Outcome<String> {
    let Subscription { id, subscribed_at, unsubscribed_at, created_at, .. } = &saved.subscription;
    let kept = Kept {
        id: id.to_string(),
        subscribed_at: *subscribed_at,
        unsubscribed_at: *unsubscribed_at,
        created_at: *created_at,
        remaining: saved.remaining,
    };
    serde_json::to_string(&kept).map_err(broken)
}

fn broken(error: serde_json::Error) -> Failure {
    Failure::new(Code::Internal).cause(error)
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
