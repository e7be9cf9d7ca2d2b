//! Bodies of JSON, for every envelope.

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use weir_core::{Code, Failure};

use crate::problem::Refusal;

/// A JSON response of `body`.
pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Response {
    match serde_json::to_vec(body) {
        Ok(bytes) => {
            let mut response = Response::new(Body::from(bytes));
            *response.status_mut() = status;
            let kind = HeaderValue::from_static("application/json; charset=utf-8");
            response.headers_mut().insert(header::CONTENT_TYPE, kind);
            response
        }
        Err(error) => Refusal::from(Failure::new(Code::Internal).cause(error)).into_response(),
    }
}

/// A success that wears no envelope.
pub(crate) struct Plain<T>(pub(crate) T);

impl<T: Serialize> IntoResponse for Plain<T> {
    fn into_response(self) -> Response {
        json(StatusCode::OK, &self.0)
    }
}

/// `response` with the body that words it; its status and its own headers are kept.
pub(crate) fn worded(response: Response, body: &impl Serialize) -> Response {
    let (mut parts, _) = response.into_parts();
    let (worded, body) = json(parts.status, body).into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.extend(worded.headers);
    Response::from_parts(parts, body)
}
