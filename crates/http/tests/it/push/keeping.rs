//! What is kept of pushes, how often each has its effect, and what the ledger tells of it.

use std::time::Duration;

use serde_json::{Value, json};
use weir_core::{apikey::Scope, push};
use weir_testkit::{LONG, MINI, ONCE, scenes::together};

use super::{Mode, Raw, TOKEN, encrypt, push as pushed, raw, start, states, text_message, worked};
use crate::messages::{faults::abandoned, queue_long, subscribes, until_done};

const DUPLICATES: usize = 10_000;
const AT_ONCE: usize = 32;

weir_testkit::engines! {
    async fn ten_thousand_of_one_push_are_one_row_and_one_effect(engine) {
        let Some(weir) = start(engine, Mode::Safe, "json").await else { return };
        let event = json!({ "ToUserName": "gh_1", "FromUserName": "o-alice", "CreateTime": 1_795_161_600, "MsgType": "event",
            "Event": "subscribe_msg_popup_event", "List": { "TemplateId": ONCE, "SubscribeStatusString": "accept", "PopupScene": "0" } });
        let (sealed, timestamp) = (encrypt(&event.to_string(), MINI), weir.clock.now().seconds());
        let refused = together((0..AT_ONCE).map(|sender| {
            let (client, sealed) = (weir.client.clone(), sealed.clone());
            async move {
                let mut refused = 0;
                for number in (sender..DUPLICATES).step_by(AT_ONCE) {
                    let raw = Raw { timestamp, nonce: &number.to_string(), token: TOKEN };
                    refused += usize::from(raw.sealed(&client, &sealed, json!({})).await.text != "success");
                }
                refused
            }
        }));
        assert_eq!(refused.await.iter().sum::<usize>(), 0);
        worked(&weir).await;
        assert_eq!(weir.rows("SELECT times, state FROM pushes").await, [[DUPLICATES.to_string(), "worked".to_owned()]]);
        assert_eq!(weir.rows("SELECT remaining FROM credits").await, [["1"]]);
        assert_eq!(weir.number("SELECT COUNT(*) FROM credit_entries").await, 1);
        assert_eq!(weir.number("SELECT COUNT(*) FROM jobs").await, 0);
    }

    async fn what_was_worked_on_is_kept_for_a_time_and_what_was_not_until_it_is(engine) {
        let Some(weir) = start(engine, Mode::Safe, "json").await else { return };
        for number in [1, 2] {
            let sealed = encrypt(&text_message("o-alice", number), MINI);
            assert_eq!(raw(&weir).sealed(&weir.client, &sealed, json!({})).await.text, "success");
        }
        worked(&weir).await;
        let first = weir.rows("SELECT id FROM pushes").await.remove(0).remove(0);
        weir.rows(&format!("UPDATE pushes SET state = 'stored' WHERE id = '{first}' RETURNING id")).await;
        weir.clock.advance(weir.app.settings.push.keep.0);
        assert_eq!(push::flow::sweep(&weir.app).await.unwrap(), 0, "not a moment too early");
        weir.clock.advance(Duration::from_millis(1));
        assert_eq!(push::flow::sweep(&weir.app).await.unwrap(), 1);
        assert_eq!(weir.rows("SELECT id FROM pushes").await, [[first]]);
    }

    async fn an_erased_push_is_not_worked_on_again(engine) {
        let Some(weir) = start(engine, Mode::Safe, "json").await else { return };
        let openid = weir.openid("alice", MINI).await;
        assert!(pushed(&weir, "alice", json!({ "Event": "CLICK", "EventKey": "private" })).await);
        worked(&weir).await;
        weir.clock.advance(Duration::from_secs(1));
        let left = json!({ "FromUserName": "o-wechat", "Event": "user_authorization_cancellation", "OpenID": openid, "AppID": MINI });
        assert!(pushed(&weir, "alice", left).await);
        worked(&weir).await;
        let admin = weir.client.with_bearer(weir.api_key(&[Scope::Admin, Scope::CrmRead]).await);
        let listed = admin.get("/api/pushes").await.json;
        assert_eq!(listed["items"].as_array().unwrap().len(), 2);
        for item in listed["items"].as_array().unwrap() {
            let id = item["id"].as_str().unwrap();
            assert_eq!(item["openid"], Value::Null, "{item}");
            assert!(admin.get(&format!("/api/pushes/{id}")).await.json["body"].is_null());
            assert_eq!(admin.post_empty(&format!("/api/pushes/{id}/replay")).await.status, 409);
        }
        assert_eq!(states(&weir).await, ["unknown", "worked"]);
    }

    async fn the_ledger_explains_a_subscription_from_the_prompt_to_the_phone(engine) {
        let Some(weir) = start(engine, Mode::Safe, "json").await else { return };
        let crm = weir.client.with_bearer(weir.api_key(&[Scope::CrmWrite, Scope::CrmRead]).await);
        let bob = weir.openid("bob", MINI).await;
        let answers = async |answer: &str| {
            let prompt = json!({ "appid": MINI, "user": "bob", "template_id": ONCE, "result": answer, "push": true });
            assert_eq!(weir.control("/_sim/subscribe", &prompt).await["push"]["accepted"], true);
            worked(&weir).await;
            weir.clock.advance(Duration::from_secs(1));
        };
        // The phone accepts: WeChat's event comes first, the mini-program tells of the same accept.
        answers("accept").await;
        let body = json!({ "advisorId": "ADV1", "openid": bob, "templateId": ONCE, "subscribed": true,
            "subscribeData": { "subscriptionStatus": "accept" } });
        let subscription = crm.post("/api/advisor/subscribe", &body).await.data()["_id"].as_str().unwrap().to_owned();
        weir.clock.advance(Duration::from_secs(1));
        let action = json!({ "customerId": "o-customer", "advisorId": "ADV1", "actionType": "view_resume", "actionData": {} });
        assert_eq!(crm.post("/api/customer/action", &action).await.data()["action"]["notified"], true);
        // The simulator pushes by itself that it arrived.
        while weir.number("SELECT COUNT(*) FROM messages WHERE state = 'delivered'").await == 0 {
            weir_base::clock::pause(Duration::from_millis(2)).await;
        }
        worked(&weir).await;
        weir.clock.advance(Duration::from_secs(1));
        // Nothing is left: the second action tells nobody.
        assert_eq!(crm.post("/api/customer/action", &action).await.data()["action"]["notified"], false);
        answers("accept").await;
        // They turn it off in WeChat.
        answers("withdraw").await;
        let ledger = crm.get(&format!("/api/advisor/subscriptions/{subscription}/ledger")).await;
        let message = weir.rows("SELECT id FROM messages").await.remove(0).remove(0);
        let told: Vec<String> = ledger.data()["items"].as_array().unwrap().iter().rev().map(|entry| {
            let of = if entry["messageId"] == message.as_str() { " message" } else { "" };
            let word = |field: &str| entry[field].as_str().unwrap().to_owned();
            format!("{} {} {} {}{of}", word("cause"), word("source"), entry["change"], entry["remaining"])
        }).collect();
        let explained = ["accept event 1 1", "accept client 0 1", "taken message -1 0 message", "sent message 0 0 message",
            "accept event 1 1", "cleared event -1 0"];
        let mut sorted = told.clone();
        // Taking and sending happen in one moment of the test's clock.
        sorted[2..4].sort_by(|a, b| b.cmp(a));
        assert_eq!(sorted, explained, "{told:?}");
        assert_eq!(ledger.data()["remaining"], 0);
    }

    async fn news_of_a_message_whose_sender_died_wait_until_that_is_known(engine) {
        let Some(weir) = start(engine, Mode::Safe, "json").await else { return };
        subscribes(&weir, "alice").await;
        let id = abandoned(&weir).await;
        let sent = json!({ "Event": "subscribe_msg_sent_event", "List": [{ "TemplateId": LONG, "MsgID": "77", "ErrorCode": "0", "ErrorStatus": "success" }] });
        assert!(pushed(&weir, "alice", sent).await);
        let of_pushes = "SELECT COALESCE(MAX(runs), 0) FROM jobs WHERE kind = 'work_push' AND lease IS NULL";
        let mut runs = 0;
        for wait in [2, 4, 8, 16, 31] {
            runs += 1;
            crate::messages::until(&weir, of_pushes, runs).await;
            assert_eq!(crate::messages::state(&weir, &id).await, "sending/");
            weir.wait_for_sleepers(1).await;
            weir.clock.advance(Duration::from_secs(wait));
        }
        weir.app.jobs.nudge();
        crate::messages::until_state(&weir, "uncertain", 1).await;
        weir.clock.advance(Duration::from_secs(32));
        until_done(&weir).await;
        assert_eq!(crate::messages::state(&weir, &id).await, "delivered/");
        assert_eq!(weir.rows("SELECT msgid FROM messages").await, [["77"]]);
        assert_eq!(states(&weir).await, ["worked"]);
    }

    async fn news_of_a_message_that_is_not_ours_keep_nobody_waiting(engine) {
        let Some(weir) = start(engine, Mode::Safe, "json").await else { return };
        subscribes(&weir, "alice").await;
        queue_long(&weir, "alice", "hello").await;
        until_done(&weir).await;
        let sent = json!({ "Event": "subscribe_msg_sent_event", "List": [{ "TemplateId": LONG, "MsgID": "1", "ErrorCode": "0", "ErrorStatus": "success" }] });
        assert!(pushed(&weir, "bob", sent).await);
        worked(&weir).await;
        let told = "SELECT reason FROM pushes WHERE openid = (SELECT MAX(openid) FROM pushes WHERE reason IS NOT NULL)";
        assert_eq!(weir.rows(told).await, [["no such message"]]);
    }
}
