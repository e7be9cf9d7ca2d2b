//! One token for all services that call WeChat for an app.

use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use weir_core::{
    Failure,
    apikey::Scope,
    apptoken::{AppToken, Kind, share},
};

use crate::{
    Shared,
    extract::{Key, Sent},
    json::Plain,
    problem::Refusal,
};

/// An app's access_token. Ask again when it ends, or when WeChat calls it invalid.
#[derive(Serialize, ToSchema)]
pub(super) struct AccessTokenData {
    #[schema(example = "wx1000000000000001")]
    appid: String,
    access_token: String,
    /// Which one it is: name it when you report it.
    version: i64,
    /// Seconds from now.
    expires_in: u64,
}

/// An official account's jsapi_ticket. It must not reach a browser.
#[derive(Serialize, ToSchema)]
pub(super) struct JsapiTicketData {
    #[schema(example = "wx2000000000000002")]
    appid: String,
    ticket: String,
    /// Which one it is: name it when you report it.
    version: i64,
    /// Seconds from now.
    expires_in: u64,
}

/// The version that WeChat called invalid.
#[derive(Deserialize, ToSchema)]
pub(super) struct InvalidBody {
    version: Option<i64>,
}

/// What a report came to.
#[derive(Serialize, ToSchema)]
pub(super) struct InvalidData {
    /// Whether it was news. A report of an older version, or a second one, changes nothing.
    accepted: bool,
}

async fn give(server: &Shared, key: Key, app: &str, kind: Kind) -> Result<(String, AppToken, u64), Failure> {
    let key = key.with(Scope::TokensRead)?;
    let appid = share::app_named(&server.app, kind, app)?.appid.clone();
    let token = share::give(&server.app, &key, &appid, kind).await?;
    let left = token.expires_at.since(server.app.clock.now()).as_secs();
    Ok((appid, token, left))
}

async fn report(
    server: &Shared,
    key: Key,
    app: &str,
    kind: Kind,
    body: InvalidBody,
) -> Result<InvalidData, Failure> {
    let key = key.with(Scope::TokensRead)?;
    let version = body.version.ok_or_else(|| Failure::invalid("version", "is missing"))?;
    let appid = share::app_named(&server.app, kind, app)?.appid.clone();
    let accepted = share::report(&server.app, &key, &appid, kind, version).await?;
    Ok(InvalidData { accepted })
}

/// An app's access_token, the same for everybody.
#[utoipa::path(get, path = "/api/apps/{app}/access-token", tag = "weir", operation_id = "accessToken",
    params(("app" = String, Path, description = "The app's name or appid")),
    responses((status = 200, description = "The token", body = AccessTokenData)))]
pub(super) async fn access_token(
    State(server): State<Shared>,
    key: Key,
    Path(app): Path<String>,
) -> Result<Plain<AccessTokenData>, Refusal> {
    let (appid, token, expires_in) = give(&server, key, &app, Kind::AccessToken).await?;
    let access_token = token.token.expose().to_owned();
    Ok(Plain(AccessTokenData { appid, access_token, version: token.version, expires_in }))
}

/// An official account's jsapi_ticket, the same for everybody.
#[utoipa::path(get, path = "/api/apps/{app}/jsapi-ticket", tag = "weir", operation_id = "jsapiTicket",
    params(("app" = String, Path, description = "The app's name or appid")),
    responses((status = 200, description = "The ticket", body = JsapiTicketData)))]
pub(super) async fn jsapi_ticket(
    State(server): State<Shared>,
    key: Key,
    Path(app): Path<String>,
) -> Result<Plain<JsapiTicketData>, Refusal> {
    let (appid, token, expires_in) = give(&server, key, &app, Kind::JsapiTicket).await?;
    let ticket = token.token.expose().to_owned();
    Ok(Plain(JsapiTicketData { appid, ticket, version: token.version, expires_in }))
}

/// Report that WeChat called an access_token invalid (40001, 40014, 42001): this version is not given again.
#[utoipa::path(post, path = "/api/apps/{app}/access-token/invalid", tag = "weir", operation_id = "accessTokenInvalid",
    params(("app" = String, Path, description = "The app's name or appid")),
    request_body = InvalidBody, responses((status = 200, description = "Heard", body = InvalidData)))]
pub(super) async fn access_token_invalid(
    State(server): State<Shared>,
    key: Key,
    Path(app): Path<String>,
    Sent(body): Sent<InvalidBody>,
) -> Result<Plain<InvalidData>, Refusal> {
    Ok(Plain(report(&server, key, &app, Kind::AccessToken, body).await?))
}

/// Report that WeChat called a jsapi_ticket invalid: this version is not given again.
#[utoipa::path(post, path = "/api/apps/{app}/jsapi-ticket/invalid", tag = "weir", operation_id = "jsapiTicketInvalid",
    params(("app" = String, Path, description = "The app's name or appid")),
    request_body = InvalidBody, responses((status = 200, description = "Heard", body = InvalidData)))]
pub(super) async fn jsapi_ticket_invalid(
    State(server): State<Shared>,
    key: Key,
    Path(app): Path<String>,
    Sent(body): Sent<InvalidBody>,
) -> Result<Plain<InvalidData>, Refusal> {
    Ok(Plain(report(&server, key, &app, Kind::JsapiTicket, body).await?))
}
