//! Family B's envelope: `{code, msg, data, timestamp}`, the same for errors with `data: null`.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;
use weir_base::Timestamp;

use crate::{
    json::{json, worded},
    observe::Asked,
    own,
    problem::{Reason, Refusal},
};

/// What a success looks like.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Success<T> {
    /// The HTTP status again.
    #[schema(example = 200)]
    code: u16,
    #[schema(value_type = String, example = "success")]
    msg: &'static str,
    data: T,
    /// Milliseconds since the Unix epoch.
    #[schema(example = 1_795_161_600_000_i64)]
    timestamp: i64,
}

impl<T: Serialize> Success<T> {
    pub(crate) fn new(now: Timestamp, data: T) -> Self {
        Self { code: 200, msg: "success", data, timestamp: now.millis() }
    }
}

impl<T: Serialize> IntoResponse for Success<T> {
    fn into_response(self) -> Response {
        json(StatusCode::OK, &self)
    }
}

/// What an error looks like.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebLoginError)]
pub(crate) struct ErrorBody {
    /// The HTTP status again.
    #[schema(example = 403)]
    code: u16,
    /// The reason: WeChat's own where WeChat refused.
    msg: String,
    /// Always null.
    #[schema(value_type = Option<Object>)]
    data: (),
    /// Milliseconds since the Unix epoch.
    timestamp: i64,
}

pub(crate) fn refuse(refusal: &Refusal, asked: &Asked, response: Response) -> Response {
    let msg = match &refusal.0 {
        Reason::Failure(failure) if failure.wechat.is_some() => {
            failure.wechat.as_ref().map(|wechat| wechat.reason.clone()).unwrap_or_default()
        }
        reason => own::detail(reason),
    };
    let body = ErrorBody { code: response.status().as_u16(), msg, data: (), timestamp: asked.at.millis() };
    worded(response, &body)
}
