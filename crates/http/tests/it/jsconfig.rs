//! Family B's signing of pages (pain 3), and the explanation of what is wrong with an address.

use std::time::Duration;

use aws_lc_rs::digest;
use serde_json::{Value, json};
use weir_core::apptoken::flow;
use weir_testkit::{Answer, OFFICIAL, START, TestWeir, scenes::together, weir::Setup};

const GETTICKET: &str = "/cgi-bin/ticket/getticket";
const PATHS: [&str; 2] = ["/wechat/jsconfig", "/api/wechat/jsconfig"];

/// Addresses as browsers have them, each with what a script gives for `location.href`.
const SHAPES: [&str; 30] = [
    "http://localhost/",
    "https://localhost/",
    "https://localhost:8443/",
    "http://127.0.0.1:3000/app/index.html",
    "https://localhost/a/b/c",
    "https://localhost/?",
    "https://localhost/?a=1",
    "https://localhost/?a=1&b=2",
    "https://localhost/?a=1&b=2#/home",
    "https://localhost/#/home?x=1",
    "https://localhost/#",
    "https://localhost/?from=singlemessage&isappinstalled=0",
    "https://localhost/?code=051v0m000ObAyK19vV1005SDWf0v0m0s&state=abc123",
    "https://localhost/?q=%E4%BD%A0%E5%A5%BD",
    "https://localhost/%E9%A1%B5%E9%9D%A2/?x=%20",
    "https://localhost/?q=你好",
    "https://localhost/?plus=a+b",
    "https://localhost/?plus=a%2Bb",
    "https://localhost/?percent=100%25",
    "https://localhost/?twice=%2520",
    "https://localhost/?url=https%3A%2F%2Fexample.com%2F%3Fa%3Db",
    "https://localhost/?empty=",
    "https://localhost/?flag",
    "https://localhost/?a=1&a=2&a=1",
    "https://localhost/?a[]=1&a[]=2",
    "https://localhost/?semi=a;b,c",
    "https://localhost/?quote='x'&star=*&tilde=~!()",
    "https://localhost//double//slash",
    "https://localhost/trailing/?utm_source=wx&openid=oGZUI0egBJY1zhBYw2KhdUfwVJJE&t=1795161600000",
    "https://localhost/emoji/?e=%F0%9F%98%80#!/x#y",
];

/// What `encodeURIComponent` makes of it.
fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte);
    let escape = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(escape).collect()
}

fn sha1(text: &str) -> String {
    let digest = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes());
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn ask(weir: &TestWeir, path: &str, url: &str) -> Answer {
    weir.client.get(&format!("{path}?url={}", encoded(url))).await
}

async fn explain(weir: &TestWeir, url: &str) -> Value {
    ask(weir, "/wechat/jsconfig/explain", url).await.data().clone()
}

fn codes(data: &Value) -> Vec<&str> {
    data["findings"].as_array().unwrap().iter().map(|finding| finding["code"].as_str().unwrap()).collect()
}

/// A refusal in family B's envelope.
#[track_caller]
fn refused<'a>(answer: &'a Answer, status: u16, word: &str) -> &'a str {
    assert_eq!(answer.status, status, "{}", answer.text);
    assert_eq!(answer.json["code"], status);
    assert_eq!(answer.json["data"], Value::Null);
    assert_eq!(answer.json["timestamp"], START.millis(), "{}", answer.text);
    assert_eq!(answer.json.as_object().unwrap().len(), 4, "{}", answer.text);
    let msg = answer.json["msg"].as_str().unwrap();
    assert!(msg.contains(word), "{msg}");
    msg
}

fn without_official(setup: &mut Setup) {
    setup.core.apps.retain(|app| app.appid != OFFICIAL);
}

fn any_domain(setup: &mut Setup) {
    setup.core.apps.iter_mut().for_each(|app| app.jssdk_domains.clear());
}

weir_testkit::engines! {
    async fn every_shape_of_address_is_signed_as_the_browser_has_it_but_for_the_fragment(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let ticket = flow::ticket(&weir.app, OFFICIAL).await.unwrap();
        let ticket = ticket.token.expose();
        for url in SHAPES {
            for path in PATHS {
                let answer = ask(&weir, path, url).await;
                let data = answer.data();
                assert_eq!(data["appId"], OFFICIAL);
                assert_eq!(data["timestamp"], START.seconds());
                let nonce = data["nonceStr"].as_str().unwrap();
                assert!(nonce.len() == 16 && nonce.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{nonce}");
                let signed = url.split('#').next().unwrap();
                let string = format!(
                    "jsapi_ticket={ticket}&noncestr={nonce}&timestamp={}&url={signed}",
                    START.seconds()
                );
                assert_eq!(data["signature"], sha1(&string), "{url}");
                assert!(!answer.text.contains(ticket));
                // And as WeChat's script judges it.
                let asked = json!({
                    "appid": OFFICIAL, "timestamp": START.seconds(), "nonceStr": nonce,
                    "signature": data["signature"], "url": signed,
                });
                assert_eq!(weir.control("/_sim/jsapi-check", &asked).await["errMsg"], "config:ok", "{url}");
            }
        }
        assert_eq!(weir.calls(GETTICKET).await, 1, "one ticket for all of them");
    }

    async fn the_envelope_is_family_bs(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let answer = ask(&weir, "/wechat/jsconfig", "https://localhost/").await;
        let mut expected = json!({ "code": 200, "msg": "success", "timestamp": START.millis() });
        expected["data"] = answer.data().clone();
        assert_eq!(answer.json, expected);
        let mut fields: Vec<_> = answer.data().as_object().unwrap().keys().collect();
        fields.sort_unstable();
        assert_eq!(fields, ["appId", "nonceStr", "signature", "timestamp"]);
        for path in ["/wechat/jsconfig/nothing", "/auth/wechat/nothing", "/api/auth/wechat/nothing"] {
            refused(&weir.client.get(path).await, 404, "nothing here");
        }
        let wrong = weir.client.post("/api/wechat/jsconfig", &json!({})).await;
        refused(&wrong, 405, "method");
        assert_eq!(wrong.header("allow"), Some("GET,HEAD"));
    }

    async fn an_address_that_can_be_no_page_is_refused_and_nobody_asks_wechat(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        for path in PATHS {
            refused(&weir.client.get(path).await, 400, "url is missing");
            refused(&weir.client.get(&format!("{path}?url=")).await, 400, "url is missing");
            refused(&weir.client.get(&format!("{path}?url=%ff%fe")).await, 400, "UTF-8");
        }
        let long = format!("https://localhost/?{}", "x".repeat(4096));
        refused(&ask(&weir, PATHS[0], &long).await, 400, "4096");
        for url in [
            "localhost", "/page", "ftp://localhost/", "javascript:alert(1)", "https://", "https%3A%2F%2Flocalhost%2F",
            "https://user:pass@localhost/",
        ] {
            refused(&ask(&weir, PATHS[0], url).await, 400, "url is no http or https address");
        }
        refused(&ask(&weir, PATHS[0], "https://localhost/\r\nx").await, 400, "control characters");
        refused(&weir.client.get("/wechat/jsconfig?app=mini&url=https://localhost/").await, 400, "app names no");
        assert_eq!(weir.calls(GETTICKET).await, 0);
    }

    async fn only_pages_of_the_apps_domains_are_signed(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        for url in [
            "https://evil.example/", "https://localhost.evil.example/", "https://evil.example/?x=localhost",
            "https://localhost@evil.example/", "https://evil.example#localhost", "https://a.localhost/",
            "https://evil.example\\@localhost/",
        ] {
            for path in PATHS {
                let answer = ask(&weir, path, url).await;
                assert!(matches!(answer.status, 400 | 403), "{url}: {}", answer.text);
                assert!(!answer.text.contains("signature"), "{}", answer.text);
            }
            let told = explain(&weir, url).await;
            assert_eq!((&told["config"], &told["ok"]), (&Value::Null, &json!(false)), "{url}");
        }
        let told = ask(&weir, PATHS[0], "https://evil.example/").await;
        refused(&told, 403, "evil.example is none of the JS-SDK domains");
        assert_eq!(weir.calls(GETTICKET).await, 0);
        ask(&weir, PATHS[0], "https://LOCALHOST/").await.data();
    }

    async fn without_domains_pages_of_any_host_are_signed(engine) {
        let Some(weir) = TestWeir::start_with(engine, any_domain).await else { return };
        ask(&weir, PATHS[0], "https://shop.example.com/").await.data();
    }

    async fn without_an_official_account_the_answer_says_what_to_configure(engine) {
        let Some(weir) = TestWeir::start_with(engine, without_official).await else { return };
        refused(&ask(&weir, PATHS[0], "https://localhost/").await, 503, "official_account");
    }

    async fn a_wechat_that_misbehaves_is_told_in_its_words_and_the_next_page_is_signed(engine) {
        for (fault, status) in [
            (json!({ "kind": "errcode", "errcode": 48001 }), 502),
            (json!({ "kind": "errcode", "errcode": -1 }), 503),
            (json!({ "kind": "http_status", "status": 500 }), 502),
            (json!({ "kind": "disconnect" }), 502),
            (json!({ "kind": "garbage", "form": "truncated" }), 502),
            (json!({ "kind": "garbage", "form": "html" }), 502),
            (json!({ "kind": "garbage", "form": "wrong_type" }), 502),
            (json!({ "kind": "garbage", "form": "empty" }), 502),
        ] {
            let Some(weir) = TestWeir::start_with(engine, |setup| setup.wechat_tries = 1).await else { return };
            let mut once = fault.clone();
            once["path"] = json!(GETTICKET);
            once["times"] = json!(1);
            weir.fault(&once).await;
            let answer = ask(&weir, PATHS[0], "https://localhost/").await;
            assert_eq!(answer.status, status, "{fault}: {}", answer.text);
            if fault["errcode"] == 48001 {
                refused(&answer, 502, "api unauthorized");
            }
            weir.clock.advance(Duration::from_secs(2));
            ask(&weir, PATHS[0], "https://localhost/").await.data();
        }
    }

    async fn an_address_is_explained_and_the_string_is_the_one_that_was_signed(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let ticket = flow::ticket(&weir.app, OFFICIAL).await.unwrap();
        let told = explain(&weir, "https://localhost/?a=1#/home").await;
        assert_eq!((&told["url"], &told["ok"]), (&json!("https://localhost/?a=1"), &json!(true)));
        assert_eq!(codes(&told), ["fragment"]);
        let string = told["string"].as_str().unwrap();
        let whole = string.replacen("••••", ticket.token.expose(), 1);
        assert!(string.starts_with("jsapi_ticket=••••&noncestr="), "{string}");
        assert_eq!(told["config"]["signature"], sha1(&whole));
        assert!(!told.to_string().contains(ticket.token.expose()));
    }

    async fn each_mistake_is_named_with_how_to_mend_it(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        for (url, expected) in [
            ("https://localhost/", &[][..]),
            ("https%3A%2F%2Flocalhost%2F%3Fa%3D1", &["encoded_twice"]),
            ("https://localhost/?a=%2520b", &["maybe_encoded_twice"]),
            ("https://localhost:8443/", &["port"]),
            ("https://localhost:443/", &["not_as_the_browser_has_it"]),
            ("https://shop.example.com/", &["host_not_allowed"]),
            ("https://localhost/?code=0a1&state=x", &["code_left_in"]),
            ("https://localhost", &["not_as_the_browser_has_it"]),
            ("https://LOCALHOST/你", &["not_as_the_browser_has_it"]),
            ("https://localhost/#x", &["fragment"]),
            ("localhost/page", &["not_a_page"]),
            ("file:///index.html", &["not_a_page"]),
        ] {
            let told = explain(&weir, url).await;
            assert_eq!(codes(&told), expected, "{url}");
            for finding in told["findings"].as_array().unwrap() {
                for field in ["message", "message_zh"] {
                    assert!(finding[field].as_str().unwrap().len() > 20, "{finding}");
                }
            }
            let worst = told["findings"].as_array().unwrap().iter().map(|finding| finding["level"].clone());
            let fine = worst.clone().all(|level| level == "hint");
            assert_eq!(told["ok"], fine, "{url}");
        }
        let bare = weir.client.get("/api/wechat/jsconfig/explain?url=https://localhost/?a=1&b=2&c=3").await;
        assert_eq!(codes(bare.data()), ["not_encoded"]);
        assert!(bare.data()["findings"][0]["message"].as_str().unwrap().contains("(b, c)"));
        let phone = weir.client.with_header("user-agent", "Mozilla/5.0 (iPhone) MicroMessenger/8.0");
        let told = phone.get("/wechat/jsconfig/explain?url=https://localhost/").await;
        assert_eq!(codes(told.data()), ["ios_first_address"]);
        refused(&weir.client.get("/wechat/jsconfig/explain").await, 400, "url is missing");
    }

    async fn without_a_ticket_the_explanation_says_why(engine) {
        let Some(weir) = TestWeir::start_with(engine, |setup| setup.wechat_tries = 1).await else { return };
        weir.fault(&json!({ "path": GETTICKET, "kind": "errcode", "errcode": 48001 })).await;
        let told = explain(&weir, "https://localhost/").await;
        assert_eq!(codes(&told), ["no_ticket"]);
        assert!(told["findings"][0]["message"].as_str().unwrap().contains("48001"), "{told}");
    }

    async fn strangers_may_ask_only_so_often(engine) {
        let Some(weir) = TestWeir::start_with(engine, |setup| setup.core.limits.requests_per_minute = 5).await
            else { return };
        let answers = together((0..60).map(|_| {
            let client = weir.client.clone();
            async move { client.get("/wechat/jsconfig?url=https://localhost/").await.status }
        })).await;
        assert_eq!(answers.iter().filter(|status| **status == 200).count(), 5, "{answers:?}");
        assert!(answers.iter().all(|status| matches!(status, 200 | 429)));
    }
}
