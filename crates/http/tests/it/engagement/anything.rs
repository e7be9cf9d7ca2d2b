//! Whatever stands in a body: it is taken or refused in the family's envelope, never an error of ours, and what is refused
//! has changed nothing.

use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{RngAlgorithm, TestRng, TestRunner},
};
use reqwest::Method;
use serde_json::{Value, json};
use weir_core::apikey::Scope;
use weir_testkit::{Answer, Client, LONG, ONCE, TestWeir};

use super::{ACTION, PHONE, SUBSCRIBE, accepted, nothing_is_sent, told};
use crate::support::changing_nothing;

const SEND: &str = "/api/message/send";
const OPENID: &str = "/api/wechat/openid";
/// Bodies for each engine.
const TRIES: usize = 300;

/// Any JSON, and some that is large or deep.
fn any_value() -> BoxedStrategy<Value> {
    let text = prop_oneof![4 => "[!-~]{1,40}", 2 => any::<String>(), 1 => "[ -~]{0,200}", 1 => Just("x".repeat(70_000)), 1 => Just("很".repeat(2000))];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text.clone().prop_map(Value::from),
    ];
    let nested = leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map("[a-z]{0,8}", inner, 0..6).prop_map(|map| json!(map)),
        ]
    });
    let deep = Just((0..200).fold(Value::Null, |inner, _| json!([inner])));
    prop_oneof![4 => text.prop_map(Value::from), 8 => nested, 1 => deep].boxed()
}

/// An endpoint, and a body that is good but for one or two fields.
fn any_request() -> impl Strategy<Value = (&'static str, Value)> {
    let value = |text: &str| json!({ "value": text });
    let message = json!({ "touser": "o-somebody", "template_id": LONG, "page": "pages/index", "miniprogram_state": "formal",
        "lang": "zh_CN", "data": { "thing1": value("1"), "time2": value("2026-11-20 16:00:00") } });
    let mut action = told("o-customer", PHONE);
    for (field, text) in [("customerName", "名字"), ("resumeId", "r1"), ("timestamp", "2026-11-20T07:00:00Z")]
    {
        action[field] = text.into();
    }
    action["customerInfo"] = json!({});
    let mut requests = vec![
        (ACTION, action),
        (SUBSCRIBE, accepted("o-bob", ONCE)),
        (SEND, message),
        (OPENID, json!({ "code": "none" })),
    ];
    for (_, body) in &mut requests {
        body["appid"] = Value::Null;
        body["unknown"] = Value::Null;
    }
    let changes = prop::collection::vec((any::<prop::sample::Index>(), any_value()), 1..3);
    (prop::sample::select(requests), changes).prop_map(|((path, mut body), changes)| {
        for (at, value) in changes {
            let fields: Vec<String> = body.as_object().unwrap().keys().cloned().collect();
            body[at.get(&fields)] = value;
        }
        (path, body)
    })
}

async fn ask(service: &Client, path: &str, body: &Value) -> Answer {
    service.with_header("prefer", "respond-async").post(path, body).await
}

#[track_caller]
fn assert_in_envelope(path: &str, body: &Value, answer: &Answer) {
    let shown = body.to_string();
    let about = format!("{path} {:.300}: {:.300}", shown, answer.text);
    let good = answer.status < 300;
    // A code that WeChat does not know is refused by it.
    let refused = [400, 413, 422].contains(&answer.status) || path == OPENID && answer.status == 401;
    assert!(good || refused, "{}: {about}", answer.status);
    assert_eq!(answer.json["success"], good, "{about}");
    if !good {
        assert!(answer.json["error"]["code"].is_string() && answer.json["timestamp"].is_i64(), "{about}");
    }
    if answer.status == 400 && path != OPENID {
        assert!(answer.json["error"]["details"]["field"].is_string(), "{about}");
    }
}

weir_testkit::engines! {
    async fn any_json_in_any_field_is_taken_or_refused_and_never_our_fault(engine) {
        let free = |setup: &mut weir_testkit::weir::Setup| setup.core.limits.enabled = false;
        let Some(weir) = TestWeir::start_with(engine, free).await else { return };
        nothing_is_sent(&weir).await;
        let scopes = [Scope::CrmWrite, Scope::CrmRead, Scope::MessagesSend];
        let service = weir.client.with_bearer(weir.api_key(&scopes).await);
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
        let mut runner = TestRunner::new_with_rng(ProptestConfig::default(), rng);
        let requests = any_request();
        let (mut refused, mut taken) = (Vec::new(), 0);
        for _ in 0..TRIES {
            let (path, body) = requests.new_tree(&mut runner).unwrap().current();
            let answer = ask(&service, path, &body).await;
            assert_in_envelope(path, &body, &answer);
            if answer.status < 300 { taken += 1 } else { refused.push((path, body)) }
        }
        assert!(taken > TRIES / 10 && refused.len() > TRIES / 4, "{taken} of {TRIES} taken");
        changing_nothing(&weir, async {
            for (path, body) in &refused {
                assert_in_envelope(path, body, &ask(&service, path, body).await);
            }
        })
        .await;
        // What was taken can be read.
        for list in ["/api/customer/actions?limit=200", "/api/leads?limit=200", "/api/messages?limit=200", "/api/advisor/subscriptions?limit=200"] {
            service.get(list).await.data();
        }
    }

    async fn bytes_that_are_no_body_are_refused(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let scopes = [Scope::CrmWrite, Scope::MessagesSend];
        let service = weir.client.with_bearer(weir.api_key(&scopes).await);
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        let huge = format!("{{\"customerId\":\"{}\"}}", "x".repeat(1 << 20));
        changing_nothing(&weir, async {
            for path in [ACTION, SUBSCRIBE, SEND, OPENID] {
                for (body, kind, status) in [
                    ("", "application/json", 400),
                    ("null", "application/json", 400),
                    ("[]", "application/json", 400),
                    ("{\"customerId\":", "application/json", 400),
                    ("{\"a\":1e999}", "application/json", 400),
                    ("{\"touser\":\"\\ud800\"}", "application/json", 400),
                    (&deep, "application/json", 400),
                    (&huge, "application/json", 413),
                    ("customerId=1", "application/x-www-form-urlencoded", 415),
                ] {
                    let answer = service.send(Method::POST, path, Some((body.to_owned(), kind))).await;
                    assert_eq!(answer.status, status, "{path} {body:.40}: {}", answer.text);
                    assert_eq!(answer.json["success"], false, "{path} {body:.40}");
                }
            }
        })
        .await;
    }

    async fn an_action_with_an_advisor_whom_nobody_knows_is_kept_and_tells_nobody(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let service = super::service(&weir).await;
        service.post(SUBSCRIBE, &accepted("o-advisor", LONG)).await.data();
        let mut body = told("o-customer", PHONE);
        body["advisorId"] = "adv-1 ".into();
        for unknown in ["adv-1 ", "ADV-1", "adv_1", "%", "'; --"] {
            body["advisorId"] = unknown.into();
            let recorded = service.post(ACTION, &body).await;
            assert_eq!(recorded.data()["action"]["notified"], false, "{unknown}");
            assert_eq!(recorded.data()["action"]["advisorId"], unknown);
        }
        assert_eq!(weir.number("SELECT COUNT(*) FROM messages").await, 0);
        assert_eq!(weir.number("SELECT COUNT(*) FROM actions").await, 5);
    }
}
