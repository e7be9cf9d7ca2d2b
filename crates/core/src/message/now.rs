//! Sending a message while somebody waits for it. It is written down before WeChat is asked, with a job that is leased at
//! once: should this process die, whoever finds the job knows that WeChat may have the message.

use std::sync::Arc;

use weir_base::Timestamp;
use weir_store::{StoreError, Tx};
use weir_wechat::Error;

use super::{
    Draft, MessageId, State, flow,
    outcome::{self, CONCURRENT, Case, Verdict},
    rows::SendRow,
    send::{self, Record},
    template,
};
use crate::{
    App, Code, Failure, Outcome, apptoken, credit,
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

/// Sends a message, whatever our ledger says. It is sent and written down to the end also when the caller goes away.
pub async fn send(app: &Arc<App>, draft: Draft) -> Outcome<SentNow> {
    // Looked for first: without one nothing is begun.
    apptoken::flow::token(app, &draft.appid).await?;
    let sending = tokio::spawn(Sending::new(app, draft).go());
    sending.await.map_err(|error| Failure::new(Code::Internal).cause(error))?
}

#[derive(Clone)]
struct Sending {
    app: Arc<App>,
    draft: Arc<Draft>,
    id: MessageId,
    job: JobId,
    lease: String,
    now: Timestamp,
}

impl Sending {
    fn new(app: &Arc<App>, draft: Draft) -> Self {
        let now = app.clock.now();
        Self {
            id: MessageId::new(&app.dice, now),
            job: JobId::new(&app.dice, now),
            lease: app.jobs.lease(),
            app: Arc::clone(app),
            draft: Arc::new(draft),
            now,
        }
    }

    async fn go(self) -> Outcome<SentNow> {
        let begun = self.clone();
        let writing = self.app.store.transaction(move |tx| Box::pin(async move { begun.begin(tx).await }));
        let message: SendRow = writing.await?;
        let result = self.deliver(message).await;
        if result.as_ref().is_err_and(|failure| failure.wechat.is_none() && failure.cause.is_some()) {
            // What came of it could not be written down, perhaps; if it was, there is no such job any more.
            self.app.jobs.leave(&self.job, &self.lease);
        }
        result
    }

    async fn begin(&self, tx: &Tx<'_>) -> Result<SendRow, StoreError> {
        let Self { app, draft, id, now, .. } = self;
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
        Ok(SendRow {
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
        })
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
                    return Err(failure);
                }
            }
        };
        let case = Case { now: app.clock.now(), runs: 1, max_attempts: 1, at_least_once: false };
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
        let written = self.record(message, tries, verdict, reason).write(app).await?;
        let msgid = answer?;
        if !written {
            send::after_all(app, &self.id, msgid).await?;
        }
        Ok(SentNow { id: self.id.clone(), msgid })
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
