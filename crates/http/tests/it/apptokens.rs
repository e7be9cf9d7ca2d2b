//! One access_token per app: fetched ahead, once, whoever asks; reports that name a version; the budget; the seal.

use std::{sync::Arc, time::Duration};

use serde_json::json;
use weir_core::{
    App,
    apptoken::{Kind, flow},
};
use weir_testkit::{
    Client, TestWeir,
    scenes::together,
    weir::{MINI, Setup},
};

const SESSION: &str = "/api/v1/auth/session";
const STABLE_TOKEN: &str = "/cgi-bin/stable_token";
const CHECKSESSION: &str = "/wxa/checksession";
/// A fresh token's life, and the moment in it when the next one is fetched.
const LIFE: Duration = Duration::from_secs(7200);
const NEAR_ITS_END: Duration = Duration::from_secs(7200 - 240);

fn unlimited(setup: &mut Setup) {
    setup.core.limits.enabled = false;
}

/// Three gateways that all know the app's token, and Alice's sessions at each.
async fn three(weir: &mut TestWeir) -> ([Arc<App>; 3], [Client; 3]) {
    let ((second, second_client), (third, third_client)) = (weir.replica().await, weir.replica().await);
    let apps = [Arc::clone(&weir.app), second, third];
    for app in &apps {
        flow::token(app, MINI).await.unwrap();
    }
    let data = weir.person("alice").login().await;
    let bearer = data["access_token"].as_str().unwrap();
    (apps, [&weir.client, &second_client, &third_client].map(|client| client.with_bearer(bearer)))
}

async fn version(weir: &TestWeir) -> i64 {
    weir.number("SELECT version FROM app_tokens").await
}

/// Waits for what is done in the background.
async fn wait_for_version(weir: &TestWeir, wanted: i64) {
    while version(weir).await < wanted {}
}

async fn checks(clients: &[Client], count: usize) -> Vec<u16> {
    let asked = clients.iter().cycle().take(count).cloned();
    together(asked.map(|client| async move { client.get(SESSION).await.status })).await
}

weir_testkit::engines! {
    async fn the_next_token_is_fetched_ahead_in_the_background_once_for_three_replicas(engine) {
        let Some(mut weir) = TestWeir::start_with(engine, unlimited).await else { return };
        let (apps, clients) = three(&mut weir).await;
        assert_eq!((version(&weir).await, weir.calls(STABLE_TOKEN).await), (1, 1));
        weir.clock.advance(NEAR_ITS_END - Duration::from_secs(1));
        assert_eq!(checks(&clients, 30).await, [200; 30]);
        assert_eq!(weir.calls(STABLE_TOKEN).await, 1, "a second before, nothing happens");
        weir.clock.advance(Duration::from_secs(1));
        assert_eq!(checks(&clients, 150).await, [200; 150]);
        wait_for_version(&weir, 2).await;
        assert_eq!(checks(&clients, 150).await, [200; 150]);
        // The first request after it makes a replica look; the next finds what it has read.
        for app in &apps {
            while flow::token(app, MINI).await.unwrap().version < 2 {}
        }
        assert_eq!((version(&weir).await, weir.calls(STABLE_TOKEN).await), (2, 2));
        assert_eq!(weir.done(&format!("app:{MINI}"), "app_token.refreshed").await, 2);
        weir.clock.advance(LIFE - Duration::from_secs(300));
        assert_eq!(checks(&clients, 30).await, [200; 30]);
        assert_eq!(weir.calls(STABLE_TOKEN).await, 2);
    }

    async fn a_report_names_a_version_and_kills_no_other(engine) {
        let Some(mut weir) = TestWeir::start_with(engine, unlimited).await else { return };
        let (apps, clients) = three(&mut weir).await;
        let first = flow::token(&apps[0], MINI).await.unwrap();
        // Everybody reports the same one at once: one successor.
        let reports = apps.iter().cycle().take(60).cloned().map(|app| async move {
            flow::report_invalid(&app, MINI, Kind::AccessToken, 1).await.unwrap();
            flow::token(&app, MINI).await.unwrap().version
        });
        assert_eq!(together(reports).await, [2; 60]);
        assert_eq!(weir.calls(STABLE_TOKEN).await, 2);
        for old in [1, 0, -1, 7] {
            for app in &apps {
                flow::report_invalid(app, MINI, Kind::AccessToken, old).await.unwrap();
            }
        }
        assert_eq!(checks(&clients, 30).await, [200; 30]);
        for app in &apps {
            let token = flow::token(app, MINI).await.unwrap();
            assert_eq!(token.version, 2);
            assert_ne!(token.token.expose(), first.token.expose());
        }
        assert_eq!(weir.calls(STABLE_TOKEN).await, 2);
        assert_eq!(weir.done(&format!("app:{MINI}"), "app_token.invalid").await, 1);
    }

    async fn a_token_that_somebody_else_retired_is_replaced_within_the_request(engine) {
        let Some(mut weir) = TestWeir::start_with(engine, unlimited).await else { return };
        let (_, clients) = three(&mut weir).await;
        weir.fault(&json!({ "path": CHECKSESSION, "kind": "invalidate_tokens", "times": 1 })).await;
        assert_eq!(checks(&clients, 90).await, [200; 90]);
        assert_eq!((version(&weir).await, weir.calls(STABLE_TOKEN).await), (2, 2));
        assert_eq!(weir.done(&format!("app:{MINI}"), "app_token.invalid").await, 1);
    }

    async fn after_a_refusal_nobody_asks_before_the_wait_is_over_and_the_wait_doubles(engine) {
        let Some(mut weir) = TestWeir::start_with(engine, |setup| {
            unlimited(setup);
            setup.wechat_tries = 1;
        }).await else { return };
        let (_, clients) = three(&mut weir).await;
        weir.clock.advance(LIFE);
        weir.fault(&json!({ "path": STABLE_TOKEN, "kind": "errcode", "errcode": 40164 })).await;
        for (refused, wait) in [2, 4, 8, 16, 32, 64, 128, 256, 300, 300].into_iter().enumerate() {
            let statuses = checks(&clients, 60).await;
            assert_eq!(statuses.iter().filter(|status| **status == 502).count(), 1, "one is told why");
            assert_eq!(statuses.iter().filter(|status| **status == 503).count(), 59, "the others when");
            let barred = clients[2].get(SESSION).await;
            assert_eq!(barred.header("retry-after"), Some(&*wait.to_string()), "{}", barred.text);
            assert_eq!(weir.calls(STABLE_TOKEN).await, refused + 2);
            weir.clock.advance(Duration::from_secs(wait) - Duration::from_millis(1));
            clients[0].get(SESSION).await.refused(503);
            weir.clock.advance(Duration::from_millis(1));
        }
        weir.no_faults().await;
        assert_eq!(checks(&clients, 60).await, [200; 60]);
        assert_eq!(weir.calls(STABLE_TOKEN).await, 12);
    }

    async fn a_used_up_budget_leaves_the_last_token_and_comes_back_with_the_hour(engine) {
        let Some(mut weir) = TestWeir::start_with(engine, |setup| {
            unlimited(setup);
            setup.core.app_token.refreshes_per_hour = 3;
        }).await else { return };
        let (apps, clients) = three(&mut weir).await;
        for used in 1..=5 {
            flow::report_invalid(&apps[0], MINI, Kind::AccessToken, used.min(3)).await.unwrap();
            let expected = (used + 1).min(3);
            for app in &apps {
                flow::report_invalid(app, MINI, Kind::AccessToken, used.min(3)).await.unwrap();
                assert_eq!(flow::token(app, MINI).await.unwrap().version, expected);
            }
        }
        assert_eq!(weir.calls(STABLE_TOKEN).await, 3);
        assert_eq!(checks(&clients, 30).await, [200; 30], "WeChat takes it after all");
        weir.clock.advance(Duration::from_secs(3600));
        flow::report_invalid(&apps[0], MINI, Kind::AccessToken, 3).await.unwrap();
        assert_eq!(flow::token(&apps[0], MINI).await.unwrap().version, 4);
        assert_eq!(weir.calls(STABLE_TOKEN).await, 4);
    }

    async fn the_table_holds_the_token_sealed_and_a_restart_reads_it_there(engine) {
        let Some(mut weir) = TestWeir::start(engine).await else { return };
        let token = flow::token(&weir.app, MINI).await.unwrap();
        flow::report_invalid(&weir.app, MINI, Kind::AccessToken, 1).await.unwrap();
        let next = flow::token(&weir.app, MINI).await.unwrap();
        let row = weir.rows("SELECT * FROM app_tokens").await.remove(0);
        for plain in [token.token.expose(), next.token.expose(), "demo-secret"] {
            assert!(row.iter().all(|cell| !cell.contains(plain)), "{row:?}");
        }
        assert!(!format!("{next:?}").contains(next.token.expose()));
        let (restarted, _) = weir.replica().await;
        let read = flow::token(&restarted, MINI).await.unwrap();
        assert_eq!((read.token.expose(), read.version), (next.token.expose(), 2));
        assert_eq!(weir.calls(STABLE_TOKEN).await, 2);
    }

    async fn a_caller_who_goes_away_takes_no_token_with_them(engine) {
        let Some(weir) = TestWeir::start_with(engine, unlimited).await else { return };
        weir.fault(&json!({ "path": STABLE_TOKEN, "kind": "delay", "ms": 2000, "times": 1 })).await;
        let app = Arc::clone(&weir.app);
        let leaving = tokio::spawn(async move { flow::token(&app, MINI).await.map(|token| token.version) });
        weir.wait_for_calls(STABLE_TOKEN, 1).await;
        weir.wait_for_sleepers(2).await;
        leaving.abort();
        assert!(leaving.await.is_err_and(|error| error.is_cancelled()));
        let (token, ()) = tokio::join!(flow::token(&weir.app, MINI), async {
            weir.clock.advance(Duration::from_secs(2));
        });
        assert_eq!(token.unwrap().version, 1);
        assert_eq!(weir.calls(STABLE_TOKEN).await, 1);
    }
}
