//! A clock that steps: back, forward, or far ahead and back again.

use std::{sync::Arc, time::Duration};

use serde_json::json;
use weir_core::{
    Code,
    apptoken::{Kind, flow},
};
use weir_testkit::{TestWeir, scenes::together, weir::MINI};

const STABLE_TOKEN: &str = "/cgi-bin/stable_token";
const AHEAD: [Duration; 2] = [Duration::from_secs(300), Duration::from_secs(86_400)];

weir_testkit::engines! {
    async fn a_clock_set_back_or_forward_by_five_minutes_does_no_harm(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let whole_day = async || {
            for name in ["alice", "bob"] {
                let person = weir.person(name).signed_in().await;
                assert_eq!(person.get("/api/v1/users/me").await.status, 200);
                assert_eq!(person.get("/api/v1/auth/session").await.data()["valid"], true);
                let sealed = weir.person(name).control("/_sim/encrypted-data", json!({})).await;
                assert_eq!(person.post("/api/v1/auth/decrypt", &sealed).await.status, 200);
                let refreshed = person.post_empty("/api/v1/auth/refresh").await;
                let next = weir.client.with_bearer(refreshed.data()["access_token"].as_str().unwrap());
                assert_eq!(next.patch("/api/v1/users/me", &json!({ "bio": name })).await.status, 200);
                assert_eq!(next.post_empty("/api/v1/auth/logout").await.status, 200);
            }
        };
        let kept = weir.person("carol").signed_in().await;
        let step = Duration::from_secs(300);
        for forward in [false, false, true, true, false, true] {
            whole_day().await;
            if forward { weir.clock.advance(step) } else { weir.clock.set_back(step) }
            whole_day().await;
            assert_eq!(kept.get("/api/v1/users/me").await.status, 200);
        }
        assert!(weir.calls(STABLE_TOKEN).await <= 1, "a step of the clock costs no token");
    }

    async fn a_lease_taken_while_the_clock_was_ahead_binds_nobody_when_it_is_back(engine) {
        for ahead in AHEAD {
            let Some(mut weir) = TestWeir::start(engine).await else { return };
            let (other, _) = weir.replica().await;
            weir.clock.advance(ahead);
            weir.fault(&json!({ "path": STABLE_TOKEN, "kind": "delay", "ms": 1000, "times": 1 })).await;
            let first = Arc::clone(&weir.app);
            let first = tokio::spawn(async move { flow::token(&first, MINI).await });
            weir.wait_for_calls(STABLE_TOKEN, 1).await;
            weir.clock.set_back(ahead);
            let asked = (0..60).map(|_| Arc::clone(&other));
            let asked = asked.map(|other| async move { flow::token(&other, MINI).await.unwrap().version });
            assert_eq!(together(asked).await, [1; 60]);
            assert_eq!(weir.calls(STABLE_TOKEN).await, 2);
            // The late answer finds the lease gone, and the token that is there.
            weir.clock.advance(ahead + Duration::from_secs(1));
            assert_eq!(first.await.unwrap().unwrap().version, 1);
            assert_eq!(weir.number("SELECT version FROM app_tokens").await, 1);
            assert_eq!(weir.calls(STABLE_TOKEN).await, 2);
        }
    }

    async fn a_bar_set_while_the_clock_was_ahead_is_void_when_it_is_back(engine) {
        for ahead in AHEAD {
            let Some(weir) = TestWeir::start_with(engine, |setup| setup.wechat_tries = 1).await else { return };
            weir.clock.advance(ahead);
            weir.fault(&json!({ "path": STABLE_TOKEN, "kind": "errcode", "errcode": 40164, "times": 2 })).await;
            assert_eq!(flow::token(&weir.app, MINI).await.unwrap_err().code, Code::WeChatRefused);
            assert_eq!(flow::token(&weir.app, MINI).await.unwrap_err().code, Code::WeChatBusy);
            assert_eq!(weir.calls(STABLE_TOKEN).await, 1);
            weir.clock.set_back(ahead);
            // One of them is refused again, and the bar that it sets holds.
            let asked = (0..60).map(|_| Arc::clone(&weir.app));
            let asked = asked.map(|app| async move { flow::token(&app, MINI).await.unwrap_err() });
            let asked = together(asked).await;
            assert_eq!(asked.iter().filter(|failure| failure.code == Code::WeChatBusy).count(), 59);
            assert!(asked.iter().all(|failure| failure.retry_after.is_none_or(|wait| wait.as_secs() == 4)));
            assert_eq!(weir.calls(STABLE_TOKEN).await, 2);
            weir.clock.advance(Duration::from_secs(4));
            assert_eq!(flow::token(&weir.app, MINI).await.unwrap().version, 1);
        }
    }

    async fn an_hour_that_began_while_the_clock_was_ahead_counts_for_nothing_when_it_is_back(engine) {
        for ahead in AHEAD {
            let budget = |setup: &mut weir_testkit::weir::Setup| setup.core.app_token.refreshes_per_hour = 1;
            let Some(weir) = TestWeir::start_with(engine, budget).await else { return };
            weir.clock.advance(ahead);
            assert_eq!(flow::token(&weir.app, MINI).await.unwrap().version, 1);
            flow::report_invalid(&weir.app, MINI, Kind::AccessToken, 1).await.unwrap();
            assert_eq!(flow::token(&weir.app, MINI).await.unwrap().version, 1, "the budget is used up");
            weir.clock.set_back(ahead);
            flow::report_invalid(&weir.app, MINI, Kind::AccessToken, 1).await.unwrap();
            assert_eq!(flow::token(&weir.app, MINI).await.unwrap().version, 2);
            flow::report_invalid(&weir.app, MINI, Kind::AccessToken, 2).await.unwrap();
            assert_eq!(flow::token(&weir.app, MINI).await.unwrap().version, 2, "the new hour has its own budget");
            assert_eq!(weir.calls(STABLE_TOKEN).await, 2);
        }
    }
}
