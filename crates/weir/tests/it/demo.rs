//! `weir demo`, and the commands that work beside it.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use nix::sys::signal::Signal;
use serde_json::{Value, json};
use weir_testkit::Client;

use crate::process::{ME, Process, control, log_in, run, run_in, token, weir};

struct Demo {
    process: Process,
    weir: Client,
    simulator: Client,
}

/// A quiet demo on free ports whose data is in `directory/data`.
fn demo(directory: &Path) -> Demo {
    let arguments = ["demo", "--port", "0", "--simulator-port", "0", "--data", "data", "--quiet"];
    let mut process = Process::start(weir(directory, &arguments, &[]));
    let weir = Client::new(process.wait_for("weir is ready at "));
    let simulator = Client::new(process.wait_for("the simulator is ready at "));
    Demo { process, weir, simulator }
}

fn secret(directory: &Path) -> String {
    fs::read_to_string(directory.join("data/jwt_secret")).expect("the demo's secret")
}

#[tokio::test]
async fn both_are_ready_when_they_say_so_and_the_secret_is_the_owners() {
    let directory = tempfile::tempdir().unwrap();
    let demo = demo(directory.path());
    assert_eq!(demo.weir.get("/api/health").await.status, 200);
    assert_eq!(demo.simulator.get("/_sim/health").await.status, 200);
    let data = log_in(&demo.weir, &demo.simulator, "alice").await;
    for file in ["jwt_secret", "push_token", "push_aes_key", "weir.db", "weir.db-wal"] {
        let mode = fs::metadata(directory.path().join("data").join(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
    let secret = secret(directory.path());
    assert!(secret.len() >= 32);
    demo.process.signal(Signal::SIGTERM);
    let ended = demo.process.ended();
    assert!(!ended.stdout.contains(&secret) && !ended.stderr.contains(&secret), "{ended:?}");
    assert_eq!(ended.well().lines().count(), 2, "quiet");

    let again = self::demo(directory.path());
    assert_eq!(self::secret(directory.path()), secret, "made once");
    again.weir.with_bearer(token(&data)).get(ME).await.data();
}

#[tokio::test]
async fn it_says_first_what_to_open_and_worries_nobody() {
    let directory = tempfile::tempdir().unwrap();
    let arguments = ["demo", "--port", "0", "--simulator-port", "0"];
    let mut process = Process::start(weir(directory.path(), &arguments, &[]));
    let weir = process.wait_for("weir is ready at ");
    process.signal(Signal::SIGTERM);
    let said = process.ended().well();
    let addresses = said.lines().filter(|line| line.starts_with("  ") && line.contains("http"));
    assert_eq!(
        addresses.map(str::trim).next(),
        Some(&*format!("Open this in a browser     {weir}/demo")),
        "{said}"
    );
    assert!(said.contains("weir demo --once") && said.contains("data/"), "{said}");
    assert!(!said.contains("WARN"), "{said}");
}

#[tokio::test]
async fn the_page_is_there_with_what_its_user_needs_and_only_in_a_demo() {
    let directory = tempfile::tempdir().unwrap();
    let mut keys = Vec::new();
    for _ in 0..2 {
        let demo = demo(directory.path());
        // The client follows redirects.
        for path in ["/", "/demo", "/demo/"] {
            let page = demo.weir.get(path).await;
            assert_eq!(page.status, 200, "{path}");
            assert!(page.header("content-type").unwrap().starts_with("text/html"), "{path}");
            let policy = page.header("content-security-policy").unwrap();
            let simulator = format!("frame-src http://{} ", demo.simulator.address());
            assert!(policy.contains(&simulator) && policy.contains("frame-ancestors 'none'"), "{policy}");
            // Nothing is fetched from elsewhere, WeChat's avatars neither.
            assert!(!policy.contains("https:"), "{policy}");
            for part in ["base-uri 'none'", "form-action 'none'", "object-src 'none'"] {
                assert!(policy.contains(part), "{policy}");
            }
        }
        assert_eq!(demo.weir.get("/demo/nothing.js").await.status, 404);
        assert_eq!(demo.weir.get("/demo/session").await.status, 405);

        let (one, two) = (
            demo.weir.post("/demo/session", &json!({})).await,
            demo.weir.post("/demo/session", &json!({})).await,
        );
        assert_eq!(one.header("cache-control"), Some("no-store"));
        assert_eq!(one.json["key"], two.json["key"], "one key for as long as it runs");
        let place = demo.weir.get("/demo/where").await.json;
        assert_eq!(place, json!({"simulator": one.json["simulator"]}), "a customer's page has nothing else");
        for (host, status) in [
            ("localhost:8080", 200),
            ("weir.localhost", 200),
            ("demo.example.com:8080", 403),
            ("10.0.0.1", 403),
        ] {
            let asked = demo.weir.with_header("host", host).post("/demo/session", &json!({})).await;
            assert_eq!(asked.status, status, "{host}");
        }
        // Nor does a website get them, nor whoever comes through a tunnel or a proxy that hides its own name.
        for (name, value, status) in [
            ("origin", "http://demo.weir.localhost:8080", 200),
            ("origin", "https://evil.example.com", 403),
            ("origin", "null", 403),
            ("sec-fetch-site", "same-origin", 200),
            ("sec-fetch-site", "cross-site", 403),
            ("x-forwarded-for", "203.0.113.9", 403),
            ("x-forwarded-host", "weir.example.com", 403),
            ("forwarded", "for=203.0.113.9", 403),
            ("via", "1.1 tunnel", 403),
        ] {
            let asked = demo.weir.with_header(name, value).post("/demo/session", &json!({})).await;
            assert_eq!(asked.status, status, "{name}: {value}");
            assert!(status == 200 || asked.json["detail"].as_str().unwrap().contains("this machine"));
        }
        for path in ["/demo/%ff", "/demo/%c0%af", "/docs/%ff"] {
            let answer = demo.weir.get(path).await;
            assert_eq!(
                (answer.status, &answer.json["status"]),
                (404, &json!(404)),
                "{path}: {}",
                answer.text
            );
        }
        assert_eq!(one.json["simulator"], format!("http://{}", demo.simulator.address()));
        let host = demo.weir.with_bearer(one.json["token"].as_str().unwrap());
        assert_eq!(host.get("/api/wechat/binding").await.status, 200);
        let crm = demo.weir.with_bearer(one.json["key"].as_str().unwrap());
        assert_eq!(crm.get("/api/leads").await.status, 200);
        for old in &keys {
            let answer = demo.weir.with_bearer(old).get("/api/leads").await;
            assert_eq!(answer.status, 401, "a key of an earlier start");
        }
        keys.push(one.json["key"].as_str().unwrap().to_owned());
        demo.process.signal(Signal::SIGTERM);
        let ended = demo.process.ended();
        assert!(!ended.stderr.contains(&keys[0]) && !ended.stdout.contains(&keys[0]));
    }
}

#[tokio::test]
async fn the_simulator_is_told_where_to_push_at_each_start() {
    let directory = tempfile::tempdir().unwrap();
    let mut tokens = Vec::new();
    for _ in 0..2 {
        let demo = demo(directory.path());
        let apps = demo.simulator.get("/_sim/apps").await.json;
        for (app, format) in [("mini", "json"), ("official", "xml"), ("website", "xml")] {
            let all = apps["apps"].as_array().unwrap();
            let push = &all.iter().find(|known| known["name"] == app).unwrap()["push"];
            assert_eq!(push["url"], format!("http://{}/wechat/push/{app}", demo.weir.address()));
            assert_eq!((&push["format"], &push["mode"]), (&json!(format), &json!("safe")));
            assert_eq!(push["aes_key"].as_str().unwrap().len(), 43);
            tokens.push(push["token"].as_str().unwrap().to_owned());
            let event = json!({"appid": app, "user": "alice", "event": {"Event": "debug_demo"}});
            let pushed = demo.simulator.post("/_sim/push", &event).await;
            assert_eq!(pushed.json["accepted"], true, "{}", pushed.text);
        }
        demo.process.signal(Signal::SIGTERM);
        demo.process.ended();
    }
    assert!(tokens.iter().all(|token| *token == tokens[0]), "made once: {tokens:?}");
}

#[tokio::test]
async fn a_key_that_is_made_beside_the_running_demo_works_until_it_is_revoked() {
    let directory = tempfile::tempdir().unwrap();
    let demo = demo(directory.path());
    let beside = |arguments: &[&str]| run_in(directory.path(), arguments, &[]).well();
    let made = beside(&["key", "create", "--scope", "users:write", "--name", "counters", "--data", "data"]);
    let key = made.strip_suffix('\n').unwrap();
    assert!(key.starts_with("weir_") && key.len() == 48 && !key.contains('\n'), "{made:?}");

    let user = log_in(&demo.weir, &demo.simulator, "alice").await["user"]["id"].clone();
    let host = demo.weir.with_bearer(key);
    let counters = format!("/api/v1/users/{user}/counters");
    host.patch(&counters, &json!({ "recipe_count": 7 })).await.data();

    let listed = beside(&["key", "list", "--data", "data"]);
    let line = listed.lines().find(|line| line.contains("counters")).expect("it is listed");
    assert!(line.contains("users:write") && line.contains("good") && !listed.contains(key), "{listed}");
    let id = line.split_whitespace().next().unwrap();
    assert_eq!(beside(&["key", "revoke", id, "--data", "data"]), format!("{id} is revoked\n"));
    assert!(beside(&["key", "list", "--data", "data"]).contains("revoked"));
    host.patch(&counters, &json!({ "recipe_count": 8 })).await.refused(401);
}

#[test]
fn a_key_command_that_cannot_be_followed_says_why() {
    let directory = tempfile::tempdir().unwrap();
    for (arguments, word) in [
        (&["key", "create", "--scope", "users:fly"][..], "users:fly"),
        (&["key", "create", "--scope", ""], "at least one"),
        (&["key", "revoke", "nonsense"], "weir key list"),
        (&["key", "list", "--data", "nothing-here"], "weir demo --data nothing-here"),
    ] {
        let ended = run_in(directory.path(), arguments, &[("JWT_SECRET", crate::process::SECRET)]);
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(ended.stderr.contains(word) && ended.stdout.is_empty(), "{ended:?}");
    }
}

#[tokio::test]
async fn a_host_token_says_who_it_is_for_and_is_signed_by_the_demo() {
    let directory = tempfile::tempdir().unwrap();
    let _demo = demo(directory.path());
    for (ttl, seconds) in [(&[][..], 3600), (&["--ttl", "90m"], 5400)] {
        let arguments = [&["token", "--sub", "106", "--data", "data"], ttl].concat();
        let said = run_in(directory.path(), &arguments, &[]).well();
        let token = said.strip_suffix('\n').unwrap();
        let key = DecodingKey::from_secret(secret(directory.path()).as_bytes());
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&["host"]);
        let claims = decode::<Value>(token, &key, &validation).unwrap().claims;
        assert_eq!(claims["sub"], "106");
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), seconds);
    }
    let outside = run(&["token", "--sub", "106"], &[("JWT_SECRET", crate::process::SECRET)]);
    assert_eq!(outside.code, Some(1), "{outside:?}");
    assert!(outside.stdout.is_empty() && outside.stderr.contains("sandbox"), "{outside:?}");
}

#[tokio::test]
async fn moving_the_simulators_clock_moves_the_gateways() {
    let directory = tempfile::tempdir().unwrap();
    let demo = demo(directory.path());
    let data = log_in(&demo.weir, &demo.simulator, "alice").await;
    let alice = demo.weir.with_bearer(token(&data));
    control(&demo.simulator, "/_sim/clock", &json!({ "advance_s": 604_700 })).await;
    alice.get(ME).await.data();
    control(&demo.simulator, "/_sim/clock", &json!({ "advance_s": 100 })).await;
    alice.get(ME).await.refused(401);
}

#[test]
fn once_walks_every_flow_and_counts() {
    let told = run(&["demo", "--once"], &[]).well();
    let (steps, last) = told.trim_end().rsplit_once('\n').unwrap();
    let passed = steps.lines().filter(|line| line.trim_start().starts_with('✓')).count();
    assert!(passed > 15 && !steps.contains('✗'), "{told}");
    assert_eq!(last, format!("{passed} passed, 0 failed"));
    let quiet = run(&["demo", "--once", "--quiet"], &[]).well();
    assert_eq!(quiet, format!("{passed} passed, 0 failed\n"));
}
