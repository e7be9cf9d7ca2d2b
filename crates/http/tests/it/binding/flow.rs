//! The whole way, as its people go it.

use std::time::Duration;

use serde_json::json;
use weir_testkit::{OFFICIAL, TestWeir};

use super::{BIND, BINDING, UNBIND, generate, refused, status, text};
use crate::support::changing_nothing;

weir_testkit::engines! {
    async fn a_scanned_and_confirmed_code_binds(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let (user, phone) = (weir.host(106), weir.phone("alice"));
        let session = generate(&user).await;
        assert_eq!(status(&user, &session).await, "pending");
        let consent = phone.scan(text(&session["qr_code_data"])).await;
        consent.says(200, "value=\"allow\"");
        assert_eq!(status(&user, &session).await, "scanned");
        let asked = phone.tap(&consent, "allow").await;
        asked.says(200, "Alice Liddell (106)");
        assert_eq!(status(&user, &session).await, "scanned");
        assert_eq!(user.get(BINDING).await.json["data"], json!(null), "nothing is bound before the tap");
        phone.tap(&asked, "confirm").await.says(200, "WeChat is bound");
        assert_eq!(status(&user, &session).await, "confirmed");

        let bound = user.get(BINDING).await.data().clone();
        let openid = weir.openid("alice", OFFICIAL).await;
        assert_eq!(bound["wechat_openid"], openid.as_str());
        assert_eq!((&bound["user_id"], &bound["is_active"]), (&json!(106), &json!(true)));
        assert_eq!(bound["created_at"], "2026-11-20T08:00:00.000Z");
        assert!(bound["nickname"].is_string() && bound["wechat_unionid"].is_string(), "{bound}");
        assert_eq!(weir.done("host:106", "binding.made").await, 1);
    }

    async fn the_state_is_short_and_plain(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let session = generate(&weir.host(1)).await;
        let page = weir.phone("alice").step(&weir_testkit::phone::read_qr(text(&session["qr_code_data"]))).await;
        assert_eq!(page.status, 302);
        let location = page.location().unwrap();
        assert!(location.ends_with("#wechat_redirect"), "{location}");
        let state = location.split("&state=").nth(1).unwrap().split('#').next().unwrap();
        assert!((22..=43).contains(&state.len()) && state.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{state}");
        let cookie = page.headers["set-cookie"].to_str().unwrap();
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    }

    async fn unbinding_keeps_the_row_and_binding_again_makes_a_new_one(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let (user, phone) = (weir.host(106), weir.phone("alice"));
        let session = generate(&user).await;
        phone.confirm(text(&session["qr_code_data"])).await.says(200, "WeChat is bound");
        let gone = user.delete(UNBIND).await;
        assert_eq!(gone.json, json!({"success": true, "message": "WeChat account unbound successfully"}));
        assert_eq!(user.get(BINDING).await.json["data"], json!(null));
        refused(&user.delete(UNBIND).await, 404, "No WeChat account bound to this user");
        let session = generate(&user).await;
        phone.confirm(text(&session["qr_code_data"])).await.says(200, "WeChat is bound");
        assert_eq!(user.get(BINDING).await.data()["id"], 2);
        let kept = weir.rows("SELECT id FROM wechat_bindings WHERE NOT is_active").await;
        assert_eq!(kept, [["1"]]);
    }

    async fn a_page_may_bind_what_its_user_has_proven_lately_and_only_they(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let (user, phone) = (weir.host(106), weir.phone("alice"));
        let session = generate(&user).await;
        phone.confirm(text(&session["qr_code_data"])).await.says(200, "WeChat is bound");
        let openid = weir.openid("alice", OFFICIAL).await;
        let body = json!({"openid": openid, "nickname": "爱丽丝", "headimgurl": "https://example.com/a.png"});
        refused(&user.post(BIND, &body).await, 400, "This user already has a WeChat account bound");
        user.delete(UNBIND).await.refused(200);
        assert_eq!(weir.host(107).post(BIND, &body).await.status, 403, "somebody else has proven it");
        weir.clock.advance(Duration::from_secs(599));
        let bound = user.post(BIND, &body).await;
        assert_eq!(bound.data()["nickname"], "爱丽丝");
        assert_eq!(bound.data()["avatar_url"], "https://example.com/a.png");
        user.delete(UNBIND).await.refused(200);
        weir.clock.advance(Duration::from_secs(1));
        assert_eq!(user.post(BIND, &body).await.status, 403, "ten minutes are over");
        refused(&user.delete(UNBIND).await, 404, "No WeChat account bound to this user");
    }

    async fn a_fresh_session_of_weir_is_a_proof_for_its_own_user(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let login = weir.person("alice").login().await;
        let me = weir.client.with_bearer(text(&login["access_token"]));
        let body = json!({"openid": login["user"]["openid"]});
        assert_eq!(weir.host(1).post(BIND, &body).await.status, 403);
        weir.clock.advance(Duration::from_secs(599));
        assert_eq!(me.post(BIND, &body).await.data()["user_id"], 1);
        me.delete(UNBIND).await.refused(200);
        weir.clock.advance(Duration::from_secs(1));
        assert_eq!(me.post(BIND, &body).await.status, 403);
    }

    async fn one_wechat_account_and_one_user_make_one_binding(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let session = generate(&weir.host(106)).await;
        weir.phone("alice").confirm(text(&session["qr_code_data"])).await.says(200, "WeChat is bound");
        let again = generate(&weir.host(106)).await;
        weir.phone("bob").confirm(text(&again["qr_code_data"])).await.says(400, "already has a WeChat account bound");
        assert_eq!(status(&weir.host(106), &again).await, "expired");
        let other = generate(&weir.host(107)).await;
        weir.phone("alice").confirm(text(&other["qr_code_data"])).await.says(400, "already bound to another user");
        assert_eq!(status(&weir.host(107), &other).await, "expired");
        assert_eq!(weir.number("SELECT COUNT(*) FROM wechat_bindings").await, 1);
    }

    async fn one_person_in_two_apps_is_one_wechat_account(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let session = generate(&weir.host(106)).await;
        weir.phone("alice").confirm(text(&session["qr_code_data"])).await.says(200, "WeChat is bound");
        // Her mini-program openid is another, her unionid the same.
        let login = weir.person("alice").login().await;
        let me = weir.client.with_bearer(text(&login["access_token"]));
        let answer = me.post(BIND, &json!({"openid": login["user"]["openid"]})).await;
        refused(&answer, 400, "This WeChat account is already bound to another user");
    }

    async fn a_victim_of_a_slipped_code_sees_whose_it_is_and_refuses(engine) {
        let Some(weir) = TestWeir::start_with(engine, |setup| setup.core.web.site_name = "Shop & <Co>".to_owned()).await else { return };
        let thief = weir.host(666).with_header("user-agent", "Mozilla/5.0 (Windows NT 10.0) Chrome/142.0 Safari/537.36");
        let session = generate(&thief).await;
        let victim = weir.phone("bob");
        let asked = victim.consent(text(&session["qr_code_data"])).await;
        for told in ["Shop &amp; &lt;Co&gt;", "Alice Liddell (666)", "Chrome, Windows", "127.0.0.1", "2026-11-20 08:00 UTC"] {
            asked.says(200, told);
        }
        assert!(!asked.html.contains("<script") && !asked.html.contains("<Co>"));
        victim.tap(&asked, "refuse").await.says(200, "Refused");
        assert_eq!(status(&thief, &session).await, "expired");
        assert_eq!(thief.get(BINDING).await.json["data"], json!(null));
        // Neither the form nor a second thought helps the thief.
        victim.tap(&asked, "confirm").await.says(200, "Refused");
        assert_eq!(weir.number("SELECT COUNT(*) FROM wechat_bindings").await, 0);
    }

    async fn without_the_tap_the_callback_binds_when_it_is_set_so(engine) {
        let Some(weir) = TestWeir::start_with(engine, |setup| setup.core.binding.confirm = false).await else { return };
        let user = weir.host(106);
        let session = generate(&user).await;
        weir.phone("alice").consent(text(&session["qr_code_data"])).await.says(200, "WeChat is bound");
        assert_eq!(status(&user, &session).await, "confirmed");
    }

    async fn a_page_may_bind_anything_in_a_sandbox_that_trusts_it(engine) {
        let started = TestWeir::start_with(engine, |setup| {
            setup.core.sandbox = true;
            setup.core.binding.trust_client_openid = true;
        });
        let Some(weir) = started.await else { return };
        let bound = weir.host(106).post(BIND, &json!({"openid": "o-demo", "unionid": "u-demo"})).await;
        assert_eq!((&bound.data()["wechat_openid"], &bound.data()["wechat_unionid"]), (&json!("o-demo"), &json!("u-demo")));
    }

    async fn an_erased_person_is_bound_to_nobody(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let session = generate(&weir.host(106)).await;
        weir.phone("alice").confirm(text(&session["qr_code_data"])).await.says(200, "WeChat is bound");
        let bound = weir.host(106).get(BINDING).await.data().clone();
        // Known to Weir by the mini-program's openid; the unionid leads to the binding.
        let me = weir.person("alice").signed_in().await;
        me.delete("/api/v1/users/me").await.data();
        assert_eq!(weir.host(106).get(BINDING).await.json["data"], json!(null));
        let dump = weir.database.dump().await;
        for gone in ["wechat_openid", "wechat_unionid"] {
            let gone = text(&bound[gone]);
            let kept: Vec<_> = dump.values().flatten().filter(|row| row.contains(gone)).collect();
            assert!(kept.is_empty(), "{kept:?}");
        }
    }

    async fn what_is_over_is_swept_away(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        generate(&weir.host(1)).await;
        changing_nothing(&weir, weir_core::binding::flow::sweep(&weir.app)).await.unwrap();
        weir.clock.advance(Duration::from_secs(86_400));
        generate(&weir.host(1)).await;
        // The server sweeps by itself as well.
        weir_core::binding::flow::sweep(&weir.app).await.unwrap();
        assert_eq!(weir.number("SELECT COUNT(*) FROM wechat_qr_sessions").await, 1);
    }
}
