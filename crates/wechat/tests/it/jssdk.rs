//! Signatures for the JS-SDK against recorded samples.

use serde::Deserialize;
use weir_base::Secret;
use weir_wechat::jssdk;

#[derive(Deserialize)]
struct Signed {
    jsapi_ticket: Secret,
    noncestr: String,
    timestamp: i64,
    url: String,
    signature: String,
}

#[test]
fn recorded_signatures_are_reproduced() {
    let samples: [Signed; 2] =
        serde_json::from_str(include_str!("../../fixtures/jssdk_signature.json")).unwrap();
    for Signed { jsapi_ticket, noncestr, timestamp, url, signature } in samples {
        assert_eq!(jssdk::signature(&jsapi_ticket, &noncestr, timestamp, &url), signature, "{url}");
        assert_ne!(jssdk::signature(&jsapi_ticket, &noncestr, timestamp + 1, &url), signature);
        assert_ne!(jssdk::signature(&jsapi_ticket, &noncestr, timestamp, &format!("{url}/")), signature);
        assert_ne!(jssdk::signature(&Secret::new("another"), &noncestr, timestamp, &url), signature);
    }
}

#[test]
fn the_string_that_is_shown_is_the_one_that_is_signed_but_for_the_ticket() {
    let url = "https://example.com/?a=1&b=汉%20字";
    let shown = jssdk::masked_string("Wm3WZYTPz0wzccnW", 1_414_587_457, url);
    let expected = format!("jsapi_ticket=••••&noncestr=Wm3WZYTPz0wzccnW&timestamp=1414587457&url={url}");
    assert_eq!(shown, expected);
}

#[test]
fn an_address_is_signed_without_its_fragment_and_otherwise_as_it_is() {
    for (url, signed) in [
        ("https://example.com/#/home?x=1", "https://example.com/"),
        ("https://example.com/?a=%23#b#c", "https://example.com/?a=%23"),
        ("https://example.com/?a=1", "https://example.com/?a=1"),
        ("#", ""),
    ] {
        assert_eq!(jssdk::without_fragment(url), signed);
    }
}
