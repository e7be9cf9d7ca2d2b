//! Weir's own paths: health, metrics, keys, the description and its page.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;
use weir_testkit::{Engine, TestWeir};

use crate::support::{LOGIN, ME, REFRESH, assert_refused};

weir_testkit::engines! {
    async fn a_healthy_server_says_what_it_checked(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let answer = weir.client.get("/api/health").await;
        assert_eq!(answer.status, 200);
        assert!(answer.json["uptime_s"].is_u64());
        let expected = json!({
            "status": "ok",
            "version": env!("CARGO_PKG_VERSION"),
            "uptime_s": answer.json["uptime_s"],
            "checks": {"database": "ok", "wechat": "unknown", "queue": "ok"},
        });
        assert_eq!(answer.json, expected);
        weir.person("alice").login().await;
        assert_eq!(weir.client.get("/api/health").await.json["checks"]["wechat"], "ok");
    }

    async fn without_its_database_the_server_lives_but_is_not_healthy(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let alice = weir.person("alice").signed_in().await;
        let code = weir.person("alice").code().await;
        weir.app.store.close().await;
        let health = weir.client.get("/api/health").await;
        assert_eq!(health.status, 503, "{}", health.text);
        assert_eq!(health.json["status"], "failing");
        assert_eq!(health.json["checks"]["database"], "failing");
        assert_eq!(weir.client.get("/api/live").await.json, json!({"status": "ok"}));
        for answer in [
            weir.client.post(LOGIN, &json!({ "code": code })).await,
            alice.post_empty(REFRESH).await,
            alice.patch(ME, &json!({"bio": "x"})).await,
        ] {
            assert_refused(&answer, 503, "服务暂时不可用，请稍后再试");
            assert_eq!(answer.header("retry-after"), Some("1"));
        }
    }

    async fn a_verdict_serves_for_a_second(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        assert_eq!(weir.client.get("/api/health").await.status, 200);
        weir.app.store.close().await;
        weir.clock.advance(Duration::from_millis(999));
        assert_eq!(weir.client.get("/api/health").await.status, 200, "the verdict before");
        weir.clock.advance(Duration::from_millis(1));
        assert_eq!(weir.client.get("/api/health").await.status, 503);
        // A clock that is set back must not keep it for ever.
        weir.clock.set_back(Duration::from_secs(60));
        assert_eq!(weir.client.get("/api/health").await.status, 503);
    }

    async fn wechat_being_away_does_not_make_the_server_unfit(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        weir.fault(&json!({"path": "/sns/jscode2session", "kind": "http_status", "status": 502})).await;
        for _ in 0..5 {
            assert!(weir.client.post(LOGIN, &json!({"code": "x"})).await.status >= 500);
        }
        let health = weir.client.get("/api/health").await;
        assert_eq!((health.status, &health.json["status"]), (200, &json!("ok")));
        assert_eq!(health.json["checks"]["wechat"], "failing");
    }

    async fn metrics_are_counted_by_route_and_never_by_id(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        weir.person("alice").signed_in().await.get(ME).await;
        weir.client.patch("/api/v1/users/4711/counters", &json!({})).await;
        weir.client.get("/api/v1/surely/not/here").await;
        let page = weir.client.get("/metrics").await;
        assert_eq!(page.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
        let count = |labels: &[&str]| {
            let fits = |line: &&str| {
                line.starts_with("weir_http_requests_total{")
                    && labels.iter().all(|label| line.contains(label))
            };
            page.text.lines().filter(fits).count()
        };
        assert_eq!(
            count(&["method=\"GET\"", "route=\"/api/v1/users/me\"", "status=\"200\""]),
            1,
            "{}",
            page.text
        );
        assert_eq!(count(&["route=\"/api/v1/users/{id}/counters\"", "status=\"401\""]), 1, "{}", page.text);
        assert_eq!(count(&["route=\"unmatched\"", "status=\"404\""]), 1, "{}", page.text);
        assert!(page.text.contains("weir_http_request_seconds"));
        assert!(!page.text.contains("4711") && !page.text.contains("surely"));
    }

    async fn the_description_is_the_one_that_answers_are_held_to(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let answer = weir.client.get("/openapi.json").await;
        assert_eq!(answer.status, 200);
        assert_eq!(&answer.json, weir_testkit::contract::description());
        assert_eq!(answer.text, weir_http::openapi_json());
        assert!(answer.json["openapi"].as_str().unwrap().starts_with("3.1"));
        let paths = answer.json["paths"].as_object().unwrap();
        for operation in paths.values().flat_map(|item| item.as_object().unwrap().values()) {
            assert!(operation["operationId"].is_string() && operation["summary"].is_string(), "{operation}");
        }
    }

    async fn the_page_of_the_api_loads_nothing_from_elsewhere(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        // The client follows the redirect from /docs.
        let page = weir.client.get("/docs").await;
        assert_eq!(page.status, 200);
        assert!(page.header("content-type").unwrap().starts_with("text/html"));
        let policy = page.header("content-security-policy").unwrap();
        assert!(
            policy.contains("default-src 'self'") && policy.contains("frame-ancestors 'none'"),
            "{policy}"
        );
        for part in ["base-uri 'none'", "object-src 'none'"] {
            assert!(policy.contains(part), "{policy}");
        }
        assert!(!policy.contains("http") && !policy.contains('*'), "{policy}");
        assert_eq!(page.header("x-frame-options"), Some("DENY"));
        let linked: Vec<_> =
            page.text.split("src=\"").skip(1).chain(page.text.split("href=\"").skip(1)).collect();
        assert!(linked.len() >= 4, "{}", page.text);
        for target in linked.iter().map(|rest| rest.split('"').next().unwrap()) {
            assert!(!target.contains("//"), "{target} is elsewhere");
            let asset = weir.client.get(&format!("/docs/{}", target.trim_start_matches("./"))).await;
            assert_eq!(asset.status, 200, "{target}");
        }
        // The policy above allows no script inside the page.
        assert!(page.text.split("<script").skip(1).all(|script| script.contains("src=")), "{}", page.text);
        let settings = weir.client.get("/docs/start.js").await.text;
        assert!(settings.contains("'/openapi.json'"), "{settings}");
        assert!(settings.contains("validatorUrl: 'none'"), "{settings}");
        assert!(!settings.contains("://"), "{settings}");
    }

    async fn a_shared_secret_publishes_no_key(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        assert_eq!(weir.client.get("/.well-known/jwks.json").await.json, json!({"keys": []}));
    }
}

/// One probe asks the database, and the others wait for what it finds: the clock is moved once.
#[tokio::test(flavor = "multi_thread")]
async fn many_probes_at_once_ask_the_database_once() {
    let Some(weir) = TestWeir::start(Engine::Sqlite).await else { return };
    let held = weir.database.hold("users").await;
    let probes = join_all((0..60).map(|_| weir.client.get("/api/health")));
    let probes = async {
        let probed = probes.await;
        drop(held);
        probed
    };
    let move_clock = async {
        weir.wait_for_sleepers(1).await;
        weir.clock.advance(Duration::from_secs(2));
    };
    let (probed, ()) = tokio::join!(probes, move_clock);
    for answer in probed {
        assert_eq!(answer.status, 503, "{}", answer.text);
        assert_eq!(answer.json["checks"]["database"], "not answering");
    }
}
