//! A user token: foreign text is never good, and foreign claims under our own signature harm nobody.
#![no_main]

use std::sync::LazyLock;

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use libfuzzer_sys::fuzz_target;
use weir_base::{Secret, Timestamp};
use weir_core::session::Signer;
use weir_core::settings::AuthSettings;

const SECRET: &str = "Zk3vQ9sWm2Xc7Lr8Td1Yb6Nh4Gp5Jf0U";

static SIGNER: LazyLock<Signer> = LazyLock::new(|| signer(SECRET));
/// Its secret signs nothing here: libFuzzer learns tokens that it sees signed, and those are good.
static ANOTHER: LazyLock<Signer> = LazyLock::new(|| signer("Qm4wXr9kTb2Zc7Ld8Yd1Pb6Nh4Gs5Jf0"));

fn signer(secret: &str) -> Signer {
    let settings = AuthSettings { jwt_secret: Secret::new(secret), ..AuthSettings::default() };
    Signer::new(&settings).expect("the settings are good")
}

fuzz_target!(|input: (bool, &str, &[u8])| {
    let (ours, text, claims) = input;
    let header = if ours { r#"{"typ":"JWT","alg":"HS256"}"# } else { text };
    assert!(ANOTHER.check(text).is_err(), "a token that nobody signed");
    let mut token = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    assert!(ANOTHER.check(&format!("{token}.{text}")).is_err(), "a token that nobody signed");
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let tag = hmac::sign(&key, token.as_bytes());
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(tag.as_ref(), &mut token);
    if let Ok(claims) = SIGNER.check(&token) {
        assert_eq!((claims.iss.as_str(), claims.aud.as_str()), ("weir", "weir"));
        let _ = claims.expired(Timestamp::from_millis(i64::MAX));
        let again = SIGNER.sign(&claims).expect("what was read can be written");
        assert_eq!(SIGNER.check(&again).expect("we signed it").sid, claims.sid);
    }
});
