//! Sending a message that was queued. Before WeChat is asked, `sending` is written: whoever finds that, after the lease of
//! whoever wrote it has ended, knows that WeChat may have the message already.

use std::{sync::Arc, time::Duration};

use super::{
    MessageId, State,
    model::backoff,
    outcome::{self, Case, Credit, Verdict, Wait},
    rows::{self, History, SendRow},
    send::{self, Record, Try},
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
    // Looked for first: without one nothing is begun, and a message that can be sent waits as it is.
    if let Err(failure) = apptoken::flow::token(app, &job.queue).await {
        let now = app.clock.now();
        return match rows::find(&app.store, &id).await? {
            Some(message) if message.state == State::Queued && message.expires_at > now => {
                without_token(app, job, &failure).await
            }
            _ => settle(app, job, &id).await,
        };
    }
    let now = app.clock.now();
    match rows::begin(&app.store, &id, &job.id, &job.lease, now).await? {
        Some(message) => deliver(app, job, message).await,
        None => settle(app, job, &id).await,
    }
}

async fn deliver(app: &Arc<App>, job: &Leased, message: SendRow) -> Outcome<Done> {
    let id = message.id.clone();
    let case = case(app, job, &message).await;
    let (answer, tried) = match send::send(app, &message).await {
        Ok(answer) => answer,
        Err(failure) => return back_without_token(app, job, message, case, &failure).await,
    };
    let error = answer.as_ref().err();
    let (reason, msgid) = (error.map(outcome::word), answer.as_ref().ok().copied().flatten());
    let verdict = match &answer {
        Ok(msgid) => Verdict::Sent { msgid: *msgid },
        Err(error) => Case { now: app.clock.now(), ..case }.verdict(error),
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

/// What is known of a message before it is tried.
async fn case(app: &App, job: &Leased, message: &SendRow) -> Case {
    let most = app.settings.engagement.max_attempts;
    let history = match message.attempts {
        0 => History { tries: 0, counted: 0, lost: 0 },
        // It is being sent: without its history it goes on as if it were the last try of one that may have been sent.
        _ => rows::history(&app.store, &message.id, &job.id).await.unwrap_or_else(|error| {
            tracing::warn!(message = message.id.as_str(), %error, "what was tried before cannot be read");
            History { tries: job.runs - 1, counted: i64::from(most), lost: 1 }
        }),
    };
    Case {
        now: app.clock.now(),
        tries: history.tries + 1,
        counted: history.counted + 1,
        max_attempts: most,
        at_least_once: template(&app.settings, &message.appid, &message.template_id).at_least_once,
        may_be_sent: history.lost > 0,
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
    let case = case(app, job, &message).await;
    let (from, tries, verdict, reason) = match message.state {
        State::Queued if message.expires_at <= case.now => {
            let dead = Verdict::Over { state: State::Dead, credit: Credit::Back };
            (State::Queued, Vec::new(), case.over(dead), "expired")
        }
        // Nobody else works on it: then the lease is not ours any more.
        State::Queued => return Ok(lost(app, job)),
        State::Sending => {
            let tried = Try::interrupted(case.now);
            (State::Sending, vec![tried], case.lost(Wait::All(case.now)), "interrupted")
        }
        _ => return finish(app, job).await,
    };
    let done = if matches!(verdict, Verdict::Later(_)) { Done::Later } else { Done::Finished };
    let record = record(job, message, from, verdict, Some(reason));
    let written = Record { tries, ..record }.write(app).await?;
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

/// The token ended between the look and the call, and there is no other, or WeChat takes no token at all: nothing was sent.
async fn back_without_token(
    app: &Arc<App>,
    job: &Leased,
    message: SendRow,
    case: Case,
    failure: &Failure,
) -> Outcome<Done> {
    let (now, mut until, mut tries) = (app.clock.now(), rest(app, job, failure), Vec::new());
    if let Some(refusal) = &failure.wechat {
        // A new token does not help: asked again and again at once, WeChat would say no more than that.
        app.jobs.trouble(&job.queue, now);
        until = until.max(now.plus(backoff(case.tries)));
        tries.push(Try::without_token(refusal.errcode, now));
    }
    let record = record(job, message, State::Sending, Verdict::Later(Wait::All(until)), Some("no_token"));
    let written = Record { tries, ..record }.write(app).await?;
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
