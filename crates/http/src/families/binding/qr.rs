use axum::{
    extract::{Path, State, rejection::PathRejection},
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Serialize;
use utoipa::ToSchema;
use weir_base::Timestamp;
use weir_core::{
    Code, Failure,
    qr::{self, QrRow},
};

use super::envelope::{Success, UserIdJson};
use crate::{
    Shared,
    extract::{Asking, Host},
    problem::Refusal,
};

/// A new QR code.
#[derive(Serialize, ToSchema)]
pub(super) struct QrData {
    /// A UUID.
    session_id: String,
    /// A PNG in base64, without a `data:` prefix.
    qr_code_data: String,
    /// ISO 8601 in UTC with milliseconds.
    expires_at: String,
}

/// A QR code and what became of it.
#[derive(Serialize, ToSchema)]
pub(super) struct StatusData {
    id: i64,
    session_id: String,
    user_id: Option<UserIdJson>,
    /// A PNG in base64, without a `data:` prefix.
    qr_code_data: String,
    /// `pending`, `scanned`, `confirmed` or `expired`.
    #[schema(value_type = String, example = "pending")]
    status: &'static str,
    /// ISO 8601 in UTC with milliseconds.
    expires_at: String,
    /// ISO 8601 in UTC with milliseconds.
    created_at: String,
}

impl StatusData {
    pub(super) fn new(row: &QrRow, now: Timestamp) -> Self {
        Self {
            id: row.id,
            session_id: row.session_id.clone(),
            user_id: row.user_id.as_ref().map(UserIdJson::from),
            qr_code_data: row.qr_code_data.clone(),
            status: row.shown(now).as_str(),
            expires_at: row.expires_at.iso(),
            created_at: row.created_at.iso(),
        }
    }
}

pub(super) type SessionPath = Result<Path<String>, PathRejection>;

/// A path that is no text names no session.
pub(super) fn session_of(path: SessionPath) -> Result<String, Failure> {
    let Path(session) = path.map_err(|_| Failure::new(Code::NotFound).detail("QR session not found"))?;
    Ok(session)
}

/// Make a QR code that binds the WeChat account of whoever scans it to me, once they confirm it on their phone. The body may
/// be empty.
#[utoipa::path(post, path = "/api/wechat/generate-qr", tag = "binding", operation_id = "generateQr",
    responses((status = 200, description = "A QR code, good for five minutes", body = Success<QrData>)))]
pub(super) async fn generate(
    State(server): State<Shared>,
    Host(user): Host,
    Asking(browser): Asking,
) -> Result<Success<QrData>, Refusal> {
    let row = qr::flow::generate(&server.app, &user, &browser).await?;
    Ok(Success::new(QrData {
        session_id: row.session_id,
        qr_code_data: row.qr_code_data,
        expires_at: row.expires_at.iso(),
    }))
}

/// What became of my QR code.
#[utoipa::path(get, path = "/api/wechat/status/{session_id}", tag = "binding", operation_id = "qrStatus",
    params(("session_id" = String, Path, description = "From generate-qr")),
    responses((status = 200, description = "The status", body = Success<StatusData>)))]
pub(super) async fn status(
    State(server): State<Shared>,
    Host(user): Host,
    path: SessionPath,
) -> Result<Success<StatusData>, Refusal> {
    let row = qr::flow::status(&server.app, &user, &session_of(path)?).await?;
    Ok(Success::new(StatusData::new(&row, server.app.clock.now())))
}

/// The picture of my QR code: PNG, or SVG when `Accept` asks for it.
#[utoipa::path(get, path = "/api/wechat/status/{session_id}/qr", tag = "binding", operation_id = "qrImage",
    params(("session_id" = String, Path, description = "From generate-qr")),
    responses((status = 200, description = "The picture", content((Vec<u8> = "image/png"), (String = "image/svg+xml")))))]
pub(super) async fn image(
    State(server): State<Shared>,
    Host(user): Host,
    path: SessionPath,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let row = qr::flow::status(&server.app, &user, &session_of(path)?).await?;
    let png = STANDARD.decode(&row.qr_code_data).unwrap_or_default();
    let accept = headers.get(header::ACCEPT).map(HeaderValue::as_bytes).unwrap_or_default();
    let (kind, picture) = if accept.starts_with(b"image/svg+xml") {
        ("image/svg+xml", qr::svg(&png)?.into_bytes())
    } else {
        ("image/png", png)
    };
    let kind = (header::CONTENT_TYPE, HeaderValue::from_static(kind));
    let kept = (header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(([kind, kept], picture).into_response())
}
