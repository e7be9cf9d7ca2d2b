//! Messages as people look at them.

use weir_base::{
    Timestamp,
    page::{Page, WRONG_CURSOR, Wanted},
};

use super::{
    MessageId, State,
    rows::{self, AttemptRow, MessageRow},
};
use crate::{App, Code, Failure, Outcome};

/// Which messages are wanted.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub state: Option<State>,
    pub openid: Option<String>,
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
}

pub async fn list(app: &App, filter: &Filter, wanted: &Wanted) -> Outcome<Page<MessageRow>> {
    let between = MessageId::between(wanted.after.as_deref(), filter.from, filter.to);
    let (first, end) = between.ok_or_else(|| Failure::invalid(WRONG_CURSOR.0, WRONG_CURSOR.1))?;
    let (store, limit) = (&app.store, wanted.rows());
    let rows = match (filter.openid.as_deref(), filter.state) {
        (None, None) => rows::list(store, &first, &end, limit).await?,
        (None, Some(state)) => rows::list_in(store, state, &first, &end, limit).await?,
        (Some(openid), None) => rows::list_to(store, openid, &first, &end, limit).await?,
        (Some(openid), Some(state)) => rows::list_to_in(store, openid, state, &first, &end, limit).await?,
    };
    Ok(wanted.page(rows, |row| row.id.as_str()))
}

/// A message with everything that was tried.
pub async fn get(app: &App, id: &str) -> Outcome<(MessageRow, Vec<AttemptRow>)> {
    let id = id_of(id)?;
    let message = rows::get(&app.store, &id).await?.ok_or_else(unknown)?;
    Ok((message, rows::attempts(&app.store, &id).await?))
}

/// The id of a message in an address.
pub fn id_of(id: &str) -> Outcome<MessageId> {
    MessageId::parse(id).ok_or_else(unknown)
}

fn unknown() -> Failure {
    Failure::new(Code::NotFound).detail("there is no such message")
}

/// What a queued message waits for, as far as this process knows: `quiet_hours`; what its app's queue rests for
/// (`day_quota`, `slow_down`, `no_token`, `trouble`); `its_time`, when it is tried again later; `its_turn`. And until when,
/// at the least.
pub fn waits_for(app: &App, message: &MessageRow) -> Option<(&'static str, Timestamp)> {
    if message.state != State::Queued {
        return None;
    }
    let now = app.clock.now();
    let (why, until) =
        match (app.settings.engagement.quiet_hours.end(now), app.jobs.rests(&message.appid, now)) {
            (Some(until), _) => ("quiet_hours", until),
            (None, Some((until, why))) => (why, until),
            (None, None) if message.due_at > now => ("its_time", now),
            (None, None) => ("its_turn", now),
        };
    Some((why, if until > now { until.max(message.due_at) } else { message.due_at }))
}
