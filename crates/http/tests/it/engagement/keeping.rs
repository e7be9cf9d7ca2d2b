//! How long messages, actions and ledgers are kept.

use std::time::Duration;

use serde_json::json;
use weir_base::settings::Span;
use weir_core::engagement::sweep::sweep;
use weir_testkit::{ONCE, TestWeir};

use super::{ACTION, PHONE, SUBSCRIBE, accepted, action, service, told};
use crate::messages::{accepts_untold, openid, until};

const DAY: Duration = Duration::from_secs(86_400);
const KEEP: Duration = Duration::from_secs(3 * 86_400);

async fn start(engine: weir_testkit::Engine) -> Option<TestWeir> {
    TestWeir::start_with(engine, |setup| setup.core.engagement.keep = Span(KEEP)).await
}

async fn counts(weir: &TestWeir) -> Vec<i64> {
    let mut counts = Vec::new();
    for table in ["messages", "attempts", "actions", "credit_entries", "leads", "credits"] {
        counts.push(weir.number(&format!("SELECT COUNT(*) FROM {table}")).await);
    }
    counts
}

weir_testkit::engines! {
    async fn what_is_over_goes_in_pieces_and_what_lives_stays(engine) {
        let Some(weir) = start(engine).await else { return };
        let (crm, bob) = (service(&weir).await, openid(&weir, "bob").await);
        for _ in 0..2 {
            accepts_untold(&weir, "bob").await;
            crm.post(SUBSCRIBE, &accepted(&bob, ONCE)).await.data();
        }
        crm.post(ACTION, &told("o-customer", PHONE)).await.data();
        until(&weir, "SELECT COUNT(*) FROM messages WHERE state = 'sent'", 1).await;
        // More than a piece of them.
        for number in 0..520 {
            crm.post(ACTION, &json!({ "customerId": format!("o-{number}"), "advisorId": "adv-2", "actionType": "x", "actionData": {} })).await.data();
        }
        weir.clock.advance(DAY);
        crm.post(ACTION, &action("o-later")).await.data();
        until(&weir, "SELECT COUNT(*) FROM messages WHERE state = 'sent'", 2).await;
        let before = counts(&weir).await;
        assert_eq!(before, [2, 2, 522, 6, 1, 1]);

        weir.clock.advance(KEEP - DAY);
        sweep(&weir.app).await.unwrap();
        assert_eq!(counts(&weir).await, before, "as old as it may become");
        // A message of then that still waits is not over, nor is its action.
        let first = weir.rows("SELECT MIN(id) FROM messages").await.remove(0).remove(0);
        weir.rows(&format!("UPDATE messages SET state = 'queued' WHERE id = '{first}' RETURNING id")).await;
        weir.clock.advance(Duration::from_millis(1));
        sweep(&weir.app).await.unwrap();
        until(&weir, "SELECT COUNT(*) FROM actions", 2).await;
        assert_eq!(counts(&weir).await[..3], [2, 2, 2]);
        weir.rows(&format!("UPDATE messages SET state = 'dead' WHERE id = '{first}' RETURNING id")).await;
        weir.clock.advance(Duration::from_millis(1));
        sweep(&weir.app).await.unwrap();
        until(&weir, "SELECT COUNT(*) FROM actions", 1).await;
        until(&weir, "SELECT COUNT(*) FROM attempts", 1).await;
        until(&weir, "SELECT COUNT(*) FROM credit_entries", 2).await;
        assert_eq!(counts(&weir).await, [1, 1, 1, 2, 1, 1], "the lead and what remains stay");
    }

    async fn a_ledger_still_says_what_remains_and_why(engine) {
        let Some(weir) = start(engine).await else { return };
        let (crm, bob) = (service(&weir).await, openid(&weir, "bob").await);
        for _ in 0..3 {
            weir.clock.advance(Duration::from_secs(1200));
            crm.post(SUBSCRIBE, &accepted(&bob, ONCE)).await.data();
        }
        let id = weir.rows("SELECT id FROM subscriptions").await.remove(0).remove(0);
        let ledger = format!("/api/advisor/subscriptions/{id}/ledger");
        weir.clock.advance(KEEP * 2);
        sweep(&weir.app).await.unwrap();
        until(&weir, "SELECT COUNT(*) FROM credit_entries", 1).await;
        let told = crm.get(&ledger).await.data().clone();
        assert_eq!(told["remaining"], 3, "{told}");
        let entries = told["items"].as_array().unwrap();
        assert_eq!((entries.len(), &entries[0]["remaining"]), (1, &json!(3)), "{told}");
        // The next entries go on from there, and then the old one may go.
        crm.post(SUBSCRIBE, &accepted(&bob, ONCE)).await.data();
        weir.clock.advance(Duration::from_secs(1));
        sweep(&weir.app).await.unwrap();
        until(&weir, "SELECT COUNT(*) FROM credit_entries", 1).await;
        let told = crm.get(&ledger).await.data().clone();
        assert_eq!((&told["remaining"], &told["items"][0]["change"], &told["items"][0]["remaining"]), (&json!(4), &json!(1), &json!(4)));
    }

    async fn keeping_for_no_time_means_for_ever(engine) {
        let Some(weir) = TestWeir::start_with(engine, |setup| setup.core.engagement.keep = Span::seconds(0)).await else { return };
        service(&weir).await.post(ACTION, &told("o-customer", PHONE)).await.data();
        weir.clock.advance(DAY * 3650);
        assert_eq!(sweep(&weir.app).await.unwrap(), 0);
        assert_eq!(counts(&weir).await[2..], [1, 0, 1, 0]);
    }

    async fn many_sweeps_at_once_take_each_row_once(engine) {
        let Some(weir) = start(engine).await else { return };
        let (crm, bob) = (service(&weir).await, openid(&weir, "bob").await);
        for _ in 0..20 {
            weir.clock.advance(Duration::from_secs(1200));
            crm.post(SUBSCRIBE, &accepted(&bob, ONCE)).await.data();
        }
        weir.clock.advance(KEEP * 2);
        let (app, more) = (&weir.app, accepted(&bob, ONCE));
        let sweeps = (0..50).map(async |_| sweep(app).await.unwrap());
        let (_, answer) = tokio::join!(futures_util::future::join_all(sweeps), crm.post(SUBSCRIBE, &more));
        answer.data();
        sweep(app).await.unwrap();
        until(&weir, "SELECT COUNT(*) FROM credit_entries", 1).await;
        assert_eq!(weir.number("SELECT remaining FROM credits").await, 21);
        assert_eq!(weir.number("SELECT remaining FROM credit_entries").await, 21);
    }
}
