use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use weir_core::{
    Failure,
    session::data::{self, Encrypted},
};

use super::envelope::Success;
use crate::{
    Shared,
    extract::{Sent, User},
    problem::Refusal,
};

/// The code of the phone button, which is another than `wx.login`'s.
#[derive(Deserialize, ToSchema)]
pub(super) struct PhoneBody {
    #[schema(required = true, max_length = 128)]
    code: Option<String>,
}

/// A phone number as WeChat tells it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct PhoneData {
    /// With the country's prefix when it is foreign.
    #[schema(example = "13800138000")]
    phone_number: String,
    #[schema(example = "13800138000")]
    pure_phone_number: String,
    #[schema(example = "86")]
    country_code: String,
}

/// The phone number behind a code of the phone button.
#[utoipa::path(post, path = "/api/v1/auth/phone", tag = "mini-program", operation_id = "phone",
    request_body = PhoneBody, responses((status = 200, description = "The phone number", body = Success<PhoneData>)))]
pub(super) async fn phone(
    State(server): State<Shared>,
    User(caller): User,
    Sent(body): Sent<PhoneBody>,
) -> Result<Success<PhoneData>, Refusal> {
    let code = body.code.ok_or_else(|| Failure::invalid("code", "is missing"))?;
    let phone = data::phone(&server.app, &caller, &code).await?;
    let data = PhoneData {
        phone_number: phone.phone_number,
        pure_phone_number: phone.pure_phone_number,
        country_code: phone.country_code,
    };
    Ok(Success::new(server.app.clock.now(), data))
}

/// What `wx.getUserInfo`, `getPhoneNumber` (old form), `getWeRunData` and the like hand to the page.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct DecryptBody {
    /// Base64.
    #[schema(required = true)]
    encrypted_data: Option<String>,
    /// Base64 of 16 bytes.
    #[schema(required = true)]
    iv: Option<String>,
    /// The exact text that the client got; together with `signature`.
    raw_data: Option<String>,
    signature: Option<String>,
}

/// Decrypt what the mini-program was given, with the session_key of the last login or the one before.
#[utoipa::path(post, path = "/api/v1/auth/decrypt", tag = "mini-program", operation_id = "decrypt",
    request_body = DecryptBody, responses((status = 200, description = "The decrypted object", body = Success<Value>)))]
pub(super) async fn decrypt(
    State(server): State<Shared>,
    User(caller): User,
    Sent(body): Sent<DecryptBody>,
) -> Result<Success<Value>, Refusal> {
    let sent = Encrypted {
        encrypted_data: body.encrypted_data.ok_or_else(|| Failure::invalid("encryptedData", "is missing"))?,
        iv: body.iv.ok_or_else(|| Failure::invalid("iv", "is missing"))?,
        raw_data: body.raw_data,
        signature: body.signature,
    };
    let data = data::decrypt(&server.app, &caller, &sent).await?;
    Ok(Success::new(server.app.clock.now(), data))
}

/// Whether WeChat still knows the session.
#[derive(Serialize, ToSchema)]
pub(super) struct SessionData {
    valid: bool,
}

/// Ask WeChat whether the session_key of the last login is still good.
#[utoipa::path(get, path = "/api/v1/auth/session", tag = "mini-program", operation_id = "session",
    responses((status = 200, description = "Good or not", body = Success<SessionData>)))]
pub(super) async fn session(
    State(server): State<Shared>,
    User(caller): User,
) -> Result<Success<SessionData>, Refusal> {
    let valid = data::is_session_valid(&server.app, &caller).await?;
    Ok(Success::new(server.app.clock.now(), SessionData { valid }))
}
