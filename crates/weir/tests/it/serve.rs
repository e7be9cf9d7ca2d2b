//! `weir serve` from its environment alone: ready, drained, and the same after a restart.

use std::net::TcpStream;

use nix::sys::signal::Signal;
use serde_json::{Value, json};
use weir_testkit::Client;

use crate::process::{LOGIN, ME, REFRESH, Server, Simulator, code, log_in, token};

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
async fn held(directory: &std::path::Path) -> (Simulator, Server, tokio::task::JoinHandle<Option<Value>>) {
    let simulator = Simulator::start();
    let fault = json!({ "path": EXCHANGE, "kind": "delay", "ms": 3_600_000, "times": 1 });
    simulator.control("/_sim/faults", &fault).await;
    let server = Server::start(directory, &simulator.base, &[("WEIR_WECHAT__TIMEOUT", "60s")]);
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
        let (simulator, server, login) = held(directory.path()).await;
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
    let (_simulator, server, login) = held(directory.path()).await;
    server.process.signal(Signal::SIGTERM);
    let said = server.process.ended().well();
    // It was given its time: supervisors kill after ten seconds, and nine are given.
    assert!(said.contains("requests still under way"), "{said}");
    assert_eq!(login.await.unwrap(), None, "no answer");
}
