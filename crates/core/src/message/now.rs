//! Sending a message while somebody waits for it. It is written down before WeChat is asked, with a job that is leased at
//! once: should this process die, whoever finds the job knows that WeChat may have the message.

use std::sync::Arc;

use weir_base::Timestamp;
use weir_store::Tx;
use weir_wechat::Error;

use super::{
    Draft, MessageId, State, flow,
    outcome::{self, CONCURRENT, Case, Verdict},
    rows::{self, SendRow},
    send::{self, Record},
    template,
};
use crate::{
    App, Code, Failure, Outcome, WeChatRefusal, apptoken, credit,
    idempotency::{self, Once},
    job::{self, JobId, JobKind},
};

/// How often a message is tried while another to the same person is under way.
const TRIES: usize = 3;

/// A message that WeChat took.
#[derive(Clone, Debug)]
pub struct SentNow {
    pub id: MessageId,
    /// WeChat's name for it, when it gave one.
    pub msgid: Option<i64>,
}

/// Sends a message, whatever our ledger says. It is sent and written down to the end also when the caller goes away. Asked
/// again with the same key, it tells what became of the first.
pub async fn send(app: &Arc<App>, draft: Draft, once: Option<Once>) -> Outcome<SentNow> {
    // Looked for first: without one nothing is begun.
    apptoken::flow::token(app, &draft.appid).await?;
    let sending = tokio::spawn(Sending::new(app, draft, once).go());
    sending.await.map_err(|error| Failure::new(Code::Internal).cause(error))?
}

/// What became of a message that was sent with the same key.
async fn again(app: &App, id: MessageId) -> Outcome<SentNow> {
    let message = rows::get(&app.store, &id).await?;
    let message = message.ok_or_else(|| Failure::new(Code::NotFound).detail("the message is gone"))?;
    match message.state {
        State::Sent | State::Delivered => {
            Ok(SentNow { msgid: message.msgid.and_then(|msgid| msgid.parse().ok()), id })
        }
        State::Queued | State::Sending => {
            Err(Failure::new(Code::Underway).detail("the message is still being sent"))
        }
        State::Uncertain => {
            Err(Failure::new(Code::WeChatTimeout).detail("WeChat's answer was lost: it may have been sent"))
        }
        State::Refused | State::Dead => {
            let mut failure = Failure::new(Code::WeChatRefused).detail("it was not sent");
            failure.wechat = message
                .errcode
                .map(|errcode| WeChatRefusal { errcode, reason: message.reason.unwrap_or_default() });
            Err(failure)
        }
    }
}

/// Whether the message is begun now, or was with the same key before.
enum Begun {
    Now(Box<SendRow>),
    Before(MessageId),
}

#[derive(Clone)]
struct Sending {
    app: Arc<App>,
    draft: Arc<Draft>,
    once: Option<Once>,
    id: MessageId,
    job: JobId,
    lease: String,
    now: Timestamp,
}

impl Sending {
    fn new(app: &Arc<App>, draft: Draft, once: Option<Once>) -> Self {
        let now = app.clock.now();
        Self {
            id: MessageId::new(&app.dice, now),
            job: JobId::new(&app.dice, now),
            lease: app.jobs.lease(),
            app: Arc::clone(app),
            draft: Arc::new(draft),
            once,
            now,
        }
    }

    async fn go(self) -> Outcome<SentNow> {
        let begun = self.clone();
        let writing = self.app.store.transaction(move |tx| Box::pin(async move { begun.begin(tx).await }));
        let message = match writing.await? {
            Begun::Now(message) => message,
            Begun::Before(id) => return again(&self.app, id).await,
        };
        let result = self.deliver(*message).await;
        if result.as_ref().is_err_and(|failure| failure.wechat.is_none() && failure.cause.is_some()) {
            // What came of it could not be written down, perhaps; if it was, there is no such job any more.
            self.app.jobs.leave(&self.job, &self.lease);
        }
        result
    }

    async fn begin(&self, tx: &Tx<'_>) -> Outcome<Begun> {
        let Self { app, draft, id, now, .. } = self;
        if let Some(known) = flow::claimed(tx, app, self.once.as_ref()).await? {
            return Ok(Begun::Before(known));
        }
        if let Some(once) = &self.once {
            idempotency::answer(tx, once, id.as_str()).await?;
        }
        let template = template(&app.settings, &draft.appid, &draft.template_id);
        let key = draft.key();
        let taken = template.needs_credit() && credit::flow::take(tx, app, &key, id).await?;
        let until = now.plus(app.settings.engagement.lease.0);
        let (kind, lane) = (JobKind::SendMessage, format!("now:{id}"));
        let (subject, queue) = (id.as_str(), draft.appid.as_str());
        tokio::try_join!(
            flow::insert(tx, app, id, draft, template, State::Sending, taken, *now),
            job::rows::insert_leased(tx, &self.job, kind, subject, queue, &lane, &self.lease, until, *now),
        )?;
        Ok(Begun::Now(Box::new(SendRow {
            id: id.clone(),
            appid: draft.appid.clone(),
            openid: draft.openid.clone(),
            template_id: draft.template_id.clone(),
            data: serde_json::to_string(&draft.data).unwrap_or_default(),
            page: draft.page.clone(),
            miniprogram_state: draft.miniprogram_state.clone(),
            lang: draft.lang.clone(),
            state: State::Sending,
            credit_taken: taken,
            attempts: 0,
            expires_at: *now,
        })))
    }

    async fn deliver(&self, message: SendRow) -> Outcome<SentNow> {
        let app = &self.app;
        let mut tries = Vec::new();
        app.jobs.begun(&message.appid, 1, self.now);
        let answer = loop {
            match send::send(app, &message).await {
                Ok((answer, tried)) => {
                    tries.push(tried);
                    let is_concurrent = matches!(&answer, Err(Error::Refused { errcode: 43108, .. }));
                    if !is_concurrent || tries.len() == TRIES {
                        break answer;
                    }
                    app.clock.sleep(CONCURRENT).await;
                }
                Err(failure) => {
                    let verdict = Verdict::Over { state: State::Dead, credit: outcome::Credit::Back };
                    self.record(message, tries, verdict, Some("no_token")).write(app).await?;
                    self.let_try_again().await?;
                    return Err(failure);
                }
            }
        };
        let case = Case {
            now: app.clock.now(),
            tries: 1,
            counted: 1,
            max_attempts: 1,
            at_least_once: false,
            may_be_sent: false,
        };
        let verdict = match &answer {
            Ok(msgid) => Verdict::Sent { msgid: *msgid },
            Err(error) => {
                if let Some(until) = case.rest(error) {
                    app.jobs.rest(&message.appid, until, outcome::word(error));
                }
                case.verdict_now(error)
            }
        };
        let reason = answer.as_ref().err().map(outcome::word);
        let may_be_sent =
            matches!(verdict, Verdict::Sent { .. } | Verdict::Over { state: State::Uncertain, .. });
        let written = self.record(message, tries, verdict, reason).write(app).await?;
        if !may_be_sent {
            self.let_try_again().await?;
        }
        let msgid = answer?;
        if !written {
            self.app.jobs.leave(&self.job, &self.lease);
            send::after_all(app, &self.id, msgid).await?;
        }
        Ok(SentNow { id: self.id.clone(), msgid })
    }

    /// It was not sent: who asks again with the same key may send it.
    async fn let_try_again(&self) -> Outcome<()> {
        if let Some(once) = &self.once {
            idempotency::forget(&self.app.store, once).await?;
        }
        Ok(())
    }

    fn record(
        &self,
        message: SendRow,
        tries: Vec<send::Try>,
        verdict: Verdict,
        reason: Option<&'static str>,
    ) -> Record {
        let (job, lease) = (self.job.clone(), self.lease.clone());
        Record { message, job, lease, from: State::Sending, tries, verdict, reason }
    }
}
