//! Logging in with the code of `wx.login`.

use std::time::Duration;

use serde_json::json;
use weir_testkit::TestWeir;

use crate::support::{LOGIN, ME, assert_refused, changing_nothing, log_in, token_of};

weir_testkit::engines! {
    async fn the_first_login_answers_exactly_what_the_contract_says(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        for (path, person, id) in [(LOGIN, "alice", 1), ("/api/v1/auth/wechat-login", "bob", 2)] {
            let code = weir.person(person).code().await;
            let body = json!({"code": code, "nickName": "张三", "avatarUrl": "https://a.example/1.png"});
            let answer = weir.client.post(path, &body).await;
            let token = token_of(answer.data());
            let openid = weir.simulator.openid("mini", person).unwrap();
            assert_eq!(
                answer.json,
                json!({
                    "code": 200,
                    "message": "success",
                    "data": {
                        "access_token": token,
                        "token_type": "Bearer",
                        "expires_in": 604_800,
                        "user": {
                            "id": id,
                            "openid": openid,
                            "nickname": "张三",
                            "avatar": "https://a.example/1.png",
                            "created_at": "2026-11-20T08:00:00.000Z",
                        },
                    },
                    "timestamp": "2026-11-20T08:00:00.000Z",
                })
            );
            assert_eq!(answer.header("content-type"), Some("application/json; charset=utf-8"));
        }
    }

    async fn a_later_login_is_the_same_person_whatever_the_path(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let first = log_in(&weir, "alice", &json!({})).await;
        weir.clock.advance(Duration::from_millis(86_400_001));
        let code = weir.person("alice").code().await;
        let later = weir.client.post("/api/v1/auth/wechat-login", &json!({ "code": code })).await;
        assert_eq!(later.data()["user"], first["user"]);
        assert_eq!(later.json["timestamp"], "2026-11-21T08:00:00.001Z");
        assert_eq!(later.data()["user"]["created_at"], "2026-11-20T08:00:00.000Z");
        assert_eq!(log_in(&weir, "bob", &json!({})).await["user"]["id"], 2);
    }

    async fn somebody_who_gives_no_name_is_a_wechat_user_without_a_picture(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        for (person, more) in [
            ("alice", json!({})),
            ("bob", json!({"nickName": null, "avatarUrl": null})),
            ("carol", json!({"nickName": "", "avatarUrl": ""})),
        ] {
            let user = &log_in(&weir, person, &more).await["user"];
            assert_eq!((&user["nickname"], &user["avatar"]), (&json!("微信用户"), &json!("")), "{more}");
        }
    }

    async fn both_spellings_of_name_and_picture_are_taken(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        for (more, nickname, avatar) in [
            (json!({"nickName": "一", "avatarUrl": "a1"}), "一", "a1"),
            (json!({"nickname": "二", "avatar": "a2"}), "二", "a2"),
            (json!({"nickName": "三", "nickname": "x", "avatarUrl": "a3", "avatar": "x"}), "三", "a3"),
            (json!({"nickName": null, "nickname": "四", "avatarUrl": "", "avatar": "a4"}), "四", "a4"),
        ] {
            let user = &log_in(&weir, "alice", &more).await["user"];
            assert_eq!((&user["nickname"], &user["avatar"]), (&json!(nickname), &json!(avatar)), "{more}");
        }
    }

    async fn a_later_login_changes_only_what_it_sends(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        log_in(&weir, "alice", &json!({"nickName": "一", "avatarUrl": "a1"})).await;
        for (more, nickname, avatar) in [
            (json!({}), "一", "a1"),
            (json!({"nickName": "二"}), "二", "a1"),
            (json!({"avatarUrl": "a2"}), "二", "a2"),
            (json!({"nickName": "", "avatarUrl": null}), "二", "a2"),
        ] {
            let data = log_in(&weir, "alice", &more).await;
            let me = weir.client.with_bearer(token_of(&data)).get(ME).await;
            for user in [&data["user"], me.data()] {
                assert_eq!(
                    (&user["nickname"], &user["avatar"]),
                    (&json!(nickname), &json!(avatar)),
                    "{more}"
                );
            }
        }
    }

    async fn two_logins_of_one_person_live_side_by_side(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let (phone, tablet) =
            (weir.person("alice").signed_in().await, weir.person("alice").signed_in().await);
        assert_eq!(phone.get(ME).await.data()["id"], tablet.get(ME).await.data()["id"]);
    }

    async fn wechats_refusal_of_a_code_is_told_in_its_words(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let used = weir.person("alice").code().await;
        weir.client.post(LOGIN, &json!({ "code": used })).await.data();
        weir.simulator.change_person(&json!({"name": "bob", "risky": true})).unwrap();
        let risky = weir.person("bob").code().await;
        let expired = weir.person("carol").code().await;
        weir.clock.advance(Duration::from_secs(301));
        let risky_now = weir.person("bob").code().await;
        for (code, message) in [
            ("made-up", "微信登录失败: invalid code (错误码: 40029)"),
            (&expired, "微信登录失败: invalid code (错误码: 40029)"),
            (&risky, "微信登录失败: invalid code (错误码: 40029)"),
            (&used, "微信登录失败: code been used (错误码: 40163)"),
            (&risky_now, "微信登录失败: code blocked (错误码: 40226)"),
        ] {
            let answer = changing_nothing(&weir, weir.client.post(LOGIN, &json!({ "code": code }))).await;
            assert_refused(&answer, 401, message);
            assert_eq!(answer.json["path"], LOGIN);
            let alias = weir.client.post("/api/v1/auth/wechat-login", &json!({ "code": code })).await;
            assert_refused(&alias, 401, message);
        }
    }

    async fn the_session_key_is_kept_sealed_and_never_told(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let data = log_in(&weir, "alice", &json!({})).await;
        let me = weir.client.with_bearer(token_of(&data)).get(ME).await;
        let openid = weir.simulator.openid("mini", "alice").unwrap();
        let kept =
            weir_core::identity::rows::session_keys(&weir.app.store, "wx1000000000000001", &openid).await;
        let sealed = kept.unwrap().unwrap().session_key.unwrap();
        let context = weir_core::identity::model::seal_context("wx1000000000000001", &openid);
        let key = weir.app.sealer.open(&sealed, &context).unwrap();
        assert_eq!(key.expose().len(), 24);
        let everything = format!("{:?} {data} {}", weir.database.dump().await, me.text);
        assert!(!everything.contains(key.expose()));
    }

    async fn of_several_mini_programs_the_login_may_name_one(engine) {
        let second = "wx1000000000000009";
        let start = TestWeir::start_with(engine, |setup| {
            let mut app = setup.core.apps[0].clone();
            (app.name, app.appid) = ("second".to_owned(), second.to_owned());
            app.secret = weir_base::Secret::new("demo-secret-second");
            setup.core.apps.push(app);
        });
        let Some(weir) = start.await else { return };
        let app = json!({"name": "second", "kind": "mini_program", "appid": second, "secret": "demo-secret-second"});
        weir.simulator.change_app(&app).unwrap();
        for name in ["second", second] {
            let code = weir.person("bob").control("/_sim/login-code", json!({"appid": second})).await;
            let answer = weir.client.post(LOGIN, &json!({"code": code["code"], "appid": name})).await;
            assert_eq!(answer.data()["user"]["openid"], weir.simulator.openid("second", "bob").unwrap());
        }
        let unknown = weir.client.post(LOGIN, &json!({"code": "x", "appid": "wx0000000000000000"})).await;
        assert_refused(&unknown, 400, "参数错误: appid names no mini-program of this server");
    }
}
