//! Logins through our callback: website apps, several sites on one OAuth domain (pain 14), and a cookie lost on the way
//! (pain 17).

use std::time::Duration;

use reqwest::Url;
use serde_json::json;
use weir_testkit::{Phone, TestWeir};

use super::{LOGIN, query};

const URL: &str = "/api/wechat/authorize-url";
const SHOP: &str = "https://shop.example.com/after?x=1";
const BLOG: &str = "https://blog.example.org/login";

async fn start(engine: weir_testkit::Engine) -> Option<TestWeir> {
    TestWeir::start_with(engine, |setup| {
        setup.core.web.relays = vec![format!("shop={SHOP}"), format!("blog={BLOG}")];
    })
    .await
}

/// WeChat's page for this query, asked for by a browser.
async fn page(weir: &TestWeir, browser: &Phone, pairs: &[(&str, &str)]) -> String {
    let asked = browser.step(&format!("http://{}{URL}?{}", weir.client.address(), query(pairs))).await;
    let json: serde_json::Value = serde_json::from_str(&asked.html).unwrap();
    json["data"]["url"].as_str().unwrap_or_else(|| panic!("{}", asked.html)).to_owned()
}

/// Consents at WeChat's page and comes back to our callback, which is not followed any further.
async fn consent(browser: &Phone, url: &str) -> weir_testkit::Page {
    let page = browser.step(url).await;
    let (action, fields) = browser.filled(&page, "allow");
    let back = browser.post_once(&action, fields).await.location().unwrap();
    browser.step(&back).await
}

fn parameter(location: &str, name: &str) -> Option<String> {
    let url = Url::parse(location).ok()?;
    url.query_pairs().find(|(named, _)| named == name).map(|(_, value)| value.into_owned())
}

weir_testkit::engines! {
    async fn two_sites_on_one_domain_get_codes_of_ours(engine) {
        let Some(weir) = start(engine).await else { return };
        for (site, host) in [(SHOP, "shop.example.com"), (BLOG, "blog.example.org")] {
            let browser = weir.phone("alice");
            let url = page(&weir, &browser, &[("redirect", site), ("state", "theirs&1")]).await;
            assert!(parameter(&url, "redirect_uri").unwrap().ends_with("/api/wechat/callback"));
            let back = consent(&browser, &url).await;
            let location = back.location().unwrap();
            assert_eq!(Url::parse(&location).unwrap().host_str(), Some(host));
            assert_eq!(parameter(&location, "state").as_deref(), Some("theirs&1"));
            let code = parameter(&location, "code").unwrap();
            assert!(code.starts_with("wr_"), "WeChat's code is never handed on: {code}");
            let login = weir.client.post(LOGIN, &json!({ "code": code })).await;
            assert_eq!(login.data()["user"]["nickname"], "爱丽丝 🌸");
            assert_eq!(weir.client.post(LOGIN, &json!({ "code": code })).await.status, 400, "a code of ours works once");
        }
        assert!(page_refused(&weir, "https://other.example.com/").await);
    }

    async fn a_code_of_ours_is_for_its_site(engine) {
        let Some(weir) = start(engine).await else { return };
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        // RFC 7636, appendix B.
        let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        let bound = [("redirect", SHOP), ("state", "theirs"), ("code_challenge", challenge)];
        let free = [("redirect", SHOP), ("state", "theirs")];
        for (asked, origin, body, good) in [
            (&bound[..], None, json!({ "code_verifier": verifier }), true),
            (&bound[..], None, json!({ "code_verifier": format!("{verifier}x") }), false),
            (&bound[..], None, json!({}), false),
            (&free[..], None, json!({}), true),
            (&free[..], Some("https://shop.example.com"), json!({ "state": "theirs" }), true),
            (&free[..], Some("https://blog.example.org"), json!({}), false),
            (&free[..], Some("null"), json!({}), false),
            (&free[..], None, json!({ "state": "another's" }), false),
        ] {
            let browser = weir.phone("alice");
            let back = consent(&browser, &page(&weir, &browser, asked).await).await;
            let code = parameter(&back.location().unwrap(), "code").unwrap();
            let client = origin.map_or(weir.client.clone(), |origin| weir.client.with_header("origin", origin));
            let mut body = body;
            body["code"] = json!(code);
            let login = client.post(LOGIN, &body).await;
            assert_eq!(login.status, if good { 200 } else { 400 }, "{asked:?} {origin:?} {body}: {}", login.text);
            body["code_verifier"] = json!(verifier);
            assert_eq!(weir.client.post(LOGIN, &body).await.status, 400, "a code that was tried is spent");
        }
        let wrong = weir.client.get(&format!("{URL}?{}", query(&[("redirect", SHOP), ("code_challenge", "short")]))).await;
        super::refused(&wrong, 400, "请求参数错误: code_challenge");
    }

    async fn a_site_with_a_secret_of_its_own_needs_no_cookie_of_ours(engine) {
        let Some(weir) = start(engine).await else { return };
        let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        let bound = [("redirect", SHOP), ("state", "theirs"), ("code_challenge", challenge)];
        for has_anothers in [false, true] {
            let browser = weir.phone("alice");
            let url = page(&weir, &browser, &bound).await;
            browser.forget_cookies();
            if has_anothers {
                page(&weir, &browser, &[]).await;
            }
            let back = consent(&browser, &url).await;
            assert!(parameter(&back.location().unwrap(), "code").unwrap().starts_with("wr_"));
        }
        assert_eq!(weir.database.dump().await["sessions"].len(), 0);
    }

    async fn an_operator_who_insists_on_states_gets_them_from_sites_too(engine) {
        let Some(weir) = TestWeir::start_with(engine, |setup| {
            setup.core.web.relays = vec![format!("shop={SHOP}")];
            setup.core.h5.require_state = true;
        }).await else { return };
        for (state, good) in [(None, false), (Some("theirs"), true)] {
            let browser = weir.phone("alice");
            let back = consent(&browser, &page(&weir, &browser, &[("redirect", SHOP), ("state", "theirs")]).await).await;
            let body = json!({ "code": parameter(&back.location().unwrap(), "code").unwrap(), "state": state });
            assert_eq!(weir.client.post(LOGIN, &body).await.status, if good { 200 } else { 400 });
        }
    }

    async fn fifty_load_the_callback_and_all_are_logged_in_as_one(engine) {
        let Some(mut weir) = start(engine).await else { return };
        let (_, second) = weir.replica().await;
        let browser = weir.phone("alice");
        let url = page(&weir, &browser, &[("app", "official")]).await;
        let consented = browser.step(&url).await;
        let (action, fields) = browser.filled(&consented, "allow");
        let back = browser.post_once(&action, fields).await.location().unwrap();
        let other = back.replace(weir.client.address(), second.address());
        let pages = weir_testkit::scenes::together((0..50).map(|n| {
            let (browser, url) = if n % 2 == 0 { (browser.clone(), back.clone()) } else { (browser.at(second.address()), other.clone()) };
            async move { browser.step(&url).await }
        }))
        .await;
        for page in pages {
            assert!(page.location().is_some_and(|location| location.contains("#openid=o")), "{}", page.html);
        }
        let users = weir.number("SELECT COUNT(*) FROM users").await;
        assert_eq!((weir.calls("/sns/oauth2/access_token").await, users), (1, 1));
    }

    async fn fifty_redeem_one_code_of_ours_and_one_wins(engine) {
        let Some(mut weir) = start(engine).await else { return };
        let (_, second) = weir.replica().await;
        let browser = weir.phone("alice");
        let back = consent(&browser, &page(&weir, &browser, &[("redirect", BLOG)]).await).await;
        let body = json!({ "code": parameter(&back.location().unwrap(), "code").unwrap() });
        let clients = [&weir.client, &second];
        let answers = futures_util::future::join_all((0..50).map(|n| clients[n % 2].post(LOGIN, &body))).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    }

    async fn a_code_of_ours_lives_a_minute(engine) {
        let Some(weir) = start(engine).await else { return };
        let browser = weir.phone("alice");
        let mut codes = Vec::new();
        for _ in 0..2 {
            let back = consent(&browser, &page(&weir, &browser, &[("redirect", BLOG)]).await).await;
            codes.push(parameter(&back.location().unwrap(), "code").unwrap());
        }
        weir.clock.advance(Duration::from_secs(59));
        weir.client.post(LOGIN, &json!({ "code": codes[0] })).await.data();
        weir.clock.advance(Duration::from_secs(1));
        assert_eq!(weir.client.post(LOGIN, &json!({ "code": codes[1] })).await.status, 400);
    }

    async fn a_website_app_logs_in_through_our_callback(engine) {
        let Some(weir) = start(engine).await else { return };
        let browser = weir.phone("alice");
        let url = page(&weir, &browser, &[("app", "website")]).await;
        assert_eq!(Url::parse(&url).unwrap().path(), "/connect/qrconnect");
        let chosen = url.replace("#wechat_redirect", "&_sim_user=alice&_sim_consent=allow");
        let back = browser.step(&chosen).await.location().unwrap();
        let page = browser.open(&back).await;
        page.says(200, "frontend-driven.js");
        assert!(page.url.contains("#openid=o"), "{}", page.url);
        let mini = weir.person("alice").login().await;
        assert_eq!(mini["user"]["id"], 1, "the same person as in the mini-program");
    }

    async fn a_browser_that_lost_its_cookie_is_asked_before_anybody_is_logged_in(engine) {
        let Some(weir) = start(engine).await else { return };
        let browser = weir.phone("alice");
        let url = page(&weir, &browser, &[]).await;
        browser.forget_cookies();
        let asked = consent(&browser, &url).await;
        asked.says(200, "爱丽丝 🌸");
        assert_eq!(weir.database.dump().await["sessions"].len(), 0);
        browser.tap(&asked, "refuse").await.says(200, "Refused");
        assert_eq!(weir.database.dump().await["sessions"].len(), 0);
        browser.tap(&asked, "confirm").await.says(200, "frontend-driven.js");
        assert_eq!(weir.database.dump().await["sessions"].len(), 1);
    }

    async fn somebody_elses_link_logs_nobody_in(engine) {
        let Some(weir) = start(engine).await else { return };
        let (attacker, victim) = (weir.phone("bob"), weir.phone("alice"));
        let url = page(&weir, &attacker, &[]).await;
        let consented = attacker.step(&url).await;
        let (action, fields) = attacker.filled(&consented, "allow");
        let link = attacker.post_once(&action, fields).await.location().unwrap();
        // The victim has begun a login of their own: the link is not of their browser.
        page(&weir, &victim, &[]).await;
        victim.step(&link).await.says(400, "This link is not valid");
        // The form that the attacker was shown does not work in the victim's browser.
        attacker.forget_cookies();
        let asked = attacker.step(&link).await;
        let (action, fields) = attacker.filled(&asked, "confirm");
        assert_eq!(victim.post_once(&action, fields).await.status, 400);
        assert_eq!(weir.database.dump().await["sessions"].len(), 0);
    }

    async fn whoever_does_not_consent_is_told_so(engine) {
        let Some(weir) = start(engine).await else { return };
        let browser = weir.phone("alice");
        let state = parameter(&page(&weir, &browser, &[("redirect", BLOG), ("state", "theirs")]).await, "state").unwrap();
        let callback = format!("http://{}/api/wechat/callback?state={state}", weir.client.address());
        let back = browser.step(&callback).await.location().unwrap();
        assert_eq!(back, format!("{BLOG}?error=access_denied&state=theirs"));
        let state = parameter(&page(&weir, &browser, &[]).await, "state").unwrap();
        let callback = format!("http://{}/api/wechat/callback?state={state}", weir.client.address());
        browser.step(&callback).await.says(400, "Not authorised");
        browser.step(&callback.replace(&state, "unknown")).await.says(400, "This link is not valid");
    }
}

async fn page_refused(weir: &TestWeir, redirect: &str) -> bool {
    weir.client.get(&format!("{URL}?{}", query(&[("redirect", redirect)]))).await.status == 403
}
