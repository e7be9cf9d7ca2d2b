//! What WeChat pushes, and looking at it.

use axum::{
    body::Body,
    extract::{Path, State},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use weir_base::page::Wanted;
use weir_core::{
    Code, Failure, Outcome,
    apikey::Scope,
    push::{PushId, PushRow, PushState, flow, flow::Filter, model::Proof},
};

use crate::{
    Shared,
    extract::{ClientAddress, Key, Query, up_to},
    json::Plain,
    problem::Refusal,
};

/// What proves that WeChat is asking.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the query, which is read as it came")]
struct PushQuery {
    /// SHA-1 of token, timestamp and nonce.
    signature: Option<String>,
    /// Unix seconds.
    timestamp: Option<String>,
    nonce: Option<String>,
    /// In safe and compatible mode: the same with the ciphertext.
    msg_signature: Option<String>,
    /// `aes` in safe and compatible mode. Not believed.
    encrypt_type: Option<String>,
    /// Not believed.
    openid: Option<String>,
}

/// As WeChat asks whether an address is ours.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the query, which is read as it came")]
struct EchoQuery {
    /// Answered as it is.
    echostr: Option<String>,
}

fn plain(text: String) -> Response {
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}

/// A forged proof costs the address, but no address is kept from pushing: WeChat's must not be shut out by another's guesses.
fn charged<T>(server: &Shared, address: ClientAddress, outcome: Outcome<T>) -> Outcome<T> {
    outcome.inspect_err(|failure| {
        if failure.code == Code::Forbidden {
            server.app.limits.failure(address.0);
        }
    })
}

/// WeChat asks whether the address of an app's pushes is ours.
#[utoipa::path(get, path = "/wechat/push/{app}", tag = "weir", operation_id = "verifyPush",
    params(("app" = String, Path, description = "The app's name or appid"), PushQuery, EchoQuery),
    responses((status = 200, description = "The echostr", body = String, content_type = "text/plain")))]
pub(super) async fn verify(
    State(server): State<Shared>,
    address: ClientAddress,
    Path(app): Path<String>,
    query: Query,
) -> Result<Response, Refusal> {
    let (signature, timestamp) = (query.get("signature")?, query.get("timestamp")?);
    let (nonce, echo) = (query.get("nonce")?, query.get("echostr")?);
    let proof = Proof {
        signature: signature.as_deref(),
        timestamp: timestamp.as_deref(),
        nonce: nonce.as_deref(),
        msg_signature: None,
    };
    let echo = flow::verify_address(&server.app, &app, &proof, echo.as_deref());
    Ok(plain(charged(&server, address, echo)?))
}

/// WeChat pushes a message or an event: plain, compatible or safe mode, XML or JSON. `success` says that it is stored.
#[utoipa::path(post, path = "/wechat/push/{app}", tag = "weir", operation_id = "push",
    params(("app" = String, Path, description = "The app's name or appid"), PushQuery),
    request_body(content = String, description = "XML or JSON", content_type = "text/xml"),
    responses((status = 200, description = "`success`", body = String, content_type = "text/plain")))]
pub(super) async fn receive(
    State(server): State<Shared>,
    address: ClientAddress,
    Path(app): Path<String>,
    query: Query,
    body: Body,
) -> Result<Response, Refusal> {
    let body = up_to(&server, body, server.app.settings.push.body_limit).await?;
    let (signature, timestamp) = (query.get("signature")?, query.get("timestamp")?);
    let (nonce, msg_signature) = (query.get("nonce")?, query.get("msg_signature")?);
    let proof = Proof {
        signature: signature.as_deref(),
        timestamp: timestamp.as_deref(),
        nonce: nonce.as_deref(),
        msg_signature: msg_signature.as_deref(),
    };
    let received = flow::receive(&server.app, &app, &proof, &body).await;
    charged(&server, address, received)?;
    Ok(plain("success".to_owned()))
}

/// Which pushes.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the query, which is read as it came")]
struct PushesQuery {
    /// `stored`, `worked`, `unknown` or `failed`.
    state: Option<String>,
    /// The event, as WeChat writes it.
    event: Option<String>,
    openid: Option<String>,
    /// The app's name or appid.
    app: Option<String>,
    /// As the page before says it.
    cursor: Option<String>,
    /// 1 to 200; 50 when it is not given.
    limit: Option<u32>,
}

/// A push, without what it says.
#[derive(Serialize, ToSchema)]
pub(super) struct PushData {
    #[schema(example = "psh_0195a3f2c1d07c3b8e4f5a6b7c8d9e0f")]
    id: String,
    appid: String,
    /// `event`, `text` and the like.
    kind: String,
    event: Option<String>,
    openid: Option<String>,
    #[schema(value_type = String, example = "worked")]
    state: &'static str,
    reason: Option<String>,
    /// How often it came.
    times: i64,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    worked_at: Option<String>,
    /// What it says. For `admin` only, and not in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    body: Option<serde_json::Value>,
}

impl From<PushRow> for PushData {
    fn from(row: PushRow) -> Self {
        Self {
            id: row.id.as_str().to_owned(),
            appid: row.appid,
            kind: row.kind,
            event: row.event,
            openid: row.openid,
            state: row.state.as_str(),
            reason: row.reason,
            times: row.times,
            created_at: row.created_at.iso(),
            worked_at: row.worked_at.map(weir_base::Timestamp::iso),
            body: None,
        }
    }
}

/// Pushes, newest first.
#[derive(Serialize, ToSchema)]
pub(super) struct PushPage {
    items: Vec<PushData>,
    /// Where the next page begins; null when this is the last.
    next_cursor: Option<String>,
}

/// What WeChat pushed, newest first.
#[utoipa::path(get, path = "/api/pushes", tag = "weir", operation_id = "pushes", params(PushesQuery),
    responses((status = 200, description = "A page of them", body = PushPage)))]
pub(super) async fn pushes(
    State(server): State<Shared>,
    key: Key,
    query: Query,
) -> Result<Plain<PushPage>, Refusal> {
    key.with(Scope::CrmRead)?;
    let (cursor, limit) = (query.get("cursor")?, query.get("limit")?);
    let wanted = Wanted::new(cursor.as_deref(), limit.as_deref());
    let wanted = wanted.map_err(|(field, why)| Failure::invalid(field, why))?;
    let state = query.get("state")?.map(|state| {
        let unknown = || Failure::invalid("state", "is none of stored, worked, unknown, failed");
        PushState::parse(&state).ok_or_else(unknown)
    });
    let owned = |name| Ok::<_, Failure>(query.get(name)?.map(std::borrow::Cow::into_owned));
    let filter = Filter {
        state: state.transpose()?,
        event: owned("event")?,
        openid: owned("openid")?,
        app: owned("app")?,
    };
    let page = flow::page(&server.app, &wanted, &filter).await?.map(PushData::from);
    Ok(Plain(PushPage { items: page.items, next_cursor: page.next }))
}

fn push_id(text: &str) -> Result<PushId, Failure> {
    PushId::parse(text).ok_or_else(|| Failure::new(Code::NotFound).detail("there is no such push"))
}

/// One push.
#[utoipa::path(get, path = "/api/pushes/{id}", tag = "weir", operation_id = "pushById",
    params(("id" = String, Path, description = "The push")),
    responses((status = 200, description = "It", body = PushData)))]
pub(super) async fn one(
    State(server): State<Shared>,
    key: Key,
    Path(id): Path<String>,
) -> Result<Plain<PushData>, Refusal> {
    let key = key.with(Scope::CrmRead)?;
    let (row, text) = flow::find(&server.app, &push_id(&id)?).await?;
    let text = text.filter(|_| key.allows(Scope::Admin));
    let body = text.and_then(|text| serde_json::from_str(&text).ok());
    Ok(Plain(PushData { body, ..row.into() }))
}

/// Work on a push once more.
#[utoipa::path(post, path = "/api/pushes/{id}/replay", tag = "weir", operation_id = "replayPush",
    params(("id" = String, Path, description = "The push")),
    responses((status = 200, description = "It waits for its work", body = PushData)))]
pub(super) async fn replay(
    State(server): State<Shared>,
    key: Key,
    Path(id): Path<String>,
) -> Result<Plain<PushData>, Refusal> {
    let key = key.with(Scope::Admin)?;
    let id = push_id(&id)?;
    flow::replay(&server.app, &format!("key:{}", key.id), &id).await?;
    Ok(Plain(flow::find(&server.app, &id).await?.0.into()))
}
