use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use weir_testkit::{TestWeir, WEBSITE};

use super::{LOGIN, code, official, query};

#[track_caller]
fn refused(answer: &weir_testkit::Answer, status: u16, msg: &str) {
    assert_eq!(answer.status, status, "{}", answer.text);
    let said = answer.json["msg"].as_str().unwrap_or_default();
    assert!(said.contains(msg), "{said}");
    assert_eq!((&answer.json["code"], &answer.json["data"]), (&json!(status), &Value::Null));
    assert!(answer.json["timestamp"].is_i64(), "{}", answer.text);
}

weir_testkit::engines! {
    async fn a_code_in_the_query_or_in_the_body_logs_in(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let first = weir.client.post_empty(&format!("{LOGIN}?{}", query(&[("code", &official(&weir, "alice").await)]))).await;
        let data = first.data();
        assert_eq!((first.json["code"].as_u64(), first.json["msg"].as_str()), (Some(200), Some("success")));
        assert_eq!((&data["token_type"], &data["expires_in"]), (&json!("Bearer"), &json!(604_800)));
        assert_eq!(data["user"]["nickname"], "爱丽丝 🌸");
        for path in [LOGIN, "/api/auth/wechat"] {
            let again = weir.client.post(path, &json!({ "code": official(&weir, "alice").await })).await;
            assert_eq!(again.data()["user"]["id"], data["user"]["id"]);
            let me = weir.client.with_bearer(again.data()["token"].as_str().unwrap()).get("/api/v1/users/me").await;
            assert_eq!(me.data()["openid"], data["user"]["openid"]);
        }
    }

    async fn one_person_is_one_user_in_mini_program_official_account_and_website(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let mini = weir.person("alice").login().await["user"]["id"].clone();
        let by_official = weir.client.post(LOGIN, &json!({ "code": official(&weir, "alice").await })).await;
        let website = code(&weir, "alice", WEBSITE, "snsapi_login").await;
        let by_website = weir.client.post(LOGIN, &json!({ "code": website, "app": "website" })).await;
        let login_code = weir.person("alice").code().await;
        let by_mini = weir.client.post("/auth/wechat/mini", &json!({ "code": login_code })).await;
        for answer in [by_official, by_website, by_mini] {
            assert_eq!(answer.data()["user"]["id"], mini);
        }
        let bob = weir.client.post(LOGIN, &json!({ "code": official(&weir, "bob").await })).await;
        assert_ne!(bob.data()["user"]["id"], mini);
    }

    async fn what_somebody_chose_as_their_name_stays_and_what_is_empty_is_filled(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let alice = weir.person("alice").signed_in().await;
        let login = weir.client.post(LOGIN, &json!({ "code": official(&weir, "alice").await })).await;
        assert_eq!(login.data()["user"]["nickname"], "爱丽丝 🌸", "the default name gives way");
        alice.patch("/api/v1/users/me", &json!({ "nickname": "Countess" })).await.data();
        let login = weir.client.post(LOGIN, &json!({ "code": official(&weir, "alice").await })).await;
        assert_eq!(login.data()["user"]["nickname"], "Countess");
    }

    async fn a_silent_consent_logs_in_without_a_name(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let code = code(&weir, "nobody", "official", "snsapi_base").await;
        let answer = weir.client.post(LOGIN, &json!({ "code": code })).await;
        assert_eq!(answer.data()["user"]["nickname"], "微信用户");
        assert_eq!(weir.calls("/sns/userinfo").await, 0);
    }

    async fn wechats_refusals_are_passed_on_without_their_decoration(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let nonsense = weir.client.post(LOGIN, &json!({ "code": "nonsense" })).await;
        refused(&nonsense, 401, "invalid code");
        assert!(!nonsense.text.contains("rid") && !nonsense.text.contains("demo-secret"));
        refused(&weir.client.post("/auth/wechat/mini", &json!({ "code": "nonsense" })).await, 401, "invalid code");
    }

    async fn bad_input_is_named(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        refused(&weir.client.post(LOGIN, &json!({})).await, 400, "code is missing");
        refused(&weir.client.post(LOGIN, &json!({ "code": "" })).await, 400, "code");
        refused(&weir.client.post(LOGIN, &json!({ "code": 7 })).await, 400, "code has the wrong type");
        refused(&weir.client.post(LOGIN, &json!({ "code": "x".repeat(129) })).await, 400, "longer than 128");
        refused(&weir.client.post(LOGIN, &json!({ "code": "x", "app": "mini" })).await, 400, "app");
        refused(&weir.client.send(Method::POST, LOGIN, Some(("code=x".into(), "text/plain"))).await, 415, "JSON");
        refused(&weir.client.send(Method::POST, LOGIN, Some(("{".into(), "application/json"))).await, 400, "JSON");
        refused(&weir.client.get(LOGIN).await, 405, "method");
        refused(&weir.client.post("/auth/wechat/nothing", &json!({})).await, 404, "");
        assert_eq!(weir.calls("/sns/oauth2/access_token").await, 0);
    }

    async fn a_snapshot_makes_no_account(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let code = official(&weir, "shade").await;
        refused(&weir.client.post(LOGIN, &json!({ "code": code })).await, 422, "");
        assert_eq!(weir.database.dump().await["users"].len(), 0);
    }

    async fn sixty_first_logins_by_sixty_codes_make_one_user(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let mut codes = Vec::new();
        for _ in 0..60 {
            codes.push(official(&weir, "alice").await);
        }
        let bodies: Vec<Value> = codes.iter().map(|code| json!({ "code": code })).collect();
        let answers = join_all(bodies.iter().map(|body| weir.client.post(LOGIN, body))).await;
        let ids: std::collections::BTreeSet<_> = answers.iter().map(|answer| answer.data()["user"]["id"].as_i64()).collect();
        assert_eq!(ids.len(), 1);
    }
}
