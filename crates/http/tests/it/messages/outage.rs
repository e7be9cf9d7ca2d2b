//! An hour in which WeChat does one thing wrong, whatever it is: every action that was acknowledged is there, every message
//! came once or is told to be uncertain, and the queue shows what it waits for meanwhile.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};
use weir_base::clock::pause;
use weir_core::apikey::Scope;
use weir_testkit::{Client, MINI, ONCE, TestWeir, weir::Setup};

use super::{SEND, inbox, openid, until_rest};

const ADVISORS: [&str; 3] = ["alice", "bob", "carol"];
/// Accepts of each advisor.
const ACCEPTS: usize = 4;

fn fault(kind: &str) -> Value {
    json!({ "path": SEND, "kind": kind, "probability": 1.0 })
}

fn with(kind: &str, field: &str, value: Value) -> Value {
    let mut fault = fault(kind);
    fault[field] = value;
    fault
}

/// What the queue shows of the waiting messages: why, since which error, and when they are tried next.
async fn shown(service: &Client) -> Vec<(String, Value, bool)> {
    let listed = service.get("/api/messages?state=queued").await;
    let of = |item: &Value| {
        (item["waitsFor"].as_str().unwrap().to_owned(), item["errcode"].clone(), item["dueAt"].is_string())
    };
    listed.data()["items"].as_array().unwrap().iter().map(of).collect()
}

/// Actions and their messages: one message for each, as long as there are accepts.
async fn act(weir: &TestWeir, service: &Client) -> BTreeMap<String, String> {
    let mut told = BTreeMap::new();
    for name in ADVISORS {
        let openid = openid(weir, name).await;
        for number in 0..ACCEPTS {
            let prompt = json!({ "template_id": ONCE, "result": "accept" });
            weir.person(name).control("/_sim/subscribe", prompt).await;
            let subscription = json!({ "advisorId": name, "openid": openid, "templateId": ONCE, "subscribed": true,
                "subscribeData": { "subscriptionStatus": "accept" } });
            service.post("/api/advisor/subscribe", &subscription).await.data();
            let text = format!("{name}{number}");
            let action = json!({ "customerId": format!("o-{text}"), "advisorId": name, "actionType": "view_resume",
                "actionData": {}, "customerName": text });
            let recorded = service.post("/api/customer/action", &action).await;
            assert_eq!(recorded.data()["action"]["notified"], true);
            told.insert(recorded.data()["actionId"].as_str().unwrap().to_owned(), text);
            weir.clock.advance(Duration::from_millis(1));
        }
    }
    told
}

/// How often each text came.
async fn came(weir: &TestWeir) -> BTreeMap<String, usize> {
    let mut came = BTreeMap::new();
    for name in ADVISORS {
        let inbox = weir.wechat.get(&format!("/_sim/inbox?user={name}")).await;
        for message in inbox.json["messages"].as_array().unwrap() {
            *came.entry(message["data"]["thing7"]["value"].as_str().unwrap().to_owned()).or_insert(0) += 1;
        }
    }
    came
}

/// One outage from the first action to the last message. `waits` is what a waiting message may wait for; `loses` whether
/// answers get lost, so that messages end uncertain.
async fn outage(weir: &TestWeir, fault: &Value, waits: &[&str], loses: bool) {
    let service =
        weir.client.with_bearer(weir.api_key(&[Scope::CrmWrite, Scope::CrmRead, Scope::MessagesSend]).await);
    weir.fault(fault).await;
    let told = act(weir, &service).await;
    let held = fault["kind"] == "timeout";
    for _ in 0..30 {
        // A call that is held ends by the clock alone; no other is passed by it.
        if held {
            tokio::select! {
                () = weir.wait_for_sleepers(1) => {}
                // Perhaps nothing is left.
                () = pause(Duration::from_millis(20)) => {}
            }
        } else {
            until_rest(weir).await;
        }
        for (why, errcode, has_time) in shown(&service).await {
            assert!(
                has_time && (waits.contains(&why.as_str()) || why == "its_turn"),
                "{fault}: waits for {why}"
            );
            let code = &fault["errcode"];
            assert!(errcode.is_null() || code.is_null() || errcode == *code, "{fault}: {errcode}");
        }
        weir.clock.advance(Duration::from_secs(120));
        if weir.number("SELECT COUNT(*) FROM jobs").await == 0 {
            break;
        }
    }
    weir.no_faults().await;
    while weir.number("SELECT COUNT(*) FROM jobs").await > 0 {
        pause(Duration::from_millis(2)).await;
        if weir.number("SELECT COUNT(*) FROM jobs WHERE lease IS NOT NULL").await == 0 {
            until_rest(weir).await;
            weir.clock.advance(Duration::from_secs(300));
        } else if held {
            weir.clock.advance(Duration::from_secs(5));
        }
    }
    let actions = weir.rows("SELECT id FROM actions WHERE notified").await;
    assert_eq!(actions.len(), told.len(), "{fault}");
    assert!(actions.iter().all(|row| told.contains_key(&row[0])), "{fault}");
    let (came, mut uncertain) = (came(weir).await, 0);
    let messages = weir.rows("SELECT action_id, state FROM messages").await;
    assert_eq!(messages.len(), told.len(), "{fault}");
    for row in messages {
        let times = came.get(&told[&row[0]]).copied().unwrap_or(0);
        match row[1].as_str() {
            "sent" => assert_eq!(times, 1, "{fault}: {row:?}"),
            "uncertain" => uncertain += 1,
            _ => panic!("{fault}: {row:?}"),
        }
        assert!(times <= 1, "{fault}: {row:?} came {times} times");
    }
    assert_eq!(uncertain > 0, loses, "{fault}: {uncertain} uncertain");
    let sums = "SELECT COUNT(*) FROM credits c WHERE remaining <> (SELECT SUM(e.change) FROM credit_entries e
        WHERE e.appid = c.appid AND e.openid = c.openid AND e.template_id = c.template_id)";
    assert_eq!(weir.number(sums).await, 0);
    assert_eq!(weir.number("SELECT SUM(remaining) FROM credits").await, 0, "{fault}");
    for name in ADVISORS {
        assert!(inbox(weir, name).await.len() <= ACCEPTS);
    }
    assert!(weir.calls(SEND).await < 400, "{fault}: WeChat is left in peace while it is not well");
}

fn once(setup: &mut Setup) {
    setup.wechat_tries = 1;
    setup.core.engagement.expires_after = "2d".parse().unwrap();
}

weir_testkit::engines! {
    async fn an_hour_of_refusals_that_pass_delays_and_loses_nothing(engine) {
        for (code, waits) in [(-1, "its_time"), (45009, "day_quota"), (45011, "slow_down"), (40001, "no_token"), (42001, "no_token")] {
            let Some(weir) = TestWeir::start_with(engine, once).await else { return };
            outage(&weir, &with("errcode", "errcode", json!(code)), &[waits, "its_time", "trouble"], false).await;
        }
    }

    async fn an_hour_of_ended_tokens_costs_nothing(engine) {
        let Some(weir) = TestWeir::start_with(engine, once).await else { return };
        outage(&weir, &fault("invalidate_tokens"), &["no_token", "its_time", "trouble"], false).await;
    }

    async fn an_hour_of_lost_answers_doubles_nothing(engine) {
        let mut faults: Vec<Value> =
            ["html", "truncated", "empty", "wrong_type"].map(|form| with("garbage", "form", json!(form))).into();
        faults.extend([fault("disconnect"), with("disconnect", "before", json!(true)), fault("timeout")]);
        faults.push(with("http_status", "status", json!(503)));
        for fault in faults {
            let Some(weir) = TestWeir::start_with(engine, once).await else { return };
            outage(&weir, &fault, &["its_time", "trouble"], true).await;
        }
    }

    async fn a_quota_that_ends_in_the_middle_of_the_queue_ends_at_midnight(engine) {
        let Some(weir) = TestWeir::start_with(engine, once).await else { return };
        let quota = json!({ "path": SEND, "kind": "quota", "limit": 5, "appid": MINI });
        outage(&weir, &quota, &["day_quota", "its_time"], false).await;
        assert!(weir.clock.now() >= weir_base::Timestamp::from_seconds(1_795_161_600 + 3600));
    }
}
