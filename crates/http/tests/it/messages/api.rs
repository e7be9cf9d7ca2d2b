//! Sending over HTTP, and looking at what became of it.

use std::time::Duration;

use serde_json::{Value, json};
use weir_base::clock::pause;
use weir_core::{apikey::Scope, credit};
use weir_testkit::{Answer, Client, LONG, ONCE, TestWeir, scenes::together, weir::Setup};

use super::{SEND, accepts, accepts_untold, attempts, inbox, key, ledger, openid, subscribes, until_done};

const API: &str = "/api/message/send";

fn body(openid: &str, template: &str, text: &str) -> Value {
    let value = |text: &str| json!({ "value": text });
    json!({ "touser": openid, "template_id": template, "page": "pages/index/index", "data": {
        "thing1": value(text), "time2": value("2026-11-20 16:00:00"), "thing3": value("13800138000"), "thing7": value("客户") } })
}

async fn service(weir: &TestWeir) -> Client {
    weir.client.with_bearer(weir.api_key(&[Scope::MessagesSend, Scope::CrmRead]).await)
}

fn strict(setup: &mut Setup) {
    setup.core.templates[0].strict = true;
}

/// A refusal in family E's envelope; gives its details.
#[track_caller]
fn refused(answer: &Answer, status: u16) -> &Value {
    assert_eq!(answer.status, status, "{}", answer.text);
    assert_eq!(answer.json["success"], false);
    assert_eq!(answer.json["error"]["code"], "SEND_MESSAGE_FAILED");
    &answer.json["error"]["details"]
}

weir_testkit::engines! {
    async fn a_message_is_sent_now(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let openid = accepts(&weir, "alice", 1).await;
        let service = service(&weir).await;
        let sent = service.post(API, &body(&openid, ONCE, "hello")).await;
        let data = sent.data();
        assert_eq!((&data["errcode"], &data["errmsg"]), (&json!(0), &json!("ok")));
        assert_eq!(sent.json["message"], "发送订阅消息成功");
        assert!(data["msgid"].as_i64().unwrap() > 0);
        assert_eq!(inbox(&weir, "alice").await, ["hello"]);
        let mut noted = ledger(&weir).await;
        noted.sort_unstable();
        assert_eq!(noted, ["accept 1 1", "sent 0 0", "taken -1 0"]);
        let id = data["messageId"].as_str().unwrap();
        let shown = service.get(&format!("/api/messages/{id}")).await;
        assert_eq!(shown.data()["message"]["state"], "sent");
        assert_eq!(shown.data()["message"]["origin"], "now");
        assert_eq!(shown.data()["attempts"][0]["outcome"], "sent");
        assert_eq!(weir.number("SELECT COUNT(*) FROM jobs").await, 0);
    }

    async fn a_message_is_sent_now_whatever_our_ledger_says(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        accepts_untold(&weir, "alice").await;
        let openid = openid(&weir, "alice").await;
        let service = service(&weir).await;
        service.post(API, &body(&openid, ONCE, "1")).await.data();
        super::told(&weir.app, &key(&openid), credit::Answer::Accept, credit::Source::Client).await;
        let answer = service.post(API, &body(&openid, ONCE, "2")).await;
        let details = refused(&answer, 502);
        assert_eq!(details["errcode"], 43101);
        assert_eq!(details["errmsg"], "user refuse to accept the msg");
        assert_eq!(weir.number("SELECT remaining FROM credits").await, 0);
        assert_eq!(weir.number("SELECT COUNT(*) FROM credit_entries WHERE cause = 'corrected'").await, 1);
    }

    async fn a_message_is_queued_when_nobody_waits(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        subscribes(&weir, "alice").await;
        let openid = openid(&weir, "alice").await;
        let service = service(&weir).await.with_header("prefer", "wait=3, respond-async");
        let queued = service.post(API, &body(&openid, LONG, "hello")).await;
        assert_eq!(queued.status, 202, "{}", queued.text);
        assert_eq!(queued.json["data"]["state"], "queued");
        until_done(&weir).await;
        assert_eq!(inbox(&weir, "alice").await, ["hello"]);
    }

    async fn wechat_refusing_or_failing_is_told_to_who_waits(engine) {
        let Some(weir) = TestWeir::start_with(engine, |setup| setup.wechat_tries = 1).await else { return };
        let openid = accepts(&weir, "alice", 1).await;
        let service = service(&weir).await;
        let errcode = |code: i64| json!({"path": SEND, "kind": "errcode", "errcode": code, "times": 1});
        for (fault, status, state) in [
            (errcode(47003), 502, "refused"),
            (errcode(-1), 503, "refused"),
            (errcode(45011), 503, "refused"),
            (json!({"path": SEND, "kind": "garbage", "form": "html", "times": 1}), 502, "uncertain"),
            (json!({"path": SEND, "kind": "disconnect", "times": 1}), 502, "uncertain"),
        ] {
            weir.clock.advance(Duration::from_secs(61));
            weir.fault(&fault).await;
            let answer = service.post(API, &body(&openid, ONCE, "hello")).await;
            refused(&answer, status);
            let last = "SELECT state FROM messages ORDER BY id DESC LIMIT 1";
            assert_eq!(weir.rows(last).await, [[state]], "{fault}");
        }
        let taken = weir.number("SELECT COUNT(*) FROM messages WHERE credit_taken").await;
        assert_eq!(taken + weir.number("SELECT remaining FROM credits").await, 1);
        assert_eq!(weir.number("SELECT COUNT(*) FROM jobs").await, 0);
    }

    async fn another_message_to_the_same_person_is_waited_for_three_times(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        subscribes(&weir, "alice").await;
        let openid = openid(&weir, "alice").await;
        let service = service(&weir).await;
        for (times, status) in [(2, 200), (3, 502)] {
            weir.fault(&json!({"path": SEND, "kind": "errcode", "errcode": 43108, "times": times})).await;
            let before = weir.calls(SEND).await;
            let sending = tokio::spawn({
                let (service, body) = (service.clone(), body(&openid, LONG, "hello"));
                async move { service.post(API, &body).await }
            });
            // Far slower than an answer comes, so that the clock passes no call that is under way.
            while !sending.is_finished() {
                pause(Duration::from_millis(50)).await;
                weir.clock.advance(Duration::from_secs(1));
            }
            let answer = sending.await.unwrap();
            assert_eq!(answer.status, status, "{}", answer.text);
            assert_eq!(weir.calls(SEND).await, before + 3);
        }
        assert_eq!(inbox(&weir, "alice").await, ["hello"]);
    }

    async fn without_a_token_nothing_is_begun(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let service = service(&weir).await;
        weir.fault(&json!({"path": "/cgi-bin/stable_token", "kind": "errcode", "errcode": 40164, "times": 1})).await;
        let answer = service.post(API, &body("o-somebody", ONCE, "hello")).await;
        refused(&answer, 502);
        assert_eq!(weir.number("SELECT COUNT(*) FROM messages").await, 0);
    }

    async fn values_are_cut_to_what_wechat_takes(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        subscribes(&weir, "alice").await;
        let openid = openid(&weir, "alice").await;
        let long = "很".repeat(300);
        service(&weir).await.post(API, &body(&openid, LONG, &long)).await.data();
        assert_eq!(inbox(&weir, "alice").await, ["很".repeat(20)]);
    }

    async fn a_strict_template_refuses_what_wechat_would(engine) {
        let Some(weir) = TestWeir::start_with(engine, strict).await else { return };
        let mut wrong = body("o-somebody", LONG, "hello");
        wrong["data"]["time2"]["value"] = json!("noon");
        let answer = service(&weir).await.post(API, &wrong).await;
        assert_eq!(refused(&answer, 400)["field"], "data.time2.value");
        assert_eq!(weir.calls(SEND).await, 0);
    }

    async fn what_cannot_be_is_refused_with_its_field_and_writes_nothing(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let service = service(&weir).await;
        let with = |change: &dyn Fn(&mut Value)| {
            let mut body = body("o-somebody", ONCE, "hello");
            change(&mut body);
            body
        };
        let cases: Vec<(Value, &str)> = vec![
            (with(&|b| drop(b["touser"].take())), "touser"),
            (with(&|b| b["touser"] = json!("")), "touser"),
            (with(&|b| b["touser"] = json!("a b")), "touser"),
            (with(&|b| b["touser"] = json!("o".repeat(129))), "touser"),
            (with(&|b| b["touser"] = json!(7)), "touser"),
            (with(&|b| drop(b["template_id"].take())), "template_id"),
            (with(&|b| b["template_id"] = json!("é")), "template_id"),
            (with(&|b| drop(b["data"].take())), "data"),
            (with(&|b| b["data"] = json!({})), "data"),
            (with(&|b| b["data"] = json!("{}")), "data"),
            (with(&|b| b["data"]["a b"] = json!({"value": "x"})), "data"),
            (with(&|b| b["data"]["thing1"] = json!("x")), "data.thing1.value"),
            (with(&|b| b["data"]["thing1"]["value"] = json!({})), "data.thing1.value"),
            (with(&|b| b["data"]["thing1"]["value"] = json!("x".repeat(1001))), "data.thing1.value"),
            (with(&|b| b["page"] = json!("p".repeat(1025))), "page"),
            (with(&|b| b["miniprogram_state"] = json!("beta")), "miniprogram_state"),
            (with(&|b| b["lang"] = json!("fr")), "lang"),
            (with(&|b| b["appid"] = json!("wx9")), "appid"),
        ];
        let before = weir.database.dump().await;
        for (body, field) in cases {
            let answer = service.post(API, &body).await;
            assert_eq!(refused(&answer, 400)["field"], field, "{body}");
        }
        let key = service.with_header("idempotency-key", "a b");
        assert_eq!(refused(&key.post(API, &body("o", ONCE, "x")).await, 400)["field"], "Idempotency-Key");
        assert_eq!(weir.database.dump().await, before);
    }

    async fn only_services_may_send_unless_it_is_open(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let sent = body("o-somebody", ONCE, "hello");
        refused(&weir.client.post(API, &sent).await, 401);
        let alice = weir.person("alice").signed_in().await;
        refused(&alice.post(API, &sent).await, 403);
        let reader = weir.client.with_bearer(weir.api_key(&[Scope::CrmRead]).await);
        refused(&reader.post(API, &sent).await, 403);
        assert_eq!(weir.number("SELECT COUNT(*) FROM messages").await, 0);
    }

    async fn where_it_is_open_nobody_needs_credentials(engine) {
        let Some(weir) = TestWeir::start_with(engine, |setup| setup.core.engagement.open = true).await else { return };
        subscribes(&weir, "alice").await;
        let openid = openid(&weir, "alice").await;
        weir.client.post(API, &body(&openid, LONG, "hello")).await.data();
        assert_eq!(inbox(&weir, "alice").await, ["hello"]);
    }

    async fn sixty_requests_with_one_key_are_one_message(engine) {
        let Some(mut weir) = TestWeir::start(engine).await else { return };
        subscribes(&weir, "alice").await;
        let openid = openid(&weir, "alice").await;
        let bearer = weir.api_key(&[Scope::MessagesSend]).await;
        let (_, second) = weir.replica().await;
        for prefer in ["wait=1", "respond-async"] {
            let clients = [&weir.client, &second].map(|client| {
                client.with_bearer(&bearer).with_header("idempotency-key", prefer).with_header("prefer", prefer)
            });
            let tries = (0..60).map(|number| {
                let (client, body) = (clients[number % 2].clone(), body(&openid, LONG, prefer));
                async move { client.post(API, &body).await }
            });
            let answers = together(tries).await;
            let good: Vec<_> = answers.iter().filter(|answer| answer.status < 300).collect();
            assert!(!good.is_empty());
            assert!(good.iter().all(|answer| answer.json["data"] == good[0].json["data"]));
            assert!(answers.iter().all(|answer| answer.status < 300 || answer.status == 409));
            until_done(&weir).await;
            let again = clients[1].post(API, &body(&openid, LONG, prefer)).await;
            assert_eq!(again.json["data"], good[0].json["data"], "{}", again.text);
            let other = clients[0].post(API, &body(&openid, LONG, "other")).await;
            assert_eq!(refused(&other, 422)["reason"], "impossible");
        }
        assert_eq!(inbox(&weir, "alice").await, ["wait=1", "respond-async"]);
    }

    async fn a_key_whose_message_was_refused_may_be_used_again(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let openid = openid(&weir, "alice").await;
        let service = service(&weir).await.with_header("idempotency-key", "one");
        refused(&service.post(API, &body(&openid, ONCE, "hello")).await, 502);
        accepts_untold(&weir, "alice").await;
        service.post(API, &body(&openid, ONCE, "hello")).await.data();
        assert_eq!(inbox(&weir, "alice").await, ["hello"]);
    }

    async fn a_key_whose_answer_was_lost_sends_nothing_again(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        subscribes(&weir, "alice").await;
        let openid = openid(&weir, "alice").await;
        let service = service(&weir).await.with_header("idempotency-key", "one");
        weir.fault(&json!({"path": SEND, "kind": "garbage", "form": "html", "times": 1})).await;
        refused(&service.post(API, &body(&openid, LONG, "hello")).await, 502);
        refused(&service.post(API, &body(&openid, LONG, "hello")).await, 504);
        assert_eq!(weir.calls(SEND).await, 1);
    }

    async fn messages_are_listed_by_pages_and_filters(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        subscribes(&weir, "alice").await;
        let (alice, service) = (openid(&weir, "alice").await, service(&weir).await);
        for number in 0..5 {
            service.post(API, &body(&alice, LONG, &number.to_string())).await.data();
            weir.clock.advance(Duration::from_millis(1));
        }
        refused(&service.post(API, &body("o-nobody", LONG, "x")).await, 502);
        let texts = |answer: &Answer| -> Vec<String> {
            let text = |item: &Value| item["data"]["thing1"]["value"].as_str().unwrap().to_owned();
            answer.data()["items"].as_array().unwrap().iter().map(text).collect()
        };
        let page = service.get("/api/messages?limit=4").await;
        assert_eq!(texts(&page), ["x", "4", "3", "2"]);
        let cursor = page.data()["nextCursor"].as_str().unwrap();
        let rest = service.get(&format!("/api/messages?limit=4&cursor={cursor}")).await;
        assert_eq!(texts(&rest), ["1", "0"]);
        assert_eq!(rest.data()["nextCursor"], Value::Null);
        assert_eq!(texts(&service.get("/api/messages?state=refused").await), ["x"]);
        assert_eq!(texts(&service.get(&format!("/api/messages?openid={alice}&state=sent")).await).len(), 5);
        assert_eq!(texts(&service.get("/api/messages?openid=o-nobody").await), ["x"]);
        let from = weir.clock.now().minus(Duration::from_millis(1)).iso();
        assert_eq!(texts(&service.get(&format!("/api/messages?from={from}")).await), ["x", "4"]);
        for (query, field) in [("state=lost", "state"), ("limit=0", "limit"), ("cursor=!", "cursor"), ("from=noon", "from")] {
            let answer = service.get(&format!("/api/messages?{query}")).await;
            assert_eq!(answer.status, 400, "{}", answer.text);
            assert_eq!(answer.json["error"]["details"]["field"], field);
        }
    }

    async fn a_message_is_tried_again_by_hand(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let openid = openid(&weir, "alice").await;
        let service = service(&weir).await;
        refused(&service.post(API, &body(&openid, ONCE, "hello")).await, 502);
        let listed = service.get("/api/messages").await;
        let id = listed.data()["items"][0]["_id"].as_str().unwrap().to_owned();
        accepts_untold(&weir, "alice").await;
        let retry = format!("/api/messages/{id}/retry");
        service.post_empty(&retry).await.data();
        until_done(&weir).await;
        assert_eq!(inbox(&weir, "alice").await, ["hello"]);
        assert_eq!(service.post_empty(&retry).await.refused(409), "消息正在发送或已发送");
        for unknown in ["msg_1", "msg_019a0000000070008000000000000000"] {
            service.get(&format!("/api/messages/{unknown}")).await.refused(404);
            service.post_empty(&format!("/api/messages/{unknown}/retry")).await.refused(404);
        }
        let shown = service.get(&format!("/api/messages/{id}")).await;
        let outcomes: Vec<_> = shown.data()["attempts"].as_array().unwrap().iter().map(|a| &a["outcome"]).collect();
        assert_eq!(outcomes, ["no_accept", "sent"]);
    }

    async fn a_waiting_message_tells_what_it_waits_for(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        subscribes(&weir, "alice").await;
        let openid = openid(&weir, "alice").await;
        let service = service(&weir).await;
        weir.fault(&json!({"path": SEND, "kind": "errcode", "errcode": 45009, "times": 1})).await;
        service.with_header("prefer", "respond-async").post(API, &body(&openid, LONG, "hello")).await;
        super::until(&weir, "SELECT COUNT(*) FROM attempts", 1).await;
        let listed = service.get("/api/messages").await;
        let item = &listed.data()["items"][0];
        assert_eq!((&item["state"], &item["waitsFor"]), (&json!("queued"), &json!("day_quota")));
        assert_eq!(item["dueAt"], "2026-11-20T16:00:00.000Z");
        let id = weir_core::message::MessageId::parse(item["_id"].as_str().unwrap()).unwrap();
        assert_eq!(attempts(&weir, &id).await, ["day_quota"]);
    }

    async fn a_subscription_that_is_not_there_has_no_ledger(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let service = service(&weir).await;
        service.get("/api/advisor/subscriptions/sub_1/ledger").await.refused(404);
    }
}
