//! What people suffer with WeChat integrations (pains 1, 2, 5 and 11), played and shown gone.

use std::time::Duration;

use serde_json::{Value, json};
use weir_core::apptoken::{Kind, flow};
use weir_testkit::{
    Client, TestWeir,
    scenes::together,
    weir::{MINI, Setup},
};

const SESSION: &str = "/api/v1/auth/session";
const DECRYPT: &str = "/api/v1/auth/decrypt";
const STABLE_TOKEN: &str = "/cgi-bin/stable_token";
const CHECKSESSION: &str = "/wxa/checksession";
const LIFE: Duration = Duration::from_secs(7200);
/// Within the time in which the next token is fetched while the old one is good.
const NEAR_ITS_END: Duration = Duration::from_secs(7200 - 200);

fn unlimited(setup: &mut Setup) {
    setup.core.limits.enabled = false;
}

/// Alice at three gateways, of which each has used the app's token.
async fn three(weir: &mut TestWeir) -> [Client; 3] {
    let ((_, second), (_, third)) = (weir.replica().await, weir.replica().await);
    let data = weir.person("alice").login().await;
    let bearer = data["access_token"].as_str().unwrap();
    let clients = [&weir.client, &second, &third].map(|client| client.with_bearer(bearer));
    for client in &clients {
        assert_eq!(client.get(SESSION).await.data()["valid"], true);
    }
    clients
}

async fn checks(clients: &[Client], count: usize) -> Vec<u16> {
    let asked = clients.iter().cycle().take(count).cloned();
    together(asked.map(|client| async move { client.get(SESSION).await.status })).await
}

async fn sealed(weir: &TestWeir) -> Value {
    weir.person("alice").control("/_sim/encrypted-data", json!({ "data": { "steps": 42 } })).await
}

async fn rotate(weir: &TestWeir) {
    weir.person("alice").control("/_sim/session-key", json!({})).await;
}

weir_testkit::engines! {
    async fn pain_1_three_gateways_with_two_hundred_requests_each_at_expiry_fetch_one_token(engine) {
        let Some(mut weir) = TestWeir::start_with(engine, unlimited).await else { return };
        let clients = three(&mut weir).await;
        assert_eq!(weir.calls(STABLE_TOKEN).await, 1);
        weir.clock.advance(LIFE);
        assert_eq!(checks(&clients, 600).await, [200; 600]);
        assert_eq!(weir.calls(STABLE_TOKEN).await, 2, "one before, one for all six hundred");
    }

    async fn pain_2_the_token_serves_while_the_database_is_stuck(engine) {
        let Some(mut weir) = TestWeir::start_with(engine, unlimited).await else { return };
        let clients = three(&mut weir).await;
        weir.clock.advance(NEAR_ITS_END);
        let stuck = weir.database.hold("app_tokens").await;
        assert_eq!(checks(&clients, 60).await, [200; 60]);
        assert_eq!(weir.calls(STABLE_TOKEN).await, 1, "nobody fetches what nobody could share");
        drop(stuck);
        while weir.number("SELECT version FROM app_tokens").await < 2 {
            assert_eq!(checks(&clients, 3).await, [200; 3]);
        }
        assert_eq!(weir.calls(STABLE_TOKEN).await, 2);
    }

    async fn pain_2_the_token_serves_while_the_database_is_gone(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let known = flow::token(&weir.app, MINI).await.unwrap();
        weir.app.store.close().await;
        weir.clock.advance(NEAR_ITS_END);
        for _ in 0..50 {
            assert_eq!(flow::token(&weir.app, MINI).await.unwrap(), known);
            assert!(flow::report_invalid(&weir.app, MINI, Kind::AccessToken, known.version).await.is_err(), "nobody can be told");
        }
        weir.clock.advance(LIFE);
        let gone = flow::token(&weir.app, MINI).await;
        assert!(gone.is_err_and(|failure| failure.code == weir_core::Code::Unavailable));
        assert_eq!(weir.calls(STABLE_TOKEN).await, 1);
    }

    async fn pain_2_a_storm_of_40001_costs_no_more_tokens_than_the_budget(engine) {
        let Some(mut weir) = TestWeir::start_with(engine, |setup| {
            unlimited(setup);
            setup.core.app_token.refreshes_per_hour = 6;
        }).await else { return };
        let clients = three(&mut weir).await;
        for hour in 1..=3 {
            weir.fault(&json!({ "path": CHECKSESSION, "kind": "errcode", "errcode": 40001 })).await;
            for _ in 0..4 {
                let answers = together(clients.iter().cycle().take(60).cloned().map(|client| async move {
                    client.get(SESSION).await
                })).await;
                for answer in answers {
                    let told = answer.refused(502);
                    assert!(told.contains("(错误码: 40001)") && !told.contains("access_token="), "{told}");
                }
            }
            assert_eq!(weir.calls(STABLE_TOKEN).await, 6 * hour, "the budget and not one more");
            weir.no_faults().await;
            // It was WeChat's mistake: what we have is good, and the budget is not needed for that.
            assert_eq!(checks(&clients, 60).await, [200; 60]);
            assert_eq!(weir.calls(STABLE_TOKEN).await, 6 * hour);
            weir.clock.advance(Duration::from_secs(3600));
        }
    }

    async fn pain_2_the_old_token_serves_while_wechat_keeps_the_next_one_waiting(engine) {
        let Some(mut weir) = TestWeir::start_with(engine, |setup| {
            unlimited(setup);
            setup.wechat_tries = 1;
        }).await else { return };
        let clients = three(&mut weir).await;
        weir.clock.advance(NEAR_ITS_END);
        weir.fault(&json!({ "path": STABLE_TOKEN, "kind": "timeout" })).await;
        assert_eq!(checks(&clients, 60).await, [200; 60]);
        weir.wait_for_calls(STABLE_TOKEN, 2).await;
        assert_eq!(checks(&clients, 60).await, [200; 60]);
        assert_eq!(weir.calls(STABLE_TOKEN).await, 2, "one waits, nobody else does");
        weir.wait_for_sleepers(2).await;
        weir.clock.advance(Duration::from_secs(5));
        while weir.number("SELECT failures FROM app_tokens").await == 0 {
            assert_eq!(checks(&clients, 3).await, [200; 3]);
        }
        assert_eq!(checks(&clients, 60).await, [200; 60]);
        assert_eq!(weir.calls(STABLE_TOKEN).await, 2, "and the wait after it is kept");
        weir.no_faults().await;
        weir.clock.advance(Duration::from_secs(2));
        while weir.number("SELECT version FROM app_tokens").await < 2 {
            assert_eq!(checks(&clients, 3).await, [200; 3]);
        }
        assert_eq!(weir.calls(STABLE_TOKEN).await, 3);
    }

    async fn pain_2_an_answer_that_comes_after_its_lease_overwrites_nothing(engine) {
        let Some(mut weir) = TestWeir::start_with(engine, |setup| {
            unlimited(setup);
            setup.core.app_token.lease = weir_base::settings::Span::seconds(1);
        }).await else { return };
        let (_, second) = weir.replica().await;
        let data = weir.person("alice").login().await;
        let bearer = data["access_token"].as_str().unwrap();
        let (slow, quick) = (weir.client.with_bearer(bearer), second.with_bearer(bearer));
        weir.fault(&json!({ "path": STABLE_TOKEN, "kind": "delay", "ms": 3000, "times": 1 })).await;
        let (late, ()) = tokio::join!(slow.get(SESSION), async {
            weir.pass_while_held(STABLE_TOKEN, 1, Duration::from_millis(1500)).await;
            assert_eq!(quick.get(SESSION).await.data()["valid"], true);
            assert_eq!(weir.number("SELECT version FROM app_tokens").await, 1);
            weir.clock.advance(Duration::from_millis(1500));
        });
        assert_eq!(late.data()["valid"], true, "who was late is answered with what there is");
        assert_eq!(weir.number("SELECT version FROM app_tokens").await, 1);
        assert_eq!(weir.number("SELECT hour_refreshes FROM app_tokens").await, 1);
        assert_eq!(weir.done(&format!("app:{MINI}"), "app_token.refreshed").await, 1);
        assert_eq!(weir.calls(STABLE_TOKEN).await, 2);
    }

    async fn pain_5_data_sealed_before_the_session_key_changed_still_opens(engine) {
        let Some(weir) = TestWeir::start_with(engine, unlimited).await else { return };
        let alice = weir.person("alice").signed_in().await;
        let oldest = sealed(&weir).await;
        assert_eq!(alice.post(DECRYPT, &oldest).await.data()["steps"], 42);
        rotate(&weir).await;
        // WeChat has a key that we have not seen: only a login can bring it.
        let ahead = sealed(&weir).await;
        let told = alice.post(DECRYPT, &ahead).await;
        assert!(told.refused(409).starts_with("session_stale"), "{}", told.text);
        assert!(told.text.contains("wx.login"), "{}", told.text);

        weir.person("alice").login().await;
        for data in [&oldest, &ahead] {
            assert_eq!(alice.post(DECRYPT, data).await.data()["steps"], 42, "the last two keys are kept");
        }
        rotate(&weir).await;
        weir.person("alice").login().await;
        assert_eq!(alice.post(DECRYPT, &ahead).await.data()["steps"], 42);
        let told = alice.post(DECRYPT, &oldest).await;
        assert!(told.refused(409).contains("wx.login"), "{}", told.text);
        for word in ["padding", "decrypt", "base64", "AES"] {
            assert!(!told.refused(409).contains(word), "{}", told.text);
        }
        // A login that brings the same key pushes none out.
        weir.person("alice").login().await;
        assert_eq!(alice.post(DECRYPT, &ahead).await.data()["steps"], 42);
    }

    async fn pain_11_an_address_missing_from_the_whitelist_is_named_and_asked_about_rarely(engine) {
        let Some(mut weir) = TestWeir::start_with(engine, unlimited).await else { return };
        let clients = three(&mut weir).await;
        let whitelist = |rules: Value| json!({ "appid": MINI, "ip_whitelist": rules });
        weir.control("/_sim/apps", &whitelist(json!(["10.1.2.3"]))).await;
        weir.clock.advance(NEAR_ITS_END);
        assert_eq!(checks(&clients, 60).await, [200; 60], "the old token serves");
        while weir.number("SELECT failures FROM app_tokens").await == 0 {
            assert_eq!(checks(&clients, 3).await, [200; 3]);
        }
        assert_eq!(checks(&clients, 60).await, [200; 60]);
        assert_eq!(weir.calls(STABLE_TOKEN).await, 2, "no storm");

        weir.clock.advance(Duration::from_secs(200));
        let told = clients[0].get(SESSION).await;
        let message = told.refused(502);
        assert!(message.starts_with("微信接口调用失败: invalid ip 127.0.0.1"), "{message}");
        assert!(message.ends_with("(错误码: 40164)"), "{message}");
        assert_eq!(checks(&clients, 60).await, [503; 60]);
        assert_eq!(weir.calls(STABLE_TOKEN).await, 3, "no storm");

        weir.control("/_sim/apps", &whitelist(json!(["127.0.0.1"]))).await;
        let waiting = clients[1].get(SESSION).await;
        waiting.refused(503);
        let wait = waiting.header("retry-after").unwrap().parse().unwrap();
        weir.clock.advance(Duration::from_secs(wait));
        assert_eq!(checks(&clients, 60).await, [200; 60]);
        assert_eq!(weir.calls(STABLE_TOKEN).await, 4);
    }
}
