//! The page at `/wechat/frontend-driven`: a login that the page drives itself, to try and to copy from.

use axum::{
    Router,
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
    routing::get,
};

use crate::{Shared, extract::Stranger};

const PAGE: &str = include_str!("frontend-driven.html");
const SCRIPT: &str = include_str!("frontend-driven.js");
/// The script is ours, avatars are WeChat's.
const POLICY: &str = "default-src 'self'; img-src 'self' data: https: http:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'";

pub(crate) fn routes(server: Shared) -> Router {
    Router::new()
        .route("/wechat/frontend-driven", get(page))
        .route("/wechat/frontend-driven.js", get(script))
        .with_state(server)
}

async fn page(_: Stranger, State(_): State<Shared>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (headers, PAGE).into_response()
}

async fn script(_: Stranger, State(_): State<Shared>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/javascript; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    (headers, SCRIPT).into_response()
}
