//! The next token.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use weir_core::session;
use weir_testkit::{TestWeir, scenes::together, weir::MINI};

use crate::support::{LOGIN, LOGOUT, ME, REFRESH, assert_refused, changing_nothing, log_in, token_of};

const REVOKED: &str = "登录已失效，请重新登录";
const REUSED: &str = "该令牌已被刷新过，为安全起见会话已结束，请重新登录";
const EXPIRED: &str = "登录已过期，请重新登录";
const LIFE: Duration = Duration::from_secs(7 * 86_400);
const GRACE: Duration = Duration::from_secs(30 * 86_400);
const SECOND: Duration = Duration::from_secs(1);

weir_testkit::engines! {
    async fn a_refresh_answers_the_next_token_and_the_old_one_dies(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let old = weir.person("alice").signed_in().await;
        let answer = old.post_empty(REFRESH).await;
        let token = token_of(answer.data());
        assert_eq!(
            answer.json,
            json!({
                "code": 200,
                "message": "success",
                "data": {"access_token": token, "expires_in": 604_800},
                "timestamp": "2026-11-20T08:00:00.000Z",
            })
        );
        assert_eq!(weir.client.with_bearer(token).get(ME).await.data()["id"], 1);
        assert_refused(&old.get(ME).await, 401, REVOKED);
    }

    async fn a_refresh_needs_no_body_and_minds_none(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        for body in [
            None,
            Some(("{}", "application/json")),
            Some(("", "application/json")),
            Some(("{\"a\":", "text/plain")),
        ] {
            let alice = weir.person("alice").signed_in().await;
            let body = body.map(|(body, kind)| (body.to_owned(), kind));
            assert_eq!(alice.send(Method::POST, REFRESH, body).await.status, 200);
        }
    }

    async fn refreshing_goes_on_and_on(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let mut alice = weir.person("alice").signed_in().await;
        for _ in 0..10 {
            weir.clock.advance(LIFE + GRACE - SECOND);
            let token = token_of(alice.post_empty(REFRESH).await.data());
            alice = weir.client.with_bearer(token);
            assert_eq!(alice.get(ME).await.status, 200);
        }
    }

    async fn an_expired_token_can_be_refreshed_for_thirty_days(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let (alice, bob) = (weir.person("alice").signed_in().await, weir.person("bob").signed_in().await);
        weir.clock.advance(LIFE + GRACE - SECOND);
        assert_refused(&alice.get(ME).await, 401, EXPIRED);
        let token = token_of(alice.post_empty(REFRESH).await.data());
        weir.clock.advance(SECOND);
        let refused = changing_nothing(&weir, bob.post_empty(REFRESH)).await;
        assert_refused(&refused, 401, EXPIRED);
        assert_eq!(weir.client.with_bearer(token).get(ME).await.data()["id"], 1);
    }

    async fn the_thirty_days_are_a_setting(engine) {
        let start = TestWeir::start_with(engine, |setup| {
            setup.core.auth.refresh_grace = weir_base::settings::Span::seconds(0);
        });
        let Some(weir) = start.await else { return };
        let alice = weir.person("alice").signed_in().await;
        weir.clock.advance(LIFE);
        assert_refused(&alice.post_empty(REFRESH).await, 401, EXPIRED);
    }

    async fn a_token_refreshed_twice_ends_the_whole_session(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let stolen = weir.person("alice").signed_in().await;
        let elsewhere = weir.person("alice").signed_in().await;
        let next = weir.client.with_bearer(token_of(stolen.post_empty(REFRESH).await.data()));
        assert_refused(&stolen.post_empty(REFRESH).await, 401, REUSED);
        assert_refused(&next.get(ME).await, 401, REVOKED);
        assert_refused(&next.post_empty(REFRESH).await, 401, REVOKED);
        assert_refused(&stolen.post_empty(REFRESH).await, 401, REVOKED);
        assert_eq!(elsewhere.get(ME).await.status, 200, "another session of the same person lives on");
        assert_eq!(elsewhere.post_empty(REFRESH).await.status, 200);
    }

    async fn a_token_of_two_refreshes_ago_ends_the_session_too(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let first = weir.person("alice").signed_in().await;
        let second = weir.client.with_bearer(token_of(first.post_empty(REFRESH).await.data()));
        let third = weir.client.with_bearer(token_of(second.post_empty(REFRESH).await.data()));
        assert_refused(&first.post_empty(REFRESH).await, 401, REUSED);
        assert_refused(&third.get(ME).await, 401, REVOKED);
    }

    async fn merely_showing_an_old_token_ends_nothing(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let old = weir.person("alice").signed_in().await;
        let new = weir.client.with_bearer(token_of(old.post_empty(REFRESH).await.data()));
        assert_refused(&old.get(ME).await, 401, REVOKED);
        assert_eq!(new.get(ME).await.status, 200);
    }

    async fn reuse_is_remembered_in_the_audit_trail(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let old = weir.person("alice").signed_in().await;
        old.post_empty(REFRESH).await.data();
        old.post_empty(REFRESH).await.refused(401);
        old.post_empty(REFRESH).await.refused(401);
        let trail = weir_core::audit::rows::of(&weir.app.store, "user:1", 100).await.unwrap();
        let reuses = trail.iter().filter(|entry| entry.action == "session.token_reused").count();
        assert_eq!(reuses, 1);
    }

    async fn an_ended_session_is_not_refreshed(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let alice = weir.person("alice").signed_in().await;
        alice.post_empty(LOGOUT).await.data();
        let refused = changing_nothing(&weir, alice.post_empty(REFRESH)).await;
        assert_refused(&refused, 401, REVOKED);
    }

    async fn a_refresh_holds_on_every_replica(engine) {
        let Some(mut weir) = TestWeir::start(engine).await else { return };
        let (_, other) = weir.replica().await;
        let old = token_of(&log_in(&weir, "alice", &json!({})).await);
        let new = token_of(other.with_bearer(&*old).post_empty(REFRESH).await.data());
        assert_refused(&weir.client.with_bearer(&*old).get(ME).await, 401, REVOKED);
        assert_eq!(weir.client.with_bearer(&*new).get(ME).await.status, 200);
        assert_refused(&weir.client.with_bearer(old).post_empty(REFRESH).await, 401, REUSED);
        assert_refused(&other.with_bearer(new).get(ME).await, 401, REVOKED);
    }

    async fn all_sessions_that_nobody_can_come_back_to_are_swept(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let codes = weir.person("alice").codes(MINI, 201).await;
        let logins = codes.into_iter().map(|code| {
            let client = weir.client.clone();
            async move { client.post(LOGIN, &json!({"code": code})).await.status }
        });
        assert_eq!(together(logins).await, [200; 201]);
        weir.clock.advance(LIFE + GRACE + SECOND);
        weir.person("alice").login().await;
        session::flow::sweep(&weir.app).await.unwrap();
        // The server sweeps by itself too, and may have taken some from us.
        while weir.number("SELECT COUNT(*) FROM sessions").await > 1 {
            tokio::task::yield_now().await;
        }
    }
}
