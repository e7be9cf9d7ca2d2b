//! `/cgi-bin/ticket/getticket`.

use serde_json::{Value, json};

use crate::lab::Lab;

async fn ask(lab: &Lab, app: &str, kind: &str) -> Value {
    let token = lab.token(app).await;
    lab.get(&format!("/cgi-bin/ticket/getticket?access_token={token}&type={kind}")).await.json()
}

#[tokio::test]
async fn a_ticket_stays_the_same_for_two_hours() {
    let lab = Lab::start().await;
    let first = ask(&lab, "official", "jsapi").await;
    assert_eq!(
        (&first["errcode"], &first["errmsg"], &first["expires_in"]),
        (&json!(0), &json!("ok"), &json!(7200))
    );
    let ticket = first["ticket"].as_str().unwrap();
    assert!(ticket.len() == 86 && ticket.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b)));
    let card = ask(&lab, "official", "wx_card").await;
    assert_ne!(card["ticket"], first["ticket"]);
    lab.advance(7199);
    let same = ask(&lab, "official", "jsapi").await;
    assert_eq!((&same["ticket"], &same["expires_in"]), (&first["ticket"], &json!(1)));
    lab.advance(1);
    assert_ne!(ask(&lab, "official", "jsapi").await["ticket"], first["ticket"]);
}

#[tokio::test]
async fn every_refusal_of_a_ticket_has_its_code() {
    let lab = Lab::start().await;
    assert_eq!(lab.get("/cgi-bin/ticket/getticket?type=jsapi").await.errcode(), 41001);
    assert_eq!(lab.get("/cgi-bin/ticket/getticket?type=jsapi&access_token=x").await.errcode(), 40014);
    assert_eq!(ask(&lab, "mini", "jsapi").await["errcode"], 48001);
    assert_eq!(ask(&lab, "official", "").await["errcode"], 40097);
    assert_eq!(ask(&lab, "official", "other").await["errcode"], 40097);
    lab.change_app(&json!({"name": "official", "quotas": {"/cgi-bin/ticket/getticket": {"per_day": 1}}}));
    ask(&lab, "official", "jsapi").await;
    assert_eq!(ask(&lab, "official", "jsapi").await["errcode"], 45009);
}

#[tokio::test]
async fn a_ticket_can_be_made_to_end() {
    let lab = Lab::start().await;
    let first = ask(&lab, "official", "jsapi").await;
    let fault = json!({"path": "/cgi-bin/ticket/getticket", "kind": "invalidate_tokens", "times": 1});
    lab.post("/_sim/faults", &fault).await;
    assert_eq!(ask(&lab, "official", "jsapi").await["errcode"], 40001);
    assert_ne!(ask(&lab, "official", "jsapi").await["ticket"], first["ticket"]);
}
