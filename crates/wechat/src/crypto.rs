//! Signatures and encrypted data that go by a person's session_key (sections B2, B5 and K). Pure.

use std::time::Duration;

use aes::Aes128;
use aws_lc_rs::hmac;
use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{GeneralPurpose, GeneralPurposeConfig},
};
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit, block_padding::Pkcs7};
use serde::Deserialize;
use serde_json::Value;
use sha1::{Digest, Sha1};
use weir_base::{Secret, Timestamp, secret::same};

const BLOCK: usize = 16;

/// WeChat's base64. Bits that stand for nothing at the end may be set: some of its encoders leave them so.
pub(crate) const BASE64: GeneralPurpose =
    GeneralPurpose::new(&STANDARD, GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true));

/// Why data was not decrypted or encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CryptoError {
    /// The data or the iv is not base64, or not of whole blocks and of 16 bytes ([`is_well_formed`]), or the key is no
    /// session_key.
    #[error("malformed: data, iv and session_key must be base64; of whole blocks, 16 and 16 bytes")]
    Malformed,
    /// The data was not made with this key and iv, or was altered. One error for padding, UTF-8 and JSON, so that
    /// nobody can learn a text by watching which of them fails.
    #[error("the data does not decrypt with this session_key")]
    Undecipherable,
}

/// Whether `key` has a session_key's form: base64 of 16 bytes.
pub fn is_session_key(key: &Secret) -> bool {
    decode_block(key.expose()).is_some()
}

/// `hex(HMAC-SHA-256(session_key, message))`, where the key is the base64 *text* of the session_key (section B2).
/// WeChat's session calls sign the empty message.
pub fn session_signature(session_key: &Secret, message: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, session_key.expose().as_bytes());
    hex::encode(hmac::sign(&key, message))
}

/// `hex(SHA-1(raw_data ‖ session_key))`, where the key is the base64 text (section B5). `raw_data` is the client's
/// string as it came, not parsed and written again.
pub fn raw_data_signature(raw_data: &str, session_key: &Secret) -> String {
    let digest = Sha1::new().chain_update(raw_data).chain_update(session_key.expose());
    hex::encode(digest.finalize())
}

/// Whether `signature` (lower-case hex) is [`raw_data_signature`]'s, in a time that does not tell where it differs.
pub fn verify_raw_data(raw_data: &str, session_key: &Secret, signature: &str) -> bool {
    same(raw_data_signature(raw_data, session_key).as_bytes(), signature.as_bytes())
}

/// Whether encrypted data and its iv have the form that any key could have made: base64 of whole blocks, at least one,
/// and of 16 bytes. Tells nothing about the key.
pub fn is_well_formed(encrypted_data: &str, iv: &str) -> bool {
    decode_blocks(encrypted_data).is_some() && decode_block(iv).is_some()
}

/// Decrypts a client's `encryptedData`: base64 of AES-128-CBC with PKCS #7 (section B5). The answer is a JSON object;
/// check its watermark before believing it ([`check_watermark`]).
///
/// # Errors
/// See [`CryptoError`].
pub fn decrypt_data(session_key: &Secret, encrypted_data: &str, iv: &str) -> Result<Value, CryptoError> {
    let key = decode_block(session_key.expose()).ok_or(CryptoError::Malformed)?;
    let iv = decode_block(iv).ok_or(CryptoError::Malformed)?;
    let data = decode_blocks(encrypted_data).ok_or(CryptoError::Malformed)?;
    let text = cbc::Decryptor::<Aes128>::new(&key.into(), &iv.into()).decrypt_padded_vec::<Pkcs7>(&data);
    let value = text.ok().and_then(|text| serde_json::from_slice::<Value>(&text).ok());
    value.filter(Value::is_object).ok_or(CryptoError::Undecipherable)
}

/// Encrypts as WeChat does for its clients: what [`decrypt_data`] opens. For doubles of WeChat; `iv` is base64 of 16
/// bytes of chance.
///
/// # Errors
/// [`CryptoError::Malformed`] when the key or the iv is not base64 of 16 bytes.
pub fn encrypt_data(session_key: &Secret, plain: &str, iv: &str) -> Result<String, CryptoError> {
    let key = decode_block(session_key.expose()).ok_or(CryptoError::Malformed)?;
    let iv = decode_block(iv).ok_or(CryptoError::Malformed)?;
    let cipher = cbc::Encryptor::<Aes128>::new(&key.into(), &iv.into());
    Ok(BASE64.encode(cipher.encrypt_padded_vec::<Pkcs7>(plain.as_bytes())))
}

/// Where and when WeChat made a piece of data.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Watermark {
    pub appid: String,
    /// Seconds since the Unix epoch.
    pub timestamp: i64,
}

/// Why a watermark is not to be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WatermarkError {
    #[error("the data has no watermark")]
    Missing,
    #[error("the data was made for another app")]
    OtherApp,
    #[error("the data is too old, or was made in the future")]
    Stale,
}

/// Checks that decrypted data was made for `appid`, not longer than `max_age` ago, and not further ahead of `now` than
/// `max_ahead`: so far may WeChat's clock and ours be apart.
///
/// # Errors
/// See [`WatermarkError`].
pub fn check_watermark(
    data: &Value,
    appid: &str,
    now: Timestamp,
    max_age: Duration,
    max_ahead: Duration,
) -> Result<Watermark, WatermarkError> {
    let watermark = data.get("watermark").ok_or(WatermarkError::Missing)?;
    let watermark = Watermark::deserialize(watermark).map_err(|_| WatermarkError::Missing)?;
    if watermark.appid != appid {
        return Err(WatermarkError::OtherApp);
    }
    let made_at = Timestamp::from_seconds(watermark.timestamp);
    if now.since(made_at) > max_age || made_at.since(now) > max_ahead {
        return Err(WatermarkError::Stale);
    }
    Ok(watermark)
}

fn decode_block(text: &str) -> Option<[u8; BLOCK]> {
    // 24 characters decode to 18 bytes at most; longer texts do not fit and are refused.
    let mut bytes = [0; 18];
    let length = BASE64.decode_slice(text, &mut bytes).ok()?;
    if length == BLOCK { bytes[..BLOCK].try_into().ok() } else { None }
}

fn decode_blocks(text: &str) -> Option<Vec<u8>> {
    BASE64.decode(text).ok().filter(|bytes| !bytes.is_empty() && bytes.len().is_multiple_of(BLOCK))
}
