//! `weir serve` from its environment alone: ready, drained, and the same after a restart.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use nix::sys::signal::Signal;
use serde_json::{Value, json};
use weir_testkit::Client;

use crate::process::{LOGIN, ME, REFRESH, SECRET, Server, Simulator, code, log_in, run_in, token};

const EXCHANGE: &str = "/sns/jscode2session";

#[tokio::test]
async fn one_line_says_when_it_is_ready_and_a_login_works_then() {
    let directory = tempfile::tempdir().unwrap();
    let simulator = Simulator::start();
    assert_eq!(simulator.client.get("/_sim/health").await.status, 200);
    let server = Server::start(directory.path(), &simulator.base, &[]);
    assert_eq!(server.client.get("/api/health").await.status, 200);
    let data = log_in(&server.client, &simulator.client, "alice").await;
    let me = server.client.with_bearer(token(&data)).get(ME).await;
    assert_eq!(me.data()["id"], data["user"]["id"]);
    server.process.signal(Signal::SIGTERM);
    let said = server.process.ended().well();
    assert_eq!(said.matches("is ready").count(), 1, "{said}");
    simulator.process.signal(Signal::SIGTERM);
    let said = simulator.process.ended().well();
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[tokio::test]
async fn there_is_no_page_of_a_demo_and_nothing_of_its_secrets() {
    let directory = tempfile::tempdir().unwrap();
    let simulator = Simulator::start();
    for sandbox in ["false", "true"] {
        let variables = [("WEIR_SANDBOX", sandbox)];
        let server = Server::start(directory.path(), &simulator.base, &variables);
        for path in ["/", "/demo", "/demo/", "/demo/where", "/demo/index.html"] {
            assert_eq!(server.client.get(path).await.status, 404, "{path}, sandbox {sandbox}");
        }
        assert_eq!(server.client.post("/demo/session", &json!({})).await.status, 404);
        // The sandbox is what the variable says: the server warns of it, and a token can be made by hand in no other place.
        let made =
            run_in(directory.path(), &["token", "--sub", "106"], &[variables[0], ("JWT_SECRET", SECRET)]);
        assert_eq!(made.code == Some(0), sandbox == "true", "{made:?}");
        server.process.signal(Signal::SIGTERM);
        let said = server.process.ended().well();
        assert_eq!(said.contains("sandbox = true: for development only"), sandbox == "true", "{said}");
    }
}

#[tokio::test]
async fn users_and_tokens_are_there_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let simulator = Simulator::start();
    let first = Server::start(directory.path(), &simulator.base, &[]);
    let alice = log_in(&first.client, &simulator.client, "alice").await;
    let bob = log_in(&first.client, &simulator.client, "bob").await;
    let bob_again = first.client.with_bearer(token(&bob)).post_empty(REFRESH).await;
    first.process.signal(Signal::SIGTERM);
    first.process.ended().well();

    let second = Server::start(directory.path(), &simulator.base, &[]);
    let me = |token: String| second.client.with_bearer(token);
    assert_eq!(me(token(&alice)).get(ME).await.data()["id"], alice["user"]["id"]);
    assert_eq!(me(token(bob_again.data())).get(ME).await.data()["id"], bob["user"]["id"]);
    me(token(&bob)).get(ME).await.refused(401);
    let again = log_in(&second.client, &simulator.client, "alice").await;
    assert_eq!(again["user"]["id"], alice["user"]["id"]);
}

/// Waits until WeChat has been asked so often.
async fn asked(simulator: &Client, count: usize) {
    let path = format!("/_sim/calls?path={EXCHANGE}");
    while simulator.get(&path).await.json["calls"].as_array().map_or(0, Vec::len) < count {}
}

/// Waits until nobody listens there.
async fn closed(address: &str) {
    while TcpStream::connect(address).is_ok() {
        tokio::task::yield_now().await;
    }
}

/// A server with a login under way that WeChat holds back for an hour of its own time.
async fn held(
    directory: &std::path::Path,
    grace: &str,
) -> (Simulator, Server, tokio::task::JoinHandle<Option<Value>>) {
    let simulator = Simulator::start();
    let fault = json!({ "path": EXCHANGE, "kind": "delay", "ms": 3_600_000, "times": 1 });
    simulator.control("/_sim/faults", &fault).await;
    let variables = [("WEIR_WECHAT__TIMEOUT", "60s"), ("WEIR_SERVER__SHUTDOWN_GRACE", grace)];
    let server = Server::start(directory, &simulator.base, &variables);
    let code = code(&simulator.client, "alice").await;
    let client = server.client.clone();
    let login = tokio::spawn(async move {
        let answer = client.try_post(LOGIN, &json!({ "code": code })).await?;
        Some(answer.data().clone())
    });
    asked(&simulator.client, 1).await;
    (simulator, server, login)
}

#[tokio::test]
async fn a_request_under_way_is_finished_before_the_end() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let directory = tempfile::tempdir().unwrap();
        let (simulator, server, login) = held(directory.path(), "9s").await;
        // A connection that is open and silent must not hold up the end.
        let _idle = TcpStream::connect(&server.address).unwrap();
        server.process.signal(signal);
        closed(&server.address).await;
        simulator.control("/_sim/clock", &json!({ "advance_s": 3600 })).await;
        let data = login.await.unwrap().expect("an answer");
        server.process.ended().well();

        let restarted = Server::start(directory.path(), &simulator.base, &[]);
        let me = restarted.client.with_bearer(token(&data)).get(ME).await;
        assert_eq!(me.data()["id"], data["user"]["id"], "{signal}");
    }
}

#[tokio::test]
async fn a_request_that_never_ends_does_not_hold_up_the_end() {
    let directory = tempfile::tempdir().unwrap();
    let (_simulator, server, login) = held(directory.path(), "250ms").await;
    server.process.signal(Signal::SIGTERM);
    let said = server.process.ended().well();
    assert!(said.contains("longer than server.shutdown_grace, 250ms"), "{said}");
    assert_eq!(login.await.unwrap(), None, "no answer");
}

/// Whatever was sent and whatever is not read: only a request that we work on is waited for.
#[tokio::test]
async fn peers_that_send_half_or_read_nothing_do_not_hold_up_the_end() {
    let directory = tempfile::tempdir().unwrap();
    let (simulator, server, login) = held(directory.path(), "1h").await;
    let connect = |sent: &str| {
        let mut stream = TcpStream::connect(&server.address).unwrap();
        stream.write_all(sent.as_bytes()).unwrap();
        stream
    };
    let body = format!("POST {LOGIN} HTTP/1.1\r\nhost: weir\r\ncontent-length: 20\r\n\r\n{{\"code\":");
    // More answers than any buffer holds.
    let unread = connect(&"GET /openapi.json HTTP/1.1\r\nhost: weir\r\n\r\n".repeat(500));
    let _open = [
        connect(""),
        connect("GET /api/li"),
        connect("GET /api/live HTTP/1.1\r\nhost:"),
        connect(&body),
        unread,
    ];
    server.process.signal(Signal::SIGTERM);
    closed(&server.address).await;
    simulator.control("/_sim/clock", &json!({ "advance_s": 3600 })).await;
    assert!(login.await.unwrap().is_some(), "the request under way is finished");
    let said = server.process.ended().well();
    assert!(!said.contains("still under way"), "{said}");
}

#[tokio::test]
async fn a_body_that_comes_while_the_server_stops_is_still_answered() {
    let directory = tempfile::tempdir().unwrap();
    let simulator = Simulator::start();
    let server = Server::start(directory.path(), &simulator.base, &[]);
    let code = code(&simulator.client, "alice").await;
    let body = json!({ "code": code }).to_string();
    let mut stream = TcpStream::connect(&server.address).unwrap();
    let head = format!(
        "POST {LOGIN} HTTP/1.1\r\nhost: weir\r\nexpect: 100-continue\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    // Leave to go on is given by the handler that reads: it is at work.
    let mut leave = [0; 25];
    stream.read_exact(&mut leave).unwrap();
    server.process.signal(Signal::SIGTERM);
    closed(&server.address).await;
    stream.write_all(body.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    server.process.ended().well();
}

/// A limit on the length of files stands in for a full disk: the journal cannot grow any more.
#[tokio::test]
async fn a_server_that_cannot_write_says_that_it_is_not_fit() {
    let directory = tempfile::tempdir().unwrap();
    let simulator = Simulator::start();
    let script = format!("trap '' XFSZ; ulimit -f 4096; exec {} serve", env!("CARGO_BIN_EXE_weir"));
    // It is asked as fast as it answers.
    let no_limits = [("WEIR_LIMITS__ENABLED", "false")];
    let server = Server::by(directory.path(), &simulator.base, &["sh", "-c", &script], &no_limits);
    assert_eq!(server.client.get("/api/health").await.status, 200);
    loop {
        let code = code(&simulator.client, "alice").await;
        if server.client.post(LOGIN, &json!({ "code": code })).await.status == 503 {
            break;
        }
    }
    // The verdict before serves for a second.
    let health = loop {
        let health = server.client.get("/api/health").await;
        if health.status != 200 {
            break health;
        }
    };
    assert_eq!((health.status, &health.json["checks"]["database"]), (503, &json!("failing")));
    assert_eq!(server.client.get("/api/live").await.status, 200);
}
