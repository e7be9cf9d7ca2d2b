use std::time::Duration;

use serde_json::{Value, json};
use weir_core::apikey::Scope;
use weir_testkit::{MINI, ONCE, TestWeir};

use super::{Mode, push, start, states, worked};

const SUBSCRIBE: &str = "/api/advisor/subscribe";

fn popup(status: &str) -> Value {
    json!({ "Event": "subscribe_msg_popup_event", "List": [{ "TemplateId": ONCE, "SubscribeStatusString": status, "PopupScene": "0" }] })
}

async fn crm(weir: &TestWeir) -> weir_testkit::Client {
    weir.client.with_bearer(weir.api_key(&[Scope::CrmWrite, Scope::CrmRead, Scope::MessagesSend]).await)
}

async fn told(weir: &TestWeir) -> i64 {
    let body = json!({ "advisorId": "ADV1", "openid": weir.openid("bob", MINI).await, "templateId": ONCE, "subscribed": true,
        "subscribeData": { "subscriptionStatus": "accept" } });
    crm(weir).await.post(SUBSCRIBE, &body).await.data()["remaining"].as_i64().unwrap()
}

weir_testkit::engines! {
    async fn an_accept_of_wechats_is_a_credit_and_one_with_the_clients(engine) {
        let Some(weir) = start(engine, Mode::Safe, "json").await else { return };
        assert_eq!(told(&weir).await, 1);
        assert!(push(&weir, "bob", popup("accept")).await);
        worked(&weir).await;
        assert_eq!(weir.number("SELECT remaining FROM credits").await, 1);
        // A minute later they accept once more, and only WeChat tells.
        weir.clock.advance(Duration::from_secs(60));
        assert!(push(&weir, "bob", popup("accept")).await);
        assert!(push(&weir, "bob", popup("reject")).await);
        worked(&weir).await;
        assert_eq!(weir.number("SELECT remaining FROM credits").await, 2);
    }

    async fn what_was_worked_on_has_no_effect_again(engine) {
        let Some(weir) = start(engine, Mode::Safe, "json").await else { return };
        assert!(push(&weir, "bob", popup("accept")).await);
        worked(&weir).await;
        let admin = weir.client.with_bearer(weir.api_key(&[Scope::Admin]).await);
        let id = admin.get("/api/pushes?app=mini").await.json["items"][0]["id"].as_str().unwrap().to_owned();
        let replay = format!("/api/pushes/{id}/replay");
        assert_eq!(admin.post_empty(&replay).await.status, 409);
        assert_eq!(weir.number("SELECT remaining FROM credits").await, 1);
        assert_eq!(admin.get("/api/pushes?app=official").await.json["items"], json!([]));
        // One that cannot be opened any more is told so, and those behind it are worked on.
        weir.rows(&format!("UPDATE pushes SET body = 'v1.x.x', state = 'failed' WHERE id = '{id}' RETURNING id")).await;
        assert_eq!(admin.post_empty(&replay).await.status, 200);
        weir.clock.advance(Duration::from_secs(1));
        assert!(push(&weir, "bob", popup("accept")).await);
        worked(&weir).await;
        assert_eq!(states(&weir).await, ["failed", "worked"]);
        assert_eq!(weir.number("SELECT remaining FROM credits").await, 2);
    }

    async fn who_turns_a_template_off_gets_nothing_more(engine) {
        let Some(weir) = start(engine, Mode::Plain, "xml").await else { return };
        told(&weir).await;
        let change = json!({ "Event": "subscribe_msg_change_event", "SubscribeMsgChangeEvent": { "List": { "TemplateId": ONCE, "SubscribeStatusString": "reject" } } });
        assert!(push(&weir, "bob", change).await);
        worked(&weir).await;
        assert_eq!(weir.number("SELECT remaining FROM credits").await, 0);
        let subscription = &crm(&weir).await.get("/api/advisor/subscriptions").await.data()["items"][0].clone();
        assert_eq!(subscription["subscribed"], false);
        assert!(subscription["unsubscribeTime"].is_string() && subscription["remaining"] == 0, "{subscription}");
    }

    async fn a_message_is_told_to_have_arrived_or_not(engine) {
        let Some(weir) = start(engine, Mode::Safe, "json").await else { return };
        let crm = crm(&weir).await;
        weir.control("/_sim/subscribe", &json!({ "appid": MINI, "user": "bob", "template_id": ONCE, "result": "accept" })).await;
        let value = |text: &str| json!({ "value": text });
        let body = json!({ "touser": weir.openid("bob", MINI).await, "template_id": ONCE,
            "data": { "thing1": value("1"), "time2": value("2026-11-20 16:00:00"), "thing3": value("3"), "thing7": value("7") } });
        crm.post("/api/message/send", &body).await.data();
        // The simulator pushes by itself that it arrived.
        while crm.get("/api/messages?state=delivered").await.data()["items"].as_array().is_none_or(Vec::is_empty) {
            weir_base::clock::pause(Duration::from_millis(5)).await;
        }
        worked(&weir).await;
        assert_eq!(states(&weir).await, ["worked"]);
    }

    async fn news_of_a_message_that_is_not_ours_is_given_up_after_some_looks(engine) {
        let Some(weir) = start(engine, Mode::Safe, "json").await else { return };
        let sent = json!({ "Event": "subscribe_msg_sent_event", "List": { "TemplateId": ONCE, "MsgID": "1", "ErrorCode": "0", "ErrorStatus": "success" } });
        assert!(push(&weir, "bob", sent).await);
        while states(&weir).await == ["stored"] {
            weir.clock.advance(Duration::from_secs(2));
            weir_base::clock::pause(Duration::from_millis(5)).await;
        }
        assert_eq!(weir.rows("SELECT state, reason FROM pushes").await, [["worked", "no such message"]]);
    }

    async fn an_event_that_does_not_say_what_it_must_is_kept_and_harms_nothing(engine) {
        let Some(weir) = start(engine, Mode::Safe, "json").await else { return };
        assert!(push(&weir, "bob", json!({ "Event": "subscribe_msg_popup_event", "List": [{ "TemplateId": ONCE }] })).await);
        assert!(push(&weir, "bob", json!({ "Event": "user_authorization_revoke" })).await);
        worked(&weir).await;
        assert_eq!(states(&weir).await, ["failed", "failed"]);
    }
}
