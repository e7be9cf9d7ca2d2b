//! A person's own profile.

use std::time::Duration;

use serde_json::{Value, json};
use weir_testkit::TestWeir;

use crate::support::{ME, assert_refused, changing_nothing, log_in, token_of};

const PROFILE: &str = "/api/v1/user/profile";

weir_testkit::engines! {
    async fn the_profile_has_exactly_the_fields_of_the_contract(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let data = log_in(&weir, "alice", &json!({"nickName": "张三", "avatarUrl": "a"})).await;
        let alice = weir.client.with_bearer(token_of(&data));
        weir.clock.advance(Duration::from_secs(1));
        for path in [ME, PROFILE] {
            assert_eq!(
                alice.get(path).await.json,
                json!({
                    "code": 200,
                    "message": "success",
                    "data": {
                        "id": 1,
                        "openid": weir.simulator.openid("mini", "alice").unwrap(),
                        "nickname": "张三",
                        "avatar": "a",
                        "bio": "",
                        "recipe_count": 0,
                        "follower_count": 0,
                        "following_count": 0,
                        "favorite_count": 0,
                        "created_at": "2026-11-20T08:00:00.000Z",
                        "updated_at": "2026-11-20T08:00:00.000Z",
                    },
                    "timestamp": "2026-11-20T08:00:01.000Z",
                })
            );
        }
    }

    async fn each_field_is_changed_by_itself_and_told_back(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let alice = weir.person("alice").signed_in().await;
        let mut expected = alice.get(ME).await.data().clone();
        for (second, field, value) in [
            (1, "nickname", "李四"),
            (2, "avatar", "https://a.example/2"),
            (3, "bio", "爱做饭 🍳"),
            (4, "bio", ""),
        ] {
            weir.clock.advance(Duration::from_secs(1));
            expected[field] = value.into();
            expected["updated_at"] = format!("2026-11-20T08:00:0{second}.000Z").into();
            let changed = alice.patch(ME, &json!({ (field): value })).await;
            assert_eq!(changed.data(), &expected);
            assert_eq!(changed.json["message"], "success");
            assert_eq!(alice.get(ME).await.data(), &expected);
            assert_eq!(alice.get(PROFILE).await.data(), &expected);
        }
    }

    async fn what_is_absent_null_or_unknown_stays_as_it_is(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let alice = weir.person("alice").signed_in().await;
        let all = json!({"nickname": "李四", "avatar": "a", "bio": "b"});
        let before = alice.patch(ME, &all).await.data().clone();
        for body in [
            json!({}),
            json!({"nickname": null, "avatar": null, "bio": null}),
            json!({"id": 9, "openid": "o", "recipe_count": 7, "created_at": "x", "nickName": "other name"}),
        ] {
            assert_eq!(alice.patch(ME, &body).await.data(), &before, "{body}");
        }
    }

    async fn limits_count_characters(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let alice = weir.person("alice").signed_in().await;
        for (field, limit) in [("nickname", 50), ("avatar", 255), ("bio", 200)] {
            for letter in ["a", "汉", "😀"] {
                let at_limit = letter.repeat(limit);
                assert_eq!(alice.patch(ME, &json!({ (field): at_limit })).await.data()[field], at_limit);
                let over = json!({ (field): letter.repeat(limit + 1) });
                let answer = changing_nothing(&weir, alice.patch(ME, &over)).await;
                let message = format!("参数错误: {field} must not be longer than {limit} characters");
                assert_refused(&answer, 400, &message);
            }
        }
    }

    async fn one_bad_field_keeps_the_good_ones_out_too(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let alice = weir.person("alice").signed_in().await;
        for bad in [json!(1), json!(["x"]), json!({}), json!(true)] {
            let body = json!({"nickname": "good", "bio": bad});
            let answer = changing_nothing(&weir, alice.patch(ME, &body)).await;
            assert_refused(&answer, 400, "参数错误: bio has the wrong type");
        }
        let answer =
            changing_nothing(&weir, alice.patch(ME, &json!({"nickname": "good", "bio": "a\u{0}"}))).await;
        assert_refused(&answer, 400, "参数错误: bio must not contain the character U+0000");
    }

    async fn text_comes_back_as_it_was_sent(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let alice = weir.person("alice").signed_in().await;
        for text in [
            "'; DROP TABLE users; --",
            "<script>alert(1)</script>",
            "\\\"\n\t\u{7f}",
            "👨‍👩‍👧‍👦",
            "مرحبا",
            " a ",
            "\u{202e}x",
            "$1 %s {}",
        ] {
            assert_eq!(alice.patch(ME, &json!({ "bio": text })).await.data()["bio"], text);
            assert_eq!(alice.get(ME).await.data()["bio"], Value::from(text));
        }
    }

    async fn one_person_changes_nobody_else(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let (alice, bob) = (weir.person("alice").signed_in().await, weir.person("bob").signed_in().await);
        let before = bob.get(ME).await.data().clone();
        alice.patch(ME, &json!({"nickname": "李四"})).await.data();
        assert_eq!(bob.get(ME).await.data(), &before);
    }
}
