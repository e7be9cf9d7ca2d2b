//! Family C: H5 pages that drive the login themselves (`contracts.md` C).

mod auth;
pub(crate) mod envelope;
mod page;
mod user;

use axum::http::{HeaderMap, HeaderName, header};
use utoipa_axum::{router::OpenApiRouter, routes};
use weir_core::{authorization::flow::Login, exchange};

use crate::{
    Shared,
    extract::{Asker, Cookie},
};

pub(crate) use envelope::ErrorBody;
pub(crate) use page::routes as pages;

/// Knows the browser again that asked for a state.
pub(crate) const BROWSER: Cookie = Cookie("weir_tx");
/// As long as a state: afterwards the browser's pages may make states of their own again.
pub(crate) const BROWSER_AGE: u64 = 600;
/// Proves that a browser is of the person who logged in with it.
pub(crate) const LOGIN: Cookie = Cookie("weir_h5");
pub(crate) const LOGIN_AGE: u64 = 30 * 86_400;

pub(crate) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(auth::auth))
        .routes(routes!(auth::authorize_url))
        .routes(routes!(user::user))
}

/// A login with `code`, with what the request tells of the browser.
pub(crate) fn login_of<'r>(
    server: &Shared,
    asker: &Asker,
    headers: &'r HeaderMap,
    code: &'r str,
) -> Login<'r> {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    Login {
        code,
        state: None,
        app: None,
        browser: BROWSER.read(server, headers),
        verifier: None,
        origin: text(header::ORIGIN),
        asker: exchange::Asker::new(&server.app, asker.0, text(header::USER_AGENT).unwrap_or_default()),
        host: None,
    }
}
