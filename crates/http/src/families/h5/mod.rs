//! Family C: H5 pages that drive the login themselves (`contracts.md` C).

mod auth;
pub(crate) mod envelope;
mod page;
mod user;

use axum::http::{HeaderMap, HeaderValue, header};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::Shared;

pub(crate) use envelope::ErrorBody;
pub(crate) use page::routes as pages;

/// Knows the browser again that asked for a state.
pub(crate) const BROWSER_COOKIE: &str = "weir_tx";
/// Proves that a browser is of the person who logged in with it.
pub(crate) const LOGIN_COOKIE: &str = "weir_h5";
/// As long as a state: afterwards the browser's pages may make states of their own again.
const BROWSER_AGE: u64 = 600;
const LOGIN_AGE: u64 = 30 * 86_400;

pub(crate) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(auth::auth))
        .routes(routes!(auth::authorize_url))
        .routes(routes!(user::user))
}

/// Sets one of our two cookies.
pub(crate) fn set_cookie(server: &Shared, headers: &mut HeaderMap, name: &str, value: &str) {
    keep_cookie(server, headers, name, value, if name == LOGIN_COOKIE { LOGIN_AGE } else { BROWSER_AGE });
}

/// Sets a cookie, for so many seconds, that no script can read and no other site can send.
pub(crate) fn keep_cookie(server: &Shared, headers: &mut HeaderMap, name: &str, value: &str, age: u64) {
    let secure = if server.app.web.is_secure() { "; Secure" } else { "" };
    let cookie = format!("{name}={value}; Path=/; Max-Age={age}; HttpOnly; SameSite=Lax{secure}");
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        headers.append(header::SET_COOKIE, cookie);
    }
}
