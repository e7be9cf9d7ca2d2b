//! Fields that are missing, of the wrong type, or too much.

use serde_json::{Value, json};
use weir_testkit::{Answer, ONCE, TestWeir};

use super::{ACTION, PHONE, SUBSCRIBE, accepted, action, service, told};
use crate::support::changing_nothing;

/// A refusal in family E's envelope that names the field.
#[track_caller]
fn assert_field(answer: &Answer, code: &str, words: &str, field: &str) {
    assert_eq!(answer.status, 400, "{field}: {}", answer.text);
    assert_eq!(answer.json["success"], false);
    assert_eq!(answer.json["timestamp"], 1_795_161_600_000_i64);
    assert!(answer.json["message"].as_str().unwrap().starts_with(words), "{}", answer.text);
    let error = &answer.json["error"];
    assert_eq!(
        (&error["code"], &error["details"]["field"]),
        (&json!(code), &json!(field)),
        "{}",
        answer.text
    );
}

fn with(mut body: Value, field: &str, value: Value) -> Value {
    match field.split_once('.') {
        Some((outer, inner)) => body[outer][inner] = value,
        None => body[field] = value,
    }
    body
}

weir_testkit::engines! {
    async fn every_field_of_an_action_is_checked(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let service = service(&weir).await;
        let long = |length: usize| Value::from("x".repeat(length));
        let mut wrong: Vec<(&str, Value)> = vec![
            ("customerName", long(101)),
            ("customerName", json!(7)),
            ("customerName", json!("a\0b")),
            ("customerPhone", long(65)),
            ("customerPhone", json!(13_800_138_000_i64)),
            ("resumeId", long(129)),
            ("resumeId", json!([])),
            ("actionType", long(65)),
            ("actionData", json!({ "much": "x".repeat(64 * 1024) })),
            ("customerInfo", json!({ "much": "x".repeat(64 * 1024) })),
            ("timestamp", json!("yesterday")),
            ("timestamp", json!(-1)),
            ("timestamp", json!(1.5)),
            ("timestamp", json!(true)),
            ("timestamp", json!(253_402_300_800_000_i64)),
            ("timestamp", json!(i64::MAX)),
            ("appid", json!("wx9999999999999999")),
            ("appid", json!(1)),
        ];
        for field in ["customerId", "advisorId"] {
            wrong.extend([(field, json!(7)), (field, json!("")), (field, json!(" ")), (field, long(129))]);
        }
        for field in ["customerId", "advisorId", "actionType", "actionData"] {
            wrong.push((field, Value::Null));
        }
        for value in [json!("text"), json!([]), json!(1)] {
            wrong.push(("actionData", value));
        }
        for (field, value) in wrong {
            let body = with(told("somebody", PHONE), field, value);
            let answer = changing_nothing(&weir, service.post(ACTION, &body)).await;
            assert_field(&answer, "RECORD_ACTION_FAILED", "记录客户行为失败", field);
        }
    }

    async fn every_field_of_a_subscription_is_checked(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let service = service(&weir).await;
        let mut wrong = vec![
            ("subscribed", Value::Null),
            ("subscribed", json!("true")),
            ("subscribed", json!(1)),
            ("subscribeData", json!("accept")),
            ("subscribeData.subscriptionStatus", json!("yes")),
            ("subscribeData.subscriptionStatus", json!(1)),
            ("appid", json!("wx9999999999999999")),
        ];
        for field in ["advisorId", "openid", "templateId"] {
            let long = Value::from("x".repeat(129));
            wrong.extend([Value::Null, json!(7), json!(""), json!("a\0b"), long].map(|value| (field, value)));
        }
        for (field, value) in wrong {
            let body = with(accepted("bob", ONCE), field, value);
            let answer = changing_nothing(&weir, service.post(SUBSCRIBE, &body)).await;
            assert_field(&answer, "SAVE_SUBSCRIBE_FAILED", "保存订阅状态失败", field);
        }
    }

    async fn an_idempotency_key_is_checked(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let service = service(&weir).await;
        for key in ["", "with blank", "é", &"x".repeat(256)] {
            let client = service.with_header("idempotency-key", key);
            let answer = changing_nothing(&weir, client.post(ACTION, &action("somebody"))).await;
            assert_field(&answer, "RECORD_ACTION_FAILED", "记录客户行为失败", "Idempotency-Key");
        }
    }

    async fn what_is_odd_but_can_be_kept_is_kept(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let service = service(&weir).await;
        let mut body = action("顾客 1");
        body["actionType"] = "分享了/✓".into();
        body["actionData"] = json!({ "深": { "a": [1, null, "\0", "'; DROP TABLE leads; --"] } });
        body["customerInfo"] = json!([1, 2]);
        body["customerPhone"] = "010-12345678".into();
        body["timestamp"] = "2026-11-20T07:00:00+00:00".into();
        body["unknown"] = json!({});
        let recorded = service.post(ACTION, &body).await;
        let listed = service.get("/api/customer/actions").await;
        let listed = &listed.data()["items"][0];
        for kept in [&recorded.data()["action"], listed] {
            for field in ["customerId", "actionType", "actionData", "customerPhone"] {
                assert_eq!(kept[field], body[field], "{field}");
            }
        }
        assert_eq!(weir.number("SELECT COUNT(*) FROM leads").await, 0);
    }
}
