//! Family A's envelope: `{success, data, message?}`, and for errors `{success: false, message}`.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::{PartialSchema, ToSchema, openapi};
use weir_core::{Code, Failure, host::HostId, session::ClaimedId};

use crate::{
    json::{json, worded},
    problem::{Reason, Refusal},
};

/// What a success looks like.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Success<T> {
    #[schema(example = true)]
    success: bool,
    data: T,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    message: Option<&'static str>,
}

impl<T: Serialize> Success<T> {
    pub(crate) fn new(data: T) -> Self {
        Self { success: true, data, message: None }
    }

    pub(crate) fn message(mut self, message: &'static str) -> Self {
        self.message = Some(message);
        self
    }
}

impl<T: Serialize> IntoResponse for Success<T> {
    fn into_response(self) -> Response {
        json(StatusCode::OK, &self)
    }
}

/// A success that has nothing to show.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Done {
    #[schema(example = true)]
    success: bool,
    #[schema(value_type = String)]
    message: &'static str,
}

impl Done {
    pub(crate) fn new(message: &'static str) -> Self {
        Self { success: true, message }
    }
}

impl IntoResponse for Done {
    fn into_response(self) -> Response {
        json(StatusCode::OK, &self)
    }
}

/// What an error looks like.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BindingErrorBody {
    #[schema(example = false)]
    success: bool,
    /// What went wrong and, where the caller can mend it, how.
    message: String,
}

/// The id of a host user: a number when it is all digits, else a text.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(crate) struct UserIdJson(ClaimedId);

impl From<&HostId> for UserIdJson {
    fn from(id: &HostId) -> Self {
        Self(ClaimedId::from(id))
    }
}

impl PartialSchema for UserIdJson {
    fn schema() -> openapi::RefOr<openapi::schema::Schema> {
        let one_of = |kind| openapi::ObjectBuilder::new().schema_type(openapi::schema::Type::from(kind));
        openapi::OneOfBuilder::new()
            .item(one_of(Kind::Number))
            .item(one_of(Kind::Text))
            .description(Some("A number when the id is all digits, else a text"))
            .into()
    }
}

impl ToSchema for UserIdJson {}

enum Kind {
    Number,
    Text,
}

impl From<Kind> for openapi::schema::Type {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Number => Self::Integer,
            Kind::Text => Self::String,
        }
    }
}

pub(crate) fn refuse(refusal: &Refusal, response: Response) -> Response {
    worded(response, &BindingErrorBody { success: false, message: message(&refusal.0) })
}

fn message(reason: &Reason) -> String {
    match reason {
        Reason::Failure(failure) => failure_message(failure),
        Reason::NoSuchPath => "Not found".to_owned(),
        Reason::MethodNotAllowed => "Method not allowed".to_owned(),
        Reason::TooLarge { limit } => format!("The request body is larger than {limit} bytes"),
        Reason::UnsupportedMediaType => {
            "The request body must be JSON (Content-Type: application/json)".to_owned()
        }
        Reason::Panicked => "Internal server error".to_owned(),
    }
}

fn failure_message(failure: &Failure) -> String {
    let text = match failure.code {
        Code::Invalid => {
            let field = failure.field.as_deref().unwrap_or("body");
            return format!("Invalid request: {field} {}", failure.detail.as_deref().unwrap_or("is wrong"));
        }
        Code::NotFound => return failure.detail.as_deref().unwrap_or("Not found").to_owned(),
        Code::UserBound => "This user already has a WeChat account bound",
        Code::WeChatBound => "This WeChat account is already bound to another user",
        Code::NotBound => "No WeChat account bound to this user",
        Code::QrUnknown => "QR session not found",
        Code::QrExpired => "The QR code has expired",
        Code::QrTaken => "Another phone has scanned this QR code",
        Code::QrUsed => "The QR code has been used",
        Code::StateUnknown => "Unknown state",
        Code::StateUsed => "The state has been used",
        Code::NotRetryable => "The message is under way or has been sent",
        Code::CookieMissing => "The cookie of this browser is missing",
        Code::ConsentDenied => "Authorization was denied in WeChat",
        Code::Unauthenticated => "Authentication required: send Authorization: Bearer <token>",
        Code::TokenInvalid => "Invalid token",
        Code::TokenExpired => "The token has expired",
        Code::TokenRevoked | Code::TokenReused => "The session has ended, sign in again",
        Code::Forbidden => "Not allowed",
        Code::LoginRefused => "WeChat login failed",
        Code::SessionStale => "The WeChat session is stale",
        Code::Impossible => "The data cannot be used",
        Code::Underway => "The same request is being worked on, try again later",
        Code::RateLimited => "Too many requests, try again later",
        Code::WeChatRefused => "WeChat refused the request",
        Code::WeChatBusy => "WeChat is busy, try again later",
        Code::WeChatTimeout => "WeChat did not answer in time",
        Code::WeChatBroken => "WeChat cannot be reached",
        Code::SnapshotUser => "This is a snapshot page: tap \"use full service\" in WeChat, then try again",
        Code::NotConfigured => "The server is not configured for this",
        Code::Unavailable => "Service unavailable, try again later",
        Code::Internal => "Internal server error",
    };
    if let Some(wechat) = &failure.wechat {
        return format!("{text}: {} (errcode {})", wechat.reason, wechat.errcode);
    }
    match &failure.detail {
        Some(detail) => format!("{text}: {detail}"),
        None => text.to_owned(),
    }
}
