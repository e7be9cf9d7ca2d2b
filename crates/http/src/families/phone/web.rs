//! Browsers that WeChat sends back to our callback with a state of a web login: website apps, and sites behind the one
//! OAuth domain.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::Response,
};
use serde::Deserialize;
use utoipa::ToSchema;
use weir_core::{
    Code, Failure,
    authorization::state::{self, Back},
    qr::phone::Done,
};

use super::{
    html,
    page::{continuing, done},
    sent_on,
    words::Language,
};
use crate::{
    Shared,
    extract::{Filled, Guest},
    families::h5::{BROWSER, BROWSER_AGE, LOGIN, LOGIN_AGE},
    problem::Refusal,
};

pub(super) async fn come_back(
    server: &Shared,
    headers: &HeaderMap,
    state: &str,
    code: Option<&str>,
) -> Result<Response, Refusal> {
    let back = state::come_back(&server.app, state, code, BROWSER.read(server, headers)).await?;
    answer(server, headers, back.ok_or_else(|| Failure::new(Code::StateUnknown))?)
}

fn answer(server: &Shared, headers: &HeaderMap, back: Back) -> Result<Response, Refusal> {
    let (location, login) = match back {
        Back::To { location, login } => (location, login),
        Back::Ask { nickname, token, browser } => {
            let language = Language::of(headers.get(header::ACCEPT_LANGUAGE));
            let page = continuing(&server.app.web.site_name, &nickname, &token, language);
            let mut response = html(StatusCode::OK, page);
            BROWSER.set(server, response.headers_mut(), &browser, BROWSER_AGE);
            return Ok(response);
        }
    };
    let mut response = sent_on(&location)?;
    if let Some(login) = login {
        LOGIN.set(server, response.headers_mut(), &login.cookie, LOGIN_AGE);
    }
    Ok(response)
}

/// The form of "continue as …?".
#[derive(Deserialize, ToSchema)]
pub(super) struct Continuing {
    #[schema(required = true)]
    token: Option<String>,
    /// `confirm` or `refuse`.
    #[schema(required = true)]
    decision: Option<String>,
}

/// The tap on "continue as …?", where a login came back without its cookie.
#[utoipa::path(post, path = "/s/continue", tag = "phone", operation_id = "continueLogin",
    request_body(content = Continuing, content_type = "application/x-www-form-urlencoded"),
    responses((status = 302, description = "Logged in"), (status = 200, description = "A page that says that nobody was", body = String, content_type = "text/html")))]
pub(super) async fn go_on(
    _: Guest,
    State(server): State<Shared>,
    headers: HeaderMap,
    Filled(form): Filled<Continuing>,
) -> Result<Response, Refusal> {
    match form.decision.as_deref() {
        Some("confirm") => {}
        Some("refuse") => {
            let language = Language::of(headers.get(header::ACCEPT_LANGUAGE));
            return Ok(html(StatusCode::OK, done(&server.app.web.site_name, Done::Refused, language)));
        }
        _ => return Err(Failure::invalid("decision", "is neither confirm nor refuse").into()),
    }
    let token = form.token.unwrap_or_default();
    let back = state::go_on(&server.app, &token, BROWSER.read(&server, &headers)).await?;
    answer(&server, &headers, back)
}
