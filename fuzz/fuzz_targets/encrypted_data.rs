//! A client's `encryptedData`: foreign base64, and foreign texts sealed with the right key, down to their watermark.
#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use weir_base::{Secret, Timestamp};
use weir_wechat::crypto;

const KEY: &str = "tiihtNczf5v6AKRyjwEUhQ==";
const IV: &str = "r7BXXKkLb8qrSNn05n0qiA==";
const APPID: &str = "wx1000000000000001";
const DAY: Duration = Duration::from_secs(86_400);

fuzz_target!(|input: (bool, &str, &str)| {
    let (foreign, data, iv) = input;
    let key = Secret::new(KEY);
    let well_formed = crypto::is_well_formed(data, iv);
    let opened = crypto::decrypt_data(&key, data, iv);
    assert_eq!(matches!(opened, Err(crypto::CryptoError::Malformed)), !well_formed);
    let _ = crypto::decrypt_data(&Secret::new(iv), data, IV);
    assert!(!crypto::verify_raw_data(data, &key, iv) || iv.len() == 40);
    if foreign {
        return;
    }
    let sealed = crypto::encrypt_data(&key, data, IV).expect("the key and the iv are good");
    match crypto::decrypt_data(&key, &sealed, IV) {
        Ok(opened) => {
            assert_eq!(serde_json::from_str::<Value>(data).ok(), Some(opened.clone()));
            for now in [0, 1_795_161_600, i64::MAX / 1000, i64::MIN / 1000] {
                let now = Timestamp::from_seconds(now);
                if let Ok(mark) = crypto::check_watermark(&opened, APPID, now, DAY, DAY) {
                    assert_eq!(mark.appid, APPID);
                }
            }
        }
        Err(_) => assert!(!serde_json::from_str::<Value>(data).is_ok_and(|value| value.is_object())),
    }
});
