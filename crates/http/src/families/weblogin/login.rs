use axum::{extract::State, http::HeaderMap};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use weir_core::{
    Failure,
    account::ProfileChange,
    authorization::flow,
    session::{self, Opened},
};

use super::envelope::Success;
use crate::{
    Shared,
    extract::{Asker, Query, Sent, SignedIn},
    families::h5::login_of,
    problem::Refusal,
};

/// Where the code may stand instead of in the body.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the query, which is read as it came")]
struct CodeQuery {
    /// WeChat's code, or one of ours. Here or in the body.
    code: Option<String>,
    state: Option<String>,
    app: Option<String>,
    code_verifier: Option<String>,
}

/// What a page sends to log somebody in.
#[derive(Default, Deserialize, ToSchema)]
pub(super) struct WebLoginBody {
    /// WeChat's code: good once, for five minutes. Here or in the query.
    #[schema(max_length = 128, example = "051v0m000ObAyK19vV1005SDWf0v0m0s")]
    code: Option<String>,
    /// As it came with the code, when it is from `/api/wechat/authorize-url`.
    state: Option<String>,
    /// The app that the code is of, by name or appid, where no state tells it. The first official account by default.
    app: Option<String>,
    /// The secret behind the `code_challenge` of `/api/wechat/authorize-url`, if one was given (RFC 7636).
    code_verifier: Option<String>,
}

/// A login's answer.
#[derive(Serialize, ToSchema)]
pub(super) struct TokenData {
    /// The user token: a JWT.
    token: String,
    #[schema(value_type = String, example = "Bearer")]
    token_type: &'static str,
    /// Seconds.
    #[schema(example = 604_800)]
    expires_in: u64,
    user: TokenUser,
}

#[derive(Serialize, ToSchema)]
pub(super) struct TokenUser {
    id: i64,
    openid: String,
    nickname: String,
    avatar: String,
}

impl From<Opened> for TokenData {
    fn from(opened: Opened) -> Self {
        let profile = opened.profile;
        Self {
            token: opened.access_token,
            token_type: "Bearer",
            expires_in: opened.expires_in,
            user: TokenUser {
                id: profile.id.0,
                openid: opened.openid,
                nickname: profile.nickname,
                avatar: profile.avatar,
            },
        }
    }
}

/// The code and its company, from the query where it stands there, else from the body.
fn sent(query: &Query, body: Result<Sent<WebLoginBody>, Refusal>) -> Result<WebLoginBody, Refusal> {
    let owned = |name| Ok::<_, Failure>(query.get(name)?.map(|value| value.into_owned()));
    if let Some(code) = owned("code")? {
        let code_verifier = owned("code_verifier")?;
        return Ok(WebLoginBody {
            code: Some(code),
            state: owned("state")?,
            app: owned("app")?,
            code_verifier,
        });
    }
    body.map(|Sent(body)| body)
}

/// Log in with the code of WeChat's web pages. The first login creates the user.
#[utoipa::path(post, path = "/auth/wechat", tag = "web-login", operation_id = "webLogin", params(CodeQuery),
    request_body = WebLoginBody, responses((status = 200, description = "Logged in", body = Success<TokenData>)))]
pub(super) async fn login(
    asker: Asker,
    State(server): State<Shared>,
    headers: HeaderMap,
    SignedIn(host): SignedIn,
    query: Query,
    body: Result<Sent<WebLoginBody>, Refusal>,
) -> Result<Success<TokenData>, Refusal> {
    let body = sent(&query, body)?;
    let code = body.code.ok_or_else(|| Failure::invalid("code", "is missing"))?;
    let login = flow::Login {
        state: body.state.as_deref(),
        app: body.app.as_deref(),
        verifier: body.code_verifier.as_deref(),
        host,
        ..login_of(&server, &asker, &headers, &code)
    };
    let logged_in = asker.charged(&server, flow::login(&server.app, &login).await)?;
    Ok(Success::new(server.app.clock.now(), logged_in.opened.into()))
}

/// The same as `/auth/wechat`.
#[utoipa::path(post, path = "/api/auth/wechat", tag = "web-login", operation_id = "apiWebLogin", params(CodeQuery),
    request_body = WebLoginBody, responses((status = 200, description = "Logged in", body = Success<TokenData>)))]
pub(super) async fn api_login(
    asker: Asker,
    server: State<Shared>,
    headers: HeaderMap,
    signed_in: SignedIn,
    query: Query,
    body: Result<Sent<WebLoginBody>, Refusal>,
) -> Result<Success<TokenData>, Refusal> {
    login(asker, server, headers, signed_in, query, body).await
}

/// Log in with the code of `wx.login`.
#[utoipa::path(post, path = "/auth/wechat/mini", tag = "web-login", operation_id = "miniLogin", params(CodeQuery),
    request_body = WebLoginBody, responses((status = 200, description = "Logged in", body = Success<TokenData>)))]
pub(super) async fn mini(
    asker: Asker,
    State(server): State<Shared>,
    query: Query,
    body: Result<Sent<WebLoginBody>, Refusal>,
) -> Result<Success<TokenData>, Refusal> {
    let body = sent(&query, body)?;
    let code = body.code.ok_or_else(|| Failure::invalid("code", "is missing"))?;
    let change = ProfileChange::default();
    let opened = session::flow::login_mini(&server.app, body.app.as_deref(), &code, change).await;
    Ok(Success::new(server.app.clock.now(), asker.charged(&server, opened)?.into()))
}

/// The same as `/auth/wechat/mini`.
#[utoipa::path(post, path = "/api/auth/wechat/mini", tag = "web-login", operation_id = "apiMiniLogin", params(CodeQuery),
    request_body = WebLoginBody, responses((status = 200, description = "Logged in", body = Success<TokenData>)))]
pub(super) async fn api_mini(
    asker: Asker,
    server: State<Shared>,
    query: Query,
    body: Result<Sent<WebLoginBody>, Refusal>,
) -> Result<Success<TokenData>, Refusal> {
    mini(asker, server, query, body).await
}
