//! Cancelling an account.

use serde_json::json;
use weir_testkit::TestWeir;

use crate::support::{ME, REFRESH, assert_refused, log_in, token_of};

const REVOKED: &str = "登录已失效，请重新登录";

weir_testkit::engines! {
    async fn a_cancelled_account_leaves_no_personal_data_in_any_table(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let data = log_in(
            &weir,
            "alice",
            &json!({"nickName": "独特的名字", "avatarUrl": "https://a.example/unique"}),
        )
        .await;
        let alice = weir.client.with_bearer(token_of(&data));
        alice.patch(ME, &json!({"bio": "独特的简介"})).await.data();
        let phone = weir.person("alice").control("/_sim/phone-code", json!({})).await;
        alice.post("/api/v1/auth/phone", &json!({"code": phone["code"]})).await.data();
        let openid = weir.simulator.openid("mini", "alice").unwrap();
        let users = weir.wechat.get("/_sim/users").await;
        let users = users.json["users"].as_array().unwrap().clone();
        let unionid = users.iter().find(|user| user["name"] == "alice").unwrap()["unionid"].clone();
        let unionid = unionid.as_str().unwrap();
        let personal =
            ["独特的名字", "https://a.example/unique", "独特的简介", &openid, unionid, "13800138000"];
        let before = format!("{:?}", weir.database.dump().await);
        for known in &personal[..5] {
            assert!(before.contains(known), "{known} was never there");
        }
        let answer = alice.delete(ME).await;
        assert_eq!(
            answer.json,
            json!({
                "code": 200,
                "message": "success",
                "data": {"message": "账号已注销"},
                "timestamp": "2026-11-20T08:00:00.000Z",
            })
        );
        let after = weir.database.dump().await;
        for gone in personal {
            assert!(!format!("{after:?}").contains(gone), "{gone} is still there: {after:#?}");
        }
        assert!(after["identities"].is_empty() && after["unions"].is_empty());
    }

    async fn every_token_of_a_cancelled_account_is_dead_everywhere(engine) {
        let Some(mut weir) = TestWeir::start(engine).await else { return };
        let (_, other) = weir.replica().await;
        let tokens = [log_in(&weir, "alice", &json!({})).await, log_in(&weir, "alice", &json!({})).await];
        weir.client.with_bearer(token_of(&tokens[0])).delete(ME).await.data();
        for token in tokens.iter().map(token_of) {
            for client in [weir.client.with_bearer(&*token), other.with_bearer(&*token)] {
                assert_refused(&client.get(ME).await, 401, REVOKED);
                assert_refused(&client.post_empty(REFRESH).await, 401, REVOKED);
                assert_refused(&client.patch(ME, &json!({"bio": "x"})).await, 401, REVOKED);
                assert_refused(&client.delete(ME).await, 401, REVOKED);
            }
        }
    }

    async fn whoever_comes_back_is_somebody_new(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let first = log_in(&weir, "alice", &json!({"nickName": "张三"})).await;
        weir.client.with_bearer(token_of(&first)).delete(ME).await.data();
        let second = log_in(&weir, "alice", &json!({})).await;
        assert_eq!((&first["user"]["id"], &second["user"]["id"]), (&json!(1), &json!(2)));
        assert_eq!(second["user"]["nickname"], "微信用户");
        assert_eq!(second["user"]["openid"], first["user"]["openid"]);
        weir.client.with_bearer(token_of(&second)).delete(ME).await.data();
        assert_eq!(log_in(&weir, "alice", &json!({})).await["user"]["id"], 3);
    }

    async fn other_people_stay(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let (alice, bob) = (weir.person("alice").signed_in().await, weir.person("bob").signed_in().await);
        let before = bob.get(ME).await.data().clone();
        alice.delete(ME).await.data();
        assert_eq!(bob.get(ME).await.data(), &before);
    }
}
