use axum::{
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use weir_core::{
    Failure,
    authorization::{flow, state},
};

use super::{BROWSER, BROWSER_AGE, LOGIN, LOGIN_AGE, envelope::Success, login_of, user::UserInfo};
use crate::{
    Shared,
    extract::{Asker, Query, Sent, SignedIn},
    problem::Refusal,
};

/// What the page sends with what WeChat gave it.
#[derive(Deserialize, ToSchema)]
pub(super) struct AuthBody {
    /// WeChat's code, or one of ours.
    #[schema(required = true, max_length = 128)]
    code: Option<String>,
    /// As it came with the code.
    state: Option<String>,
    /// The secret behind the `code_challenge` of `/api/wechat/authorize-url`, if one was given (RFC 7636).
    code_verifier: Option<String>,
}

/// A login's answer.
#[derive(Serialize, ToSchema)]
pub(super) struct AuthData {
    #[schema(value_type = String, example = "微信登录成功")]
    message: &'static str,
    user_info: UserInfo,
}

/// Log in with WeChat's code. Sets a cookie that proves later who the browser's person is.
#[utoipa::path(post, path = "/api/wechat/auth", tag = "h5", operation_id = "h5Auth",
    request_body = AuthBody, responses((status = 200, description = "Logged in", body = Success<AuthData>)))]
pub(super) async fn auth(
    asker: Asker,
    State(server): State<Shared>,
    headers: HeaderMap,
    SignedIn(host): SignedIn,
    Sent(body): Sent<AuthBody>,
) -> Result<Response, Refusal> {
    let code = body.code.ok_or_else(|| Failure::invalid("code", "is missing"))?;
    let login = flow::Login {
        state: body.state.as_deref(),
        verifier: body.code_verifier.as_deref(),
        host,
        ..login_of(&server, &asker, &headers, &code)
    };
    let logged_in = asker.charged(&server, flow::login(&server.app, &login).await)?;
    let user_info = UserInfo::at_login(logged_in.authorization);
    let mut response = Success::new(AuthData { message: "微信登录成功", user_info }).into_response();
    LOGIN.set(&server, response.headers_mut(), &logged_in.cookie, LOGIN_AGE);
    Ok(response)
}

/// What the page asks for.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the query, which is read as it came")]
struct AuthorizeQuery {
    /// The page that gets the code: one of `public_url`, or one of `web.redirects` or `web.relays` to the letter. Our own
    /// callback when it is not given.
    redirect: Option<String>,
    /// `snsapi_userinfo` (default), `snsapi_base`, or `snsapi_login` for a website app.
    scope: Option<String>,
    /// The app, by name or appid, or `website` for the first website app. The first official account by default.
    app: Option<String>,
    /// A relay's own state, which it gets back with our code.
    state: Option<String>,
    /// Binds the state, or a relay's code, to the page that asks, in a cookie's place: the SHA-256 of a secret of its own, in
    /// base64url (RFC 7636, method S256). The login then needs the `code_verifier`.
    code_challenge: Option<String>,
}

/// Where to send the browser.
#[derive(Serialize, ToSchema)]
pub(super) struct AuthorizeData {
    url: String,
    /// Good for this browser (by its cookie, or by the `code_verifier`), one code and ten minutes.
    state: String,
}

/// The address of WeChat's page, with a state that we keep. Sets a cookie that binds it to this browser.
#[utoipa::path(get, path = "/api/wechat/authorize-url", tag = "h5", operation_id = "authorizeUrl", params(AuthorizeQuery),
    responses((status = 200, description = "WeChat's page", body = Success<AuthorizeData>)))]
pub(super) async fn authorize_url(
    _: Asker,
    State(server): State<Shared>,
    headers: HeaderMap,
    query: Query,
) -> Result<Response, Refusal> {
    let (redirect, scope) = (query.get("redirect")?, query.get("scope")?);
    let (app, given, challenge) = (query.get("app")?, query.get("state")?, query.get("code_challenge")?);
    let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    let asked = state::Asked {
        redirect: redirect.as_deref(),
        scope: scope.as_deref(),
        app: app.as_deref(),
        state: given.as_deref(),
        challenge: challenge.as_deref(),
        browser: BROWSER.read(&server, &headers),
        in_wechat: agent.contains("MicroMessenger"),
    };
    let prepared = state::prepare(&server.app, &asked).await?;
    let data = AuthorizeData { url: prepared.url, state: prepared.state };
    let mut response = Success::new(data).into_response();
    BROWSER.set(&server, response.headers_mut(), &prepared.browser, BROWSER_AGE);
    Ok(response)
}
