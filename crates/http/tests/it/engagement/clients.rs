//! The published clients' requests, as their document has them.

use std::time::Duration;

use serde_json::{Value, json};
use weir_testkit::{LONG, MINI, ONCE, TestWeir, weir::Setup};

use super::{ACTION, PHONE, SUBSCRIBE, accepted, action, service};

fn open(setup: &mut Setup) {
    setup.core.engagement.open = true;
}

fn names(object: &Value) -> Vec<&str> {
    object.as_object().unwrap().keys().map(String::as_str).collect()
}

weir_testkit::engines! {
    async fn the_published_flow_works_without_credentials_where_it_may(engine) {
        let Some(weir) = TestWeir::start_with(engine, open).await else { return };
        let code = weir.person("alice").code().await;
        let answer = weir.client.post("/api/wechat/openid", &json!({ "code": code })).await;
        assert_eq!(answer.json["message"], "获取openid成功");
        let openid = answer.data()["openid"].as_str().unwrap().to_owned();

        let advisor = weir.simulator.openid("mini", "bob").unwrap();
        let answer = weir.client.post(SUBSCRIBE, &accepted(&advisor, ONCE)).await;
        let data = answer.data();
        assert_eq!(answer.json["message"], "保存订阅状态成功");
        assert_eq!((&answer.json["success"], &answer.json["timestamp"]), (&json!(true), &json!(1_795_161_600_000_i64)));
        assert_eq!(
            data,
            &json!({ "_id": data["_id"], "advisorId": "adv-1", "openid": advisor, "templateId": ONCE, "subscribed": true,
                "subscribeTime": "2026-11-20T08:00:00.000Z", "unsubscribeTime": null, "remaining": 1 })
        );

        let body = json!({ "customerId": openid, "advisorId": "adv-1", "actionType": "view_resume",
            "actionData": { "resumeId": "简历ID", "timestamp": "2024-01-01T12:00:00.000Z" },
            "customerName": "客户姓名", "customerPhone": PHONE });
        let answer = weir.client.post(ACTION, &body).await;
        let data = answer.data();
        assert_eq!(answer.json["message"], "记录客户行为成功，已创建新客户线索");
        assert_eq!(names(data), ["action", "actionId", "customer", "customerCreated", "customerId"]);
        assert_eq!(data["customerCreated"], true);
        let action = &data["action"];
        assert_eq!(action["_id"], data["actionId"]);
        assert_eq!(action["customerId"], openid);
        assert_eq!(action["advisorId"], "adv-1");
        assert_eq!(action["actionType"], "view_resume");
        assert_eq!(action["actionData"], body["actionData"]);
        assert_eq!((&action["customerName"], &action["customerPhone"]), (&json!("客户姓名"), &json!(PHONE)));
        assert_eq!(action["customerRecordId"], data["customerId"]);
        assert_eq!((&action["notified"], &action["createdAt"]), (&json!(true), &json!("2026-11-20T08:00:00.000Z")));
        let customer = &data["customer"];
        let number = customer["customerId"].as_str().unwrap().strip_prefix("CUS").unwrap();
        assert!(number.len() == 11 && number.bytes().all(|byte| byte.is_ascii_digit()));
        assert_eq!(
            customer,
            &json!({ "_id": data["customerId"], "customerId": customer["customerId"], "name": "客户姓名", "phone": PHONE,
                "wechatId": openid, "leadSource": "其他", "contractStatus": "待定", "leadLevel": "B类",
                "assignedTo": "adv-1", "createdBy": "adv-1", "remarks": customer["remarks"],
                "createdAt": "2026-11-20T08:00:00.000Z" })
        );

        // Whoever names the number of somebody else learns that there is a lead, and not whose.
        let mut body = body;
        body["customerId"] = "another".into();
        let answer = weir.client.post(ACTION, &body).await;
        assert_eq!(answer.json["message"], "记录客户行为成功");
        let again = answer.data();
        assert_eq!((&again["customerCreated"], &again["customerId"]), (&json!(false), &data["customerId"]));
        assert_eq!((&again["customer"]["wechatId"], &again["customer"]["name"]), (&json!(""), &json!("")));
    }

    async fn without_a_phone_number_there_is_no_lead(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let service = service(&weir).await;
        let answer = service.post(ACTION, &action("somebody")).await;
        let data = answer.data();
        assert_eq!(answer.json["message"], "记录客户行为成功");
        assert_eq!((&data["customerCreated"], &data["customerId"]), (&json!(false), &Value::Null));
        assert!(!data.as_object().unwrap().contains_key("customerId"));
        assert_eq!(data["action"]["customerRecordId"], Value::Null);
        // An advisor whom nobody knows is no fault of the action's: there is nobody to tell.
        assert_eq!(data["action"]["notified"], false);
        assert_eq!(weir.number("SELECT COUNT(*) FROM actions").await, 1);
        assert_eq!(weir.number("SELECT COUNT(*) FROM leads").await, 0);
        assert_eq!(weir.number("SELECT COUNT(*) FROM messages").await, 0);
    }

    async fn each_answer_to_the_prompt_is_in_the_ledger_and_only_accepts_count(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let service = service(&weir).await;
        let mut told = accepted("bob", ONCE);
        for (status, subscribed, remaining) in
            [("accept", true, 1), ("accept", true, 2), ("reject", false, 2), ("ban", false, 2), ("filter", true, 2)]
        {
            weir.clock.advance(Duration::from_millis(1));
            told["subscribed"] = subscribed.into();
            told["subscribeData"]["subscriptionStatus"] = status.into();
            let answer = service.post(SUBSCRIBE, &told).await;
            assert_eq!(answer.data()["remaining"], remaining, "{status}");
            assert_eq!(answer.data()["subscribed"], subscribed);
        }
        let causes = weir.rows("SELECT cause FROM credit_entries ORDER BY id").await.concat();
        assert_eq!(causes, ["accept", "accept", "reject", "ban", "filter"]);
        assert_eq!(weir.number("SELECT COUNT(*) FROM subscriptions").await, 1);
        let long = service.post(SUBSCRIBE, &accepted("bob", LONG)).await;
        assert_eq!(long.data()["remaining"], Value::Null);
        assert_eq!(weir.number("SELECT COUNT(*) FROM credits").await, 1);
        let kept = weir.rows("SELECT DISTINCT appid FROM subscriptions").await;
        assert_eq!(kept, [[MINI]]);
    }

    async fn who_has_unsubscribed_is_told_when_and_gets_nothing(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let service = service(&weir).await;
        service.post(SUBSCRIBE, &accepted("bob", LONG)).await.data();
        weir.clock.advance(Duration::from_secs(60));
        let mut told = accepted("bob", LONG);
        told["subscribed"] = false.into();
        told["subscribeData"]["subscriptionStatus"] = "reject".into();
        let answer = service.post(SUBSCRIBE, &told).await;
        assert_eq!(answer.data()["subscribeTime"], "2026-11-20T08:00:00.000Z");
        assert_eq!(answer.data()["unsubscribeTime"], "2026-11-20T08:01:00.000Z");
        let recorded = service.post(ACTION, &action("somebody")).await;
        assert_eq!(recorded.data()["action"]["notified"], false);
    }
}
