//! Refusals on their way out. A handler answers with a bare status and the reason; [`crate::observe`] words it in the
//! envelope of the family whose prefix the path has, so that there is one place that does.

use std::sync::Arc;

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use weir_core::{Code, Failure};

/// Why a request was refused.
#[derive(Clone, Debug)]
pub(crate) enum Reason {
    Failure(Arc<Failure>),
    NoSuchPath,
    MethodNotAllowed,
    TooLarge { limit: usize },
    UnsupportedMediaType,
    Panicked,
}

/// A refusal as a response.
#[derive(Clone, Debug)]
pub(crate) struct Refusal(pub(crate) Reason);

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self(Reason::Failure(Arc::new(failure)))
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = self.0.status().into_response();
        if let Reason::Failure(failure) = &self.0
            && let Some(wait) = failure.retry_after
        {
            let seconds = HeaderValue::from(wait.as_millis().div_ceil(1000).max(1) as u64);
            response.headers_mut().insert(header::RETRY_AFTER, seconds);
        }
        response.extensions_mut().insert(self);
        response
    }
}

pub(crate) async fn no_such_path() -> Refusal {
    Refusal(Reason::NoSuchPath)
}

impl Reason {
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Failure(failure) => status(failure.code),
            Self::NoSuchPath => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Panicked => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The name in logs and metrics.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Failure(failure) => failure.code.as_str(),
            Self::NoSuchPath => "no_such_path",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::TooLarge { .. } => "too_large",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::Panicked => "panicked",
        }
    }
}

/// The one place that gives a refusal its status.
fn status(code: Code) -> StatusCode {
    match code {
        Code::Invalid | Code::UserBound | Code::WeChatBound | Code::StateUnknown | Code::ConsentDenied => {
            StatusCode::BAD_REQUEST
        }
        Code::Unauthenticated
        | Code::TokenInvalid
        | Code::TokenExpired
        | Code::TokenRevoked
        | Code::TokenReused
        | Code::LoginRefused => StatusCode::UNAUTHORIZED,
        Code::Forbidden | Code::QrTaken | Code::CookieMissing => StatusCode::FORBIDDEN,
        Code::NotFound | Code::NotBound | Code::QrUnknown => StatusCode::NOT_FOUND,
        Code::SessionStale | Code::Underway | Code::QrUsed | Code::StateUsed | Code::NotRetryable => {
            StatusCode::CONFLICT
        }
        Code::QrExpired => StatusCode::GONE,
        Code::Impossible | Code::SnapshotUser => StatusCode::UNPROCESSABLE_ENTITY,
        Code::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        Code::WeChatRefused | Code::WeChatBroken => StatusCode::BAD_GATEWAY,
        Code::WeChatBusy | Code::NotConfigured | Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::WeChatTimeout => StatusCode::GATEWAY_TIMEOUT,
        Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
