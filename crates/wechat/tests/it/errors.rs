//! Classes and wording of errors.

use proptest::prelude::*;
use serde::Deserialize;
use weir_wechat::{CodeSession, Error, answer};

#[derive(Deserialize)]
struct Sample {
    errmsg: String,
    reason: String,
    rid: Option<String>,
}

fn error(errcode: i64, errmsg: &str) -> Error {
    let body = serde_json::json!({"errcode": errcode, "errmsg": errmsg}).to_string();
    answer::parse::<CodeSession>(200, body.as_bytes()).unwrap_err()
}

#[test]
fn every_recorded_errmsg_loses_its_decoration_and_nothing_else() {
    let samples: Vec<Sample> = serde_json::from_str(include_str!("../../fixtures/errmsg.json")).unwrap();
    assert_eq!(samples.len(), 17);
    for sample in samples {
        let error = error(40029, &sample.errmsg);
        assert_eq!(error.reason(), sample.reason);
        assert_eq!(error.rid(), sample.rid.as_deref());
        assert_eq!(error.to_string(), format!("WeChat refused: {} (errcode 40029)", sample.reason));
        assert!(
            matches!(error, Error::Refused { errmsg, .. } if errmsg == sample.errmsg),
            "kept for the log"
        );
    }
}

#[test]
fn text_that_only_looks_like_a_decoration_stays() {
    for text in ["rid not found", "invalid rid: none given", "see [docs]", "", "a rid: ", "hint: [x] more"] {
        assert_eq!(error(76001, text).reason(), text.trim_end());
    }
    assert_eq!(error(76001, "rid not found rid: 6aac007a-6c02c771-26bf69c4").reason(), "rid not found");
}

#[test]
fn the_class_goes_by_the_code_and_never_by_the_text() {
    for code in [45009, 45011, 44990, 44991, 44993] {
        assert!(matches!(error(code, "invalid code"), Error::Throttled { errcode, .. } if errcode == code));
    }
    for code in [-1, 20001, 200_001, 61450] {
        assert!(matches!(error(code, "invalid code"), Error::Busy { errcode, .. } if errcode == code));
    }
    for code in [40001, 40013, 40029, 40125, 40163, 40164, 40226, 41002, 87009, 1, i64::MIN] {
        let error = error(code, "system error");
        assert!(matches!(error, Error::Refused { errcode, .. } if errcode == code));
        assert_eq!((error.is_retryable(), error.errcode(), error.class()), (false, Some(code), "refused"));
        assert!(error.retry_after().is_zero());
    }
    assert!(error(-1, "").is_retryable() && error(45011, "").is_retryable());
    assert_eq!(error(45011, "").retry_after().as_secs(), 60);
    assert_eq!(error(45009, "").retry_after().as_secs(), 3600);
    assert_eq!(error(-1, "").retry_after().as_secs(), 1);
}

#[test]
fn three_codes_say_that_the_token_is_to_be_renewed() {
    for code in [40001, 40014, 42001] {
        assert!(error(code, "").is_token_error());
    }
    for code in [-1, 41001, 40013, 42002, 45011] {
        assert!(!error(code, "").is_token_error());
    }
}

#[test]
fn an_answer_is_an_error_only_by_an_errcode_other_than_0() {
    let answer =
        r#"{"errcode":0,"errmsg":"invalid code","session_key":"tiihtNczf5v6AKRyjwEUhQ==","openid":"o"}"#;
    assert!(answer::parse::<CodeSession>(200, answer.as_bytes()).is_ok());
    let both = r#"{"errcode":40029,"session_key":"tiihtNczf5v6AKRyjwEUhQ==","openid":"o"}"#;
    let error = answer::parse::<CodeSession>(200, both.as_bytes()).unwrap_err();
    assert_eq!((error.errcode(), error.reason()), (Some(40029), ""));
}

proptest! {
    #[test]
    fn a_decoration_comes_off_whatever_the_text(text in "[^\\[\\]:]{0,60}", at in any::<u32>(), rest in any::<u32>()) {
        let text = text.trim_end().trim_end_matches(',').trim_end();
        let rid = format!("{at:08x}-{rest:08x}-{rest:08x}");
        for errmsg in [
            format!("{text}, rid: {rid}"),
            format!("{text} rid: {rid}"),
            format!("{text}, hints: [ req_id: uhJDVZyFe-YZguHA ]"),
            format!("{text} hint: [EeSuhA04363721]"),
        ] {
            let error = error(40029, &errmsg);
            prop_assert_eq!(error.reason(), text, "{}", errmsg);
        }
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), status in any::<u16>()) {
        prop_assert!(answer::parse::<CodeSession>(status, &bytes).is_err());
    }

    #[test]
    fn any_part_of_a_good_answer_is_a_bad_answer(length in 0usize..72) {
        let whole = br#"{"session_key":"tiihtNczf5v6AKRyjwEUhQ==","openid":"oGZUI0egBJY1zhBYw2"}"#;
        let error = answer::parse::<CodeSession>(200, &whole[..length]).unwrap_err();
        prop_assert!(matches!(error, Error::BadAnswer { .. }), "{error}");
    }
}
