//! Sending a message that was queued. Before WeChat is asked, `sending` is written: whoever finds that, after the lease of
//! whoever wrote it has ended, knows that WeChat may have the message already.

use std::{sync::Arc, time::Duration};

use super::{
    MessageId, State, outcome,
    outcome::{Case, Credit, Verdict, Wait},
    rows::{self, SendRow},
    send::{self, Record},
    template,
};
use crate::{
    App, Failure, Outcome, apptoken,
    job::{self, Done, Leased},
};

/// How long an app's messages wait when it has no token and nobody says how long.
const NO_TOKEN: Duration = Duration::from_secs(5);

pub async fn work(app: &Arc<App>, job: &Leased) -> Outcome<Done> {
    let Some(id) = MessageId::parse(&job.subject) else { return finish(app, job).await };
    // Looked for first: without one nothing is begun, and the message waits as it is.
    if let Err(failure) = apptoken::flow::token(app, &job.queue).await {
        return without_token(app, job, &failure).await;
    }
    let now = app.clock.now();
    match rows::begin(&app.store, &id, &job.id, &job.lease, now).await? {
        Some(message) => deliver(app, job, message).await,
        None => settle(app, job, &id).await,
    }
}

async fn deliver(app: &Arc<App>, job: &Leased, message: SendRow) -> Outcome<Done> {
    let id = message.id.clone();
    let (answer, tried) = match send::send(app, &message).await {
        Ok(answer) => answer,
        Err(failure) => return back_without_token(app, job, message, &failure).await,
    };
    let error = answer.as_ref().err();
    let (reason, msgid) = (error.map(outcome::word), answer.as_ref().ok().copied().flatten());
    let verdict = match &answer {
        Ok(msgid) => Verdict::Sent { msgid: *msgid },
        Err(error) => case(app, job, &message).verdict(error),
    };
    if let (Verdict::Later(Wait::All(until)), Some(reason)) = (&verdict, reason) {
        app.jobs.rest(&job.queue, *until, reason);
    }
    // A message that is given up after many tries was not refused by its last answer.
    let reason = match verdict {
        Verdict::Over { state: State::Dead, .. } => Some("tried_too_often"),
        _ => reason,
    };
    let done = match verdict {
        Verdict::Later(_) => Done::Later,
        _ => Done::Finished,
    };
    let is_sent = answer.is_ok();
    let record = record(job, message, State::Sending, verdict, reason);
    if (Record { tries: vec![tried], ..record }).write(app).await? {
        return Ok(done);
    }
    if is_sent {
        send::after_all(app, &id, msgid).await?;
    }
    Ok(lost(app, job))
}

fn case(app: &App, job: &Leased, message: &SendRow) -> Case {
    Case {
        now: app.clock.now(),
        runs: job.runs,
        max_attempts: app.settings.engagement.max_attempts,
        at_least_once: template(&app.settings, &message.appid, &message.template_id).at_least_once,
    }
}

fn record(
    job: &Leased,
    message: SendRow,
    from: State,
    verdict: Verdict,
    reason: Option<&'static str>,
) -> Record {
    let (job, lease) = (job.id.clone(), job.lease.clone());
    Record { message, job, lease, from, tries: Vec::new(), verdict, reason }
}

/// The message is not ready to be sent: too old, or in the hands of a process that died.
async fn settle(app: &Arc<App>, job: &Leased, id: &MessageId) -> Outcome<Done> {
    let Some(message) = rows::find(&app.store, id).await? else { return finish(app, job).await };
    let now = app.clock.now();
    let (from, verdict, reason) = match message.state {
        State::Queued if message.expires_at <= now => {
            (State::Queued, Verdict::Over { state: State::Dead, credit: Credit::Back }, "expired")
        }
        // Nobody else works on it: then the lease is not ours any more.
        State::Queued => return Ok(lost(app, job)),
        State::Sending => {
            let again = case(app, job, &message).at_least_once;
            let uncertain = Verdict::Over { state: State::Uncertain, credit: Credit::Used };
            let verdict = if again { Verdict::Later(Wait::All(now)) } else { uncertain };
            (State::Sending, verdict, "interrupted")
        }
        _ => return finish(app, job).await,
    };
    let done = if matches!(verdict, Verdict::Later(_)) { Done::Later } else { Done::Finished };
    let written = record(job, message, from, verdict, Some(reason)).write(app).await?;
    Ok(if written { done } else { lost(app, job) })
}

/// Somebody else has decided about the message. Should the lease still be ours (an erasure asks for none), it is given back.
fn lost(app: &App, job: &Leased) -> Done {
    app.jobs.leave(&job.id, &job.lease);
    Done::Lost
}

/// The message is of no concern any more.
async fn finish(app: &App, job: &Leased) -> Outcome<Done> {
    job::rows::finish(&app.store, &job.id, &job.lease).await?;
    Ok(Done::Finished)
}

async fn without_token(app: &App, job: &Leased, failure: &Failure) -> Outcome<Done> {
    let until = rest(app, job, failure);
    job::rows::later(&app.store, &job.id, &job.lease, until).await?;
    Ok(Done::Later)
}

/// The token ended between the look and the call, and there is no other: nothing was sent.
async fn back_without_token(
    app: &Arc<App>,
    job: &Leased,
    message: SendRow,
    failure: &Failure,
) -> Outcome<Done> {
    let verdict = Verdict::Later(Wait::All(rest(app, job, failure)));
    let written = record(job, message, State::Sending, verdict, Some("no_token")).write(app).await?;
    Ok(if written { Done::Later } else { lost(app, job) })
}

/// Lets the app's messages wait for a token. Tells until when.
fn rest(app: &App, job: &Leased, failure: &Failure) -> weir_base::Timestamp {
    let (code, cause) = (failure.code.as_str(), failure.chain());
    tracing::warn!(appid = job.queue, code, cause, "messages wait, because the app has no token");
    let until = app.clock.now().plus(failure.retry_after.unwrap_or(NO_TOKEN));
    app.jobs.rest(&job.queue, until, "no_token");
    until
}
