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

async fn create(lab: &Lab, body: &Value) -> Value {
    let token = lab.token("official").await;
    lab.post(&format!("/cgi-bin/qrcode/create?access_token={token}"), body).await.json()
}

fn scene(action: &str, scene: &Value) -> Value {
    json!({"action_name": action, "action_info": {"scene": scene}})
}

#[tokio::test]
async fn a_parametric_qr_code_has_a_ticket_a_content_and_a_picture() {
    let lab = Lab::start().await;
    let mut asked = scene("QR_STR_SCENE", &json!({"scene_str": "login_ab12"}));
    let usual = create(&lab, &asked).await;
    assert_eq!((usual.get("errcode"), &usual["expire_seconds"]), (None, &json!(60)));
    asked["expire_seconds"] = json!(9_999_999);
    assert_eq!(create(&lab, &asked).await["expire_seconds"], 2_592_000);
    asked["expire_seconds"] = json!(300);
    let made = create(&lab, &asked).await;
    let ticket = made["ticket"].as_str().unwrap();
    assert!(ticket.len() == 96 && ticket.starts_with("gQ"));
    assert!(made["url"].as_str().unwrap().starts_with("http://weixin.qq.com/q/"));
    let encoded: String = url::form_urlencoded::byte_serialize(ticket.as_bytes()).collect();
    let show = format!("/cgi-bin/showqrcode?ticket={encoded}");
    lab.advance(299);
    let picture = lab.get(&show).await;
    assert_eq!((picture.status, picture.header("content-type")), (200, Some("image/png")));
    lab.advance(1);
    for gone in [show.as_str(), "/cgi-bin/showqrcode?ticket=gQwrong", "/cgi-bin/showqrcode"] {
        assert_eq!(lab.get(gone).await.status, 404, "{gone}");
    }
}

#[tokio::test]
async fn permanent_codes_stay_and_are_the_same_for_the_same_scene() {
    let lab = Lab::start().await;
    let number = scene("QR_LIMIT_SCENE", &json!({"scene_id": 100_000}));
    let text = scene("QR_LIMIT_STR_SCENE", &json!({"scene_str": "x"}));
    let (first, other) = (create(&lab, &number).await, create(&lab, &text).await);
    assert!(first.get("expire_seconds").is_none() && other.get("expire_seconds").is_none());
    assert_ne!(first["ticket"], other["ticket"]);
    assert_eq!(create(&lab, &number).await, first);
    lab.advance(40 * 86_400);
    let ticket =
        first["ticket"].as_str().unwrap().replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    assert_eq!(lab.get(&format!("/cgi-bin/showqrcode?ticket={ticket}")).await.status, 200);
}

#[tokio::test]
async fn every_refusal_of_a_qr_code_has_its_code() {
    let lab = Lab::start().await;
    let long = "长".repeat(65);
    let cases = [
        (json!({"action_info": {"scene": {"scene_id": 1}}}), 40052),
        (scene("QR_OTHER", &json!({"scene_id": 1})), 40052),
        (json!({"action_name": "QR_SCENE"}), 40053),
        (scene("QR_SCENE", &json!({"scene_str": "x"})), 40053),
        (scene("QR_SCENE", &json!({"scene_id": 0})), 40053),
        (scene("QR_SCENE", &json!({"scene_id": "1"})), 40053),
        (scene("QR_STR_SCENE", &json!({"scene_str": ""})), 40053),
        (scene("QR_STR_SCENE", &json!({"scene_str": long})), 40053),
        (scene("QR_LIMIT_SCENE", &json!({"scene_id": 100_001})), 40053),
        (
            json!({"action_name": "QR_SCENE", "action_info": {"scene": {"scene_id": 1}}, "expire_seconds": "60"}),
            47001,
        ),
    ];
    for (body, errcode) in cases {
        assert_eq!(create(&lab, &body).await["errcode"], errcode, "{body}");
    }
    let good = scene("QR_STR_SCENE", &json!({"scene_str": "长".repeat(64)}));
    assert!(create(&lab, &good).await.get("errcode").is_none());
    assert_eq!(lab.post("/cgi-bin/qrcode/create", &good).await.errcode(), 41001);
    assert_eq!(lab.get("/cgi-bin/qrcode/create").await.errcode(), 43002);
    let mini = lab.token("mini").await;
    let path = format!("/cgi-bin/qrcode/create?access_token={mini}");
    assert_eq!(lab.post(&path, &good).await.errcode(), 48001);
    lab.change_app(&json!({"name": "official", "quotas": {"/cgi-bin/qrcode/create": {"per_day": 0}}}));
    assert_eq!(create(&lab, &good).await["errcode"], 45009);
    lab.change_app(&json!({"name": "official", "certified": false}));
    assert_eq!(create(&lab, &good).await["errcode"], 48001);
}
