//! What holds for every path: ids, security headers, unknown paths and methods, CORS.

use reqwest::Method;
use serde_json::json;
use weir_testkit::{Engine, TestWeir};

use crate::support::{LOGIN, ME, assert_refused, raw};

/// Version and variant of a UUIDv7 in its usual spelling.
fn is_uuid_v7(text: &str) -> bool {
    let groups: Vec<_> = text.split('-').map(str::len).collect();
    groups == [8, 4, 4, 4, 12]
        && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b'-'))
        && &text[14..15] == "7"
        && matches!(&text[19..20], "8" | "9" | "a" | "b")
}

async fn with_origins(engine: Engine, origins: &[&str]) -> Option<TestWeir> {
    let origins = origins.iter().map(|&origin| origin.to_owned()).collect();
    TestWeir::start_with(engine, |setup| setup.server.cors_origins = origins).await
}

weir_testkit::engines! {
    async fn a_sane_request_id_is_given_back(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        for id in ["a", "req-1.2_3", "01999999-9999-7999-8999-999999999999", &"x".repeat(128)] {
            for path in ["/api/health", ME, "/nothing"] {
                let answer = weir.client.with_header("x-request-id", id).get(path).await;
                assert_eq!(answer.header("x-request-id"), Some(id), "{path}");
            }
        }
    }

    async fn a_request_id_that_is_not_sane_is_replaced(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        for id in ["", "a b", "a\tb", "a;b", "<b>", "a\"b", "{}", "é", &"x".repeat(129)] {
            let answer = weir.client.with_header("x-request-id", id).get("/api/live").await;
            let given = answer.header("x-request-id").unwrap();
            assert!(is_uuid_v7(given), "{id:?} became {given:?}");
        }
    }

    async fn without_a_request_id_every_answer_gets_its_own(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let mut ids = std::collections::BTreeSet::new();
        for path in ["/api/live", "/api/health", "/metrics", "/docs/", "/nothing", "/api/v1/nothing", ME] {
            let answer = weir.client.get(path).await;
            let id = answer.header("x-request-id").unwrap().to_owned();
            assert!(is_uuid_v7(&id), "{id}");
            assert!(ids.insert(id), "an id came twice");
        }
    }

    async fn a_new_line_cannot_be_smuggled_through_an_id(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let request = "GET /api/live HTTP/1.1\r\nhost: weir\r\nconnection: close\r\nx-request-id: a%0d%0aset-cookie: x=1\r\n\r\n";
        let (status, answer) = raw(&weir.client, request.as_bytes()).await;
        assert_eq!(status, 200);
        assert!(!answer.to_lowercase().contains("set-cookie"), "{answer}");
    }

    async fn every_answer_forbids_sniffing_and_json_is_never_stored(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let alice = weir.person("alice").signed_in().await;
        for path in [
            "/api/live",
            "/api/health",
            "/.well-known/jwks.json",
            "/openapi.json",
            ME,
            "/nothing",
            "/api/v1/nothing",
        ] {
            let answer = alice.get(path).await;
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
            assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
        }
        for path in ["/metrics", "/docs/", "/docs/swagger-ui.css"] {
            assert_eq!(alice.get(path).await.header("x-content-type-options"), Some("nosniff"), "{path}");
        }
    }

    async fn an_unknown_path_is_refused_in_the_envelope_of_its_prefix(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        for path in
            ["/api/v1", "/api/v1/", "/api/v1/x", "/api/v1/users/me/", "/api/v1/users//me", "/api/v1/用户"]
        {
            assert_refused(&weir.client.get(path).await, 404, "接口不存在");
        }
        for path in ["/", "/x", "/docs/x", "/api", "/api/v2/users/me", "/api/v1x", "/API/V1/users/me"] {
            let answer = weir.client.get(path).await;
            assert_eq!(answer.status, 404, "{path}");
            assert_eq!(answer.header("content-type"), Some("application/problem+json"));
            let id = answer.header("x-request-id").unwrap();
            let expected = json!({
                "type": "about:blank",
                "title": "Not Found",
                "status": 404,
                "detail": "there is nothing here; the API is described at /docs",
                "instance": path,
                "request_id": id,
            });
            assert_eq!(answer.json, expected);
        }
    }

    async fn a_wrong_method_is_told_which_are_right(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        for (method, path, allowed) in [
            (Method::GET, LOGIN, &["POST"][..]),
            (Method::PUT, "/api/v1/auth/wechat-login", &["POST"]),
            (Method::DELETE, "/api/v1/auth/cloud-login", &["POST"]),
            (Method::GET, "/api/v1/auth/refresh", &["POST"]),
            (Method::HEAD, "/api/v1/auth/logout", &["POST"]),
            (Method::POST, "/api/v1/auth/session", &["GET", "HEAD"]),
            (Method::POST, ME, &["DELETE", "GET", "HEAD", "PATCH"]),
            (Method::PATCH, "/api/v1/user/profile", &["GET", "HEAD"]),
            (Method::POST, "/api/v1/users/1/counters", &["PATCH"]),
            (Method::OPTIONS, ME, &["DELETE", "GET", "HEAD", "PATCH"]),
            (Method::TRACE, LOGIN, &["POST"]),
            (Method::from_bytes(b"NONSENSE").unwrap(), LOGIN, &["POST"]),
            (Method::POST, "/api/health", &["GET", "HEAD"]),
            (Method::DELETE, "/openapi.json", &["GET", "HEAD"]),
        ] {
            let answer = weir.client.send(method.clone(), path, None).await;
            assert_eq!(answer.status, 405, "{method} {path}");
            let mut told: Vec<_> = answer.header("allow").unwrap().split(',').map(str::trim).collect();
            told.sort_unstable();
            assert_eq!(told, allowed, "{method} {path}");
            if path.starts_with("/api/v1") && method != Method::HEAD {
                assert_refused(&answer, 405, "不支持该请求方法");
            }
        }
    }

    async fn head_answers_as_get_does_without_the_body(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let alice = weir.person("alice").signed_in().await;
        for path in [ME, "/api/live", "/openapi.json", "/metrics"] {
            let (head, get) = (alice.send(Method::HEAD, path, None).await, alice.get(path).await);
            assert_eq!((head.status, &*head.text), (200, ""), "{path}");
            assert_eq!(head.header("content-type"), get.header("content-type"));
        }
        let anonymous = weir.client.send(Method::HEAD, ME, None).await;
        assert_eq!((anonymous.status, &*anonymous.text), (401, ""));
    }

    async fn what_is_no_http_is_refused_without_harm(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        for request in [
            "nonsense\r\n\r\n",
            "GET /api/live HTTP/9.9\r\n\r\n",
            "GET  HTTP/1.1\r\n\r\n",
            "\u{16}\u{3}\u{1}\r\n\r\n",
        ] {
            let (status, _) = raw(&weir.client, request.as_bytes()).await;
            assert!((400..600).contains(&status), "{request:?}: {status}");
        }
        assert_eq!(weir.client.get("/api/live").await.status, 200);
    }

    async fn without_a_setting_no_page_of_another_origin_may_call(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let page = weir.client.with_header("origin", "https://app.example.com");
        assert_eq!(page.get("/api/live").await.header("access-control-allow-origin"), None);
        let preflight = page.with_header("access-control-request-method", "POST");
        let preflight = preflight.send(Method::OPTIONS, LOGIN, None).await;
        assert_eq!(preflight.status, 405);
        assert_eq!(preflight.header("access-control-allow-origin"), None);
    }

    async fn pages_of_the_origins_set_may_call(engine) {
        let Some(weir) = with_origins(engine, &["https://app.example.com", "http://localhost:5173/"]).await
        else {
            return;
        };
        for origin in ["https://app.example.com", "http://localhost:5173"] {
            let page = weir.client.with_header("origin", origin);
            let preflight = page
                .with_header("access-control-request-method", "PATCH")
                .with_header("access-control-request-headers", "authorization,content-type");
            let preflight = preflight.send(Method::OPTIONS, ME, None).await;
            assert_eq!(preflight.status, 200);
            assert_eq!(preflight.header("access-control-allow-origin"), Some(origin));
            assert!(preflight.header("access-control-allow-methods").unwrap().contains("PATCH"));
            let headers = preflight.header("access-control-allow-headers").unwrap().to_lowercase();
            for header in ["authorization", "content-type", "x-poll-token", "last-event-id"] {
                assert!(headers.contains(header), "{headers}");
            }
            assert!(preflight.header("x-request-id").is_some());
            // Refusals are for the page to read as well.
            for answer in [page.get("/api/live").await, page.get(ME).await, page.get("/api/v1/nothing").await]
            {
                assert_eq!(answer.header("access-control-allow-origin"), Some(origin), "{}", answer.text);
                let exposed = answer.header("access-control-expose-headers").unwrap();
                assert!(exposed.contains("x-request-id") && exposed.contains("retry-after"), "{exposed}");
            }
        }
    }

    async fn pages_of_other_origins_may_not(engine) {
        let Some(weir) = with_origins(engine, &["https://app.example.com"]).await else { return };
        for origin in [
            "https://evil.example",
            "http://app.example.com",
            "https://app.example.com.evil.example",
            "https://app.example.com:444",
            "null",
        ] {
            let page = weir.client.with_header("origin", origin);
            let preflight = page.with_header("access-control-request-method", "POST");
            let preflight = preflight.send(Method::OPTIONS, LOGIN, None).await;
            for answer in [page.get("/api/live").await, preflight] {
                assert_eq!(answer.header("access-control-allow-origin"), None, "{origin}");
            }
        }
    }

    async fn a_star_lets_every_page_call_without_cookies(engine) {
        let Some(weir) = with_origins(engine, &["*"]).await else { return };
        let answer = weir.client.with_header("origin", "https://anybody.example").get("/api/live").await;
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
        assert_eq!(answer.header("access-control-allow-credentials"), None);
    }
}
