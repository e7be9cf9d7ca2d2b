//! Many at once.

use serde_json::json;
use weir_testkit::{ONCE, TestWeir, scenes::together, weir::Setup};

use super::{ACTION, PHONE, SUBSCRIBE, accepted, action, nothing_is_sent, service, told};

fn without_limits(setup: &mut Setup) {
    setup.core.sandbox = true;
}

weir_testkit::engines! {
    async fn one_phone_number_told_five_hundred_times_at_once_makes_one_lead(engine) {
        let Some(mut weir) = TestWeir::start_with(engine, without_limits).await else { return };
        let service = service(&weir).await;
        let (_, other) = weir.replica().await;
        let other = other.with_bearer(weir.api_key(&[weir_core::apikey::Scope::CrmWrite]).await);
        let tries = (0..500).map(|number| {
            let client = if number % 2 == 0 { service.clone() } else { other.clone() };
            async move { client.post(ACTION, &told(&format!("customer-{number}"), PHONE)).await }
        });
        let answers = together(tries).await;
        let made = answers.iter().filter(|answer| answer.data()["customerCreated"] == true).count();
        assert_eq!(made, 1);
        assert!(answers.iter().all(|answer| answer.data()["customerId"] == answers[0].data()["customerId"]));
        assert_eq!(weir.number("SELECT COUNT(*) FROM leads").await, 1);
        assert_eq!(weir.number("SELECT COUNT(*) FROM actions").await, 500);
        assert_eq!(weir.number("SELECT COUNT(DISTINCT lead_id) FROM actions").await, 1);
    }

    async fn one_credit_and_a_hundred_actions_at_once_make_one_message(engine) {
        let Some(weir) = TestWeir::start_with(engine, without_limits).await else { return };
        let service = service(&weir).await;
        nothing_is_sent(&weir).await;
        service.post(SUBSCRIBE, &accepted("bob", ONCE)).await.data();
        let tries = (0..100).map(|number| {
            let service = service.clone();
            async move { service.post(ACTION, &action(&format!("customer-{number}"))).await }
        });
        let answers = together(tries).await;
        let notified = answers.iter().filter(|answer| answer.data()["action"]["notified"] == true).count();
        assert_eq!(notified, 1);
        assert_eq!(weir.number("SELECT COUNT(*) FROM messages").await, 1);
        assert_eq!(weir.number("SELECT COUNT(*) FROM actions WHERE notified").await, 1);
        assert_eq!(weir.number("SELECT COUNT(*) FROM credit_entries WHERE cause = 'taken'").await, 1);
    }

    async fn one_idempotency_key_fifty_times_at_once_is_one_action(engine) {
        let Some(weir) = TestWeir::start_with(engine, without_limits).await else { return };
        let service = service(&weir).await.with_header("idempotency-key", "once");
        let tries = (0..50).map(|_| {
            let service = service.clone();
            async move { service.post(ACTION, &told("somebody", PHONE)).await }
        });
        let answers = together(tries).await;
        assert!(answers.iter().all(|answer| answer.json == answers[0].json));
        assert_eq!(answers[0].data()["customerCreated"], true);
        assert_eq!(weir.number("SELECT COUNT(*) FROM actions").await, 1);
        let other = service.post(ACTION, &told("somebody", "13900139000")).await;
        assert!(other.refused(422).starts_with("记录客户行为失败"));
        // A day later it is forgotten.
        weir.clock.advance(std::time::Duration::from_secs(86_401));
        let later = service.post(ACTION, &told("somebody", PHONE)).await;
        assert_eq!(later.data()["customerCreated"], false);
        assert_eq!(weir.number("SELECT COUNT(*) FROM actions").await, 2);
    }

    async fn one_subscription_told_fifty_times_at_once_counts_once_with_a_key(engine) {
        let Some(weir) = TestWeir::start_with(engine, without_limits).await else { return };
        let service = service(&weir).await;
        let once = service.with_header("idempotency-key", "once");
        let tries = (0..50).map(|_| {
            let once = once.clone();
            async move { once.post(SUBSCRIBE, &accepted("bob", ONCE)).await }
        });
        let answers = together(tries).await;
        assert!(answers.iter().all(|answer| answer.json == answers[0].json));
        assert_eq!(weir.number("SELECT remaining FROM credits").await, 1);
        // The same answer, whatever has become of it since.
        let mut off = accepted("bob", ONCE);
        off["subscribed"] = json!(false);
        service.post(SUBSCRIBE, &off).await.data();
        let again = once.post(SUBSCRIBE, &accepted("bob", ONCE)).await;
        assert_eq!(again.data(), answers[0].data());
        assert_eq!(weir.number("SELECT COUNT(*) FROM subscriptions WHERE subscribed").await, 0);
    }

    async fn one_subscription_told_fifty_times_at_once_is_one_row(engine) {
        let Some(weir) = TestWeir::start_with(engine, without_limits).await else { return };
        let service = service(&weir).await;
        let tries = (0..50).map(|_| {
            let service = service.clone();
            async move { service.post(SUBSCRIBE, &accepted("bob", ONCE)).await }
        });
        let answers = together(tries).await;
        assert!(answers.iter().all(|answer| answer.data()["_id"] == answers[0].data()["_id"]));
        assert_eq!(weir.number("SELECT COUNT(*) FROM subscriptions").await, 1);
        assert_eq!(weir.number("SELECT remaining FROM credits").await, 50);
    }
}
