//! Family E's envelope: `{success, data, message, timestamp}`, and for errors `{success: false, message, error: {code,
//! details}, timestamp}`.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;
use weir_base::Timestamp;

use crate::{
    families::miniprogram,
    json::{json, worded},
    observe::Asked,
    problem::{Reason, Refusal},
};

/// What a success looks like.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Success<T> {
    #[schema(example = true)]
    success: bool,
    data: T,
    #[schema(value_type = String)]
    message: &'static str,
    /// Unix milliseconds.
    #[schema(example = 1_795_161_600_000_i64)]
    timestamp: i64,
    #[serde(skip)]
    status: StatusCode,
}

impl<T: Serialize> Success<T> {
    pub(crate) fn new(now: Timestamp, message: &'static str, data: T) -> Self {
        Self { success: true, data, message, timestamp: now.millis(), status: StatusCode::OK }
    }

    /// It is done later.
    pub(crate) fn accepted(self) -> Self {
        Self { status: StatusCode::ACCEPTED, ..self }
    }
}

impl<T: Serialize> IntoResponse for Success<T> {
    fn into_response(self) -> Response {
        json(self.status, &self)
    }
}

/// What an error looks like.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EngagementError)]
pub(crate) struct ErrorBody {
    #[schema(example = false)]
    success: bool,
    /// What went wrong and, where the caller can mend it, how.
    message: String,
    error: ErrorData,
    /// Unix milliseconds.
    timestamp: i64,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EngagementErrorData)]
pub(crate) struct ErrorData {
    /// What failed.
    #[schema(example = "RECORD_ACTION_FAILED")]
    code: String,
    details: ErrorDetails,
}

/// Why it failed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EngagementErrorDetails)]
pub(crate) struct ErrorDetails {
    #[schema(value_type = String, example = "invalid")]
    reason: &'static str,
    /// The field that is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// WeChat's.
    #[serde(skip_serializing_if = "Option::is_none")]
    errcode: Option<i64>,
    /// WeChat's, without its `rid` and hints.
    #[serde(skip_serializing_if = "Option::is_none")]
    errmsg: Option<String>,
}

/// What the published operations call their failure, in code and in words.
const FAILED: &[(&str, &str, &str)] = &[
    ("/api/wechat/openid", "GET_OPENID_FAILED", "获取openid失败"),
    ("/api/advisor/subscribe", "SAVE_SUBSCRIBE_FAILED", "保存订阅状态失败"),
    ("/api/customer/action", "RECORD_ACTION_FAILED", "记录客户行为失败"),
    ("/api/message/send", "SEND_MESSAGE_FAILED", "发送订阅消息失败"),
];

pub(crate) fn refuse(refusal: &Refusal, asked: &Asked, response: Response) -> Response {
    let reason = &refusal.0;
    let message = miniprogram::envelope::message(reason);
    let failed = FAILED.iter().find(|(path, ..)| *path == asked.path);
    let (code, message) = match failed {
        Some((_, code, words)) => ((*code).to_owned(), format!("{words}: {message}")),
        None => (reason.name().to_uppercase(), message),
    };
    let failure = match reason {
        Reason::Failure(failure) => Some(failure),
        _ => None,
    };
    let wechat = failure.and_then(|failure| failure.wechat.as_ref());
    let details = ErrorDetails {
        reason: reason.name(),
        field: failure.and_then(|failure| failure.field.as_deref()).map(str::to_owned),
        errcode: wechat.map(|wechat| wechat.errcode),
        errmsg: wechat.map(|wechat| wechat.reason.clone()),
    };
    let error = ErrorData { code, details };
    worded(response, &ErrorBody { success: false, message, error, timestamp: asked.at.millis() })
}
