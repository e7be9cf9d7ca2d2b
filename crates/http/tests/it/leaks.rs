//! Nothing secret and nothing personal leaves through logs, metrics or errors.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};

use serde_json::json;
use tracing_subscriber::{Layer, fmt::MakeWriter, layer::SubscriberExt, util::SubscriberInitExt};
use weir_base::Secret;
use weir_core::{App, apikey::Scope};
use weir_testkit::{TestWeir, weir::MINI};

use crate::support::{LOGIN, LOGOUT, ME, REFRESH, SECRET, log_in, token_of};

/// What has been logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Keeps every event and span of our crates, at every level. Once for the process: our server logs on its own threads.
fn listen() -> Log {
    static LOG: std::sync::OnceLock<Log> = std::sync::OnceLock::new();
    let start = || {
        let log = Log::default();
        let ours = tracing_subscriber::filter::filter_fn(|metadata| metadata.target().starts_with("weir"));
        let layer = tracing_subscriber::fmt::layer().json().with_writer(log.clone()).with_filter(ours);
        tracing_subscriber::registry().with(layer).init();
        log
    };
    LOG.get_or_init(start).clone()
}

/// Both session_keys that are kept of a person.
async fn session_keys(app: &App, openid: &str) -> Vec<Secret> {
    let row = weir_core::identity::rows::session_keys(&app.store, MINI, openid).await.unwrap().unwrap();
    let context = weir_core::identity::model::seal_context(MINI, openid);
    let sealed = [row.session_key, row.previous_session_key];
    sealed.iter().flatten().map(|sealed| app.sealer.open(sealed, &context).unwrap()).collect()
}

weir_testkit::engines! {
    async fn logs_metrics_and_errors_hold_no_secret_and_nobody(engine) {
        let log = listen();
        let Some(weir) = TestWeir::start(engine).await else { return };
        let mut secret: Vec<(&str, String)> = vec![
            ("AppSecret", "demo-secret-mini".to_owned()),
            ("JWT_SECRET", SECRET.to_owned()),
            ("nickname", "独特的名字".to_owned()),
            ("avatar", "https://a.example/unique".to_owned()),
            ("bio", "独特的简介".to_owned()),
            ("phone", "13800138000".to_owned()),
            ("openid", weir.simulator.openid("mini", "alice").unwrap()),
        ];
        let mut errors = String::new();

        let code = weir.person("alice").code().await;
        let body = json!({"code": code, "nickName": "独特的名字", "avatarUrl": "https://a.example/unique"});
        let first = token_of(weir.client.post(LOGIN, &body).await.data());
        errors += &weir.client.post(LOGIN, &body).await.text;
        secret.push(("code", code));
        for fault in [
            json!({"kind": "disconnect"}),
            json!({"kind": "disconnect", "before": true}),
            json!({"kind": "garbage", "form": "truncated"}),
            json!({"kind": "garbage", "form": "wrong_type"}),
            json!({"kind": "garbage", "form": "html"}),
            json!({"kind": "http_status", "status": 500}),
            json!({"kind": "errcode", "errcode": -1}),
            json!({"kind": "errcode", "errcode": 40125}),
            json!({"kind": "errcode", "errcode": 45011}),
        ] {
            let mut fault = fault;
            fault["path"] = json!("/sns/jscode2session");
            weir.fault(&fault).await;
            let code = weir.person("alice").code().await;
            let answer = weir.client.post(LOGIN, &json!({ "code": code })).await;
            assert_ne!(answer.status, 200, "{fault}");
            errors += &answer.text;
            secret.push(("code", code));
            weir.no_faults().await;
        }
        weir.person("alice").control("/_sim/session-key", json!({})).await;
        let second = token_of(&log_in(&weir, "alice", &json!({})).await);
        let alice = weir.client.with_bearer(&*second);
        alice.patch(ME, &json!({"bio": "独特的简介"})).await.data();
        let phone_code = weir.person("alice").control("/_sim/phone-code", json!({})).await["code"].clone();
        alice.post("/api/v1/auth/phone", &json!({ "code": phone_code })).await.data();
        errors += &alice.post("/api/v1/auth/phone", &json!({ "code": phone_code })).await.text;
        secret.push(("phone code", phone_code.as_str().unwrap().to_owned()));
        weir.fault(&json!({"path": "/wxa/*", "kind": "disconnect"})).await;
        errors += &alice.get("/api/v1/auth/session").await.text;
        weir.no_faults().await;
        alice.get("/api/v1/auth/session").await.data();
        let key = weir.api_key(&[Scope::UsersWrite]).await;
        weir.client
            .with_bearer(&*key)
            .patch("/api/v1/users/1/counters", &json!({"recipe_count": 1}))
            .await
            .data();
        errors += &weir.client.with_bearer(&*key).get(ME).await.text;
        errors += &weir.client.with_bearer(format!("{first}x")).get(ME).await.text;
        let third = token_of(alice.post_empty(REFRESH).await.data());
        errors += &alice.post_empty(REFRESH).await.text;
        weir.client.with_bearer(&*first).post_empty(LOGOUT).await.data();
        errors += &weir.client.with_bearer(&*first).post_empty(LOGOUT).await.text;

        let keys = session_keys(&weir.app, &secret[6].1).await;
        assert_eq!(keys.len(), 2);
        secret.extend(keys.iter().map(|key| ("session_key", key.expose().to_owned())));
        let app_token = weir_core::apptoken::flow::token(&weir.app, MINI).await.unwrap();
        secret.push(("WeChat's access_token", app_token.token.expose().to_owned()));
        secret.extend([first, second, third].map(|token| ("access_token", token)));
        secret.push(("API key", key));

        let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        assert!(logged.contains("weir::request"), "nothing was logged: {logged}");
        let metrics = weir.client.get("/metrics").await.text;
        assert!(metrics.contains("weir_http_requests_total"));
        for (what, value) in &secret {
            for (place, text) in [("the log", &logged), ("the metrics", &metrics), ("an error", &errors)] {
                assert!(!text.contains(value.as_str()), "{what} {value} is in {place}");
            }
            // The JSON of the log spells other letters than ASCII as they are, but it escapes some.
            let spelled = serde_json::to_string(value).unwrap();
            assert!(!logged.contains(spelled.trim_matches('"')), "{what} is in the log");
        }
        let base = weir.wechat.address();
        assert!(!errors.contains(base), "our address of WeChat is in an error");
    }

    async fn each_request_is_one_line_that_tells_what_happened(engine) {
        let log = listen();
        let Some(weir) = TestWeir::start(engine).await else { return };
        let id = format!("line-{engine}");
        let code = weir.person("alice").code().await;
        weir.client.with_header("x-request-id", &*id).post(LOGIN, &json!({ "code": code })).await.data();
        let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        let lines: Vec<serde_json::Value> = logged
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .filter(|line: &serde_json::Value| line["fields"]["id"] == *id)
            .collect();
        assert_eq!(lines.len(), 1, "{logged}");
        let fields = &lines[0]["fields"];
        assert_eq!((&fields["method"], &fields["route"]), (&json!("POST"), &json!(LOGIN)));
        assert_eq!((&fields["status"], &fields["upstream_calls"]), (&json!(200), &json!(1)));
        assert_eq!(fields["queries"], 1, "a login is one transaction");
        assert!(fields["ms"].as_f64().unwrap() > 0.0);
        assert_eq!(fields["reason"], "");
    }
}
