//! Signing in by QR code.

use std::time::Duration;

use serde_json::{Value, json};
use weir_testkit::{Answer, Client, TestWeir, phone::read_qr, scenes::together};

use super::{BINDING, LOGIN, generate, refused, text};
use crate::support::part;

async fn bound(weir: &TestWeir, user: impl Into<Value>, person: &str) {
    let session = generate(&weir.host(user)).await;
    weir.phone(person).confirm(text(&session["qr_code_data"])).await.says(200, "WeChat is bound");
}

async fn start(weir: &TestWeir) -> Value {
    weir.client.post_empty(LOGIN).await.data().clone()
}

async fn collect(client: &Client, started: &Value) -> Answer {
    let path = format!("{LOGIN}/{}", text(&started["session_id"]));
    client.with_header("x-poll-token", text(&started["poll_token"])).get(&path).await
}

weir_testkit::engines! {
    async fn whoever_is_bound_signs_in_as_their_host_user(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        bound(&weir, 106, "alice").await;
        let started = start(&weir).await;
        assert_eq!(collect(&weir.client, &started).await.data()["status"], "pending");
        let phone = weir.phone("alice");
        let asked = phone.consent(text(&started["qr_code_data"])).await;
        asked.says(200, "Sign in on another screen?");
        asked.says(200, "<dd class=\"strong\">106</dd>");
        assert_eq!(collect(&weir.client, &started).await.data()["status"], "scanned");
        phone.tap(&asked, "confirm").await.says(200, "Signed in");
        let given = collect(&weir.client, &started).await.data().clone();
        assert_eq!((&given["status"], &given["user_id"]), (&json!("confirmed"), &json!(106)));
        let claims = part(text(&given["token"]), 1);
        assert_eq!((&claims["sub"], &claims["user_id"]), (&json!("106"), &json!(106)));
        let again = collect(&weir.client, &started).await.data().clone();
        assert_eq!((&again["status"], again.get("token")), (&json!("confirmed"), None), "once, and only once");
        // It acts as that host user.
        let me = weir.client.with_bearer(text(&given["token"]));
        assert_eq!(me.get(BINDING).await.data()["user_id"], 106);
        assert_eq!(me.get(BINDING).await.data()["id"], 1);
        me.post_empty("/api/v1/auth/logout").await.data();
        assert_eq!(me.get(BINDING).await.status, 401);
    }

    async fn a_refreshed_token_is_still_the_host_users(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        bound(&weir, "alice@example.com", "alice").await;
        let started = start(&weir).await;
        weir.phone("alice").confirm(text(&started["qr_code_data"])).await.says(200, "Signed in");
        let given = collect(&weir.client, &started).await.data().clone();
        assert_eq!(given["user_id"], "alice@example.com");
        let me = weir.client.with_bearer(text(&given["token"]));
        let next = me.post_empty("/api/v1/auth/refresh").await.data()["access_token"].clone();
        assert_eq!(part(text(&next), 1)["user_id"], "alice@example.com");
        assert_eq!(weir.client.with_bearer(text(&next)).get(BINDING).await.data()["user_id"], "alice@example.com");
    }

    async fn many_who_ask_at_once_get_one_token(engine) {
        let Some(mut weir) = TestWeir::start(engine).await else { return };
        let (_, second) = weir.replica().await;
        bound(&weir, 106, "alice").await;
        let started = start(&weir).await;
        weir.phone("alice").confirm(text(&started["qr_code_data"])).await.says(200, "Signed in");
        let given = together((0..50).map(|number| {
            let client = if number % 2 == 0 { weir.client.clone() } else { second.clone() };
            let started = started.clone();
            async move { collect(&client, &started).await.data().get("token").is_some() }
        }))
        .await;
        assert_eq!(given.iter().filter(|token| **token).count(), 1);
        assert_eq!(weir.number("SELECT COUNT(*) FROM sessions").await, 1);
    }

    async fn what_the_code_holds_is_not_what_the_browser_asks_with(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let started = start(&weir).await;
        let token = read_qr(text(&started["qr_code_data"]));
        let token = token.rsplit('/').next().unwrap();
        let path = format!("{LOGIN}/{}", text(&started["session_id"]));
        for wrong in [token, "x", &"x".repeat(5000)] {
            refused(&weir.client.with_header("x-poll-token", wrong).get(&path).await, 404, "QR session not found");
        }
        assert_eq!(weir.client.get(&path).await.status, 401);
        // A session that binds is not one to sign in with, and the other way round.
        let binding = generate(&weir.host(1)).await;
        let other = format!("{LOGIN}/{}", text(&binding["session_id"]));
        let poll = text(&started["poll_token"]);
        refused(&weir.client.with_header("x-poll-token", poll).get(&other).await, 404, "QR session not found");
        let status = format!("/api/wechat/status/{}", text(&started["session_id"]));
        refused(&weir.host(1).get(&status).await, 404, "QR session not found");
        let dump = weir.database.dump().await;
        assert!(!dump.values().flatten().any(|row| row.contains(poll)), "only its digest is kept");
    }

    async fn who_is_not_bound_is_told_so(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let started = start(&weir).await;
        weir.phone("bob").confirm(text(&started["qr_code_data"])).await.says(404, "Not bound yet");
        assert_eq!(collect(&weir.client, &started).await.data()["status"], "expired");
        assert_eq!(weir.number("SELECT COUNT(*) FROM sessions").await, 0);
    }

    async fn a_refusal_signs_nobody_in(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        bound(&weir, 106, "alice").await;
        let started = start(&weir).await;
        let phone = weir.phone("alice");
        let asked = phone.consent(text(&started["qr_code_data"])).await;
        phone.tap(&asked, "refuse").await.says(200, "Refused");
        assert_eq!(collect(&weir.client, &started).await.data()["status"], "expired");
        assert_eq!(collect(&weir.client, &started).await.data().get("token"), None);
    }

    async fn a_lost_cookie_asks_again_instead_of_failing(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        bound(&weir, 106, "alice").await;
        let started = start(&weir).await;
        let phone = weir.phone("alice");
        let consent = phone.scan(text(&started["qr_code_data"])).await;
        phone.forget_cookies();
        let asked = phone.tap(&consent, "allow").await;
        asked.says(200, "Sign in on another screen?");
        phone.tap(&asked, "confirm").await.says(200, "Signed in");
        assert!(collect(&weir.client, &started).await.data()["token"].is_string());
    }

    async fn a_confirmation_is_collected_soon_or_not_at_all(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        bound(&weir, 106, "alice").await;
        let started = start(&weir).await;
        weir.phone("alice").confirm(text(&started["qr_code_data"])).await.says(200, "Signed in");
        weir.clock.advance(Duration::from_secs(421));
        assert_eq!(collect(&weir.client, &started).await.data().get("token"), None);
    }

    async fn who_unbinds_before_the_token_is_taken_does_not_sign_in(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        bound(&weir, 106, "alice").await;
        let started = start(&weir).await;
        weir.phone("alice").confirm(text(&started["qr_code_data"])).await.says(200, "Signed in");
        weir.host(106).delete(super::UNBIND).await.refused(200);
        assert_eq!(collect(&weir.client, &started).await.status, 404);
        assert_eq!(weir.number("SELECT COUNT(*) FROM sessions").await, 0);
    }

    async fn who_unbinds_ends_what_the_wechat_account_has_signed_in(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        bound(&weir, 106, "alice").await;
        bound(&weir, 107, "bob").await;
        let mut tokens = Vec::new();
        for person in ["alice", "alice", "bob"] {
            let started = start(&weir).await;
            weir.phone(person).confirm(text(&started["qr_code_data"])).await.says(200, "Signed in");
            tokens.push(weir.client.with_bearer(text(&collect(&weir.client, &started).await.data()["token"])));
        }
        tokens[0].delete(super::UNBIND).await.refused(200);
        assert_eq!(tokens[0].get(BINDING).await.json["data"], json!(null), "whoever asks stays");
        assert_eq!(tokens[1].get(BINDING).await.status, 401);
        assert_eq!(tokens[1].post_empty("/api/v1/auth/refresh").await.status, 401);
        assert_eq!(tokens[2].get(BINDING).await.data()["user_id"], 107);
        bound(&weir, 106, "alice").await;
        weir.host(106).delete(super::UNBIND).await.refused(200);
        assert_eq!(tokens[0].get(BINDING).await.status, 401, "the host application asked");
    }

    async fn no_sign_in_outlives_the_binding_that_ends_meanwhile(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        bound(&weir, 106, "alice").await;
        let mut started = Vec::new();
        for _ in 0..50 {
            started.push(start(&weir).await);
            let code = text(&started[started.len() - 1]["qr_code_data"]);
            weir.phone("alice").confirm(code).await.says(200, "Signed in");
        }
        let (client, user) = (weir.client.clone(), weir.host(106));
        together(started.into_iter().enumerate().map(|(number, started)| {
            let (client, user) = (client.clone(), user.clone());
            async move {
                if number == 25 {
                    user.delete(super::UNBIND).await.refused(200);
                }
                assert!([200, 404].contains(&collect(&client, &started).await.status));
            }
        }))
        .await;
        assert_eq!(weir.number("SELECT COUNT(*) FROM sessions WHERE state = 'alive'").await, 0);
    }

    async fn a_wechat_account_that_is_bound_no_more_is_signed_out_of_the_weir_user(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let me = weir.person("alice").signed_in().await;
        let session = generate(&me).await;
        weir.phone("bob").confirm(text(&session["qr_code_data"])).await.says(200, "WeChat is bound");
        let started = start(&weir).await;
        weir.phone("bob").confirm(text(&started["qr_code_data"])).await.says(200, "Signed in");
        let bobs = weir.client.with_bearer(text(&collect(&weir.client, &started).await.data()["token"]));
        assert_eq!(bobs.get(BINDING).await.status, 200);
        me.delete(super::UNBIND).await.refused(200);
        assert_eq!(bobs.get(BINDING).await.status, 401);
        assert_eq!(me.get(BINDING).await.status, 200);
    }

    async fn a_user_of_weir_who_is_bound_signs_in_as_themselves(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let me = weir.person("alice").signed_in().await;
        let session = generate(&me).await;
        weir.phone("bob").confirm(text(&session["qr_code_data"])).await.says(200, "WeChat is bound");
        let started = start(&weir).await;
        weir.phone("bob").confirm(text(&started["qr_code_data"])).await.says(200, "Signed in");
        let given = collect(&weir.client, &started).await.data().clone();
        assert_eq!(given["user_id"], 1);
        let user = weir.client.with_bearer(text(&given["token"])).get("/api/v1/users/me").await;
        assert_eq!(user.data()["id"], 1);
    }
}
