//! Weir's own paths: health, metrics, keys, the API description.

mod apptoken;
pub(crate) mod cgi_bin;
mod health;
mod keys;
mod push;

use std::borrow::Borrow;

use axum::{
    Router,
    extract::{Path, State, rejection::PathRejection},
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use weir_core::Code;
use weir_pages::Asset;

use crate::{
    Shared,
    extract::Stranger,
    json::worded,
    observe::Asked,
    openapi,
    problem::{Reason, Refusal},
};

pub(crate) use health::Verdict;

pub(crate) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(health::health))
        .routes(routes!(health::live))
        .routes(routes!(metrics))
        .routes(routes!(description))
        .routes(routes!(keys::jwks))
        .routes(routes!(apptoken::access_token))
        .routes(routes!(apptoken::access_token_invalid))
        .routes(routes!(apptoken::jsapi_ticket))
        .routes(routes!(apptoken::jsapi_ticket_invalid))
        .routes(routes!(push::verify, push::receive))
        .routes(routes!(push::pushes))
        .routes(routes!(push::one))
        .routes(routes!(push::replay))
        .routes(routes!(cgi_bin::token))
        .routes(routes!(cgi_bin::stable_token))
        .routes(routes!(cgi_bin::getticket))
}

/// The page at `/docs`.
pub(crate) fn docs<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/docs", get(async || Redirect::permanent("/docs/")))
        .route("/docs/", get(docs_page))
        .route("/docs/{file}", get(docs_file))
}

async fn docs_page(headers: HeaderMap) -> Response {
    docs_file(Ok(Path(String::new())), headers).await
}

async fn docs_file(file: Result<Path<String>, PathRejection>, headers: HeaderMap) -> Response {
    asset(file, weir_pages::docs, &headers)
}

/// A file of a page. A path that is no text is one where nothing is.
pub(crate) fn asset<A: Borrow<Asset>>(
    path: Result<Path<String>, PathRejection>,
    find: impl FnOnce(&str) -> Option<A>,
    asked: &HeaderMap,
) -> Response {
    let found = path.ok().and_then(|Path(path)| find(&path));
    found.map_or_else(|| Refusal(Reason::NoSuchPath).into_response(), |asset| asset.borrow().answer(asked))
}

/// Metrics in Prometheus' text format.
#[utoipa::path(get, path = "/metrics", tag = "weir", operation_id = "metrics",
    responses((status = 200, description = "Prometheus text format", body = String, content_type = "text/plain")))]
async fn metrics(_: Stranger, State(server): State<Shared>) -> Response {
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    ([(header::CONTENT_TYPE, kind)], (server.render_metrics)()).into_response()
}

/// This description.
#[utoipa::path(get, path = "/openapi.json", tag = "weir", operation_id = "openapi",
    responses((status = 200, description = "OpenAPI 3.1", body = serde_json::Value)))]
async fn description(_: Stranger) -> Response {
    let kind = HeaderValue::from_static("application/json; charset=utf-8");
    ([(header::CONTENT_TYPE, kind)], openapi::openapi_json()).into_response()
}

/// An error outside the families: RFC 9457.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProblemBody {
    #[serde(rename = "type")]
    #[schema(value_type = String, example = "about:blank")]
    kind: &'static str,
    /// The HTTP reason.
    #[schema(value_type = String)]
    title: &'static str,
    status: u16,
    detail: String,
    /// The path that was asked for.
    instance: String,
    /// The same as the header `X-Request-Id`.
    request_id: String,
}

pub(crate) fn refuse(refusal: &Refusal, asked: &Asked, response: Response) -> Response {
    let status = response.status();
    let body = ProblemBody {
        kind: "about:blank",
        title: status.canonical_reason().unwrap_or("Error"),
        status: status.as_u16(),
        detail: detail(&refusal.0),
        instance: asked.path.clone(),
        request_id: asked.id().into_owned(),
    };
    let mut response = worded(response, &body);
    let kind = HeaderValue::from_static("application/problem+json");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

/// The reason in plain English.
pub(crate) fn detail(reason: &Reason) -> String {
    match reason {
        Reason::Failure(failure) => match (failure.code, &failure.field, &failure.detail) {
            (Code::Invalid, Some(field), Some(detail)) => format!("{field} {detail}"),
            (_, _, Some(detail)) => detail.to_string(),
            (code, ..) => code.as_str().replace('_', " "),
        },
        Reason::NoSuchPath => "there is nothing here; the API is described at /docs".to_owned(),
        Reason::MethodNotAllowed => "this path does not take this method".to_owned(),
        Reason::TooLarge { limit } => format!("the body is larger than {limit} bytes"),
        Reason::UnsupportedMediaType => "the body must be JSON (Content-Type: application/json)".to_owned(),
        Reason::Panicked => "our fault; the log knows more under the request id".to_owned(),
    }
}
