//! A code is exchanged once, whoever comes with it how often (pain 4).

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;
use weir_testkit::TestWeir;

use super::{AUTH, LOGIN, official, refused};

const EXCHANGE: &str = "/sns/oauth2/access_token";
const PROFILE: &str = "/sns/userinfo";

weir_testkit::engines! {
    async fn one_code_fifty_times_on_two_replicas_is_exchanged_once(engine) {
        let Some(mut weir) = TestWeir::start(engine).await else { return };
        let (_, other) = weir.replica().await;
        let body = json!({ "code": official(&weir, "alice").await });
        let answers = join_all((0..50).map(|n| if n % 2 == 0 { weir.client.post(LOGIN, &body) } else { other.post(LOGIN, &body) })).await;
        let ids: std::collections::BTreeSet<_> = answers.iter().map(|answer| answer.data()["user"]["id"].as_i64()).collect();
        assert_eq!(ids.len(), 1);
        assert_eq!((weir.calls(EXCHANGE).await, weir.calls(PROFILE).await), (1, 1));
    }

    async fn a_reload_within_five_minutes_gets_the_same_person_and_later_wechats_refusal(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let body = json!({ "code": official(&weir, "alice").await });
        let openid = weir.client.post(AUTH, &body).await.data()["user_info"]["openid"].clone();
        weir.clock.advance(Duration::from_secs(299));
        assert_eq!(weir.client.post(AUTH, &body).await.data()["user_info"]["openid"], openid);
        weir.clock.advance(Duration::from_secs(1));
        refused(&weir.client.post(AUTH, &body).await, 500, "微信授权失败: ");
        assert_eq!(weir.calls(EXCHANGE).await, 2);
    }

    async fn a_code_is_answered_again_to_whoever_came_first_only(engine) {
        let Some(weir) = TestWeir::start_with(engine, |setup| setup.server.trusted_proxies = vec!["127.0.0.1".to_owned()]).await else { return };
        let at = |address: &'static str, agent: &'static str| {
            weir.client.with_header("x-forwarded-for", address).with_header("user-agent", agent)
        };
        let body = json!({ "code": official(&weir, "alice").await });
        let (home, agent) = ("203.0.113.7", "Mozilla/5.0 (iPhone) MicroMessenger/8.0.50");
        let id = at(home, agent).post(LOGIN, &body).await.data()["user"]["id"].clone();
        // A phone may change its network between two requests, and a web view what it calls itself.
        for again in [at(home, agent), at("198.51.100.9", agent), at(home, "other/1")] {
            assert_eq!(again.post(LOGIN, &body).await.data()["user"]["id"], id);
        }
        let thief = at("198.51.100.9", "curl/8");
        let told = thief.post(LOGIN, &body).await;
        assert_eq!((told.status, &told.json["msg"]), (401, &json!("code been used")));
        refused(&thief.post(AUTH, &body).await, 500, "微信授权失败: code been used (错误码: 40163)");
        assert_eq!(weir.calls(EXCHANGE).await, 1);
    }

    async fn whoever_dies_over_a_code_is_taken_over_from(engine) {
        let Some(weir) = TestWeir::start_with(engine, |setup| setup.wechat_tries = 1).await else { return };
        let body = json!({ "code": official(&weir, "alice").await });
        weir.fault(&json!({ "path": EXCHANGE, "kind": "errcode", "errcode": -1, "times": 1 })).await;
        refused(&weir.client.post(AUTH, &body).await, 500, "微信授权失败: ");
        // As if a replica had died with the code in its hands.
        let until = weir.clock.now().plus(Duration::from_secs(20)).millis();
        weir.rows(&format!("UPDATE exchanges SET state = 'open', lease = 'dead', lease_until = {until}, result = NULL RETURNING lease")).await;
        let waiting = tokio::spawn({
            let (client, body) = (weir.client.clone(), body.clone());
            async move { join_all((0..50).map(|_| client.post(LOGIN, &body))).await }
        });
        weir.wait_for_calls(EXCHANGE, 1).await;
        weir.clock.advance(Duration::from_secs(20));
        for answer in waiting.await.unwrap() {
            assert_eq!(answer.data()["user"]["nickname"], "爱丽丝 🌸");
        }
        assert_eq!(weir.calls(EXCHANGE).await, 2, "once by the dead, once by whoever took over");
    }

    async fn a_refusal_is_replayed_too(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        for _ in 0..3 {
            refused(&weir.client.post(AUTH, &json!({ "code": "nonsense" })).await, 500, "微信授权失败: invalid code (错误码: 40029)");
        }
        assert_eq!(weir.calls(EXCHANGE).await, 1);
    }

    async fn what_the_operator_must_mend_is_no_refused_login(engine) {
        let Some(weir) = TestWeir::start_with(engine, |setup| setup.wechat_tries = 1).await else { return };
        let body = json!({ "code": official(&weir, "alice").await });
        weir.fault(&json!({ "path": EXCHANGE, "kind": "errcode", "errcode": 40164, "times": 1 })).await;
        let answer = weir.client.post(LOGIN, &body).await;
        assert_eq!(answer.status, 502, "{}", answer.text);
        weir.client.post(LOGIN, &body).await.data();
    }

    async fn a_code_whose_profile_was_lost_is_not_spent_in_vain(engine) {
        let Some(weir) = TestWeir::start_with(engine, |setup| setup.wechat_tries = 1).await else { return };
        let body = json!({ "code": official(&weir, "alice").await });
        weir.fault(&json!({ "path": PROFILE, "kind": "garbage", "form": "html", "times": 1 })).await;
        refused(&weir.client.post(AUTH, &body).await, 500, "微信授权失败: ");
        assert_eq!(weir.client.post(AUTH, &body).await.data()["user_info"]["nickname"], "爱丽丝 🌸");
        assert_eq!((weir.calls(EXCHANGE).await, weir.calls(PROFILE).await), (1, 2));
    }

    async fn fifty_who_wait_for_one_profile_share_its_failure(engine) {
        let Some(weir) = TestWeir::start_with(engine, |setup| setup.wechat_tries = 1).await else { return };
        let body = json!({ "code": official(&weir, "alice").await });
        weir.fault(&json!({ "path": PROFILE, "kind": "timeout", "times": 1 })).await;
        let waiting = tokio::spawn({
            let (client, body) = (weir.client.clone(), body.clone());
            async move { join_all((0..50).map(|_| client.post(AUTH, &body))).await }
        });
        weir.wait_for_sleepers(2).await;
        weir.clock.advance(Duration::from_secs(5));
        // Who came before the clock moved shares the failure; who came after it asked again, all together.
        let failed = waiting.await.unwrap().iter().filter(|answer| answer.status != 200).count();
        assert!(failed >= 1, "nobody was told");
        assert!(weir.calls(PROFILE).await <= 2, "asked once for each");
        weir.client.post(AUTH, &body).await.data();
        assert_eq!(weir.calls(EXCHANGE).await, 1);
    }

    async fn a_wechat_that_misbehaves_is_told_and_leaves_nothing(engine) {
        let Some(weir) = TestWeir::start_with(engine, |setup| setup.wechat_tries = 1).await else { return };
        for path in [EXCHANGE, PROFILE] {
            for fault in [
                json!({ "kind": "http_status", "status": 502 }),
                json!({ "kind": "disconnect" }),
                json!({ "kind": "garbage", "form": "truncated" }),
                json!({ "kind": "garbage", "form": "wrong_type" }),
                json!({ "kind": "garbage", "form": "empty" }),
                json!({ "kind": "errcode", "errcode": -1 }),
                json!({ "kind": "errcode", "errcode": 45011 }),
                json!({ "kind": "errcode", "errcode": 40125 }),
            ] {
                let mut fault = fault;
                (fault["path"], fault["times"]) = (json!(path), json!(1));
                weir.fault(&fault).await;
                let answer = weir.client.post(AUTH, &json!({ "code": official(&weir, "alice").await })).await;
                refused(&answer, 500, "微信授权失败: ");
                assert!(!answer.text.contains("demo-secret"), "{}", answer.text);
            }
        }
        let dump = weir.database.dump().await;
        assert_eq!((dump["users"].len(), dump["authorizations"].len()), (0, 0));
        weir.no_faults().await;
        weir.client.post(AUTH, &json!({ "code": official(&weir, "alice").await })).await.data();
    }

    async fn a_wechat_that_is_late_is_given_up_and_the_next_try_may_succeed(engine) {
        let Some(weir) = TestWeir::start_with(engine, |setup| setup.wechat_tries = 1).await else { return };
        let body = json!({ "code": official(&weir, "alice").await });
        weir.fault(&json!({ "path": EXCHANGE, "kind": "timeout", "times": 1, "before": true })).await;
        let waiting = tokio::spawn({
            let (client, body) = (weir.client.clone(), body.clone());
            async move { client.post(AUTH, &body).await }
        });
        weir.wait_for_sleepers(2).await;
        weir.clock.advance(Duration::from_secs(5));
        refused(&waiting.await.unwrap(), 500, "微信授权失败: ");
        weir.client.post(AUTH, &body).await.data();
    }
}
