//! The pages of the phone that scanned a QR code: it opens the code, comes back from WeChat, and is asked. Plain HTML forms
//! that work without script.

mod page;
mod web;
mod words;

use axum::{
    extract::{
        Path, Query, State,
        rejection::{PathRejection, QueryRejection},
    },
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use weir_core::{Code, Failure, qr::phone};

use self::{
    page::{asking, done, problem},
    words::Language,
};
use crate::{
    Shared,
    extract::{Cookie, Filled, Guest},
    observe::Asked,
    problem::Refusal,
};

/// The cookie that knows a phone again. It outlives no QR code.
const PHONE: Cookie = Cookie("weir_phone");

pub(crate) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(open))
        .routes(routes!(callback))
        .routes(routes!(decide))
        .routes(routes!(web::go_on))
}

/// What the QR code holds. The first phone that opens it goes on to WeChat; others are turned away.
#[utoipa::path(get, path = "/s/{token}", tag = "phone", operation_id = "openQr",
    params(("token" = String, Path, description = "From the QR code")),
    responses((status = 302, description = "On to WeChat"), (status = 200, description = "Nothing was opened: a HEAD or a prefetch", body = String, content_type = "text/html")))]
async fn open(
    _: Guest,
    State(server): State<Shared>,
    method: Method,
    headers: HeaderMap,
    token: Result<Path<String>, PathRejection>,
) -> Result<Response, Refusal> {
    let Path(token) = token.map_err(|_| Failure::new(Code::QrUnknown))?;
    // Whoever only looks ahead (a link preview, a prefetching browser) has not scanned anything.
    let is_prefetch = ["purpose", "sec-purpose", "x-moz"]
        .iter()
        .any(|name| headers.get(*name).is_some_and(|value| value.as_bytes().starts_with(b"prefetch")));
    if method == Method::HEAD || is_prefetch {
        return Ok(html(StatusCode::OK, String::new()));
    }
    let opened = phone::open(&server.app, &token, PHONE.read(&server, &headers)).await?;
    let mut response = sent_on(&opened.location)?;
    set_cookie(&server, response.headers_mut(), &opened.cookie);
    Ok(response)
}

/// What WeChat brings back. Without a code nobody has consented.
#[derive(Deserialize)]
struct Brought {
    code: Option<String>,
    state: Option<String>,
}

/// WeChat sends the phone back here. A page asks whether to go on; nothing is bound before the answer.
#[utoipa::path(get, path = "/api/wechat/callback", tag = "phone", operation_id = "callback",
    params(("code" = Option<String>, Query, description = "WeChat's code"), ("state" = Option<String>, Query, description = "As it was given to WeChat")),
    responses((status = 200, description = "A page", body = String, content_type = "text/html"), (status = 302, description = "Logged in: on to the page that asked")))]
async fn callback(
    _: Guest,
    State(server): State<Shared>,
    method: Method,
    headers: HeaderMap,
    brought: Result<Query<Brought>, QueryRejection>,
) -> Result<Response, Refusal> {
    if method == Method::HEAD {
        return Ok(html(StatusCode::OK, String::new()));
    }
    let Query(brought) = brought.map_err(|_| Failure::new(Code::StateUnknown))?;
    let app = &server.app;
    let state = brought.state.unwrap_or_default();
    let Some(row) = phone::find(app, &state).await? else {
        return web::come_back(&server, &headers, &state, brought.code.as_deref()).await;
    };
    let language = Language::of(headers.get(header::ACCEPT_LANGUAGE));
    let cookie = PHONE.read(&server, &headers);
    match phone::come_back(app, row, &state, brought.code.as_deref(), cookie).await? {
        phone::Page::Ask(ask) => {
            let mut response = html(StatusCode::OK, asking(&app.web.site_name, &ask, language));
            if let Some(cookie) = &ask.cookie {
                set_cookie(&server, response.headers_mut(), cookie);
            }
            Ok(response)
        }
        phone::Page::Done(what) => Ok(html(StatusCode::OK, done(&app.web.site_name, what, language))),
    }
}

/// The form of the confirmation page.
#[derive(Deserialize, ToSchema)]
struct Decision {
    #[schema(required = true)]
    session: Option<String>,
    #[schema(required = true)]
    token: Option<String>,
    /// `confirm` or `refuse`.
    #[schema(required = true)]
    decision: Option<String>,
}

/// The tap on the confirmation page.
#[utoipa::path(post, path = "/s/decision", tag = "phone", operation_id = "decideQr",
    request_body(content = Decision, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "A page that says what was done", body = String, content_type = "text/html")))]
async fn decide(
    _: Guest,
    State(server): State<Shared>,
    headers: HeaderMap,
    Filled(form): Filled<Decision>,
) -> Result<Response, Refusal> {
    let app = &server.app;
    let confirmed = match form.decision.as_deref() {
        Some("confirm") => true,
        Some("refuse") => false,
        _ => return Err(Failure::invalid("decision", "is neither confirm nor refuse").into()),
    };
    let (session, token) = (form.session.unwrap_or_default(), form.token.unwrap_or_default());
    let cookie = PHONE.read(&server, &headers);
    let what = phone::decide(app, &session, &token, confirmed, cookie).await?;
    let language = Language::of(headers.get(header::ACCEPT_LANGUAGE));
    Ok(html(StatusCode::OK, done(&app.web.site_name, what, language)))
}

fn set_cookie(server: &Shared, headers: &mut HeaderMap, value: &str) {
    let age = server.app.settings.binding.qr_timeout.0.as_secs();
    PHONE.set(server, headers, value, age);
}

/// Sends a browser on. Where it came from is nobody's business: codes stand in our addresses.
fn sent_on(location: &str) -> Result<Response, Refusal> {
    let location =
        HeaderValue::from_str(location).map_err(|error| Failure::new(Code::Internal).cause(error))?;
    let mut response = StatusCode::FOUND.into_response();
    let answer = response.headers_mut();
    answer.insert(header::LOCATION, location);
    answer.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    Ok(response)
}

fn html(status: StatusCode, text: String) -> Response {
    let pairs: [(HeaderName, HeaderValue); 3] = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(page::POLICY)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (status, pairs, text).into_response()
}

/// A refusal as a page that says what to do now.
pub(crate) fn refuse(refusal: &Refusal, asked: &Asked, response: Response) -> Response {
    let language = Language::of(asked.language.as_ref());
    let page = problem(&refusal.0, &asked.id(), language);
    let (mut parts, _) = response.into_parts();
    let (worded, body) = html(parts.status, page).into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.extend(worded.headers);
    Response::from_parts(parts, body)
}
