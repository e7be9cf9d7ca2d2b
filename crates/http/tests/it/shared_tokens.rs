//! One token for all services that call WeChat for an app: over our own paths and over WeChat's.

use serde_json::{Value, json};
use weir_core::{apikey::Scope, apptoken::flow};
use weir_testkit::{Answer, Client, MINI, OFFICIAL, TestWeir, WEBSITE, scenes::together};

const TOKEN: &str = "/api/apps/official/access-token";
const TICKET: &str = "/api/apps/official/jsapi-ticket";
const STABLE_TOKEN: &str = "/cgi-bin/stable_token";

/// Another service with a key of its own.
async fn service(weir: &TestWeir) -> (Client, String) {
    let key = weir.api_key(&[Scope::TokensRead]).await;
    (weir.client.with_bearer(&key), key)
}

fn cgi(path: &str, fields: &[(&str, &str)]) -> String {
    let fields: Vec<_> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
    format!("/cgi-bin/{path}?{}", fields.join("&"))
}

/// WeChat's error, with WeChat's status.
#[track_caller]
fn errcode(answer: &Answer) -> i64 {
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.json.as_object().unwrap().len(), 2, "{}", answer.text);
    assert!(!answer.json["errmsg"].as_str().unwrap().is_empty());
    answer.json["errcode"].as_i64().unwrap()
}

weir_testkit::engines! {
    async fn a_service_gets_the_token_and_the_ticket_that_we_use_ourselves(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let (service, _) = service(&weir).await;
        for named in ["official", OFFICIAL] {
            let token = service.get(&format!("/api/apps/{named}/access-token")).await;
            assert_eq!(token.status, 200, "{}", token.text);
            let ours = flow::token(&weir.app, OFFICIAL).await.unwrap();
            let expected = json!({
                "appid": OFFICIAL, "access_token": ours.token.expose(), "version": 1, "expires_in": 7200,
            });
            assert_eq!(token.json, expected);
            let ticket = service.get(&format!("/api/apps/{named}/jsapi-ticket")).await;
            let ours = flow::ticket(&weir.app, OFFICIAL).await.unwrap();
            assert_eq!(ticket.json["ticket"], ours.token.expose());
            assert_eq!((&ticket.json["version"], &ticket.json["expires_in"]), (&json!(1), &json!(7200)));
        }
        let mini = service.get("/api/apps/mini/access-token").await;
        assert_eq!(mini.json["appid"], MINI);
        assert_eq!(weir.calls(STABLE_TOKEN).await, 2);
    }

    async fn who_took_which_version_is_in_the_trail_once(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let ((one, _), (two, _)) = (service(&weir).await, service(&weir).await);
        for _ in 0..3 {
            assert_eq!((one.get(TOKEN).await.status, two.get(TOKEN).await.status), (200, 200));
        }
        let report = one.post(&format!("{TOKEN}/invalid"), &json!({ "version": 1 })).await;
        assert_eq!(report.json["accepted"], true);
        assert_eq!(one.get(TOKEN).await.json["version"], 2);
        let trail = weir.trail(&format!("app:{OFFICIAL}")).await;
        let given: Vec<_> = trail.iter().filter(|entry| entry.action == "app_token.given").collect();
        assert_eq!(given.len(), 3);
        assert!(given.iter().all(|entry| entry.actor.starts_with("key:key_")), "{given:?}");
        let invalid = trail.iter().find(|entry| entry.action == "app_token.invalid").unwrap();
        assert_eq!(invalid.detail, "version 1");
        let by_reporter = given.iter().filter(|entry| entry.actor == invalid.actor).count();
        assert_eq!(by_reporter, 2, "one of each version to one, one to the other: {given:?}");
        assert!(trail.iter().all(|entry| entry.detail.len() < 40), "no token in the trail");
    }

    async fn a_report_kills_the_version_that_it_names_and_no_other(engine) {
        let Some(mut weir) = TestWeir::start(engine).await else { return };
        let (_, replica) = weir.replica().await;
        let (service, key) = service(&weir).await;
        let there = replica.with_bearer(&key);
        for path in [TOKEN, TICKET] {
            service.get(path).await;
            let invalid = format!("{path}/invalid");
            let reports = (0..60).map(|at| {
                let (client, invalid) = (if at % 2 == 0 { &service } else { &there }.clone(), invalid.clone());
                async move { client.post(&invalid, &json!({ "version": 1 })).await.json["accepted"].clone() }
            });
            let accepted = together(reports).await;
            assert_eq!(accepted.iter().filter(|accepted| **accepted == true).count(), 1, "{path}");
            for version in [-1, 0, 1, 7] {
                let late = service.post(&invalid, &json!({ "version": version })).await;
                assert_eq!(late.json, json!({ "accepted": version == 2 }), "{path} {version}");
            }
            assert_eq!((&service.get(path).await.json["version"]), 2, "{path}");
        }
        for (body, word) in [(json!({}), "version is missing"), (json!({ "version": "1" }), "version has the wrong type")] {
            let answer = service.post(&format!("{TOKEN}/invalid"), &body).await;
            assert_eq!((answer.status, answer.json["detail"].as_str().unwrap()), (400, word));
        }
    }

    async fn what_an_app_does_not_have_is_not_found(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let (service, _) = service(&weir).await;
        for (path, word) in [
            ("/api/apps/nobody/access-token", "no such app"),
            ("/api/apps/website/access-token", "no tokens of its own"),
            ("/api/apps/website/jsapi-ticket", "no tokens of its own"),
            ("/api/apps/mini/jsapi-ticket", "only official accounts"),
        ] {
            let answer = service.get(path).await;
            assert_eq!(answer.status, 404, "{path}: {}", answer.text);
            assert!(answer.json["detail"].as_str().unwrap().contains(word), "{}", answer.text);
        }
        assert_eq!(weir.calls(STABLE_TOKEN).await, 0);
    }

    async fn an_sdk_gets_the_shared_token_over_wechats_own_paths(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let (_, key) = service(&weir).await;
        let grant = ("grant_type", "client_credential");
        let token = weir.client.get(&cgi("token", &[grant, ("appid", OFFICIAL), ("secret", &key)])).await;
        let ours = flow::token(&weir.app, OFFICIAL).await.unwrap();
        assert_eq!(token.json, json!({ "access_token": ours.token.expose(), "expires_in": 7200 }));
        let body = json!({ "grant_type": "client_credential", "appid": OFFICIAL, "secret": key });
        let stable = weir.client.post(STABLE_TOKEN, &body).await;
        assert_eq!(stable.json, token.json);
        // WeChat looks at no content type.
        let typed = weir.client.send(
            reqwest::Method::POST, STABLE_TOKEN, Some((body.to_string(), "application/x-www-form-urlencoded")),
        ).await;
        assert_eq!(typed.json, token.json);
        let asked = cgi("ticket/getticket", &[("access_token", ours.token.expose()), ("type", "jsapi")]);
        let ticket = weir.client.get(&asked).await;
        let expected = flow::ticket(&weir.app, OFFICIAL).await.unwrap();
        let expected = json!({
            "errcode": 0, "errmsg": "ok", "ticket": expected.token.expose(), "expires_in": 7200,
        });
        assert_eq!(ticket.json, expected);
        assert_eq!(weir.calls(STABLE_TOKEN).await, 1);
    }

    async fn a_forced_refresh_is_a_report_and_the_token_before_it_opens_nothing(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let (_, key) = service(&weir).await;
        let old = flow::token(&weir.app, OFFICIAL).await.unwrap();
        let body = json!({
            "grant_type": "client_credential", "appid": OFFICIAL, "secret": key, "force_refresh": true,
        });
        let forced = weir.client.post(STABLE_TOKEN, &body).await;
        assert_ne!(forced.json["access_token"], old.token.expose());
        assert_eq!(forced.json["access_token"], flow::token(&weir.app, OFFICIAL).await.unwrap().token.expose());
        let asked = cgi("ticket/getticket", &[("access_token", old.token.expose()), ("type", "jsapi")]);
        assert_eq!(errcode(&weir.client.get(&asked).await), 40001);
    }

    async fn the_token_before_opens_the_ticket_for_some_minutes(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let old = flow::token(&weir.app, OFFICIAL).await.unwrap();
        weir.clock.advance(std::time::Duration::from_secs(7000));
        while flow::token(&weir.app, OFFICIAL).await.unwrap().version < 2 {}
        let asked = cgi("ticket/getticket", &[("access_token", old.token.expose()), ("type", "jsapi")]);
        assert_eq!(weir.client.get(&asked).await.json["errcode"], 0);
        weir.clock.advance(std::time::Duration::from_secs(200));
        assert_eq!(errcode(&weir.client.get(&asked).await), 40001);
    }

    async fn mistakes_are_told_in_wechats_codes_with_status_200(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let (_, key) = service(&weir).await;
        let weak = weir.api_key(&[Scope::UsersRead]).await;
        let wrong = format!("weir_{}", "x".repeat(43));
        let grant = ("grant_type", "client_credential");
        for (fields, expected) in [
            (&[grant, ("secret", &*key)][..], 41002),
            (&[grant, ("appid", "wx0000000000000000"), ("secret", &key)], 40013),
            (&[grant, ("appid", WEBSITE), ("secret", &key)], 40013),
            (&[("grant_type", "password"), ("appid", MINI), ("secret", &key)], 40002),
            (&[("appid", MINI), ("secret", &key)], 40002),
            (&[grant, ("appid", MINI)], 41004),
            (&[grant, ("appid", MINI), ("secret", "demo-secret-mini")], 40125),
            (&[grant, ("appid", MINI), ("secret", &wrong)], 40125),
            (&[grant, ("appid", MINI), ("secret", &weak)], 48001),
        ] {
            assert_eq!(errcode(&weir.client.get(&cgi("token", fields)).await), expected, "{fields:?}");
            let body: Value = fields.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect::<serde_json::Map<_, _>>().into();
            assert_eq!(errcode(&weir.client.post(STABLE_TOKEN, &body).await), expected, "{fields:?}");
        }
        let own = flow::token(&weir.app, OFFICIAL).await.unwrap();
        for (fields, expected) in [
            (&[("type", "jsapi")][..], 41001),
            (&[("access_token", "83_nonsense"), ("type", "jsapi")], 40001),
            (&[("access_token", own.token.expose()), ("type", "wx_card")], 40097),
            (&[("access_token", own.token.expose())], 40097),
        ] {
            assert_eq!(errcode(&weir.client.get(&cgi("ticket/getticket", fields)).await), expected);
        }
        let broken = weir.client.send(reqwest::Method::POST, STABLE_TOKEN, Some(("{".to_owned(), "")));
        assert_eq!(errcode(&broken.await), 47001);
        let nothing = weir.client.get("/cgi-bin/nothing").await;
        assert_eq!((nothing.status, &nothing.json["errcode"]), (404, &json!(40066)));
    }

    async fn what_wechat_refuses_is_passed_on_in_its_code(engine) {
        let Some(weir) = TestWeir::start_with(engine, |setup| setup.wechat_tries = 1).await else { return };
        let (service, key) = service(&weir).await;
        weir.fault(&json!({ "path": STABLE_TOKEN, "kind": "errcode", "errcode": 40164 })).await;
        let grant = ("grant_type", "client_credential");
        let asked = cgi("token", &[grant, ("appid", OFFICIAL), ("secret", &key)]);
        assert_eq!(errcode(&weir.client.get(&asked).await), 40164);
        assert_eq!(errcode(&weir.client.get(&asked).await), -1, "barred: WeChat's own word for come later");
        assert_eq!(service.get("/api/apps/official/access-token").await.status, 503);
    }

    async fn whoever_guesses_secrets_waits(engine) {
        let Some(weir) = TestWeir::start_with(engine, |setup| setup.core.limits.failures_per_minute = 5).await
            else { return };
        let wrong = format!("weir_{}", "x".repeat(43));
        let grant = ("grant_type", "client_credential");
        let asked = cgi("token", &[grant, ("appid", OFFICIAL), ("secret", &wrong)]);
        let mut told = Vec::new();
        for _ in 0..8 {
            told.push(errcode(&weir.client.get(&asked).await));
        }
        assert_eq!((told[0], told[7]), (40125, 45011), "{told:?}");
    }
}
