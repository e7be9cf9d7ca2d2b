//! People who take back what they gave (section F6).

use serde_json::{Value, json};
use weir_core::apikey::Scope;
use weir_testkit::{MINI, OFFICIAL, TestWeir};

use super::{Mode, push, start, states, worked};
use crate::binding::{BINDING, generate, text};

async fn event(weir: &TestWeir, openid: &str, name: &str, more: Value) {
    weir.clock.advance(std::time::Duration::from_secs(1));
    let mut event = json!({ "FromUserName": "o-wechat", "MsgType": "event", "Event": name, "OpenID": openid, "AppID": MINI });
    for (field, value) in more.as_object().into_iter().flatten() {
        event[field] = value.clone();
    }
    assert!(push(weir, "alice", event).await);
    worked(weir).await;
}

/// Alice is a customer with an account, a lead and an action.
async fn customer(weir: &TestWeir) -> String {
    let openid = weir.person("alice").login().await["user"]["openid"].as_str().unwrap().to_owned();
    let crm = weir.client.with_bearer(weir.api_key(&[Scope::CrmWrite]).await);
    let body = json!({ "customerId": openid, "advisorId": "ADV1", "actionType": "view_resume", "actionData": { "note": "secret" },
        "customerName": "爱丽丝", "customerPhone": "13800138000" });
    crm.post("/api/customer/action", &body).await.data();
    openid
}

async fn kept(weir: &TestWeir) -> String {
    let mut kept = String::new();
    for table in [
        "users",
        "identities",
        "leads",
        "actions",
        "messages",
        "pushes",
        "wechat_bindings",
        "proofs",
        "authorizations",
        "credits",
        "subscriptions",
    ] {
        kept.push_str(&format!("{table}: {:?}\n", weir.rows(&format!("SELECT * FROM {table}")).await));
    }
    kept
}

weir_testkit::engines! {
    async fn who_leaves_wechat_is_forgotten(engine) {
        let Some(weir) = start(engine, Mode::Safe, "json").await else { return };
        let openid = customer(&weir).await;
        for _ in 0..2 {
            event(&weir, &openid, "user_authorization_cancellation", json!({})).await;
        }
        let kept = kept(&weir).await;
        for personal in [openid.as_str(), "爱丽丝", "13800138000", "secret"] {
            assert!(!kept.contains(personal), "{personal} is kept: {kept}");
        }
        assert_eq!(weir.number("SELECT COUNT(*) FROM actions").await, 1, "that something was done stays");
        // Coming back they are somebody new, and the same phone makes a new lead.
        customer(&weir).await;
        assert_eq!(weir.number("SELECT COUNT(*) FROM leads WHERE phone IS NOT NULL").await, 1);
    }

    async fn a_bound_account_that_never_logged_in_is_forgotten_and_signed_out(engine) {
        let Some(weir) = start(engine, Mode::Safe, "json").await else { return };
        // Pushes of the official account, whose openid is bound.
        let push = json!({ "url": format!("http://{}/wechat/push/official", weir.client.address()), "token": super::TOKEN,
            "aes_key": super::KEY, "format": "xml", "mode": "safe" });
        weir.control("/_sim/apps", &json!({ "appid": OFFICIAL, "push": push })).await;
        let session = generate(&weir.host(106)).await;
        weir.phone("alice").confirm(text(&session["qr_code_data"])).await.says(200, "WeChat is bound");
        let started = weir.client.post_empty("/api/wechat/qr-login").await.data().clone();
        weir.phone("alice").confirm(text(&started["qr_code_data"])).await.says(200, "Signed in");
        let path = format!("/api/wechat/qr-login/{}", text(&started["session_id"]));
        let poll = weir.client.with_header("x-poll-token", text(&started["poll_token"]));
        let me = weir.client.with_bearer(text(&poll.get(&path).await.data()["token"]));
        assert_eq!(me.get(BINDING).await.status, 200);
        let openid = weir.openid("alice", OFFICIAL).await;
        let left = json!({ "FromUserName": "o-wechat", "MsgType": "event", "Event": "user_authorization_cancellation",
            "OpenID": openid, "AppID": OFFICIAL });
        let asked = json!({ "appid": OFFICIAL, "event": left });
        assert_eq!(weir.control("/_sim/push", &asked).await["accepted"], true);
        worked(&weir).await;
        assert_eq!(weir.host(106).get(BINDING).await.data(), &Value::Null);
        assert_eq!(me.get(BINDING).await.status, 401, "whoever was signed in by it is signed out");
        assert!(!kept(&weir).await.contains(&openid));
    }

    async fn what_is_taken_back_goes_and_nothing_else(engine) {
        let Some(weir) = start(engine, Mode::Safe, "json").await else { return };
        let openid = customer(&weir).await;
        let me = weir.person("alice").signed_in().await;
        me.patch("/api/v1/users/me", &json!({ "nickname": "Alice", "bio": "likes tea" })).await.data();
        event(&weir, &openid, "user_authorization_revoke", json!({ "RevokeInfo": "5" })).await;
        assert_eq!(me.get("/api/v1/users/me").await.data()["nickname"], "Alice", "the microphone is nothing of ours");
        assert_eq!(weir.number("SELECT COUNT(*) FROM leads WHERE phone = '13800138000'").await, 1);
        event(&weir, &openid, "user_authorization_revoke", json!({ "RevokeInfo": "8" })).await;
        assert!(!kept(&weir).await.contains("13800138000"));
        assert_eq!(me.get("/api/v1/users/me").await.data()["nickname"], "Alice");
        event(&weir, &openid, "user_authorization_revoke", json!({ "RevokeInfo": "6" })).await;
        let profile = me.get("/api/v1/users/me").await.data().clone();
        assert_eq!((&profile["nickname"], &profile["bio"]), (&json!(""), &json!("likes tea")));
        assert!(!kept(&weir).await.contains("爱丽丝"));
        event(&weir, &openid, "user_authorization_revoke", json!({ "RevokeInfo": "999" })).await;
        assert_eq!(me.get("/api/v1/users/me").await.status, 401, "what is unknown means everything");
        assert!(!kept(&weir).await.contains(&openid));
    }

    async fn every_number_takes_back_what_it_names(engine) {
        let Some(weir) = start(engine, Mode::Safe, "json").await else { return };
        let crm = weir.client.with_bearer(weir.api_key(&[Scope::CrmWrite]).await);
        let (name, phone, both, all) = ((false, true), (true, false), (true, true), (false, false));
        let of_mini = [1, 2, 3, 4, 5, 7, 12, 13, 14, 15, 16, 18].map(|number| (number, both));
        let of_official = [201, 202, 203, 204, 206, 207].map(|number| (number, both));
        let others = [(6, name), (19, name), (20, name), (205, name), (8, phone), (301, all), (9, all), (0, all), (-1, all)];
        for (number, kept) in of_mini.into_iter().chain(of_official).chain(others) {
            let openid = format!("o-customer-{number}");
            let phone = format!("1390000{:04}", number + 1);
            let body = json!({ "customerId": openid, "advisorId": "ADV1", "actionType": "view_resume", "actionData": {},
                "customerName": "名字", "customerPhone": phone });
            let lead = crm.post("/api/customer/action", &body).await.data()["customerId"].as_str().unwrap().to_owned();
            event(&weir, &openid, "user_authorization_revoke", json!({ "RevokeInfo": number.to_string() })).await;
            let row = weir.rows(&format!("SELECT name, COALESCE(phone, ''), openid FROM leads WHERE id = '{lead}'")).await.remove(0);
            assert_eq!((row[0] == "名字", row[1] == phone), kept, "{number}: {row:?}");
            assert_eq!(row[2] == openid, kept != all, "{number}: {row:?}");
            let acted = weir.rows(&format!("SELECT customer_name, customer_phone FROM actions WHERE lead_id = '{lead}'")).await.remove(0);
            assert_eq!((acted[0] == "名字", acted[1] == phone), kept, "{number}: {acted:?}");
        }
        assert!(states(&weir).await.iter().all(|state| state == "worked"));
    }

    async fn two_things_taken_back_in_one_second_are_two(engine) {
        let Some(weir) = start(engine, Mode::Safe, "json").await else { return };
        let openid = customer(&weir).await;
        let at = weir.clock.now().seconds();
        for what in ["6", "8"] {
            let more = json!({ "RevokeInfo": what, "CreateTime": at });
            event(&weir, &openid, "user_authorization_revoke", more).await;
        }
        assert_eq!(weir.rows("SELECT times FROM pushes").await, [["1"], ["1"]]);
        let kept = kept(&weir).await;
        assert!(!kept.contains("13800138000") && !kept.contains("爱丽丝"), "{kept}");
    }

    async fn who_was_bound_by_unionid_is_signed_out_when_the_account_goes(engine) {
        let Some(weir) = start(engine, Mode::Safe, "json").await else { return };
        let session = generate(&weir.host(106)).await;
        weir.phone("alice").confirm(text(&session["qr_code_data"])).await.says(200, "WeChat is bound");
        let started = weir.client.post_empty("/api/wechat/qr-login").await.data().clone();
        weir.phone("alice").confirm(text(&started["qr_code_data"])).await.says(200, "Signed in");
        let path = format!("/api/wechat/qr-login/{}", text(&started["session_id"]));
        let poll = weir.client.with_header("x-poll-token", text(&started["poll_token"]));
        let me = weir.client.with_bearer(text(&poll.get(&path).await.data()["token"]));
        assert_eq!(me.get(BINDING).await.status, 200);
        // The mini-program knows the same person by another openid.
        weir.person("alice").signed_in().await;
        event(&weir, &weir.openid("alice", MINI).await, "user_authorization_cancellation", json!({})).await;
        assert_eq!(me.get(BINDING).await.status, 401);
        assert_eq!(weir.host(106).get(BINDING).await.data(), &Value::Null);
    }

    async fn a_profile_that_wechat_cleaned_is_cleaned_here(engine) {
        let Some(weir) = start(engine, Mode::Plain, "xml").await else { return };
        let me = weir.person("alice").signed_in().await;
        me.patch("/api/v1/users/me", &json!({ "nickname": "rude", "avatar": "https://example.com/rude.png" })).await.data();
        let openid = weir.openid("alice", MINI).await;
        event(&weir, &openid, "user_info_modified", json!({})).await;
        let profile = me.get("/api/v1/users/me").await.data().clone();
        assert_eq!((&profile["nickname"], &profile["avatar"]), (&json!(""), &json!("")));
    }

    async fn strangers_plugins_and_other_apps_change_nothing(engine) {
        let Some(weir) = start(engine, Mode::Safe, "json").await else { return };
        let openid = customer(&weir).await;
        let before = weir.people().await.len();
        event(&weir, "o-stranger", "user_authorization_cancellation", json!({})).await;
        event(&weir, &openid, "user_authorization_cancellation", json!({ "PluginID": "wx0000000000000009", "OpenPID": "x" })).await;
        event(&weir, &openid, "user_authorization_cancellation", json!({ "AppID": OFFICIAL })).await;
        assert_eq!(states(&weir).await, ["worked", "unknown", "failed"]);
        // One entry in the trail for what was honoured.
        assert_eq!(weir.people().await.len(), before + 1);
        assert_eq!(weir.number("SELECT COUNT(*) FROM leads WHERE phone IS NOT NULL").await, 1);
    }
}
