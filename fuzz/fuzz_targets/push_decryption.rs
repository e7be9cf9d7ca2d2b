//! A push's ciphertext: foreign base64, foreign keys, and foreign texts sealed with the right key.
#![no_main]

use libfuzzer_sys::fuzz_target;
use weir_base::Secret;
use weir_wechat::push::{AesKey, Format, OpenError, open_reply, seal_reply};

const KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
const APPID: &str = "wx1000000000000001";

fuzz_target!(|input: (bool, &str, &[u8], [u8; 16])| {
    let (foreign, text, bytes, random) = input;
    let key = AesKey::parse(&Secret::new(KEY)).expect("43 characters of base64");
    let token = Secret::new("token");
    if let Some(other) = AesKey::parse(&Secret::new(text)) {
        assert_eq!(text.len(), 43);
        assert!(other.decrypt(&other.encrypt(bytes, APPID, &random), APPID).is_ok());
    }
    // Nobody who does not have the key makes a ciphertext that names the app.
    assert!(key.decrypt(text, APPID).is_err());
    let _ = open_reply(bytes, APPID, (&key, &token));
    if foreign {
        return;
    }
    let sealed = key.encrypt(bytes, APPID, &random);
    assert_eq!(key.decrypt(&sealed, APPID).as_deref(), Ok(bytes));
    if text != APPID {
        // The message's length is in the ciphertext, so that no part of an appid passes for a part of the message.
        assert_eq!(key.decrypt(&sealed, text), Err(OpenError::OtherApp));
    }
    for format in [Format::Xml, Format::Json] {
        let reply = seal_reply(format, bytes, APPID, (&key, &token), (1_795_161_600, "nonce"), &random);
        assert_eq!(open_reply(reply.as_bytes(), APPID, (&key, &token)).as_deref(), Ok(bytes));
    }
});
