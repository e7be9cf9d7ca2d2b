//! WeChat on a bad day, for every call that Weir makes: what the caller is told, that nothing changes, nothing leaks, and
//! that the next call is well.

use std::time::Duration;

use serde_json::{Value, json};
use weir_testkit::{
    Answer, Client, TestWeir,
    scenes::together,
    weir::{MINI, Setup},
};

const JSCODE2SESSION: &str = "/sns/jscode2session";
const PHONE: &str = "/wxa/business/getuserphonenumber";
const CHECKSESSION: &str = "/wxa/checksession";
const STABLE_TOKEN: &str = "/cgi-bin/stable_token";
/// Weir's limit for one call of WeChat, and a moment.
const LIMIT: Duration = Duration::from_millis(5001);
const BROKEN: &str = "微信服务异常，请稍后再试";
const SLOW: &str = "微信服务响应超时，请稍后再试";

/// A fault and what becomes of it.
struct Case {
    fault: Value,
    /// WeChat keeps us waiting until our limit.
    held: bool,
    status: u16,
    message: String,
    retry_after: Option<&'static str>,
}

/// Every fault of `path`; a refusal by WeChat is told with this status in these words.
fn cases(path: &str, refused: (u16, &str)) -> Vec<Case> {
    let busy = [
        (-1, "system error", "1"),
        (45011, "api minute-quota reach limit, must slower, retry next minute", "60"),
        (45009, "reach max api daily quota limit", "3600"),
    ];
    let refusals = [
        (40029, "invalid code"),
        (40013, "invalid appid"),
        (40125, "invalid appsecret"),
        (40164, "invalid ip, not in whitelist"),
        (40226, "code blocked"),
        (50002, "user limited"),
    ];
    let case = |fault: Value, status, message: String| {
        let mut fault = fault;
        fault["path"] = json!(path);
        Case { fault, held: false, status, message, retry_after: None }
    };
    let errcode = |errcode: i64| json!({ "kind": "errcode", "errcode": errcode });
    let mut cases = Vec::new();
    for (code, text, seconds) in busy {
        let message = format!("微信服务繁忙，请稍后再试: {text} (错误码: {code})");
        cases.push(Case { retry_after: Some(seconds), ..case(errcode(code), 503, message) });
    }
    for (code, text) in refusals {
        let message = format!("{}: {text} (错误码: {code})", refused.1);
        cases.push(case(errcode(code), refused.0, message));
    }
    for status in [500, 502] {
        cases.push(case(json!({ "kind": "http_status", "status": status }), 502, BROKEN.to_owned()));
    }
    for form in ["truncated", "html", "wrong_type", "empty"] {
        cases.push(case(json!({ "kind": "garbage", "form": form }), 502, BROKEN.to_owned()));
    }
    cases.push(case(json!({ "kind": "disconnect" }), 502, BROKEN.to_owned()));
    for late in [json!({ "kind": "delay", "ms": 6000 }), json!({ "kind": "timeout" })] {
        cases.push(Case { held: true, ..case(late, 504, SLOW.to_owned()) });
    }
    cases
}

/// Makes WeChat fail, asks, and holds the answer against what was expected. What was sent must not come back.
async fn strike(weir: &TestWeir, path: &str, case: &Case, sent: &[&str], ask: impl Future<Output = Answer>) {
    let before = (weir.people().await, weir.calls(path).await);
    weir.fault(&case.fault).await;
    let answer = if case.held {
        tokio::join!(ask, weir.pass_while_held(path, before.1 + 1, LIMIT)).0
    } else {
        ask.await
    };
    weir.no_faults().await;
    assert_eq!(answer.refused(case.status), case.message, "{}", case.fault);
    assert_eq!(answer.header("retry-after"), case.retry_after, "{}", case.fault);
    assert_eq!(weir.people().await, before.0, "{} changed something", case.fault);
    assert_eq!(weir.calls(path).await, before.1 + 1, "{} was asked again", case.fault);
    let told = format!("{} {:?}", answer.text, answer.headers);
    for secret in sent.iter().copied().chain(["demo-secret", "127.0.0.1", "http", "secret=", "access_token"])
    {
        assert!(!told.contains(secret), "{} leaks {secret}: {told}", case.fault);
    }
    // Whom WeChat keeps waiting goes away.
    weir.clock.advance(Duration::from_secs(61));
}

fn once(setup: &mut Setup) {
    setup.core.limits.enabled = false;
    setup.wechat_tries = 1;
}

fn login(code: &str) -> Value {
    json!({ "code": code, "nickname": "changed" })
}

async fn token_of(weir: &TestWeir) -> String {
    let token = weir_core::apptoken::flow::token(&weir.app, MINI).await.unwrap();
    token.token.expose().to_owned()
}

async fn signed_in(weir: &TestWeir) -> (Client, String) {
    let data = weir.person("alice").login().await;
    let openid = data["user"]["openid"].as_str().unwrap().to_owned();
    (weir.client.with_bearer(data["access_token"].as_str().unwrap()), openid)
}

weir_testkit::engines! {
    async fn a_first_login_that_wechat_fails_leaves_no_trace(engine) {
        let Some(weir) = TestWeir::start_with(engine, once).await else { return };
        for case in cases(JSCODE2SESSION, (401, "微信登录失败")) {
            let code = weir.person("alice").code().await;
            let ask = async { weir.client.post("/api/v1/auth/wx-login", &login(&code)).await };
            strike(&weir, JSCODE2SESSION, &case, &[&code], ask).await;
            assert_eq!(weir.number("SELECT COUNT(*) FROM users").await, 0, "{}", case.fault);
        }
        assert_eq!(weir.person("alice").login().await["user"]["id"], 1);
    }

    async fn a_later_login_that_wechat_fails_changes_nothing_and_ends_no_session(engine) {
        let Some(weir) = TestWeir::start_with(engine, once).await else { return };
        let (alice, openid) = signed_in(&weir).await;
        for case in cases(JSCODE2SESSION, (401, "微信登录失败")) {
            let code = weir.person("alice").code().await;
            let ask = async { weir.client.post("/api/v1/auth/wechat-login", &login(&code)).await };
            strike(&weir, JSCODE2SESSION, &case, &[&code, &openid], ask).await;
            assert_eq!(alice.get("/api/v1/users/me").await.data()["nickname"], "微信用户");
            assert_eq!(weir.person("alice").login().await["user"]["id"], 1);
        }
    }

    async fn a_phone_number_that_wechat_fails_to_give_is_asked_for_once(engine) {
        let Some(weir) = TestWeir::start_with(engine, once).await else { return };
        let (alice, openid) = signed_in(&weir).await;
        let phone = async || weir.person("alice").control("/_sim/phone-code", json!({})).await;
        let token = token_of(&weir).await;
        for case in cases(PHONE, (502, "微信接口调用失败")) {
            let sent = phone().await;
            let ask = async { alice.post("/api/v1/auth/phone", &sent).await };
            let code = sent["code"].as_str().unwrap();
            strike(&weir, PHONE, &case, &[code, &openid, &token, "13800138000"], ask).await;
            let answer = alice.post("/api/v1/auth/phone", &phone().await).await;
            assert_eq!(answer.data()["phoneNumber"], "13800138000");
        }
        assert_eq!(weir.calls(STABLE_TOKEN).await, 1, "no fault of the call is the token's");
    }

    async fn a_session_check_that_wechat_fails_is_no_verdict(engine) {
        let Some(weir) = TestWeir::start_with(engine, once).await else { return };
        let (alice, openid) = signed_in(&weir).await;
        let token = token_of(&weir).await;
        for case in cases(CHECKSESSION, (502, "微信接口调用失败")) {
            // Its success has nothing in it that could be of a wrong type but the errcode itself.
            let ask = async { alice.get("/api/v1/auth/session").await };
            strike(&weir, CHECKSESSION, &case, &[&openid, &token], ask).await;
            assert_eq!(alice.get("/api/v1/auth/session").await.data()["valid"], true);
        }
    }

    async fn an_app_token_that_wechat_fails_to_give_is_asked_for_again_after_a_wait(engine) {
        let Some(weir) = TestWeir::start_with(engine, once).await else { return };
        for case in cases(STABLE_TOKEN, (502, "微信接口调用失败")) {
            let (alice, openid) = signed_in(&weir).await;
            let ask = async { alice.get("/api/v1/auth/session").await };
            let failed = weir.calls(STABLE_TOKEN).await + 1;
            // Without the wait that ends a case, which is longer than the backoff.
            let before = weir.people().await;
            weir.fault(&case.fault).await;
            let answer = if case.held {
                tokio::join!(ask, weir.pass_while_held(STABLE_TOKEN, failed, LIMIT)).0
            } else {
                ask.await
            };
            weir.no_faults().await;
            assert_eq!(answer.refused(case.status), case.message, "{}", case.fault);
            assert_eq!(answer.header("retry-after"), case.retry_after, "{}", case.fault);
            for secret in [&*openid, "demo-secret", "127.0.0.1", "access_token"] {
                assert!(!answer.text.contains(secret), "{} leaks {secret}: {}", case.fault, answer.text);
            }
            for _ in 0..5 {
                let barred = alice.get("/api/v1/auth/session").await;
                barred.refused(503);
                assert_eq!(barred.header("retry-after"), Some("2"), "{}", case.fault);
            }
            assert_eq!(weir.calls(STABLE_TOKEN).await, failed, "{}: the wait is kept", case.fault);
            assert_eq!(weir.people().await, before, "{} changed something", case.fault);
            weir.clock.advance(Duration::from_secs(2));
            assert_eq!(alice.get("/api/v1/auth/session").await.data()["valid"], true, "{}", case.fault);
            assert_eq!(weir.calls(STABLE_TOKEN).await, failed + 1);
            weir.clock.advance(Duration::from_secs(7200));
        }
    }

    async fn what_may_be_sent_twice_is_sent_twice_and_a_code_never(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let (alice, _) = signed_in(&weir).await;
        let logins = weir.calls(JSCODE2SESSION).await;
        let lost = [json!({ "kind": "errcode", "errcode": -1 }), json!({ "kind": "disconnect" })];
        for (at, fault) in lost.into_iter().enumerate() {
            for path in [CHECKSESSION, JSCODE2SESSION, PHONE] {
                let mut fault = fault.clone();
                fault["path"] = json!(path);
                fault["times"] = json!(1);
                weir.fault(&fault).await;
            }
            assert_eq!(alice.get("/api/v1/auth/session").await.data()["valid"], true);
            assert_eq!(weir.calls(CHECKSESSION).await, 2 * (at + 1));
            let code = weir.person("alice").code().await;
            assert!(weir.client.post("/api/v1/auth/wx-login", &login(&code)).await.status >= 500);
            assert_eq!(weir.calls(JSCODE2SESSION).await, logins + at + 1);
            let code = weir.person("alice").control("/_sim/phone-code", json!({})).await;
            assert!(alice.post("/api/v1/auth/phone", &code).await.status >= 500);
            assert_eq!(weir.calls(PHONE).await, at + 1);
        }
    }

    async fn while_wechat_stalls_whoever_comes_too_many_is_told_at_once(engine) {
        let Some(weir) = TestWeir::start_with(engine, |setup| setup.wechat_max_calls = 8).await else { return };
        let (alice, _) = signed_in(&weir).await;
        let (before, calls) = (weir.people().await, weir.calls(JSCODE2SESSION).await);
        weir.fault(&json!({ "path": JSCODE2SESSION, "kind": "timeout" })).await;
        let attempts = async |count: usize| {
            let codes = weir.person("bob").codes(MINI, count).await;
            codes.into_iter().map(|code| (weir.client.clone(), code)).collect::<Vec<_>>()
        };
        let ask = |(client, code): (Client, String)| async move {
            client.post("/api/v1/auth/wx-login", &login(&code)).await
        };
        let waiting = tokio::spawn(together(attempts(8).await.into_iter().map(ask)));
        weir.wait_for_calls(JSCODE2SESSION, calls + 8).await;
        // The clock stands still: none of these can have waited for anything.
        for answer in together(attempts(60).await.into_iter().map(ask)).await {
            assert_eq!(answer.refused(503), "微信服务繁忙，请稍后再试");
            assert_eq!(answer.header("retry-after"), Some("1"));
        }
        assert_eq!(alice.get("/api/v1/auth/session").await.refused(503), "微信服务繁忙，请稍后再试");
        assert_eq!(alice.get("/api/v1/users/me").await.status, 200, "what needs no WeChat goes on");
        assert!(!waiting.is_finished());
        assert_eq!(weir.calls(JSCODE2SESSION).await, calls + 8);
        assert_eq!(weir.people().await, before);
        // The limit on each of them, and WeChat's silence.
        weir.wait_for_sleepers(16).await;
        weir.clock.advance(LIMIT);
        for answer in waiting.await.unwrap() {
            assert_eq!(answer.refused(504), SLOW);
        }
        weir.no_faults().await;
        for answer in together(attempts(8).await.into_iter().map(ask)).await {
            assert_eq!(answer.status, 200, "{}", answer.text);
        }
        assert_eq!(alice.get("/api/v1/auth/session").await.data()["valid"], true);
    }
}
