//! What can go wrong on the phone: each time a page that says so, and nothing bound.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use weir_testkit::{OFFICIAL, Page, TestWeir, phone::read_qr};

use super::{BINDING, generate, status, text};

/// The callback's address as WeChat gives it to the phone that has consented, not opened yet.
async fn callback(phone: &weir_testkit::Phone, session: &Value) -> String {
    let consent = phone.scan(text(&session["qr_code_data"])).await;
    let (url, fields) = phone.filled(&consent, "allow");
    phone.post_once(&url, fields).await.location().unwrap()
}

fn with(url: &str, name: &str, value: &str) -> String {
    let (path, query) = url.split_once('?').unwrap();
    let kept = query.split('&').filter(|pair| !pair.starts_with(&format!("{name}=")));
    let mut pairs: Vec<String> = kept.map(str::to_owned).collect();
    pairs.push(format!("{name}={value}"));
    format!("{path}?{}", pairs.join("&"))
}

async fn nothing_is_bound(weir: &TestWeir) {
    assert_eq!(weir.number("SELECT COUNT(*) FROM wechat_bindings").await, 0);
}

weir_testkit::engines! {
    async fn a_code_expires_to_the_second(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let user = weir.host(106);
        for (wait, alive) in [(299_999, true), (300_000, false)] {
            let session = generate(&user).await;
            weir.clock.advance(Duration::from_millis(wait));
            assert_eq!(status(&user, &session).await, if alive { "pending" } else { "expired" });
            let page = weir.phone("alice").scan(text(&session["qr_code_data"])).await;
            if alive {
                page.says(200, "allow");
            } else {
                page.says(410, "The QR code has expired");
            }
        }
    }

    async fn time_may_run_out_at_every_step(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let (user, phone) = (weir.host(106), weir.phone("alice"));
        let session = generate(&user).await;
        let back = callback(&phone, &session).await;
        weir.clock.advance(Duration::from_secs(300));
        phone.open(&back).await.says(410, "The QR code has expired");
        let session = generate(&user).await;
        let asked = phone.consent(text(&session["qr_code_data"])).await;
        weir.clock.advance(Duration::from_secs(299));
        let late = generate(&user).await;
        let late = phone.consent(text(&late["qr_code_data"])).await;
        phone.tap(&asked, "confirm").await.says(200, "WeChat is bound");
        user.delete(super::UNBIND).await.refused(200);
        weir.clock.advance(Duration::from_secs(300));
        phone.tap(&late, "confirm").await.says(410, "The QR code has expired");
        assert_eq!(user.get(BINDING).await.json["data"], json!(null));
    }

    async fn the_second_phone_is_turned_away_and_the_first_may_begin_anew(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let user = weir.host(106);
        let session = generate(&user).await;
        let picture = text(&session["qr_code_data"]);
        let (first, second) = (weir.phone("alice"), weir.phone("bob"));
        let old = callback(&first, &session).await;
        second.scan(picture).await.says(403, "Another phone has this code");
        let asked = first.consent(picture).await;
        asked.says(200, "Bind this WeChat account?");
        first.open(&old).await.says(400, "This link is not valid");
        first.tap(&asked, "confirm").await.says(200, "WeChat is bound");
        first.scan(picture).await.says(409, "This was used already");
        second.scan(picture).await.says(410, "The QR code has expired");
    }

    async fn whoever_only_looks_ahead_scans_nothing(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let user = weir.host(106);
        let session = generate(&user).await;
        let url = read_qr(text(&session["qr_code_data"]));
        let path = url.split_once("/s/").map(|(_, token)| format!("/s/{token}")).unwrap();
        let head = weir.client.send(reqwest::Method::HEAD, &path, None).await;
        assert_eq!(head.status, 200);
        assert_eq!(weir.client.with_header("sec-purpose", "prefetch;prerender").get(&path).await.status, 200);
        assert_eq!(status(&user, &session).await, "pending");
    }

    async fn a_state_that_is_none_of_ours_gets_a_page(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let phone = weir.phone("alice");
        let long = "a".repeat(129);
        let longer = "a".repeat(5000);
        for state in ["", "x", "<script>alert(1)</script>", &long, &longer, "%00", "%FF", "' OR 1=1"] {
            for code in ["", "&code=abc", "&code="] {
                let url = format!("http://{}/api/wechat/callback?state={state}{code}", weir.client.address());
                let page = phone.open(&url).await;
                page.says(400, "This link is not valid");
                assert!(!page.html.contains("alert(1)"));
            }
        }
        phone.open(&format!("http://{}/api/wechat/callback", weir.client.address())).await.says(400, "not valid");
        let twice = format!("http://{}/api/wechat/callback?state=a&state=b", weir.client.address());
        phone.open(&twice).await.says(400, "not valid");
        phone.open(&format!("http://{}/s/unknown", weir.client.address())).await.says(404, "Unknown QR code");
    }

    async fn a_callback_without_a_code_is_a_denial(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let (user, phone) = (weir.host(106), weir.phone("alice"));
        let session = generate(&user).await;
        let back = callback(&phone, &session).await;
        let denied = with(&back, "code", "").replace("&code=", "");
        phone.open(&denied).await.says(400, "Not authorised");
        assert_eq!(status(&user, &session).await, "expired");
        phone.open(&back).await.says(200, "Refused");
        nothing_is_bound(&weir).await;
    }

    async fn a_stranger_cannot_deny_for_the_phone(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let (user, phone) = (weir.host(106), weir.phone("alice"));
        let session = generate(&user).await;
        let back = callback(&phone, &session).await;
        let denied = with(&back, "code", "").replace("&code=", "");
        weir.phone("bob").open(&denied).await.says(403, "not recognised");
        assert_eq!(status(&user, &session).await, "scanned");
        phone.open(&back).await.says(200, "Bind this WeChat account?");
    }

    async fn without_its_cookie_a_phone_binds_nothing(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let (user, phone) = (weir.host(106), weir.phone("alice"));
        let session = generate(&user).await;
        let back = callback(&phone, &session).await;
        // The callback of a victim, opened on the attacker's phone or the other way round.
        weir.phone("bob").open(&back).await.says(403, "This phone was not recognised");
        let other = weir.phone("carol");
        other.scan(text(&generate(&weir.host(1)).await["qr_code_data"])).await;
        other.open(&back).await.says(403, "Another phone has this code");
        let asked = phone.open(&back).await;
        asked.says(200, "Bind this WeChat account?");
        let (url, fields) = phone.filled(&asked, "confirm");
        weir.phone("bob").post(&url, fields.clone()).await.says(403, "not recognised");
        other.post(&url, fields.clone()).await.says(403, "Another phone");
        phone.forget_cookies();
        phone.post(&url, fields).await.says(403, "not recognised");
        assert_eq!(user.get(BINDING).await.json["data"], json!(null));
    }

    async fn a_form_that_was_changed_does_nothing(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let (user, phone) = (weir.host(106), weir.phone("alice"));
        let session = generate(&user).await;
        let asked = phone.consent(text(&session["qr_code_data"])).await;
        let other = generate(&weir.host(107)).await;
        let other_form = phone.consent(text(&other["qr_code_data"])).await;
        let (url, fields) = phone.filled(&asked, "confirm");
        let other_session = text(&other["session_id"]).to_owned();
        for (name, value) in [("token", "x"), ("token", ""), ("session", "x"), ("session", &other_session), ("decision", "maybe")] {
            let mut changed = fields.clone();
            changed.iter_mut().filter(|(field, _)| field == name).for_each(|(_, old)| value.clone_into(old));
            let page = phone.post(&url, changed).await;
            assert!([400, 404].contains(&page.status), "{name}={value}: {} {}", page.status, page.html);
        }
        for missing in ["token", "session", "decision"] {
            let fields = fields.iter().filter(|(name, _)| name != missing).cloned().collect();
            assert!([400, 404].contains(&phone.post(&url, fields).await.status));
        }
        nothing_is_bound(&weir).await;
        phone.tap(&other_form, "confirm").await.says(200, "WeChat is bound");
        assert_eq!(weir.host(107).get(BINDING).await.data()["user_id"], 107);
    }

    async fn what_is_no_form_or_too_long_is_refused_as_such(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        for path in ["/s/decision", "/s/continue"] {
            for (kind, body, status) in [
                ("application/json", r#"{"decision":"confirm"}"#.to_owned(), 415),
                ("text/plain", "decision=confirm".to_owned(), 415),
                ("application/x-www-form-urlencoded", "x".repeat(1 << 21), 413),
                ("application/x-www-form-urlencoded", "decision=maybe".to_owned(), 400),
                ("application/x-www-form-urlencoded; charset=utf-8", "decision=confirm&decision=refuse".to_owned(), 400),
            ] {
                let answer = weir.client.send(Method::POST, path, Some((body, kind))).await;
                assert_eq!(answer.status, status, "{path} {kind}");
                assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
            }
        }
    }

    async fn a_state_is_good_for_one_code(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let (user, phone) = (weir.host(106), weir.phone("alice"));
        let session = generate(&user).await;
        let back = callback(&phone, &session).await;
        let page = phone.open(&back).await;
        phone.open(&back).await.says(200, "Bind this WeChat account?");
        // A code of somebody else, brought with the state of before.
        let code = weir.control("/_sim/oauth-code", &json!({"appid": OFFICIAL, "user": "bob", "scope": "snsapi_userinfo"})).await;
        phone.open(&with(&back, "code", text(&code["code"]))).await.says(409, "This was used already");
        phone.tap(&page, "confirm").await.says(200, "WeChat is bound");
        assert_eq!(user.get(BINDING).await.data()["wechat_openid"], weir.openid("alice", OFFICIAL).await.as_str());
        phone.open(&back).await.says(200, "WeChat is bound");
    }

    async fn a_snapshot_user_gets_a_page_that_says_how_to_go_on(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let (user, phone) = (weir.host(106), weir.phone("shade"));
        let session = generate(&user).await;
        let back = callback(&phone, &session).await;
        phone.reading("zh-CN").open(&back).await.says(422, "使用完整服务");
        nothing_is_bound(&weir).await;
        assert_eq!(weir.number("SELECT COUNT(*) FROM users").await, 0);
        assert_eq!(status(&user, &session).await, "scanned");
    }

    async fn a_code_that_wechat_refuses_binds_nothing(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let (user, phone) = (weir.host(106), weir.phone("alice"));
        let session = generate(&user).await;
        let back = callback(&phone, &session).await;
        phone.open(&with(&back, "code", "made-up")).await.says(401, "WeChat refused");
        nothing_is_bound(&weir).await;
        // The same phone scans the same code again, and all is well.
        phone.confirm(text(&session["qr_code_data"])).await.says(200, "WeChat is bound");
    }

    async fn a_wechat_that_talks_nonsense_binds_nothing(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let user = weir.host(106);
        for path in ["/sns/oauth2/access_token", "/sns/userinfo"] {
            for fault in [
                json!({"kind": "garbage", "form": "html"}),
                json!({"kind": "garbage", "form": "truncated"}),
                json!({"kind": "garbage", "form": "empty"}),
                json!({"kind": "garbage", "form": "wrong_type"}),
                json!({"kind": "http_status", "status": 500}),
                json!({"kind": "disconnect"}),
                json!({"kind": "errcode", "errcode": -1}),
            ] {
                let phone = weir.phone("alice");
                let session = generate(&user).await;
                let back = callback(&phone, &session).await;
                let mut all = fault.clone();
                all["path"] = json!(path);
                weir.fault(&all).await;
                let page = phone.open(&back).await;
                assert!([502, 503].contains(&page.status), "{all}: {} {}", page.status, page.html);
                assert_eq!(status(&user, &session).await, "scanned");
                weir.no_faults().await;
            }
        }
        nothing_is_bound(&weir).await;
    }

    async fn a_wechat_that_is_late_binds_nothing(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let (user, phone) = (weir.host(106), weir.phone("alice"));
        let session = generate(&user).await;
        let back = callback(&phone, &session).await;
        weir.fault(&json!({"path": "/sns/oauth2/access_token", "kind": "timeout", "times": 1})).await;
        let opening = tokio::spawn({
            let (phone, back) = (phone.clone(), back.clone());
            async move { phone.open(&back).await }
        });
        weir.pass_while_held("/sns/oauth2/access_token", 1, Duration::from_secs(5)).await;
        opening.await.unwrap().says(504, "WeChat does not answer");
        assert_eq!(status(&user, &session).await, "scanned");
        nothing_is_bound(&weir).await;
    }

    async fn pages_speak_the_readers_language(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        for (accept, said, tag) in [
            ("zh-CN,zh;q=0.9,en;q=0.8", "二维码无效", "lang=\"zh-CN\""),
            ("ru", "Неизвестный QR-код", "lang=\"ru\""),
            ("de, en;q=0.5", "Unknown QR code", "lang=\"en\""),
            ("en;q=0.1, zh;q=0.9", "二维码无效", "lang=\"zh-CN\""),
            ("", "Unknown QR code", "lang=\"en\""),
        ] {
            let page: Page = weir.phone("alice").reading(accept).open(&format!("http://{}/s/x", weir.client.address())).await;
            page.says(404, said);
            page.says(404, tag);
            let policy = page.headers["content-security-policy"].to_str().unwrap();
            assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"), "{policy}");
            assert_eq!(page.headers["cache-control"], "no-store");
        }
    }
}
