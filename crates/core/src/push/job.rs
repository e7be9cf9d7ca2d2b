//! What a push says is done: once, in the transaction that ends its job.

use std::{sync::Arc, time::Duration};

use serde_json::{Map, Value};
use weir_store::{StoreError, Tx};
use weir_wechat::push::{Event, Push, SubscribeAnswer, SubscribeSent};

use super::{
    PushId, PushState,
    model::{BodyRow, context},
    privacy, rows,
};
use crate::{
    App, Code, Failure, Outcome, advisor,
    audit::{Action, Entry},
    credit::{self, Answer, Key},
    job::{self, Done, Leased},
    message::{self, flow::News},
};

/// WeChat may tell that a message arrived before its answer to the sender is written down. Should the sender have died,
/// that is when its lease has ended: the waits double up to the longest.
const AGAIN: Duration = Duration::from_secs(2);
const LONGEST: Duration = Duration::from_secs(32);
const RUNS: i64 = 8;

const NO_SUCH: &str = "no such message";

/// What came of it.
enum Came {
    To(PushState, Option<&'static str>),
    /// It tells of something that is not there yet.
    Early,
}

pub async fn work(app: &Arc<App>, leased: &Leased) -> Outcome<Done> {
    let work = Work { app: Arc::clone(app), job: leased.clone() };
    app.store.transaction(move |tx| Box::pin(async move { work.write(tx).await })).await
}

#[derive(Clone)]
struct Work {
    app: Arc<App>,
    job: Leased,
}

impl Work {
    async fn write(&self, tx: &Tx<'_>) -> Outcome<Done> {
        let (app, job) = (&self.app, &self.job);
        let now = app.clock.now();
        let came = match PushId::parse(&job.subject) {
            None => None,
            Some(id) => match rows::body(tx, &id).await?.filter(|row| row.state == PushState::Stored) {
                // Erased meanwhile, or worked on.
                None => None,
                Some(row) if row.body.is_empty() => Some((id, Came::To(PushState::Worked, Some("erased")))),
                Some(row) => {
                    let came = self.come_to(tx, &id, &row).await?;
                    Some((id, came))
                }
            },
        };
        if matches!(came, Some((_, Came::Early))) && job.runs < RUNS {
            let doublings = u32::try_from(job.runs - 1).unwrap_or(0);
            let wait = AGAIN.saturating_mul(1 << doublings).min(LONGEST);
            let held = job::rows::later(tx, &job.id, &job.lease, now.plus(wait)).await?;
            return lost_or(held, Done::Later);
        }
        if let Some((id, came)) = came {
            let (state, reason) = match came {
                Came::To(state, reason) => (state, reason),
                Came::Early => (PushState::Worked, Some(NO_SUCH)),
            };
            rows::worked(tx, &id, state, reason, now).await?;
        }
        lost_or(job::rows::finish(tx, &job.id, &job.lease).await?, Done::Finished)
    }

    async fn come_to(&self, tx: &Tx<'_>, id: &PushId, row: &BodyRow) -> Outcome<Came> {
        let app = &self.app;
        // Whatever is wrong with one push must not hold up those behind it.
        let Ok(text) = app.sealer.open(&row.body, &context(id)) else {
            return Ok(Came::To(PushState::Failed, Some("its seal does not open")));
        };
        let Ok(fields) = serde_json::from_str::<Map<String, Value>>(text.expose()) else {
            return Ok(Came::To(PushState::Failed, Some("it cannot be read")));
        };
        let Ok((push, event)) = weir_wechat::push::Body::of(fields)
            .push()
            .and_then(|push| push.event().map(|event| (push, event)))
        else {
            return Ok(Came::To(PushState::Failed, Some("it does not say what it must")));
        };
        let appid = row.appid.as_str();
        let worked = Came::To(PushState::Worked, None);
        Ok(match event {
            Event::SubscribeAnswers(answers) => {
                for answer in &answers {
                    self.answered(tx, appid, &push, answer).await?;
                }
                worked
            }
            Event::SubscribeChanges(changes) => {
                for change in changes.iter().filter(|change| change.status == "reject") {
                    self.turned_off(tx, appid, &push, change).await?;
                }
                worked
            }
            Event::SubscribeSent(sent) => {
                let mut news = Vec::with_capacity(sent.len());
                for one in &sent {
                    news.push(self.arrived(tx, appid, &push, one).await?);
                }
                if news.contains(&News::Early) {
                    Came::Early
                } else if news.contains(&News::Unknown) {
                    Came::To(PushState::Worked, Some(NO_SUCH))
                } else {
                    worked
                }
            }
            Event::TemplateSent(_) => Came::To(PushState::Worked, Some("no message of ours")),
            Event::Privacy(privacy) if privacy.plugin_id.is_some() => {
                Came::To(PushState::Unknown, Some("of a plugin"))
            }
            Event::Privacy(privacy) if privacy.appid.as_deref().is_some_and(|of| of != appid) => {
                Came::To(PushState::Failed, Some("it is of another app"))
            }
            Event::Privacy(privacy) => {
                privacy::honour(tx, app, appid, &privacy).await?;
                let what = push.event.as_deref().unwrap_or_default();
                Entry::new(app, "wechat", Action::PrivacyHonoured, format!("push:{id}"))
                    .detail(what)
                    .write(tx)
                    .await?;
                worked
            }
            Event::Other => Came::To(PushState::Unknown, None),
        })
    }

    fn key(appid: &str, push: &Push, template: &str) -> Key {
        Key { appid: appid.to_owned(), openid: push.from_user.clone(), template_id: template.to_owned() }
    }

    async fn answered(
        &self,
        tx: &Tx<'_>,
        appid: &str,
        push: &Push,
        told: &SubscribeAnswer,
    ) -> Result<(), StoreError> {
        let template = message::template(&self.app.settings, appid, &told.template_id);
        let Some(answer) = Answer::parse(&told.status).filter(|_| template.needs_credit()) else {
            return Ok(());
        };
        let key = Self::key(appid, push, &told.template_id);
        credit::flow::answered(tx, &self.app, &key, answer, credit::Source::Event).await?;
        Ok(())
    }

    /// Nobody gets a message of this template at this openid any more, whatever was accepted before.
    async fn turned_off(
        &self,
        tx: &Tx<'_>,
        appid: &str,
        push: &Push,
        told: &SubscribeAnswer,
    ) -> Result<(), StoreError> {
        let now = self.app.clock.now();
        let key = Self::key(appid, push, &told.template_id);
        credit::flow::withdrawn(tx, &self.app, &key).await?;
        advisor::rows::turn_off(tx, &key.appid, &key.openid, &key.template_id, now).await?;
        Ok(())
    }

    async fn arrived(
        &self,
        tx: &Tx<'_>,
        appid: &str,
        push: &Push,
        told: &SubscribeSent,
    ) -> Result<News, StoreError> {
        let SubscribeSent { template_id, msgid, error_code, .. } = told;
        let to = &push.from_user;
        message::flow::delivered(tx, &self.app, appid, msgid, to, template_id, *error_code).await
    }
}

/// What is written down counts only while the lease is ours.
fn lost_or(held: u64, done: Done) -> Outcome<Done> {
    if held == 0 {
        return Err(Failure::new(Code::Unavailable).cause("the lease of a push was lost"));
    }
    Ok(done)
}
