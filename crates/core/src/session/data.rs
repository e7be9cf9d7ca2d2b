//! What a mini-program's user lets us read with the help of their session_key: phone number, encrypted data, and whether
//! WeChat still knows the session.

use std::{sync::Arc, time::Duration};

use serde_json::Value;
use weir_base::Secret;
use weir_wechat::{
    crypto::{self, WatermarkError},
    mini_program::PhoneInfo,
};

use super::Caller;
use crate::{
    App, Code, Failure, Outcome,
    account::model::text,
    apptoken,
    audit::{Action, Entry},
    identity::{model::seal_context, rows},
};

/// The code of `getPhoneNumber` is 64 characters; more room costs nothing.
const PHONE_CODE_MAX: usize = 128;
/// A field of encryptedData is a few hundred characters; whole step histories are a few thousand.
const DATA_MAX: usize = 256 * 1024;
const IV_MAX: usize = 64;
/// How far WeChat's clock may be ahead of ours.
const AHEAD: Duration = Duration::from_secs(300);

/// The phone number behind a code of the phone button (wechat-protocol.md B4).
pub async fn phone(app: &Arc<App>, caller: &Caller, code: &str) -> Outcome<PhoneInfo> {
    if code.is_empty() {
        return Err(Failure::invalid("code", "must not be empty"));
    }
    text("code", Some(code), PHONE_CODE_MAX)?;
    app.limits.wechat_call(caller.profile.id)?;
    let phone = apptoken::flow::with_token(app, &caller.appid, |token| async move {
        app.wechat.getuserphonenumber(&token, code, Some(&caller.openid)).await
    })
    .await?;
    if phone.watermark_appid != caller.appid {
        return Err(Failure::new(Code::Impossible).detail("the phone number was given to another app"));
    }
    let user = format!("user:{}", caller.profile.id);
    // The code is used up: a number that WeChat has given must not be lost for want of an entry.
    if let Err(error) = Entry::new(app, user.clone(), Action::PhoneRead, user).write(&app.store).await {
        tracing::warn!(%error, "reading a phone number is missing in the audit trail");
    }
    Ok(phone)
}

/// What the mini-program sends to be decrypted.
#[derive(Clone, Debug, Default)]
pub struct Encrypted {
    pub encrypted_data: String,
    pub iv: String,
    pub raw_data: Option<String>,
    pub signature: Option<String>,
}

/// Decrypts with the newest session_key, else with the one before (pain 5). When neither fits, the client's data is
/// from another session: [`Code::SessionStale`].
pub async fn decrypt(app: &App, caller: &Caller, sent: &Encrypted) -> Outcome<Value> {
    text("encryptedData", Some(&sent.encrypted_data), DATA_MAX)?;
    text("iv", Some(&sent.iv), IV_MAX)?;
    text("rawData", sent.raw_data.as_deref(), DATA_MAX)?;
    if sent.raw_data.is_some() != sent.signature.is_some() {
        return Err(Failure::invalid("signature", "comes with rawData, and rawData with signature"));
    }
    if !crypto::is_well_formed(&sent.encrypted_data, &sent.iv) {
        return Err(Failure::invalid(
            "encryptedData",
            "and iv must be base64, of whole blocks and of 16 bytes",
        ));
    }
    app.limits.decryption(caller.profile.id)?;
    let keys = session_keys(app, caller).await?;
    let signed = |key: &Secret| match (&sent.raw_data, &sent.signature) {
        (Some(raw), Some(signature)) => crypto::verify_raw_data(raw, key, signature),
        _ => true,
    };
    let data = keys
        .iter()
        .filter(|key| signed(key))
        .find_map(|key| crypto::decrypt_data(key, &sent.encrypted_data, &sent.iv).ok())
        .ok_or_else(|| Failure::new(Code::SessionStale))?;
    check_watermark(app, caller, &data)?;
    Ok(data)
}

fn check_watermark(app: &App, caller: &Caller, data: &Value) -> Outcome<()> {
    let max_age = app.settings.auth.watermark_max_age.0;
    let checked = crypto::check_watermark(data, &caller.appid, app.clock.now(), max_age, AHEAD);
    let detail = match checked {
        Ok(_) => return Ok(()),
        Err(WatermarkError::Missing) => "the data does not say for whom and when it was made",
        Err(WatermarkError::OtherApp) => "the data was encrypted for another app",
        Err(WatermarkError::Stale) => "the data is too old, or this server's clock is wrong",
    };
    Err(Failure::new(Code::Impossible).detail(detail))
}

/// Whether WeChat still knows the session (wechat-protocol.md B2).
pub async fn is_session_valid(app: &Arc<App>, caller: &Caller) -> Outcome<bool> {
    app.limits.wechat_call(caller.profile.id)?;
    let keys = session_keys(app, caller).await?;
    let Some(key) = keys.first() else { return Ok(false) };
    apptoken::flow::with_token(app, &caller.appid, |token| async move {
        app.wechat.checksession(&token, &caller.openid, key).await
    })
    .await
}

/// The last two session_keys, newest first.
async fn session_keys(app: &App, caller: &Caller) -> Outcome<Vec<Secret>> {
    let Some(row) = rows::session_keys(&app.store, &caller.appid, &caller.openid).await? else {
        return Ok(Vec::new());
    };
    let context = seal_context(&caller.appid, &caller.openid);
    let sealed = [row.session_key, row.previous_session_key];
    let opened = sealed.iter().flatten().filter_map(|sealed| match app.sealer.open(sealed, &context) {
        Ok(key) => Some(key),
        Err(error) => {
            // The key that sealed it was taken out of the settings: the client logs in again and all is well.
            tracing::warn!(identity = %row.id, %error, "a session_key does not open");
            None
        }
    });
    Ok(opened.collect())
}
