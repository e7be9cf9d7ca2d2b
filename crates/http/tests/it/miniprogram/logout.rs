//! Logging out.

use reqwest::Method;
use serde_json::json;
use weir_testkit::TestWeir;

use crate::support::{LOGOUT, ME, REFRESH, assert_refused, changing_nothing, log_in, token_of};

const REVOKED: &str = "登录已失效，请重新登录";

weir_testkit::engines! {
    async fn logging_out_says_so_twice_over(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let answer = weir.person("alice").signed_in().await.post_empty(LOGOUT).await;
        assert_eq!(
            answer.json,
            json!({
                "code": 200,
                "message": "退出成功",
                "data": {"message": "退出成功"},
                "timestamp": "2026-11-20T08:00:00.000Z",
            })
        );
    }

    async fn after_a_logout_the_token_is_dead_on_every_replica(engine) {
        let Some(mut weir) = TestWeir::start(engine).await else { return };
        let (_, other) = weir.replica().await;
        let token = token_of(&log_in(&weir, "alice", &json!({})).await);
        assert_eq!(other.with_bearer(&*token).get(ME).await.status, 200);
        weir.client.with_bearer(&*token).post_empty(LOGOUT).await.data();
        for client in [&weir.client, &other] {
            let client = client.with_bearer(&*token);
            assert_refused(&client.get(ME).await, 401, REVOKED);
            assert_refused(&client.post_empty(REFRESH).await, 401, REVOKED);
        }
    }

    async fn a_second_logout_is_refused(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let alice = weir.person("alice").signed_in().await;
        alice.post_empty(LOGOUT).await.data();
        let again = changing_nothing(&weir, alice.post_empty(LOGOUT)).await;
        assert_refused(&again, 401, REVOKED);
    }

    async fn a_logout_kills_the_refreshed_token_and_spares_other_sessions(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let (first, other) = (weir.person("alice").signed_in().await, weir.person("alice").signed_in().await);
        let next = weir.client.with_bearer(token_of(first.post_empty(REFRESH).await.data()));
        next.post_empty(LOGOUT).await.data();
        assert_refused(&next.get(ME).await, 401, REVOKED);
        assert_eq!(other.get(ME).await.status, 200);
    }

    async fn a_token_that_was_refreshed_away_cannot_log_out(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let old = weir.person("alice").signed_in().await;
        let new = weir.client.with_bearer(token_of(old.post_empty(REFRESH).await.data()));
        assert_refused(&old.post_empty(LOGOUT).await, 401, REVOKED);
        assert_eq!(new.get(ME).await.status, 200);
    }

    async fn a_logout_minds_no_body(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        for body in ["{}", "", "nonsense"] {
            let alice = weir.person("alice").signed_in().await;
            let answer = alice.send(Method::POST, LOGOUT, Some((body.to_owned(), "application/json"))).await;
            assert_eq!(answer.status, 200, "{body}");
        }
    }
}
