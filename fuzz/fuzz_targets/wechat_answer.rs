//! What WeChat, or somebody in its place, answers: read or refused, and never taken for more than it says.
#![no_main]

use libfuzzer_sys::fuzz_target;
use weir_wechat::{AccessToken, CodeSession, Error, PhoneInfo, answer::parse, crypto::is_session_key};

fuzz_target!(|input: &[u8]| {
    let Some((&first, body)) = input.split_first() else { return };
    let status = if first < 16 { u16::from(first) + 190 } else { 200 };
    match parse::<CodeSession>(status, body) {
        Ok(session) => {
            assert!(!session.openid.is_empty() && session.openid.bytes().all(|byte| byte.is_ascii_graphic()));
            assert!(is_session_key(&session.session_key));
            assert!(session.unionid.is_none_or(|unionid| !unionid.is_empty()));
        }
        Err(error) => told(&error),
    }
    match parse::<AccessToken>(status, body) {
        Ok(token) => assert!(!token.token.is_empty()),
        Err(error) => told(&error),
    }
    match parse::<PhoneInfo>(status, body) {
        Ok(phone) => assert!(!phone.phone_number.is_empty() && !phone.pure_phone_number.is_empty()),
        Err(error) => told(&error),
    }
});

/// An error is worded for the log and for the caller.
fn told(error: &Error) {
    let _ = (error.to_string(), error.class(), error.errcode(), error.rid(), error.is_token_error());
    assert!(error.errcode() != Some(0), "success is no error");
}
