//! The JS-SDK's stand-in, and the check of signatures behind it.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use serde_json::{Value, json};

use crate::lab::{Lab, MINI, OFFICIAL, START};

const PAGE: &str = "http://127.0.0.1:8080/page?a=1&b=%E4%BD%A0";

async fn ticket(lab: &Lab) -> String {
    let token = lab.token("official").await;
    let json = lab.get(&format!("/cgi-bin/ticket/getticket?access_token={token}&type=jsapi")).await.json();
    json["ticket"].as_str().expect("a ticket").to_owned()
}

/// What a server signs for a page.
fn config(ticket: &str, timestamp: i64, url: &str) -> Value {
    let text = format!("jsapi_ticket={ticket}&noncestr=n0nce&timestamp={timestamp}&url={url}");
    let signature = hex::encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes()));
    json!({"appid": OFFICIAL, "timestamp": timestamp, "nonceStr": "n0nce", "signature": signature, "url": url})
}

async fn judged(lab: &Lab, config: &Value) -> String {
    let reply = lab.post("/_sim/jsapi-check", config).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply.json()["errMsg"].as_str().expect("errMsg").to_owned()
}

#[tokio::test]
async fn a_good_signature_is_ok_for_the_page_that_it_was_made_for() {
    let lab = Lab::start().await;
    let good = config(&ticket(&lab).await, START.seconds(), PAGE);
    assert_eq!(judged(&lab, &good).await, "config:ok");
    let pairs: Vec<(&str, String)> = ["appid", "timestamp", "nonceStr", "signature", "url"]
        .into_iter()
        .map(|name| (name, good[name].as_str().map_or_else(|| good[name].to_string(), str::to_owned)))
        .collect();
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let reply = lab.get(&format!("/_sim/jsapi-check?{query}")).await;
    assert_eq!(reply.json(), json!({"errMsg": "config:ok", "jssdk_domains": ["127.0.0.1", "localhost"]}));
    assert_eq!(reply.header("access-control-allow-origin"), Some("*"), "pages of any origin ask");
    assert!(lab.get("/_sim/users").await.header("access-control-allow-origin").is_none());
}

#[tokio::test]
async fn a_wrong_signature_is_invalid() {
    let lab = Lab::start().await;
    let ticket = ticket(&lab).await;
    let now = START.seconds();
    let of_another_page = Value::from("http://127.0.0.1:8080/page?a=1&b=%E4%BD%A0&from=singlemessage");
    let mut moved = config(&ticket, now, PAGE);
    moved["url"] = of_another_page;
    let mut reworded = config(&ticket, now, PAGE);
    reworded["nonceStr"] = Value::from("nonce");
    let mut upper = config(&ticket, now, PAGE);
    upper["signature"] = Value::from(upper["signature"].as_str().unwrap().to_uppercase());
    let cases =
        [moved, reworded, upper, config("another-ticket", now, PAGE), config(&ticket, now * 1000, PAGE)];
    for wrong in cases {
        assert_eq!(judged(&lab, &wrong).await, "config:fail,invalid signature", "{wrong}");
    }
    let millis = lab.post("/_sim/jsapi-check", &config(&ticket, now * 1000, PAGE)).await.json();
    assert!(millis["why"].as_str().unwrap().contains("milliseconds"));
}

#[tokio::test]
async fn a_ticket_that_has_ended_signs_nothing() {
    let lab = Lab::start().await;
    let before = config("none", START.seconds(), PAGE);
    assert_eq!(judged(&lab, &before).await, "config:fail,invalid signature", "there was never a ticket");
    let old = config(&ticket(&lab).await, START.seconds(), PAGE);
    lab.advance(7199);
    assert_eq!(judged(&lab, &old).await, "config:ok");
    lab.advance(1);
    assert_eq!(judged(&lab, &old).await, "config:fail,invalid signature", "expired");
    let new = config(&ticket(&lab).await, START.seconds(), PAGE);
    assert_eq!(judged(&lab, &old).await, "config:fail,invalid signature", "superseded");
    assert_eq!(judged(&lab, &new).await, "config:ok");
}

#[tokio::test]
async fn only_the_apps_own_hosts_may_use_it() {
    let lab = Lab::start().await;
    let ticket = ticket(&lab).await;
    let cases = [
        "http://evil.example/",
        "http://127.0.0.1@evil.example/",
        "http://127.0.0.1.evil.example/",
        "file:///127.0.0.1",
        "page",
    ];
    for url in cases {
        let config = config(&ticket, START.seconds(), url);
        assert_eq!(judged(&lab, &config).await, "config:fail,invalid url domain", "{url}");
    }
    let mut foreign = config(&ticket, START.seconds(), PAGE);
    for appid in ["wx0000000000000000", MINI] {
        foreign["appid"] = Value::from(appid);
        assert_eq!(judged(&lab, &foreign).await, "config:fail,invalid appid");
    }
    let cases = [
        (json!({}), "appid: missing"),
        (json!({"appid": OFFICIAL, "timestamp": true}), "timestamp: must be"),
        (
            json!({"appid": OFFICIAL, "timestamp": 1, "nonceStr": "n", "signature": "s", "url": "u", "x": 1}),
            "x: no such",
        ),
    ];
    for (body, error) in cases {
        let reply = lab.post("/_sim/jsapi-check", &body).await;
        assert_eq!(reply.status, 400);
        assert!(reply.json()["error"].as_str().unwrap().starts_with(error), "{}", reply.body);
    }
}

#[tokio::test]
async fn domains_are_bare_hosts() {
    let lab = Lab::start().await;
    for wrong in ["http://a.example", "a.example:8080", "a.example/x", "user@a.example", ""] {
        for field in ["callback_domains", "jssdk_domains"] {
            let reply = lab.post("/_sim/apps", &json!({"name": "official", field: [wrong]})).await;
            let said = reply.json()["error"].as_str().unwrap_or_default().to_owned();
            assert_eq!(reply.status, 400, "{wrong}");
            assert!(said.starts_with(&format!("{field}: `{wrong}` is no bare host")), "{said}");
        }
    }
}

#[tokio::test]
async fn the_script_is_served_under_wechats_path() {
    let lab = Lab::start().await;
    let script = lab.get("/open/js/jweixin-1.6.0.js").await;
    assert_eq!(
        (script.status, script.header("content-type")),
        (200, Some("application/javascript; charset=utf-8"))
    );
    for name in ["updateAppMessageShareData", "checkJsApi", "getEnv", "/_sim/jsapi-check"] {
        assert!(script.body.contains(name), "{name}");
    }
}
