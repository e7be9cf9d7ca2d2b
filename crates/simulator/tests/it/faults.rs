//! Faults: what is lost, and what took effect.

use serde_json::{Value, json};
use tokio::{io::AsyncReadExt, net::TcpStream};
use weir_simulator::faults::{Fault, FaultKind};

use crate::lab::{Lab, MINI, SECRET, exchange_target, token_target};

const EXCHANGE: &str = "/sns/jscode2session";

async fn arm(lab: &Lab, mut fault: Value) {
    if fault.get("path").is_none() {
        fault["path"] = json!(EXCHANGE);
    }
    let reply = lab.post("/_sim/faults", &fault).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
}

#[tokio::test]
async fn errcode_and_http_status_replace_the_answer_before_it_takes_effect() {
    let lab = Lab::start().await;
    let code = lab.code();
    arm(&lab, json!({"kind": "errcode", "errcode": -1, "times": 1})).await;
    arm(&lab, json!({"kind": "errcode", "errcode": 45011, "errmsg": "slower", "times": 1})).await;
    arm(&lab, json!({"kind": "http_status", "status": 502, "times": 1})).await;
    let busy = lab.exchange(&code).await;
    assert_eq!(busy.errcode(), -1);
    assert!(busy.errmsg().starts_with("system error, rid: "));
    assert!(lab.exchange(&code).await.errmsg().starts_with("slower, rid: "));
    let gateway = lab.exchange(&code).await;
    assert_eq!((gateway.status, gateway.header("content-type")), (502, Some("text/html")));
    assert!(gateway.body.contains("502 Bad Gateway"));
    assert_eq!(lab.exchange(&code).await.errcode(), 0, "the code stayed good");
}

#[tokio::test]
async fn a_cut_connection_gives_no_byte_and_the_code_is_used_up() {
    let lab = Lab::start().await;
    let code = lab.code();
    arm(&lab, json!({"kind": "disconnect", "times": 1})).await;
    assert!(lab.ask("GET", &exchange_target(MINI, SECRET, &code), "").await.is_none());
    assert_eq!(lab.exchange(&code).await.errcode(), 40163);
}

#[tokio::test]
async fn before_the_effect_the_code_stays_good() {
    let lab = Lab::start().await;
    let code = lab.code();
    arm(&lab, json!({"kind": "disconnect", "times": 1, "before": true})).await;
    assert!(lab.ask("GET", &exchange_target(MINI, SECRET, &code), "").await.is_none());
    assert_eq!(lab.exchange(&code).await.errcode(), 0);
}

async fn read_all(mut stream: TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes).await;
    bytes
}

#[tokio::test]
async fn a_delay_holds_the_answer_back_on_the_simulators_clock() {
    let lab = Lab::start().await;
    arm(&lab, json!({"kind": "delay", "ms": 1500, "times": 1})).await;
    let code = lab.code();
    let reading = tokio::spawn(read_all(lab.send("GET", &exchange_target(MINI, SECRET, &code), "").await));
    lab.clock.wait_for_sleepers(1).await;
    assert_eq!(lab.exchange(&code).await.errcode(), 40163, "it took effect already");
    let seen = lab.simulator.calls(Some(EXCHANGE), None);
    assert_eq!((seen[0].fault, seen[0].ms, seen[0].errcode), (Some("delay"), 1500, Some(0)));
    lab.advance(1);
    assert!(!reading.is_finished());
    lab.advance(1);
    let answer = String::from_utf8(reading.await.unwrap()).unwrap();
    assert!(answer.contains("session_key"), "{answer}");
}

#[tokio::test]
async fn a_delay_before_the_effect_leaves_the_code_good_meanwhile() {
    let lab = Lab::start().await;
    lab.simulator
        .arm(Fault::new(EXCHANGE, FaultKind::Delay(std::time::Duration::from_secs(2))).times(1).before())
        .unwrap();
    let code = lab.code();
    let reading = tokio::spawn(read_all(lab.send("GET", &exchange_target(MINI, SECRET, &code), "").await));
    lab.clock.wait_for_sleepers(1).await;
    assert_eq!(lab.exchange(&code).await.errcode(), 0);
    lab.advance(2);
    let answer = String::from_utf8(reading.await.unwrap()).unwrap();
    assert!(answer.contains("40163"), "{answer}");
}

#[tokio::test]
async fn a_timeout_never_answers_and_gives_up_after_a_minute() {
    let lab = Lab::start().await;
    arm(&lab, json!({"kind": "timeout", "times": 1})).await;
    let code = lab.code();
    let reading = tokio::spawn(read_all(lab.send("GET", &exchange_target(MINI, SECRET, &code), "").await));
    lab.clock.wait_for_sleepers(1).await;
    lab.advance(59);
    assert!(!reading.is_finished());
    lab.advance(1);
    assert!(reading.await.unwrap().is_empty());
    assert_eq!(lab.exchange(&code).await.errcode(), 40163);
}

#[tokio::test]
async fn garbage_comes_in_four_forms() {
    let lab = Lab::start().await;
    let mut bodies = Vec::new();
    for form in ["truncated", "html", "wrong_type", "empty"] {
        arm(&lab, json!({"kind": "garbage", "form": form, "times": 1})).await;
        let reply = lab.exchange(&lab.code()).await;
        assert_eq!(reply.status, 200);
        bodies.push(reply);
    }
    let [truncated, html, wrong_type, empty] = bodies.try_into().ok().unwrap();
    assert!(truncated.body.starts_with('{') && serde_json::from_str::<Value>(&truncated.body).is_err());
    assert!(html.body.starts_with("<!DOCTYPE html>") && html.head.contains("text/html"));
    let json = wrong_type.json();
    assert!(json["openid"].is_number() && json["session_key"].is_number());
    assert!(empty.body.is_empty());
}

#[tokio::test]
async fn invalidated_tokens_are_not_latest_and_a_new_one_works() {
    let lab = Lab::start().await;
    let (token, official) = (lab.token("mini").await, lab.token("official").await);
    let path = "/cgi-bin/get_api_domain_ip";
    arm(&lab, json!({"path": path, "kind": "invalidate_tokens", "times": 1, "appid": "mini"})).await;
    assert_eq!(lab.judge(&official).await, 0, "another app's call passes");
    assert_eq!(lab.judge(&token).await, 40001);
    assert_eq!((lab.judge(&lab.token("mini").await).await, lab.judge(&official).await), (0, 0));
}

#[tokio::test]
async fn a_quota_fault_holds_until_it_is_cleared() {
    let lab = Lab::start().await;
    let token = lab.token("mini").await;
    arm(&lab, json!({"path": "/sns/*", "kind": "quota", "limit": 1})).await;
    assert_eq!(lab.exchange(&lab.code()).await.errcode(), 0);
    let code = lab.code();
    assert_eq!(lab.exchange(&code).await.errcode(), 45009);
    let clear = format!("/cgi-bin/clear_quota?access_token={token}");
    assert_eq!(lab.post(&clear, &json!({"appid": MINI})).await.errcode(), 0);
    assert_eq!(lab.exchange(&code).await.errcode(), 0);
}

#[tokio::test]
async fn faults_are_listed_counted_down_and_removed() {
    let lab = Lab::start().await;
    arm(&lab, json!({"path": "/cgi-bin/*", "kind": "errcode", "errcode": -1, "times": 2, "appid": "mini"}))
        .await;
    assert_eq!(lab.get(&token_target("official")).await.errcode(), 0);
    assert_eq!(lab.get(&token_target("mini")).await.errcode(), -1);
    let listed = lab.get("/_sim/faults").await.json();
    let expected = json!({"faults": [{
        "id": 1, "path": "/cgi-bin/*", "kind": "errcode", "errcode": -1, "errmsg": null,
        "times": 1, "probability": null, "appid": MINI, "before": false,
    }]});
    assert_eq!(listed, expected);
    assert_eq!(lab.ask("DELETE", "/_sim/faults?id=9", "").await.unwrap().status, 404);
    assert_eq!(lab.ask("DELETE", "/_sim/faults?id=1", "").await.unwrap().status, 200);
    assert_eq!(lab.get(&token_target("mini")).await.errcode(), 0);
    arm(&lab, json!({"kind": "timeout"})).await;
    assert_eq!(lab.ask("DELETE", "/_sim/faults", "").await.unwrap().status, 200);
    assert_eq!(lab.get("/_sim/faults").await.json(), json!({"faults": []}));
}
