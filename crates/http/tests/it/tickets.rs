//! Pains 1 and 2 for official accounts: their token and their ticket, shared by three gateways.

use std::{sync::Arc, time::Duration};

use serde_json::json;
use weir_core::{
    App, Code,
    apptoken::{Kind, flow},
};
use weir_testkit::{Client, OFFICIAL, TestWeir, scenes::together, weir::Setup};

const STABLE_TOKEN: &str = "/cgi-bin/stable_token";
const GETTICKET: &str = "/cgi-bin/ticket/getticket";
const PAGE: &str = "/wechat/jsconfig?url=https%3A%2F%2Flocalhost%2F";
const LIFE: Duration = Duration::from_secs(7200);

fn unlimited(setup: &mut Setup) {
    setup.core.limits.enabled = false;
}

async fn three(weir: &mut TestWeir) -> ([Arc<App>; 3], [Client; 3]) {
    let ((second, second_client), (third, third_client)) = (weir.replica().await, weir.replica().await);
    ([Arc::clone(&weir.app), second, third], [weir.client.clone(), second_client, third_client])
}

/// So many pages at each gateway at once: how many were signed.
async fn pages(clients: &[Client], count: usize) -> usize {
    let asked = clients.iter().cycle().take(count * clients.len()).cloned();
    let statuses = together(asked.map(|client| async move { client.get(PAGE).await.status })).await;
    statuses.into_iter().filter(|status| *status == 200).count()
}

async fn calls(weir: &TestWeir) -> (usize, usize) {
    (weir.calls(STABLE_TOKEN).await, weir.calls(GETTICKET).await)
}

async fn version(weir: &TestWeir, kind: Kind) -> i64 {
    weir.number(&format!("SELECT version FROM app_tokens WHERE kind = '{}'", kind.as_str())).await
}

weir_testkit::engines! {
    async fn pain_1_three_gateways_with_two_hundred_pages_each_at_expiry_cost_one_ticket_and_one_token(engine) {
        let Some(mut weir) = TestWeir::start_with(engine, unlimited).await else { return };
        let (_, clients) = three(&mut weir).await;
        assert_eq!(pages(&clients, 200).await, 600);
        assert_eq!(calls(&weir).await, (1, 1));
        weir.clock.advance(LIFE);
        assert_eq!(pages(&clients, 200).await, 600);
        assert_eq!(calls(&weir).await, (2, 2));
        assert_eq!((version(&weir, Kind::AccessToken).await, version(&weir, Kind::JsapiTicket).await), (2, 2));
    }

    async fn pain_1_two_hundred_callers_at_each_of_three_gateways_share_an_official_accounts_token(engine) {
        let Some(mut weir) = TestWeir::start_with(engine, unlimited).await else { return };
        let (apps, _) = three(&mut weir).await;
        for round in 1..=2 {
            let asked = apps.iter().cycle().take(600).cloned();
            let versions = together(asked.map(|app| async move {
                flow::token(&app, OFFICIAL).await.unwrap().version
            })).await;
            assert_eq!(versions, [round; 600]);
            assert_eq!(weir.calls(STABLE_TOKEN).await, round as usize);
            weir.clock.advance(LIFE);
        }
    }

    async fn ahead_of_its_end_wechat_is_asked_once_and_the_same_ticket_lasts_to_its_end(engine) {
        let Some(mut weir) = TestWeir::start_with(engine, unlimited).await else { return };
        let (apps, clients) = three(&mut weir).await;
        assert_eq!(pages(&clients, 10).await, 30);
        weir.clock.advance(LIFE - Duration::from_secs(100));
        assert_eq!(pages(&clients, 50).await, 150);
        while weir.calls(GETTICKET).await < 2 {}
        // Whoever looks now finds that WeChat has no other yet, and lets it be.
        for _ in 0..5 {
            assert_eq!(pages(&clients, 20).await, 60);
        }
        assert_eq!(weir.calls(GETTICKET).await, 2);
        for app in &apps {
            assert_eq!(flow::ticket(app, OFFICIAL).await.unwrap().version, 1);
        }
        weir.clock.advance(Duration::from_secs(100));
        assert_eq!(pages(&clients, 50).await, 150);
        assert_eq!(weir.calls(GETTICKET).await, 3);
    }

    async fn pain_2_pages_are_signed_while_the_database_is_stuck_and_while_it_is_gone(engine) {
        let Some(mut weir) = TestWeir::start_with(engine, unlimited).await else { return };
        let (_, clients) = three(&mut weir).await;
        assert_eq!(pages(&clients, 20).await, 60);
        weir.clock.advance(LIFE - Duration::from_secs(200));
        let stuck = weir.database.hold("app_tokens").await;
        assert_eq!(pages(&clients, 60).await, 180);
        assert_eq!(calls(&weir).await, (1, 1), "nobody fetches what nobody could share");
        drop(stuck);
        weir.app.store.close().await;
        for _ in 0..3 {
            assert_eq!(pages(&clients[..1], 20).await, 20);
        }
        weir.clock.advance(LIFE);
        assert_eq!(clients[0].get(PAGE).await.status, 503);
    }

    async fn pain_2_a_storm_of_40001_while_a_ticket_is_fetched_costs_no_more_than_the_budgets(engine) {
        let Some(mut weir) = TestWeir::start_with(engine, |setup| {
            unlimited(setup);
            setup.core.app_token.refreshes_per_hour = 6;
        }).await else { return };
        let (_, clients) = three(&mut weir).await;
        weir.fault(&json!({ "path": GETTICKET, "kind": "errcode", "errcode": 40001 })).await;
        for _ in 0..30 {
            assert_eq!(pages(&clients, 20).await, 0);
            weir.clock.advance(Duration::from_secs(100));
        }
        let (tokens, tickets) = calls(&weir).await;
        assert!(tokens <= 6, "{tokens} tokens");
        // Each try asks twice: with the token that was there and with the next.
        assert!(tickets <= 40, "{tickets} tries");
        weir.no_faults().await;
        weir.clock.advance(Duration::from_secs(301));
        assert_eq!(pages(&clients, 20).await, 60);
    }

    async fn pain_2_a_storm_of_reports_leaves_the_last_ticket_serving(engine) {
        let Some(mut weir) = TestWeir::start_with(engine, |setup| {
            unlimited(setup);
            setup.core.app_token.refreshes_per_hour = 6;
        }).await else { return };
        let (apps, clients) = three(&mut weir).await;
        for _ in 0..20 {
            assert_eq!(pages(&clients, 10).await, 30);
            let reports = apps.iter().cycle().take(60).cloned().map(|app| async move {
                let seen = flow::ticket(&app, OFFICIAL).await.unwrap().version;
                flow::report_invalid(&app, OFFICIAL, Kind::JsapiTicket, seen).await.unwrap();
            });
            together(reports).await;
        }
        assert_eq!(pages(&clients, 10).await, 30, "the last one serves on");
        assert_eq!(calls(&weir).await, (1, 6));
    }

    async fn a_report_about_the_ticket_leaves_the_token_alone(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let (token, ticket) =
            (flow::token(&weir.app, OFFICIAL).await.unwrap(), flow::ticket(&weir.app, OFFICIAL).await.unwrap());
        assert!(flow::report_invalid(&weir.app, OFFICIAL, Kind::JsapiTicket, ticket.version).await.unwrap());
        assert!(!flow::report_invalid(&weir.app, OFFICIAL, Kind::JsapiTicket, ticket.version).await.unwrap());
        assert_eq!(flow::ticket(&weir.app, OFFICIAL).await.unwrap().version, 2);
        assert_eq!(flow::token(&weir.app, OFFICIAL).await.unwrap(), token);
        assert_eq!(weir.done(&format!("app:{OFFICIAL}"), "app_token.invalid").await, 1);
    }

    async fn the_token_before_serves_its_last_minutes_when_the_next_is_refused(engine) {
        let Some(weir) = TestWeir::start_with(engine, |setup| setup.wechat_tries = 1).await else { return };
        let first = flow::token(&weir.app, OFFICIAL).await.unwrap();
        weir.clock.advance(LIFE - Duration::from_secs(200));
        flow::token(&weir.app, OFFICIAL).await.unwrap();
        while version(&weir, Kind::AccessToken).await < 2 {}
        while flow::token(&weir.app, OFFICIAL).await.unwrap().version < 2 {}
        weir.fault(&json!({ "path": STABLE_TOKEN, "kind": "errcode", "errcode": 40164 })).await;
        flow::report_invalid(&weir.app, OFFICIAL, Kind::AccessToken, 2).await.unwrap();
        let refused = flow::token(&weir.app, OFFICIAL).await;
        assert!(refused.is_err_and(|failure| failure.code == Code::WeChatRefused));
        let served = flow::token(&weir.app, OFFICIAL).await.unwrap();
        assert_eq!((served.version, served.token.expose()), (1, first.token.expose()));
        weir.clock.advance(Duration::from_secs(200));
        assert!(flow::token(&weir.app, OFFICIAL).await.is_err(), "WeChat takes it no more");
        weir.no_faults().await;
        weir.clock.advance(Duration::from_secs(10));
        assert_eq!(flow::token(&weir.app, OFFICIAL).await.unwrap().version, 3);
    }

    async fn the_table_holds_the_ticket_sealed(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let ticket = flow::ticket(&weir.app, OFFICIAL).await.unwrap();
        assert!(!format!("{ticket:?}").contains(ticket.token.expose()));
        for row in weir.rows("SELECT * FROM app_tokens").await {
            assert!(row.iter().all(|cell| !cell.contains(ticket.token.expose())), "{row:?}");
        }
    }
}
