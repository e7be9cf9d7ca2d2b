//! The host application's numbers in a profile.

use std::time::Duration;

use serde_json::json;
use weir_core::apikey::Scope;
use weir_testkit::TestWeir;

use crate::support::{ME, assert_refused, changing_nothing, log_in, token_of};

const COUNTERS: &str = "/api/v1/users/1/counters";

weir_testkit::engines! {
    async fn the_host_writes_counters_and_the_profile_shows_them(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let alice = weir.person("alice").signed_in().await;
        weir.clock.advance(Duration::from_secs(2));
        let body =
            json!({"recipe_count": 1, "follower_count": 2, "following_count": 3, "favorite_count": i64::MAX});
        for scope in [Scope::UsersWrite, Scope::Admin] {
            let host = weir.client.with_bearer(weir.api_key(&[scope]).await);
            let mut expected = body.clone();
            expected["id"] = json!(1);
            expected["updated_at"] = json!("2026-11-20T08:00:02.000Z");
            assert_eq!(host.patch(COUNTERS, &body).await.data(), &expected);
        }
        let me = alice.get(ME).await;
        for (field, value) in body.as_object().unwrap() {
            assert_eq!(&me.data()[field], value);
        }
    }

    async fn a_counter_that_is_not_sent_stays(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        weir.person("alice").login().await;
        let host = weir.client.with_bearer(weir.api_key(&[Scope::UsersWrite]).await);
        host.patch(COUNTERS, &json!({"recipe_count": 5, "follower_count": 6})).await.data();
        let answer =
            host.patch(COUNTERS, &json!({"recipe_count": 0, "follower_count": null, "unknown": "x"})).await;
        assert_eq!(
            (&answer.data()["recipe_count"], &answer.data()["follower_count"]),
            (&json!(0), &json!(6))
        );
        assert_eq!(host.patch(COUNTERS, &json!({})).await.data()["follower_count"], 6);
    }

    async fn a_login_leaves_the_counters_alone(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        weir.person("alice").login().await;
        let host = weir.client.with_bearer(weir.api_key(&[Scope::UsersWrite]).await);
        host.patch(COUNTERS, &json!({"favorite_count": 9})).await.data();
        let token = token_of(&log_in(&weir, "alice", &json!({"nickName": "张三"})).await);
        assert_eq!(weir.client.with_bearer(token).get(ME).await.data()["favorite_count"], 9);
    }

    async fn numbers_that_count_nothing_are_refused(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        weir.person("alice").login().await;
        let host = weir.client.with_bearer(weir.api_key(&[Scope::UsersWrite]).await);
        for field in ["recipe_count", "follower_count", "following_count", "favorite_count"] {
            for (number, why) in [
                ("-1", "must not be negative"),
                ("-9223372036854775808", "must not be negative"),
                ("9223372036854775808", "has the wrong type"),
                ("1e400", "has the wrong type"),
                ("1.5", "has the wrong type"),
                ("1.0", "has the wrong type"),
                ("\"1\"", "has the wrong type"),
                ("true", "has the wrong type"),
                ("[1]", "has the wrong type"),
            ] {
                let body = format!(r#"{{"{field}": {number}}}"#);
                let send = host.send(reqwest::Method::PATCH, COUNTERS, Some((body, "application/json")));
                let answer = changing_nothing(&weir, send).await;
                let message = answer.refused(400);
                // A number beyond all numbers is no JSON to us.
                let expected = if number == "1e400" {
                    "参数错误: body is not valid JSON"
                } else {
                    &format!("参数错误: {field} {why}")
                };
                assert!(message.starts_with(expected), "{number}: {message}");
            }
        }
    }

    async fn nobody_without_the_scope_writes_counters(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let token = token_of(&weir.person("alice").login().await);
        let good = weir.api_key(&[Scope::UsersWrite]).await;
        let (first, last) = (good[..5].to_owned(), good[5..].chars().rev().collect::<String>());
        let reversed = first + &last;
        let none = "未登录: 请携带 Authorization: Bearer <token>: an API key is needed here";
        let invalid = "无效的令牌，请重新登录";
        for (credential, status, message) in [
            ("", 401, none),
            (&*reversed, 401, invalid),
            ("weir_short", 401, invalid),
            ("garbage", 401, invalid),
            (&*token, 403, "没有权限: an API key is needed here, not a user token"),
        ] {
            let client = weir.client.with_bearer(credential);
            let answer = changing_nothing(&weir, client.patch(COUNTERS, &json!({"recipe_count": 1}))).await;
            assert_refused(&answer, status, message);
        }
        for scopes in [
            &[][..],
            &[Scope::UsersRead],
            &[Scope::CrmWrite, Scope::MessagesSend, Scope::TokensRead, Scope::CrmRead],
        ] {
            let key = weir.api_key(scopes).await;
            let client = weir.client.with_bearer(key);
            let answer = changing_nothing(&weir, client.patch(COUNTERS, &json!({"recipe_count": 1}))).await;
            assert_refused(&answer, 403, "没有权限: the API key lacks the scope users:write");
        }
    }

    async fn a_revoked_key_is_dead_at_once(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        weir.person("alice").login().await;
        let (id, key) =
            weir_core::apikey::flow::create(&weir.app, "test", &[Scope::UsersWrite]).await.unwrap();
        let host = weir.client.with_bearer(key.expose());
        host.patch(COUNTERS, &json!({})).await.data();
        weir_core::apikey::flow::revoke(&weir.app, &id).await.unwrap();
        assert_refused(&host.patch(COUNTERS, &json!({})).await, 401, "无效的令牌，请重新登录");
    }

    async fn only_the_digest_of_a_key_is_kept(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let key = weir.api_key(&[Scope::UsersWrite]).await;
        let dump = format!("{:?}", weir.database.dump().await);
        assert!(!dump.contains(&key) && !dump.contains(&key[5..]));
        assert!(dump.contains(&weir_core::apikey::model::digest_of(&key)));
    }

    async fn counters_of_nobody_are_not_written(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        weir.person("alice").signed_in().await.delete(ME).await.data();
        let host = weir.client.with_bearer(weir.api_key(&[Scope::UsersWrite]).await);
        for id in [
            "1",
            "2",
            "0",
            "-1",
            "9223372036854775807",
            "9223372036854775808",
            "me",
            "1.5",
            "%20",
            "%FF",
            "1%00",
            "'",
        ] {
            let path = format!("/api/v1/users/{id}/counters");
            let answer = changing_nothing(&weir, host.patch(&path, &json!({"recipe_count": 1}))).await;
            assert_refused(&answer, 404, "资源不存在: there is no such user");
        }
    }
}
