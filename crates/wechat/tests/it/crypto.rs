//! Signatures and encrypted data against recorded samples.

use std::time::Duration;

use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};
use weir_base::{Secret, Timestamp};
use weir_wechat::crypto::{self, CryptoError, WatermarkError};

const KEY: &str = "tiihtNczf5v6AKRyjwEUhQ==";
const IV: &str = "r7BXXKkLb8qrSNn05n0qiA==";

#[derive(Deserialize)]
struct Signed {
    session_key: Secret,
    message: String,
    signature: String,
}

#[derive(Deserialize)]
struct RawData {
    raw_data: String,
    session_key: Secret,
    signature: String,
}

#[derive(Deserialize)]
struct Encrypted {
    appid: String,
    session_key: Secret,
    iv: String,
    encrypted_data: String,
    plaintext: String,
}

fn encrypted() -> Encrypted {
    let [sample]: [Encrypted; 1] =
        serde_json::from_str(include_str!("../../fixtures/encrypted_data.json")).unwrap();
    sample
}

#[test]
fn recorded_session_signatures_are_reproduced() {
    let samples: [Signed; 3] =
        serde_json::from_str(include_str!("../../fixtures/session_signature.json")).unwrap();
    for Signed { session_key, message, signature } in samples {
        assert_eq!(crypto::session_signature(&session_key, message.as_bytes()), signature);
    }
}

#[test]
fn the_recorded_raw_data_verifies_and_any_change_is_noticed() {
    let [RawData { raw_data, session_key, signature }]: [RawData; 1] =
        serde_json::from_str(include_str!("../../fixtures/raw_data.json")).unwrap();
    assert_eq!(crypto::raw_data_signature(&raw_data, &session_key), signature);
    assert!(crypto::verify_raw_data(&raw_data, &session_key, &signature));
    assert!(!crypto::verify_raw_data(&format!("{raw_data} "), &session_key, &signature));
    assert!(!crypto::verify_raw_data(&raw_data, &Secret::new(KEY), &signature));
    assert!(!crypto::verify_raw_data(&raw_data, &session_key, &signature[1..]));
    assert!(!crypto::verify_raw_data(&raw_data, &session_key, ""));
}

#[test]
fn the_recorded_data_decrypts_and_encrypts_again_to_the_same() {
    let sample = encrypted();
    let plain: Value = serde_json::from_str(&sample.plaintext).unwrap();
    let data = crypto::decrypt_data(&sample.session_key, &sample.encrypted_data, &sample.iv).unwrap();
    assert_eq!(data, plain);
    assert_eq!(data["openId"], "oGZUI0egBJY1zhBYw2KhdUfwVJJE");
    let again = crypto::encrypt_data(&sample.session_key, &sample.plaintext, &sample.iv).unwrap();
    assert_eq!(again, sample.encrypted_data);
    let made_at = Timestamp::from_seconds(1477314187);
    let watermark =
        crypto::check_watermark(&data, &sample.appid, made_at, Duration::ZERO, Duration::ZERO).unwrap();
    assert_eq!((watermark.appid, watermark.timestamp), (sample.appid, 1477314187));
}

#[test]
fn what_is_malformed_is_told_apart_but_how_decrypting_failed_is_not() {
    let key = Secret::new(KEY);
    let data = encrypted().encrypted_data;
    for (data, iv) in
        [("", IV), ("AAAA", IV), ("not base64!", IV), (&data[..530], IV), (&data, ""), (&data, "AAAA")]
    {
        assert!(!crypto::is_well_formed(data, iv), "{data} {iv}");
        assert_eq!(crypto::decrypt_data(&key, data, iv), Err(CryptoError::Malformed), "{data} {iv}");
    }
    assert!(crypto::is_well_formed(&data, IV));
    let refused = |data: &str, key: &str| crypto::decrypt_data(&Secret::new(key), data, IV);
    assert_eq!(refused(&data, "HyVFkGl5F5OQWJZZaNzBBg=="), Err(CryptoError::Undecipherable));
    // Padding right, JSON wrong; JSON right, but no object.
    for plain in ["no json", "[1]", "\"text\"", "{\"open\":", ""] {
        let data = crypto::encrypt_data(&key, plain, IV).unwrap();
        assert_eq!(refused(&data, KEY), Err(CryptoError::Undecipherable), "{plain}");
    }
}

#[test]
fn a_watermark_is_believed_only_from_this_app_and_this_time() {
    let now = Timestamp::from_seconds(1_800_000_000);
    let day = Duration::from_secs(86400);
    let ahead = Duration::from_secs(300);
    let check = |data: Value| crypto::check_watermark(&data, "wx4f4bc4dec97d474b", now, day, ahead).err();
    let of = |appid: &str, timestamp: i64| json!({"watermark": {"appid": appid, "timestamp": timestamp}});
    for age in [0, 86400, -300] {
        assert_eq!(check(of("wx4f4bc4dec97d474b", 1_800_000_000 - age)), None, "{age}");
    }
    for timestamp in [1_800_000_000 - 86401, 1_800_000_000 + 301, i64::MIN, i64::MAX] {
        assert_eq!(check(of("wx4f4bc4dec97d474b", timestamp)), Some(WatermarkError::Stale), "{timestamp}");
    }
    assert_eq!(check(of("wx4F4bc4dec97d474b", 1_800_000_000)), Some(WatermarkError::OtherApp));
    for data in [json!({}), json!({"watermark": 1}), json!({"watermark": {"appid": "wx4f4bc4dec97d474b"}})] {
        assert_eq!(check(data), Some(WatermarkError::Missing));
    }
}

proptest! {
    #[test]
    fn whatever_is_encrypted_comes_back(key in any::<[u8; 16]>(), iv in any::<[u8; 16]>(), text in any::<String>()) {
        use base64::{Engine, engine::general_purpose::STANDARD};
        let (key, iv) = (Secret::new(STANDARD.encode(key)), STANDARD.encode(iv));
        let plain = json!({"text": text});
        let data = crypto::encrypt_data(&key, &plain.to_string(), &iv).expect("encrypts");
        prop_assert_eq!(crypto::decrypt_data(&key, &data, &iv).expect("decrypts"), plain);
    }

    #[test]
    fn garbage_is_refused_without_a_panic(key in any::<String>(), data in "[A-Za-z0-9+/=]{0,200}", iv in any::<String>()) {
        prop_assert!(crypto::decrypt_data(&Secret::new(key), &data, &iv).is_err());
        prop_assert!(crypto::decrypt_data(&Secret::new(KEY), &data, IV).is_err());
    }

    #[test]
    fn altered_data_never_panics(at in 0usize..400, flip in 1u8..) {
        use base64::{Engine, engine::general_purpose::STANDARD};
        let sample = encrypted();
        let mut bytes = STANDARD.decode(&sample.encrypted_data).expect("base64");
        bytes[at] ^= flip;
        let decrypted = crypto::decrypt_data(&sample.session_key, &STANDARD.encode(bytes), &sample.iv);
        // CBC proves nothing: an altered block may still be JSON. It is then at least not what was sent.
        let plain: Value = serde_json::from_str(&sample.plaintext).expect("json");
        prop_assert_ne!(decrypted, Ok(plain));
    }
}
