//! Log lines: one for each request, all of them JSON, none with a secret.

use std::{collections::BTreeMap, fs};

use nix::sys::signal::Signal;
use serde_json::{Value, json};
use weir_testkit::{Client, TestDatabase};

use crate::process::{
    LOGIN, ME, MINI, MINI_SECRET, REFRESH, SECRET, Server, Simulator, code, log_in, run_in, token,
};

const LINE: &str = "weir::request";

/// A whole run, each request with an id of its own: what was asked (method, route, status), and every secret and
/// personal thing that came up.
async fn whole_run(
    weir: &Client,
    simulator: &Simulator,
) -> (BTreeMap<String, (Value, Value, u16)>, Vec<String>) {
    let mut asked = BTreeMap::new();
    let mut secrets = vec![SECRET.to_owned(), MINI_SECRET.to_owned(), "13800138000".to_owned()];
    let mut note = |id: &str, method: &str, route: &str, status: u16| {
        asked.insert(id.to_owned(), (json!(method), json!(route), status));
        weir.with_header("x-request-id", id)
    };
    let code = code(&simulator.client, "alice").await;
    let body = json!({ "code": code, "nickName": "Secret Nickname" });
    let login = note("login", "POST", LOGIN, 200).post(LOGIN, &body).await;
    let first = token(login.data());
    let refreshed =
        note("refresh", "POST", REFRESH, 200).with_bearer(first.as_str()).post_empty(REFRESH).await;
    let second = token(refreshed.data());
    let me = note("me", "GET", ME, 200).with_bearer(second.as_str()).get(ME).await;
    let openid = me.data()["openid"].as_str().expect("a text").to_owned();

    let about = json!({ "appid": MINI, "user": "alice" });
    let phone = simulator.control("/_sim/phone-code", &about).await["code"].clone();
    let at = "/api/v1/auth/phone";
    let client = note("phone", "POST", at, 200).with_bearer(second.as_str());
    client.post(at, &json!({ "code": phone })).await.data();
    let sealed = json!({ "appid": MINI, "user": "alice", "data": { "note": "Secret Note" } });
    let sealed = simulator.control("/_sim/encrypted-data", &sealed).await;
    let at = "/api/v1/auth/decrypt";
    note("decrypt", "POST", at, 200).with_bearer(second.as_str()).post(at, &sealed).await.data();

    note("theft", "POST", REFRESH, 401).with_bearer(first.as_str()).post_empty(REFRESH).await.refused(401);
    note("used", "POST", LOGIN, 401).post(LOGIN, &body).await.refused(401);
    let fault = json!({ "path": "/sns/jscode2session", "kind": "garbage", "form": "html", "times": 1 });
    simulator.control("/_sim/faults", &fault).await;
    note("garbage", "POST", LOGIN, 502).post(LOGIN, &json!({ "code": "secret-code-1" })).await.refused(502);
    let nowhere = note("nowhere", "GET", "unmatched", 404).get("/api/v1/secret-path").await;
    nowhere.refused(404);

    secrets.extend([first, second, openid, code, phone.as_str().expect("a text").to_owned()]);
    secrets.extend(
        ["encryptedData", "iv", "signature"].map(|field| sealed[field].as_str().expect("a text").to_owned()),
    );
    secrets.extend(["Secret N", "secret-code-1", "secret-path", "爱丽丝"].map(str::to_owned));
    (asked, secrets)
}

fn parsed(text: &str) -> Vec<Value> {
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with("weir is ready at "));
    lines.map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}"))).collect()
}

weir_testkit::engines! {
    async fn one_line_tells_each_request_and_no_line_tells_a_secret(engine) {
        let Some(database) = TestDatabase::create(engine).await else { return };
        let directory = tempfile::tempdir().unwrap();
        let simulator = Simulator::start();
        let variables = [
            ("WEIR_DATABASE__URL", database.url()),
            ("WEIR_LOG__LEVEL", "trace"),
            ("WEIR_LOG__DIRECTORY", "logs"),
            ("WEIR_LOG__ROTATION", "never"),
        ];
        let server = Server::start(directory.path(), &simulator.base, &variables);
        let (asked, secrets) = whole_run(&server.client, &simulator).await;
        server.process.signal(Signal::SIGTERM);
        let said = server.process.ended().well();

        for secret in &secrets {
            let line = said.lines().find(|line| line.contains(secret.as_str()));
            assert_eq!(line, None, "{secret}");
        }
        let lines = parsed(&said);
        for line in &lines {
            assert!(line["timestamp"].is_string() && line["level"].is_string(), "{line}");
        }
        let requests: Vec<_> = lines.iter().filter(|line| line["target"] == LINE).collect();
        assert_eq!(requests.len(), asked.len(), "{requests:?}");
        for (id, (method, route, status)) in asked {
            let line = requests.iter().find(|line| line["id"] == id.as_str()).expect(&id);
            assert_eq!((&line["method"], &line["route"]), (&method, &route), "{line}");
            assert_eq!(line["status"], status, "{line}");
            assert_eq!(line["level"], if status >= 500 { "ERROR" } else { "INFO" }, "{line}");
            assert!(line["ms"].as_f64().is_some_and(|ms| ms > 0.0), "{line}");
            let calls = matches!(&*id, "login" | "used" | "phone" | "garbage");
            assert_eq!(line["upstream_calls"].as_u64().is_some_and(|count| count > 0), calls, "{line}");
            let queries = line["queries"].as_u64().expect("a number");
            assert_eq!(queries > 0, !matches!(&*id, "nowhere" | "used" | "garbage"), "{line}");
        }

        // Whatever is said while a request is worked on carries its id, by its span.
        let call = lines.iter().find(|line| line["endpoint"] == "/sns/jscode2session").expect("a call to WeChat");
        assert_eq!(call["request_id"], "login", "{call}");

        let files: Vec<_> = fs::read_dir(directory.path().join("logs")).unwrap().flatten().collect();
        assert_eq!(files.len(), 1, "{files:?}");
        let kept = parsed(&fs::read_to_string(files[0].path()).unwrap());
        assert_eq!(kept.iter().filter(|line| line["target"] == LINE).count(), requests.len());
    }
}

#[tokio::test]
async fn log_files_are_begun_anew_and_old_ones_go() {
    let directory = tempfile::tempdir().unwrap();
    let logs = directory.path().join("logs");
    fs::create_dir(&logs).unwrap();
    for day in 1..=3 {
        fs::write(logs.join(format!("weir.2020-01-0{day}.log")), "old\n").unwrap();
    }
    let simulator = Simulator::start();
    let variables = [("WEIR_LOG__DIRECTORY", "logs"), ("WEIR_LOG__KEEP", "2")];
    let server = Server::start(directory.path(), &simulator.base, &variables);
    log_in(&server.client, &simulator.client, "alice").await;
    server.process.signal(Signal::SIGTERM);
    server.process.ended().well();
    let mut names: Vec<_> =
        fs::read_dir(&logs).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names.len(), 2, "{names:?}");
    let today = fs::read_to_string(logs.join(&names[1])).unwrap();
    assert!(today.contains(LINE), "{names:?}: {today}");
}

#[test]
fn a_log_that_cannot_be_written_stops_the_start() {
    let directory = tempfile::tempdir().unwrap();
    for (name, value, word) in [
        ("WEIR_LOG__DIRECTORY", "/proc/no/logs", "log.directory"),
        ("WEIR_LOG__LEVEL", "info,=", "log.level"),
        ("WEIR_LOG__FORMAT", "xml", "WEIR_LOG__FORMAT"),
    ] {
        let variables = [("JWT_SECRET", SECRET), ("API_PORT", "0"), (name, value)];
        let ended = run_in(directory.path(), &["serve"], &variables);
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(ended.stderr.contains(word) && ended.stdout.is_empty(), "{ended:?}");
    }
}
