//! What is left of a customer who cancels their account.

use serde_json::json;
use weir_testkit::{LONG, ONCE, TestWeir};

use super::{ACTION, SUBSCRIBE, accepted, nothing_is_sent, service, told};
use crate::support::ME;

weir_testkit::engines! {
    async fn nothing_personal_is_left_of_a_customer_in_any_table(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let service = service(&weir).await;
        nothing_is_sent(&weir).await;
        service.post(SUBSCRIBE, &accepted("the-advisor", LONG)).await.data();
        let alice = weir.person("alice").signed_in().await;
        let openid = weir.simulator.openid("mini", "alice").unwrap();
        let once = alice.with_header("idempotency-key", "once");
        let mut body = told(&openid, "138 1234 5678");
        body["customerName"] = "独特的名字".into();
        body["actionData"] = json!({ "note": "独特的行为" });
        body["customerInfo"] = json!({ "note": "独特的资料" });
        body["resumeId"] = "独特的简历".into();
        let lead = once.post(ACTION, &body).await.data()["customerId"].clone();
        // She is somebody's advisor as well.
        alice.post(SUBSCRIBE, &accepted(&openid, ONCE)).await.data();
        let personal =
            [&*openid, "独特的名字", "独特的行为", "独特的资料", "独特的简历", "13812345678", "138 1234 5678"];
        let before = format!("{:?}", weir.database.dump().await);
        for known in &personal[..6] {
            assert!(before.contains(known), "{known} was never there");
        }

        alice.delete(ME).await.data();
        let after = weir.database.dump().await;
        for gone in personal {
            assert!(!format!("{after:?}").contains(gone), "{gone} is still there: {after:#?}");
        }
        // That something was stays, and the advisor's own subscription.
        assert_eq!(weir.number("SELECT COUNT(*) FROM actions").await, 1);
        assert_eq!(weir.rows("SELECT id FROM leads").await, [[lead.as_str().unwrap()]]);
        assert_eq!(weir.rows("SELECT openid FROM subscriptions").await, [["the-advisor"]]);
        assert_eq!(weir.rows("SELECT state, reason FROM messages").await, [["dead", "erased"]]);
        let shown = service.get(&format!("/api/leads/{}", lead.as_str().unwrap())).await;
        assert_eq!((&shown.data()["phone"], &shown.data()["name"]), (&json!(null), &json!("")));
    }

    async fn nobody_is_named_by_a_job_that_waits_to_tell_them_something(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let service = service(&weir).await;
        nothing_is_sent(&weir).await;
        let alice = weir.person("alice").signed_in().await;
        let openid = weir.simulator.openid("mini", "alice").unwrap();
        alice.post(SUBSCRIBE, &accepted(&openid, LONG)).await.data();
        service.post(ACTION, &told("a-customer", "13812345678")).await.data();
        assert_eq!(weir.rows("SELECT lane FROM jobs").await.len(), 1);
        alice.delete(ME).await.data();
        assert_eq!(weir.number("SELECT COUNT(*) FROM jobs").await, 0);
        let after = format!("{:?}", weir.database.dump().await);
        assert!(!after.contains(&openid), "{openid} is still there: {after}");
        assert_eq!(weir.rows("SELECT state, reason FROM messages").await, [["dead", "erased"]]);
    }

    async fn an_erased_number_may_make_a_lead_again(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let service = service(&weir).await;
        let alice = weir.person("alice").signed_in().await;
        let openid = weir.simulator.openid("mini", "alice").unwrap();
        let first = alice.post(ACTION, &told(&openid, "13812345678")).await;
        alice.delete(ME).await.data();
        let second = service.post(ACTION, &told("somebody-else", "13812345678")).await;
        assert_eq!(second.data()["customerCreated"], true);
        assert_ne!(first.data()["customerId"], second.data()["customerId"]);
        assert_eq!(weir.number("SELECT COUNT(*) FROM leads").await, 2);
    }
}
