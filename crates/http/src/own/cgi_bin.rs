//! The shared tokens over WeChat's own paths and JSON, for SDKs that can only be given another address: the appid is the
//! app's, the secret is an API key. As with WeChat, errors come with status 200 and an `errcode`.

use std::net::IpAddr;

use axum::{extract::State, http::StatusCode, response::Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use weir_base::Secret;
use weir_core::{
    Code, Failure, WeChatRefusal,
    apikey::{ApiKey, Scope},
    apptoken::{Kind, flow, share},
};

use crate::{
    Shared,
    extract::{Asker, Posted, Query, authenticate},
    json::{Plain, worded},
    problem::{Reason, Refusal},
};

/// WeChat's error.
#[derive(Serialize, ToSchema)]
pub(crate) struct CgiError {
    #[schema(example = 40013)]
    errcode: i64,
    #[schema(example = "invalid appid")]
    errmsg: String,
}

/// WeChat's answer with a token.
#[derive(Serialize, ToSchema)]
pub(super) struct CgiToken {
    access_token: String,
    /// Seconds from now.
    expires_in: u64,
}

/// WeChat's answer with a ticket, or without one when the errcode is not 0.
#[derive(Serialize, ToSchema)]
pub(super) struct CgiTicket {
    errcode: i64,
    #[schema(value_type = String)]
    errmsg: &'static str,
    #[schema(required = false)]
    ticket: String,
    /// Seconds from now.
    #[schema(required = false)]
    expires_in: u64,
}

/// A token or an error.
#[derive(ToSchema)]
#[schema(as = CgiTokenAnswer)]
#[serde(untagged)]
#[expect(dead_code, reason = "describes the answer")]
enum TokenAnswer {
    Token(CgiToken),
    Error(CgiError),
}

/// A refusal in WeChat's words.
fn refused(errcode: i64, reason: &str) -> Failure {
    let wechat = WeChatRefusal { errcode, reason: reason.to_owned() };
    Failure { wechat: Some(wechat), ..Failure::new(Code::Invalid) }
}

/// WeChat's errcode for a refusal.
pub(crate) fn refuse(refusal: &Refusal, mut response: Response) -> Response {
    let (errcode, errmsg) = match &refusal.0 {
        Reason::Failure(failure) => {
            *response.status_mut() = StatusCode::OK;
            match (&failure.wechat, failure.code) {
                (Some(wechat), _) => (wechat.errcode, wechat.reason.as_str()),
                (None, Code::TokenInvalid) => (40125, "invalid appsecret"),
                (None, Code::Forbidden) => (48001, "api unauthorized"),
                (None, Code::NotFound) => (40013, "invalid appid"),
                (None, Code::RateLimited) => {
                    (45011, "api minute-quota reach limit, must slower, retry next minute")
                }
                (None, Code::Invalid) => (47001, "data format error"),
                _ => (-1, "system error"),
            }
        }
        Reason::MethodNotAllowed => (43001, "require GET method, or POST for stable_token"),
        Reason::NoSuchPath => (40066, "invalid url"),
        Reason::TooLarge { .. } => (45001, "the body is too large"),
        Reason::UnsupportedMediaType | Reason::Panicked => (-1, "system error"),
    };
    worded(response, &CgiError { errcode, errmsg: errmsg.to_owned() })
}

/// Who asks, and for which app: checked in WeChat's order.
async fn admit(
    server: &Shared,
    address: IpAddr,
    grant_type: Option<&str>,
    appid: Option<&str>,
    secret: Option<&str>,
) -> Result<(ApiKey, String), Failure> {
    let appid = appid.ok_or_else(|| refused(41002, "appid missing"))?;
    let settings = share::app_named(&server.app, Kind::AccessToken, appid)?;
    if grant_type != Some("client_credential") {
        return Err(refused(40002, "invalid grant_type"));
    }
    let secret = secret.ok_or_else(|| refused(41004, "appsecret missing"))?;
    let key = authenticate(server, address, secret).await?;
    Ok((key.with(Scope::TokensRead)?, settings.appid.clone()))
}

async fn give(server: &Shared, key: &ApiKey, appid: &str) -> Result<CgiToken, Failure> {
    let token = share::give(&server.app, key, appid, Kind::AccessToken).await?;
    let expires_in = token.expires_at.since(server.app.clock.now()).as_secs();
    Ok(CgiToken { access_token: token.token.expose().to_owned(), expires_in })
}

/// What WeChat's `token` takes.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the query, which is read as it came")]
struct TokenQuery {
    /// `client_credential`
    grant_type: String,
    appid: String,
    /// An API key with the scope `tokens:read`.
    secret: String,
}

/// WeChat's `token`, answered with the shared token.
#[utoipa::path(get, path = "/cgi-bin/token", tag = "wechat", operation_id = "cgiToken", params(TokenQuery),
    responses((status = 200, description = "The token, or WeChat's error", body = TokenAnswer)))]
pub(super) async fn token(
    Asker(address): Asker,
    State(server): State<Shared>,
    query: Query,
) -> Result<Plain<CgiToken>, Refusal> {
    let (grant_type, appid, secret) = (query.get("grant_type")?, query.get("appid")?, query.get("secret")?);
    let admitted = admit(&server, address, grant_type.as_deref(), appid.as_deref(), secret.as_deref()).await;
    let (key, appid) = admitted?;
    Ok(Plain(give(&server, &key, &appid).await?))
}

/// What WeChat's `stable_token` takes.
#[derive(Deserialize, ToSchema)]
pub(super) struct StableTokenBody {
    /// `client_credential`
    grant_type: Option<String>,
    appid: Option<String>,
    /// An API key with the scope `tokens:read`.
    secret: Option<String>,
    /// The present token is reported invalid and another given: within the hour's budget.
    force_refresh: Option<bool>,
}

/// WeChat's `stable_token`, answered with the shared token.
#[utoipa::path(post, path = "/cgi-bin/stable_token", tag = "wechat", operation_id = "cgiStableToken",
    request_body = StableTokenBody,
    responses((status = 200, description = "The token, or WeChat's error", body = TokenAnswer)))]
pub(super) async fn stable_token(
    Asker(address): Asker,
    State(server): State<Shared>,
    Posted(body): Posted<StableTokenBody>,
) -> Result<Plain<CgiToken>, Refusal> {
    let (grant_type, appid, secret) =
        (body.grant_type.as_deref(), body.appid.as_deref(), body.secret.as_deref());
    let (key, appid) = admit(&server, address, grant_type, appid, secret).await?;
    if body.force_refresh == Some(true) {
        let seen = flow::token(&server.app, &appid).await?.version;
        share::report(&server.app, &key, &appid, Kind::AccessToken, seen).await?;
    }
    Ok(Plain(give(&server, &key, &appid).await?))
}

/// What WeChat's `getticket` takes.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the query, which is read as it came")]
struct TicketQuery {
    /// The official account's shared access_token; the one before it is taken for some minutes.
    access_token: String,
    /// `jsapi`
    r#type: String,
}

/// WeChat's `getticket`, answered with the shared ticket to whoever has the shared token.
#[utoipa::path(get, path = "/cgi-bin/ticket/getticket", tag = "wechat", operation_id = "cgiGetticket", params(TicketQuery),
    responses((status = 200, description = "The ticket, or WeChat's error", body = CgiTicket)))]
pub(super) async fn getticket(
    Asker(address): Asker,
    State(server): State<Shared>,
    query: Query,
) -> Result<Plain<CgiTicket>, Refusal> {
    let token = query.get("access_token")?.ok_or_else(|| refused(41001, "access_token missing"))?;
    let app = &server.app;
    let Some(appid) = share::whose(app, &Secret::new(token)).await? else {
        app.limits.failure(address);
        return Err(refused(40001, "invalid credential, access_token is invalid or not latest").into());
    };
    if query.get("type")?.as_deref() != Some("jsapi") {
        return Err(refused(40097, "invalid args").into());
    }
    let ticket = flow::ticket(app, &appid).await?;
    let expires_in = ticket.expires_at.since(app.clock.now()).as_secs();
    let ticket = ticket.token.expose().to_owned();
    Ok(Plain(CgiTicket { errcode: 0, errmsg: "ok", ticket, expires_in }))
}
