//! States of ours: for one browser, one code, ten minutes (pains 16 and 17).

use std::time::Duration;

use reqwest::Url;
use serde_json::json;
use weir_testkit::{Client, TestWeir};

use super::{AUTH, official, query, refused, set_cookie};

const URL: &str = "/api/wechat/authorize-url";
const STATE: &str = "请求参数错误: state";

/// Asks for a state as a browser without cookies would: the state, WeChat's page, and the browser with its cookie.
async fn ask(weir: &TestWeir) -> (String, String, Client) {
    let (state, url, cookie) = asked(weir).await;
    (state, url, weir.client.with_header("cookie", cookie))
}

/// The same, with the cookie alone.
async fn asked(weir: &TestWeir) -> (String, String, String) {
    let in_wechat = weir.client.with_header("user-agent", "MicroMessenger/8.0.50");
    let answer = in_wechat.get(URL).await;
    let cookie = set_cookie(&answer, "weir_tx").unwrap();
    let data = answer.data();
    let (state, url) = (data["state"].as_str().unwrap().to_owned(), data["url"].as_str().unwrap().to_owned());
    (state, url, format!("weir_tx={cookie}"))
}

weir_testkit::engines! {
    async fn a_state_is_short_plain_and_stands_in_wechats_address(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let (state, url, _) = ask(&weir).await;
        assert!((22..=43).contains(&state.len()) && state.chars().all(|c| c.is_ascii_alphanumeric()), "{state}");
        let url = Url::parse(&url).unwrap();
        let names: Vec<_> = url.query_pairs().map(|(name, _)| name.into_owned()).collect();
        assert_eq!(names, ["appid", "redirect_uri", "response_type", "scope", "state"]);
        assert_eq!((url.path(), url.fragment()), ("/connect/oauth2/authorize", Some("wechat_redirect")));
        let (other, _, _) = ask(&weir).await;
        assert_ne!(state, other);
    }

    async fn wechats_browser_gets_its_own_page_and_others_a_websites(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        for (agent, path) in [("Mozilla/5.0 (iPhone) MicroMessenger/8.0.50", "/connect/oauth2/authorize"), ("Mozilla/5.0 (Windows NT 10.0)", "/connect/qrconnect")] {
            let answer = weir.client.with_header("user-agent", agent).get(&format!("{URL}?scope=snsapi_userinfo")).await;
            assert_eq!(Url::parse(answer.data()["url"].as_str().unwrap()).unwrap().path(), path);
        }
        let named = weir.client.get(&format!("{URL}?app=official")).await;
        assert!(named.data()["url"].as_str().unwrap().contains("/connect/oauth2/authorize"));
    }

    async fn a_page_brings_its_state_back_once(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let (state, _, browser) = ask(&weir).await;
        let body = json!({ "code": official(&weir, "alice").await, "state": state });
        browser.post(AUTH, &body).await.data();
        browser.post(AUTH, &body).await.data();
        let other = json!({ "code": official(&weir, "alice").await, "state": state });
        refused(&browser.post(AUTH, &other).await, 400, STATE);
        // Now that none is waited for, pages of this browser may make their own.
        browser.post(AUTH, &json!({ "code": official(&weir, "alice").await, "state": "aPagesOwn7" })).await.data();
    }

    async fn forged_foreign_expired_and_missing_states_are_refused_before_the_code_is_spent(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let (state, _, browser) = ask(&weir).await;
        let (_, _, another) = ask(&weir).await;
        let code = official(&weir, "alice").await;
        let with = |state: &str| json!({ "code": code, "state": state });
        let forged = format!("weir{}", "A".repeat(28));
        for (client, state) in [
            (&another, state.as_str()),
            (&weir.client, state.as_str()),
            (&browser, forged.as_str()),
            (&weir.client, forged.as_str()),
            (&browser, "aPagesOwn7"),
            (&browser, ""),
            (&browser, &"x".repeat(129)),
            (&browser, "' OR '1'='1"),
        ] {
            refused(&client.post(AUTH, &with(state)).await, 400, STATE);
        }
        refused(&browser.post(AUTH, &json!({ "code": code })).await, 400, STATE);
        weir.clock.advance(Duration::from_secs(600));
        refused(&browser.post(AUTH, &with(&state)).await, 400, STATE);
        assert_eq!(weir.calls("/sns/oauth2/access_token").await, 0);
        assert_eq!(weir.database.dump().await["users"].len(), 0);
    }

    async fn a_page_without_cookies_proves_itself_by_its_secret(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        // RFC 7636, appendix B.
        let (verifier, challenge) =
            ("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
        let page = weir.client.with_header("origin", "https://shop.example.com");
        let asked = page.get(&format!("{URL}?app=official&code_challenge={challenge}")).await;
        let cookie = set_cookie(&asked, "weir_tx").unwrap();
        let state = asked.data()["state"].clone();
        let code = official(&weir, "alice").await;
        let browser = weir.client.with_header("cookie", format!("weir_tx={cookie}"));
        for wrong in [json!({}), json!({ "code_verifier": "" }), json!({ "code_verifier": format!("{verifier}x") })] {
            let mut body = wrong;
            body["code"] = json!(code);
            body["state"] = state.clone();
            // The cookie is not enough: the page that asked has said how it is known.
            for client in [&page, &browser] {
                refused(&client.post(AUTH, &body).await, 400, STATE);
            }
        }
        let body = json!({ "code": code, "state": state, "code_verifier": verifier });
        page.post(AUTH, &body).await.data();
        page.post(AUTH, &body).await.data();
        let other = json!({ "code": official(&weir, "bob").await, "state": state, "code_verifier": verifier });
        refused(&page.post(AUTH, &other).await, 400, STATE);
        assert_eq!(weir.calls("/sns/oauth2/access_token").await, 1);
    }

    async fn fifty_codes_for_one_state_log_in_one(engine) {
        let Some(mut weir) = TestWeir::start(engine).await else { return };
        let (_, second) = weir.replica().await;
        let (state, _, cookie) = asked(&weir).await;
        let browsers = [&weir.client, &second].map(|client| client.with_header("cookie", cookie.as_str()));
        let mut bodies = Vec::new();
        for n in 0..50 {
            let user = if n % 2 == 0 { "alice" } else { "bob" };
            bodies.push(json!({ "code": official(&weir, user).await, "state": state }));
        }
        let answers = futures_util::future::join_all(bodies.iter().enumerate().map(|(n, body)| browsers[n % 2].post(AUTH, body))).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
        assert_eq!(weir.calls("/sns/oauth2/access_token").await, 1);
    }

    async fn a_code_with_a_state_of_ours_proves_an_openid_to_the_hosts_user(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let bind = "/api/wechat/bind";
        let user = weir.host(106);
        for with_state in [false, true] {
            let (state, _, browser) = ask(&weir).await;
            let cookie = browser.clone();
            let page = if with_state { cookie } else { weir.client.clone() };
            let page = page.with_bearer(weir_testkit::phone::host_token(&json!({ "user_id": 106, "exp": weir.clock.now().seconds() + 60 })));
            let body = if with_state {
                json!({ "code": official(&weir, "alice").await, "state": state })
            } else {
                json!({ "code": official(&weir, "alice").await })
            };
            let openid = page.post(AUTH, &body).await.data()["user_info"]["openid"].clone();
            let bound = user.post(bind, &json!({ "openid": openid })).await;
            assert_eq!(bound.status, if with_state { 200 } else { 403 }, "{}", bound.text);
        }
        let other = weir.host(107).post(bind, &json!({ "openid": weir.openid("alice", weir_testkit::OFFICIAL).await })).await;
        assert_eq!(other.status, 403, "{}", other.text);
    }

    async fn an_operator_may_insist_on_states_of_ours(engine) {
        let Some(weir) = TestWeir::start_with(engine, |setup| setup.core.h5.require_state = true).await else { return };
        refused(&weir.client.post(AUTH, &json!({ "code": official(&weir, "alice").await, "state": "aPagesOwn7" })).await, 400, STATE);
    }

    async fn nobody_is_sent_to_a_page_that_is_not_on_the_list(engine) {
        let Some(weir) = TestWeir::start_with(engine, |setup| {
            setup.core.web.redirects = vec!["https://h5.example.com/login".to_owned()];
        }).await else { return };
        let own = format!("http://{}", weir.client.address());
        for good in ["https://h5.example.com/login".to_owned(), format!("{own}/wechat/frontend-driven"), format!("{own}/")] {
            let answer = weir.client.get(&format!("{URL}?{}", query(&[("redirect", &good)]))).await;
            let url = Url::parse(answer.data()["url"].as_str().unwrap()).unwrap();
            let redirect = url.query_pairs().find(|(name, _)| name == "redirect_uri").unwrap().1.into_owned();
            assert_eq!(redirect, good);
        }
        for bad in [
            "https://evil.example.com/", "https://h5.example.com/login/", "https://h5.example.com/login?x", "https://h5.example.com/",
            "HTTPS://h5.example.com/login", "//evil.example.com", "/\\evil.example.com", "javascript:alert(1)",
            &format!("{own}@evil.example.com/"), &format!("{own}.evil.example.com/"), own.as_str(), &format!("{own}/#x"),
        ] {
            let answer = weir.client.get(&format!("{URL}?{}", query(&[("redirect", bad)]))).await;
            refused(&answer, 403, "redirect is not allowed");
        }
        refused(&weir.client.get(&format!("{URL}?scope=everything")).await, 400, "请求参数错误: scope");
        refused(&weir.client.get(&format!("{URL}?app=nothing")).await, 400, "请求参数错误: app");
    }
}
