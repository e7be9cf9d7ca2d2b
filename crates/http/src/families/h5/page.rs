//! The page at `/wechat/frontend-driven`: a login that the page drives itself, to try and to copy from.

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
    routing::get,
};

use crate::{Shared, extract::Stranger};

const PAGE: &str = include_str!("frontend-driven.html");
const SCRIPT: &str = include_str!("frontend-driven.js");
/// Where the frontend was not built, so that there is no weui.
const PLAIN_STYLE: &str = include_str!("frontend-driven.css");
/// The script is ours, avatars are WeChat's.
const POLICY: &str = "default-src 'self'; img-src 'self' data: https: http:; object-src 'none'; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";

pub(crate) fn routes(server: Shared) -> Router {
    Router::new()
        .route("/wechat/frontend-driven", get(page))
        .route("/wechat/frontend-driven.js", get(script))
        .route("/wechat/frontend-driven.css", get(style))
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

async fn style(_: Stranger, State(_): State<Shared>, asked: HeaderMap) -> Response {
    if let Some(weui) = weir_pages::weui() {
        return weui.answer(&asked);
    }
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/css; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    (headers, PLAIN_STYLE).into_response()
}
