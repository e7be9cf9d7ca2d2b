//! Asking WeChat to send a message, and writing down what came of it.

use std::{sync::Arc, time::Duration};

use serde_json::{Map, Value};
use weir_base::{Stopwatch, Timestamp, clock::pause};
use weir_store::{StoreError, Tx};
use weir_wechat::{Error, message::SubscribeMessage};

use super::{
    MessageId, State,
    outcome::{Credit, Verdict, Wait, is_trouble, word},
    rows::{self, SendRow},
};
use crate::{
    App, Failure, Outcome, apptoken, credit,
    job::{self, JobId},
};

/// One try, as it is kept.
#[derive(Clone, Debug)]
pub(super) struct Try {
    outcome: &'static str,
    errcode: Option<i64>,
    ms: i64,
    at: Timestamp,
}

impl Try {
    /// It was begun, and nobody knows what came of it.
    pub(super) fn interrupted(at: Timestamp) -> Self {
        Self { outcome: "interrupted", errcode: None, ms: 0, at }
    }

    /// WeChat calls whatever token there is invalid: it has not looked at the message.
    pub(super) fn without_token(errcode: i64, at: Timestamp) -> Self {
        Self { outcome: "no_token", errcode: Some(errcode), ms: 0, at }
    }
}

/// Sends the message once; a token that WeChat calls invalid is replaced and does not count. `Err`: there is no token, and
/// nothing was sent.
pub(super) async fn send(app: &Arc<App>, message: &SendRow) -> Outcome<(Result<Option<i64>, Error>, Try)> {
    let data: Map<String, Value> = serde_json::from_str(&message.data).unwrap_or_default();
    let asked = SubscribeMessage {
        touser: &message.openid,
        template_id: &message.template_id,
        data: &data,
        page: message.page.as_deref(),
        miniprogram_state: message.miniprogram_state.as_deref(),
        lang: message.lang.as_deref(),
    };
    let at = app.clock.now();
    let watch = Stopwatch::start();
    let answer = apptoken::flow::with_token(app, &message.appid, |token| async move {
        match app.wechat.send_subscribe_message(&token, &asked).await {
            Err(error) if error.is_token_error() => Err(error),
            answer => Ok(answer),
        }
    });
    let answer = answer.await?.map(|sent| sent.msgid);
    let error = answer.as_ref().err();
    if error.is_some_and(is_trouble) {
        app.jobs.trouble(&message.appid, at);
    } else {
        app.jobs.well(&message.appid);
    }
    let tried = Try {
        outcome: error.map_or("sent", word),
        errcode: error.and_then(Error::errcode),
        ms: i64::try_from(watch.elapsed().as_millis()).unwrap_or(i64::MAX),
        at,
    };
    Ok((answer, tried))
}

/// What is to be written down of a message that was being sent.
#[derive(Clone, Debug)]
pub(super) struct Record {
    pub(super) message: SendRow,
    pub(super) job: JobId,
    pub(super) lease: String,
    /// The state that it is in.
    pub(super) from: State,
    pub(super) tries: Vec<Try>,
    pub(super) verdict: Verdict,
    pub(super) reason: Option<&'static str>,
}

/// Why nothing was written.
pub(super) enum NotWritten {
    /// The lease went to somebody else, who decides.
    Lost,
    Store(StoreError),
}

impl From<StoreError> for NotWritten {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Record {
    /// Writes it all in one transaction, and again while the database is away: nobody else knows what WeChat answered.
    /// `false`: somebody else has the lease.
    pub(super) async fn write(self, app: &Arc<App>) -> Outcome<bool> {
        let patience = app.settings.engagement.lease.0;
        let watch = Stopwatch::start();
        loop {
            let (record, for_it) = (self.clone(), Arc::clone(app));
            let written =
                app.store.transaction(move |tx| Box::pin(async move { record.write_in(tx, &for_it).await }));
            match written.await {
                Ok(()) => {
                    self.count();
                    return Ok(true);
                }
                // Whoever has the lease now has written down a try of the same number.
                Err(NotWritten::Lost | NotWritten::Store(StoreError::Unique { .. })) => return Ok(false),
                Err(NotWritten::Store(error)) => {
                    let failure = Failure::from(error);
                    if failure.code != crate::Code::Unavailable || watch.elapsed() > patience {
                        return Err(failure);
                    }
                    pause(AGAIN).await;
                }
            }
        }
    }

    async fn write_in(&self, tx: &Tx<'_>, app: &App) -> Result<(), NotWritten> {
        let now = app.clock.now();
        let message = &self.message;
        let (mut state, mut due_at, mut msgid, mut sent_at) = (State::Queued, None, None, None);
        let mut credit = message.credit_taken;
        match &self.verdict {
            Verdict::Sent { msgid: given } => {
                (state, sent_at) = (State::Sent, Some(now));
                msgid = given.map(|msgid| msgid.to_string());
            }
            Verdict::Later(Wait::About(wait)) => due_at = Some(now.plus(app.dice.jitter(*wait))),
            Verdict::Later(Wait::All(until)) => due_at = Some(*until),
            Verdict::Over { state: end, credit: what } => {
                state = *end;
                credit = credit && *what == Credit::Used;
            }
        }
        let errcode = self.tries.last().and_then(|tried| tried.errcode);
        let attempts = message.attempts + i64::try_from(self.tries.len()).unwrap_or(0);
        let (id, msgid) = (&message.id, msgid.as_deref());
        let ended = async {
            match due_at {
                Some(due_at) => job::rows::later(tx, &self.job, &self.lease, due_at).await,
                None => job::rows::finish(tx, &self.job, &self.lease).await,
            }
        };
        // None of them needs to know of the others: PostgreSQL is sent all at once.
        let (held, moved, (), ()) = tokio::try_join!(
            ended,
            rows::moved(
                tx,
                id,
                self.from,
                state,
                self.reason,
                errcode,
                msgid,
                credit,
                attempts,
                due_at,
                sent_at,
                now,
            ),
            self.keep_tries(tx),
            self.enter(tx, app),
        )?;
        if held == 0 || moved == 0 { Err(NotWritten::Lost) } else { Ok(()) }
    }

    async fn keep_tries(&self, tx: &Tx<'_>) -> Result<(), StoreError> {
        let mut number = self.message.attempts;
        for tried in &self.tries {
            number += 1;
            let Try { outcome, errcode, ms, at } = *tried;
            rows::insert_attempt(tx, &self.message.id, number, outcome, errcode, ms, at).await?;
        }
        Ok(())
    }

    /// What the ledger says of it.
    async fn enter(&self, tx: &Tx<'_>, app: &App) -> Result<(), StoreError> {
        let (message, taken) = (&self.message, self.message.credit_taken);
        let key = || message.key();
        match &self.verdict {
            Verdict::Sent { .. } if taken => credit::flow::sent(tx, app, &key(), &message.id).await,
            Verdict::Over { credit: Credit::Back, .. } if taken => {
                credit::flow::give_back(tx, app, &key(), &message.id).await
            }
            Verdict::Over { credit: Credit::Corrected, .. } if self.has_ledger(app) => {
                // What was accepted since it was asked is not what WeChat speaks of.
                let asked_at = self.tries.last().map_or(Timestamp::from_millis(i64::MAX), |tried| tried.at);
                credit::flow::corrected(tx, app, &key(), &message.id, asked_at).await
            }
            _ => Ok(()),
        }
    }

    fn has_ledger(&self, app: &App) -> bool {
        super::template(&app.settings, &self.message.appid, &self.message.template_id).needs_credit()
    }

    fn count(&self) {
        let outcome = match &self.verdict {
            Verdict::Sent { .. } => "sent",
            Verdict::Later(_) => "later",
            Verdict::Over { state, .. } => state.as_str(),
        };
        metrics::counter!("weir_messages_total", "outcome" => outcome).increment(1);
        if let Verdict::Over { state, .. } = &self.verdict {
            let errcode = self.tries.last().and_then(|tried| tried.errcode);
            let (message, state) = (self.message.id.as_str(), state.as_str());
            tracing::info!(message, state, reason = self.reason, errcode, "a message was not sent");
        }
    }
}

/// Real time between two tries to reach the database.
const AGAIN: Duration = Duration::from_millis(200);

/// WeChat took a message that somebody else has taken over meanwhile, because we were slow.
pub(super) async fn after_all(app: &App, id: &MessageId, msgid: Option<i64>) -> Outcome<()> {
    let msgid = msgid.map(|msgid| msgid.to_string());
    rows::sent_after_all(&app.store, id, msgid.as_deref(), app.clock.now()).await?;
    Ok(())
}
