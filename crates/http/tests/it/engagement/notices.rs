//! What advisors are told: one message for an action, in the documented words.

use std::time::Duration;

use serde_json::{Value, json};
use weir_core::message::Source;
use weir_testkit::{Client, LONG, ONCE, TestWeir, weir::Setup};

use super::{ACTION, SUBSCRIBE, accepted, action, nothing_is_sent, service, told};
use crate::messages::{inbox, until_done};

/// The data and the page of the message about the last action.
async fn last(weir: &TestWeir) -> (Value, String) {
    let row = weir.rows("SELECT data, page FROM messages ORDER BY id DESC LIMIT 1").await.remove(0);
    let data: Value = serde_json::from_str(&row[0]).unwrap();
    (data, row[1].clone())
}

/// Advisor `adv-1` wants messages of the template that needs no accepts.
async fn wanted(weir: &TestWeir) -> Client {
    let service = service(weir).await;
    service.post(SUBSCRIBE, &accepted("bob", LONG)).await.data();
    service
}

weir_testkit::engines! {
    async fn the_words_are_those_of_the_document(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let service = wanted(&weir).await;
        for (at, (kind, words)) in [
            ("view_resume", "查看了您的简历"),
            ("contact_advisor", "想要联系您"),
            ("book_service", "预约了您的服务"),
            ("shared", "进行了操作"),
        ]
        .into_iter()
        .enumerate()
        {
            let phone = format!("1380013800{at}");
            let mut body = told("open id/1", &phone);
            body["actionType"] = kind.into();
            for (who, name) in [("新客户", "新客户"), ("客户", "客户")] {
                weir.clock.advance(Duration::from_secs(1));
                let answer = service.post(ACTION, &body).await;
                assert_eq!(answer.data()["action"]["notified"], true);
                let (data, page) = last(&weir).await;
                assert_eq!(data["thing1"]["value"], format!("{who}{words}"));
                assert_eq!(data["time2"]["value"].as_str().unwrap().get(..14), Some("2026-11-20 16:"));
                assert_eq!(data["thing3"]["value"], phone);
                assert_eq!(data["thing7"]["value"], name);
                let lead = answer.data()["customerId"].as_str().unwrap();
                assert_eq!(page, format!("pages/customer/detail?id={lead}"));
            }
        }
        weir.clock.advance(Duration::from_secs(1));
        let answer = service.post(ACTION, &action("openid")).await;
        assert_eq!(answer.data()["action"]["notified"], true);
        let (data, page) = last(&weir).await;
        assert_eq!(data["thing3"]["value"], "未提供");
        assert_eq!(data["thing7"]["value"], "客户");
        assert_eq!(page, "pages/customer/detail?id=openid");
    }

    async fn the_time_is_when_it_happened_as_china_shows_it(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let service = wanted(&weir).await;
        for (timestamp, shown) in [
            (Value::Null, "2026-11-20 16:00:"),
            (json!(1_795_107_599_000_i64), "2026-11-20 00:59:59"),
            (json!("2026-11-19T15:59:59Z"), "2026-11-19 23:59:59"),
            (json!("2026-11-19T16:00:00.000+00:00"), "2026-11-20 00:00:00"),
        ] {
            weir.clock.advance(Duration::from_secs(1));
            let mut body = action("somebody");
            body["timestamp"] = timestamp;
            service.post(ACTION, &body).await.data();
            let (data, _) = last(&weir).await;
            assert!(data["time2"]["value"].as_str().unwrap().starts_with(shown), "{data}");
        }
    }

    async fn values_are_cut_to_what_wechat_takes(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let openid = weir.simulator.openid("mini", "bob").unwrap();
        crate::messages::subscribes(&weir, "bob").await;
        let service = service(&weir).await;
        service.post(SUBSCRIBE, &accepted(&openid, LONG)).await.data();
        let mut body = action("somebody");
        for (name, phone, cut, short) in [
            ("名".repeat(100), "x".repeat(64), "名".repeat(20), "x".repeat(20)),
            ("\u{1}\n\u{2}".to_owned(), "\n".to_owned(), "客户".to_owned(), "未提供".to_owned()),
            ("👩‍👩‍👧".repeat(15), " 1 ".to_owned(), "👩‍👩‍👧".repeat(4), "1".to_owned()),
        ] {
            weir.clock.advance(Duration::from_secs(1));
            body["customerName"] = name.into();
            body["customerPhone"] = phone.into();
            service.post(ACTION, &body).await.data();
            let (data, _) = last(&weir).await;
            assert_eq!(data["thing7"]["value"], cut);
            assert_eq!(data["thing3"]["value"], short);
        }
        until_done(&weir).await;
        assert_eq!(inbox(&weir, "bob").await.len(), 3);
        assert_eq!(weir.number("SELECT COUNT(*) FROM messages WHERE state = 'sent'").await, 3);
    }

    async fn fields_texts_and_page_are_as_the_template_says(engine) {
        let change = |setup: &mut Setup| {
            let template = setup.core.templates.iter_mut().find(|template| template.id == LONG).unwrap();
            template.fields = [("thing9".to_owned(), Source::Text), ("phone_number4".to_owned(), Source::Phone)].into();
            template.texts = [("new_view_resume".to_owned(), "有新客户！".to_owned())].into();
            template.page = "pages/lead?lead={id}&x=1".to_owned();
        };
        let Some(weir) = TestWeir::start_with(engine, change).await else { return };
        let service = wanted(&weir).await;
        let answer = service.post(ACTION, &told("somebody", "13800138000")).await;
        let (data, page) = last(&weir).await;
        assert_eq!(data, json!({ "thing9": { "value": "有新客户！" }, "phone_number4": { "value": "13800138000" } }));
        let lead = answer.data()["customerId"].as_str().unwrap();
        assert_eq!(page, format!("pages/lead?lead={lead}&x=1"));
        weir.clock.advance(Duration::from_secs(1));
        service.post(ACTION, &told("somebody", "13800138000")).await.data();
        assert_eq!(last(&weir).await.0["thing9"]["value"], "客户查看了您的简历");
    }

    async fn a_one_time_template_needs_an_accept_for_each_message(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        nothing_is_sent(&weir).await;
        let service = service(&weir).await;
        service.post(SUBSCRIBE, &accepted("bob", ONCE)).await.data();
        for notified in [true, false] {
            let answer = service.post(ACTION, &action("somebody")).await;
            assert_eq!(answer.data()["action"]["notified"], notified);
        }
        let shown = service.get("/api/advisor/subscriptions?advisorId=adv-1").await;
        assert_eq!(shown.data()["items"][0]["remaining"], 0);
        // Another phone of the advisor's has one: it goes there, and only there.
        weir.clock.advance(Duration::from_secs(1));
        service.post(SUBSCRIBE, &accepted("carol", ONCE)).await.data();
        weir.clock.advance(Duration::from_secs(1));
        service.post(SUBSCRIBE, &accepted("dave", ONCE)).await.data();
        assert_eq!(service.post(ACTION, &action("somebody")).await.data()["action"]["notified"], true);
        let to = weir.rows("SELECT openid FROM messages ORDER BY created_at, id").await.concat();
        assert_eq!(to, ["bob", "carol"]);
    }

    async fn subscriptions_without_accepts_do_not_stand_in_the_way(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        nothing_is_sent(&weir).await;
        let service = service(&weir).await;
        for number in 0..30 {
            let mut told = accepted(&format!("junk-{number}"), ONCE);
            told["subscribeData"]["subscriptionStatus"] = "reject".into();
            service.post(SUBSCRIBE, &told).await.data();
        }
        service.post(SUBSCRIBE, &accepted("bob", ONCE)).await.data();
        assert_eq!(service.post(ACTION, &action("somebody")).await.data()["action"]["notified"], true);
        assert_eq!(weir.rows("SELECT openid FROM messages").await, [["bob"]]);
    }
}
