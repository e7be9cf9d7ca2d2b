use axum::extract::State;
use axum::http::Method;
use serde::Serialize;
use utoipa::ToSchema;
use weir_core::qr;

use super::{
    envelope::{Success, UserIdJson},
    qr::{SessionPath, session_of},
};
use crate::{
    Shared,
    extract::{Asking, Guest, PollToken},
    problem::{Reason, Refusal},
};

/// A QR code to sign in with.
#[derive(Serialize, ToSchema)]
pub(super) struct LoginQrData {
    /// A UUID.
    session_id: String,
    /// A PNG in base64, without a `data:` prefix.
    qr_code_data: String,
    /// ISO 8601 in UTC with milliseconds.
    expires_at: String,
    /// Sent as `X-Poll-Token` to learn what became of it. Keep it from others.
    poll_token: String,
}

/// Begin to sign in by QR code. It must be scanned, and confirmed on the phone, by somebody who has bound their WeChat account.
#[utoipa::path(post, path = "/api/wechat/qr-login", tag = "binding", operation_id = "startQrLogin",
    responses((status = 200, description = "A QR code", body = Success<LoginQrData>)))]
pub(super) async fn start(
    _: Guest,
    State(server): State<Shared>,
    Asking(browser): Asking,
) -> Result<Success<LoginQrData>, Refusal> {
    let started = qr::login::start(&server.app, &browser).await?;
    Ok(Success::new(LoginQrData {
        session_id: started.row.session_id,
        qr_code_data: started.row.qr_code_data,
        expires_at: started.row.expires_at.iso(),
        poll_token: started.poll_token,
    }))
}

/// What became of a sign-in. The token is in one answer only: the first after the confirmation.
#[derive(Serialize, ToSchema)]
pub(super) struct LoginStatusData {
    session_id: String,
    /// `pending`, `scanned`, `confirmed` or `expired`.
    #[schema(value_type = String, example = "pending")]
    status: &'static str,
    /// ISO 8601 in UTC with milliseconds.
    expires_at: String,
    /// As `expires_at`: the two together tell how long it is good, whatever the browser's clock says.
    created_at: String,
    /// The user token: a JWT that acts as the host user whom the WeChat account is bound to.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "Bearer")]
    token_type: Option<&'static str>,
    /// Seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_in: Option<u64>,
    /// The host user.
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<UserIdJson>,
}

/// What became of my sign-in; after the confirmation, once, the token.
#[utoipa::path(get, path = "/api/wechat/qr-login/{session_id}", tag = "binding", operation_id = "collectQrLogin",
    params(("session_id" = String, Path, description = "From qr-login"), ("X-Poll-Token" = String, Header, description = "From qr-login")),
    responses((status = 200, description = "The status, and once the token", body = Success<LoginStatusData>)))]
pub(super) async fn collect(
    _: Guest,
    State(server): State<Shared>,
    path: SessionPath,
    PollToken(poll): PollToken,
    method: Method,
) -> Result<Success<LoginStatusData>, Refusal> {
    // The answer to a HEAD has no body, and the token would go with it.
    if method == Method::HEAD {
        return Err(Refusal(Reason::MethodNotAllowed));
    }
    let collected = qr::login::collect(&server.app, &session_of(path)?, &poll).await?;
    let mut data = LoginStatusData {
        session_id: collected.row.session_id,
        status: collected.shown.as_str(),
        expires_at: collected.row.expires_at.iso(),
        created_at: collected.row.created_at.iso(),
        token: None,
        token_type: None,
        expires_in: None,
        user_id: None,
    };
    if let Some((opened, scanned)) = collected.opened {
        data.token = Some(opened.access_token);
        data.token_type = Some("Bearer");
        data.expires_in = Some(opened.expires_in);
        data.user_id = Some(UserIdJson::from(&scanned.bound_to.1));
    }
    Ok(Success::new(data))
}
