use std::sync::Arc;

use axum::extract::{Path, State};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use weir_base::Timestamp;
use weir_core::{
    App, Failure,
    apikey::Scope,
    credit::{self, rows::EntryRow},
    message::{
        self,
        read::{self, Filter},
        rows::{AttemptRow, MessageRow},
    },
};

use super::{envelope::Success, lists};
use crate::{
    Shared,
    extract::{Key, Query},
    problem::Refusal,
};

/// A message and how far it has come.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct MessageData {
    #[serde(rename = "_id")]
    id: String,
    appid: String,
    /// Empty once the person was erased.
    openid: String,
    template_id: String,
    #[schema(value_type = Object)]
    data: Value,
    page: Option<String>,
    /// `action`, `queued` or `now`: where it comes from.
    #[schema(value_type = String)]
    origin: &'static str,
    advisor_id: Option<String>,
    action_id: Option<String>,
    /// `queued`, `sending`, `sent`, `delivered`, `refused`, `uncertain` (WeChat's answer was lost: it may have been sent) or
    /// `dead` (given up).
    #[schema(value_type = String)]
    state: &'static str,
    /// Why it is in this state, in a word.
    reason: Option<String>,
    /// What a queued message waits for: `quiet_hours`, `day_quota`, `slow_down`, `no_token`, `trouble`, `its_time` or
    /// `its_turn`.
    #[schema(value_type = Option<String>)]
    waits_for: Option<&'static str>,
    errcode: Option<i64>,
    /// Whether it has taken an accept of the person.
    credit_taken: bool,
    attempts: i64,
    /// WeChat's name for it, as text: it is beyond what JavaScript counts exactly.
    msgid: Option<String>,
    /// When a queued message is tried next at the earliest. ISO 8601 in UTC with milliseconds, as all times here.
    due_at: String,
    expires_at: String,
    sent_at: Option<String>,
    created_at: String,
    updated_at: String,
}

impl MessageData {
    fn new(app: &App, row: MessageRow) -> Self {
        let waits = read::waits_for(app, &row);
        Self {
            waits_for: waits.map(|(why, _)| why),
            id: row.id.to_string(),
            appid: row.appid,
            openid: row.openid,
            template_id: row.template_id,
            data: serde_json::from_str(&row.data).unwrap_or_default(),
            page: row.page,
            origin: row.origin.as_str(),
            advisor_id: row.advisor_id,
            action_id: row.action_id,
            state: row.state.as_str(),
            reason: row.reason,
            errcode: row.errcode,
            credit_taken: row.credit_taken,
            attempts: row.attempts,
            msgid: row.msgid,
            due_at: waits.map_or(row.due_at, |(_, until)| until).iso(),
            expires_at: row.expires_at.iso(),
            sent_at: row.sent_at.map(Timestamp::iso),
            created_at: row.created_at.iso(),
            updated_at: row.updated_at.iso(),
        }
    }
}

/// One try to send it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct AttemptData {
    number: i64,
    /// `sent`, or what came in its place in a word.
    outcome: String,
    errcode: Option<i64>,
    /// Milliseconds that WeChat took.
    ms: i64,
    created_at: String,
}

impl From<AttemptRow> for AttemptData {
    fn from(row: AttemptRow) -> Self {
        let AttemptRow { number, outcome, errcode, ms, created_at } = row;
        Self { number, outcome, errcode, ms, created_at: created_at.iso() }
    }
}

/// A message with everything that was tried.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct MessageWithAttempts {
    message: MessageData,
    attempts: Vec<AttemptData>,
}

/// A page of messages, newest first.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct MessagePage {
    items: Vec<MessageData>,
    /// Ask for the next page with it.
    next_cursor: Option<String>,
}

fn filter(query: &Query) -> Result<Filter, Failure> {
    let state = query.get("state")?.map(|word| {
        message::State::parse(&word).ok_or_else(|| Failure::invalid("state", "is no state of a message"))
    });
    Ok(Filter {
        state: state.transpose()?,
        openid: lists::text(query, "openid")?,
        from: lists::time(query, "from")?,
        to: lists::time(query, "to")?,
    })
}

/// Messages, newest first.
#[utoipa::path(get, path = "/api/messages", tag = "engagement", operation_id = "listMessages",
    params(("state" = Option<String>, Query, description = "Only those in this state"),
        ("openid" = Option<String>, Query, description = "Only those to this person"),
        ("from" = Option<String>, Query, description = "Only those made at this time or later"),
        ("to" = Option<String>, Query, description = "Only those made before this time"),
        ("cursor" = Option<String>, Query, description = "The nextCursor of the page before"),
        ("limit" = Option<String>, Query, description = "Entries of a page: 1 to 200, 50 by default")),
    responses((status = 200, description = "A page", body = Success<MessagePage>)))]
pub(super) async fn list(
    State(server): State<Shared>,
    key: Key,
    query: Query,
) -> Result<Success<MessagePage>, Refusal> {
    key.with(Scope::CrmRead)?;
    let app = &server.app;
    let page = read::list(app, &filter(&query)?, &lists::wanted(&query)?).await?;
    let page = page.map(|row| MessageData::new(app, row));
    let data = MessagePage { items: page.items, next_cursor: page.next };
    Ok(Success::new(app.clock.now(), "获取消息列表成功", data))
}

async fn shown(app: &Arc<App>, id: &str) -> Result<MessageWithAttempts, Failure> {
    let (message, attempts) = read::get(app, id).await?;
    let attempts = attempts.into_iter().map(AttemptData::from).collect();
    Ok(MessageWithAttempts { message: MessageData::new(app, message), attempts })
}

/// A message with everything that was tried.
#[utoipa::path(get, path = "/api/messages/{id}", tag = "engagement", operation_id = "getMessage",
    params(("id" = String, Path, description = "The message's id")),
    responses((status = 200, description = "The message", body = Success<MessageWithAttempts>)))]
pub(super) async fn get(
    State(server): State<Shared>,
    key: Key,
    Path(id): Path<String>,
) -> Result<Success<MessageWithAttempts>, Refusal> {
    key.with(Scope::CrmRead)?;
    let data = shown(&server.app, &id).await?;
    Ok(Success::new(server.app.clock.now(), "获取消息成功", data))
}

/// Send a message again that was refused, given up or left uncertain. One that is uncertain may then come twice.
#[utoipa::path(post, path = "/api/messages/{id}/retry", tag = "engagement", operation_id = "retryMessage",
    params(("id" = String, Path, description = "The message's id")),
    responses((status = 200, description = "Queued again", body = Success<MessageWithAttempts>)))]
pub(super) async fn retry(
    State(server): State<Shared>,
    key: Key,
    Path(id): Path<String>,
) -> Result<Success<MessageWithAttempts>, Refusal> {
    let key = key.with(Scope::MessagesSend)?;
    let app = &server.app;
    message::flow::retry(app, format!("key:{}", key.id), &read::id_of(&id)?).await?;
    let data = shown(app, &id).await?;
    Ok(Success::new(app.clock.now(), "消息已重新加入发送队列", data))
}

/// One entry of a ledger.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct EntryData {
    #[serde(rename = "_id")]
    id: String,
    /// `accept`, `reject`, `ban`, `filter`: what the person answered to the prompt; `taken`, `sent`, `returned`: by a
    /// message; `corrected`: WeChat said that nothing is left; `cleared`: the person turned it off.
    #[schema(value_type = String)]
    cause: &'static str,
    /// Who told: `client`, `event` (WeChat) or `message`.
    #[schema(value_type = String)]
    source: &'static str,
    change: i64,
    /// What remained after it.
    remaining: i64,
    message_id: Option<String>,
    /// An accept that client and event told of: it counts once.
    paired: bool,
    created_at: String,
}

impl From<EntryRow> for EntryData {
    fn from(row: EntryRow) -> Self {
        Self {
            id: row.id.to_string(),
            cause: row.cause.as_str(),
            source: row.source.as_str(),
            change: row.change,
            remaining: row.remaining,
            message_id: row.message_id,
            paired: row.paired,
            created_at: row.created_at.iso(),
        }
    }
}

/// What remains of a person's accepts, and why: newest first.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct LedgerPage {
    remaining: i64,
    items: Vec<EntryData>,
    /// Ask for the next page with it.
    next_cursor: Option<String>,
}

/// Why a subscription has so many messages left.
#[utoipa::path(get, path = "/api/advisor/subscriptions/{id}/ledger", tag = "engagement", operation_id = "subscriptionLedger",
    params(("id" = String, Path, description = "The subscription's id"),
        ("cursor" = Option<String>, Query, description = "The nextCursor of the page before"),
        ("limit" = Option<String>, Query, description = "Entries of a page: 1 to 200, 50 by default")),
    responses((status = 200, description = "A page", body = Success<LedgerPage>)))]
pub(super) async fn ledger(
    State(server): State<Shared>,
    key: Key,
    Path(id): Path<String>,
    query: Query,
) -> Result<Success<LedgerPage>, Refusal> {
    key.with(Scope::CrmRead)?;
    let app = &server.app;
    let (remaining, page) = credit::flow::ledger(app, &id, &lists::wanted(&query)?).await?;
    let page = page.map(EntryData::from);
    let data = LedgerPage { remaining, items: page.items, next_cursor: page.next };
    Ok(Success::new(app.clock.now(), "获取订阅明细成功", data))
}
