//! session_keys and what is made with them; phone numbers.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use weir_base::Secret;
use weir_wechat::crypto;

use crate::lab::{Lab, MINI, START};

/// The session_key that alice's next exchange gives, and her openid.
async fn session(lab: &Lab) -> (String, String) {
    let json = lab.exchange(&lab.code()).await.json();
    let text = |name: &str| json[name].as_str().expect("a text").to_owned();
    (text("session_key"), text("openid"))
}

fn signature(key: &str) -> String {
    crypto::session_signature(&Secret::new(key), b"")
}

fn target(path: &str, token: &str, openid: &str, signature: &str) -> String {
    format!("{path}?access_token={token}&openid={openid}&signature={signature}&sig_method=hmac_sha256")
}

#[tokio::test]
async fn wx_login_keeps_a_young_session_key_and_replaces_an_old_one() {
    let lab = Lab::start().await;
    let (first, _) = session(&lab).await;
    lab.advance(3599);
    assert_eq!(session(&lab).await.0, first);
    lab.advance(1);
    let (second, _) = session(&lab).await;
    assert_ne!(second, first);
    let rotated = lab.post("/_sim/session-key", &json!({"appid": "mini", "user": "alice"})).await;
    assert_eq!(rotated.status, 200);
    assert_ne!(session(&lab).await.0, second);
}

#[tokio::test]
async fn checksession_knows_the_current_key_only() {
    let lab = Lab::start().await;
    let token = lab.token("mini").await;
    let (key, openid) = session(&lab).await;
    let check = |openid: &str, signature: &str| target("/wxa/checksession", &token, openid, signature);
    let good = check(&openid, &signature(&key));
    let reply = lab.get(&good).await;
    assert_eq!(reply.json(), json!({"errcode": 0, "errmsg": "ok"}));
    assert_eq!(reply.header("content-type"), Some("application/json; encoding=utf-8"));

    assert_eq!(lab.get(&check(&openid, "00")).await.errcode(), 87009);
    assert_eq!(lab.get(&check(&openid, "")).await.errcode(), 87009);
    assert_eq!(lab.get(&check("oStranger", &signature(&key))).await.errcode(), 40003);
    assert_eq!(lab.get(&check("", &signature(&key))).await.errcode(), 41009);
    assert_eq!(lab.get(&good.replace("hmac_sha256", "md5")).await.errcode(), 87008);
    assert_eq!(lab.get("/wxa/checksession").await.errcode(), 41001);
    let official = lab.token("official").await;
    assert_eq!(lab.get(&good.replace(&token, &official)).await.errcode(), 48001);

    lab.simulator.rotate_session_key("mini", "alice").unwrap();
    assert_eq!(lab.get(&good).await.errcode(), 87009);
}

#[tokio::test]
async fn a_session_key_ends_when_it_is_not_used() {
    let lab = Lab::start().await;
    lab.change_app(&json!({"name": "mini", "session_key_lifetime_s": 1000, "session_key_refresh_s": 5000}));
    let token = lab.token("mini").await;
    let (key, openid) = session(&lab).await;
    let check = target("/wxa/checksession", &token, &openid, &signature(&key));
    lab.advance(999);
    assert_eq!(session(&lab).await.0, key, "using it makes it live longer");
    lab.advance(999);
    assert_eq!(lab.get(&check).await.errcode(), 0);
    lab.advance(1);
    assert_eq!(lab.get(&check).await.errcode(), 87007);
}

#[tokio::test]
async fn resetting_a_session_key_keeps_its_end() {
    let lab = Lab::start().await;
    lab.change_app(&json!({"name": "mini", "session_key_lifetime_s": 1000}));
    let token = lab.token("mini").await;
    let (old, openid) = session(&lab).await;
    lab.advance(600);
    let reset = |key: &str| target("/wxa/resetusersessionkey", &token, &openid, &signature(key));
    let reply = lab.get(&reset(&old)).await.json();
    assert_eq!((reply["errcode"].clone(), reply["openid"].as_str()), (json!(0), Some(openid.as_str())));
    let new = reply["session_key"].as_str().unwrap().to_owned();
    assert_ne!(new, old);
    assert_eq!(lab.get(&reset(&old)).await.errcode(), 87009);
    let check = target("/wxa/checksession", &token, &openid, &signature(&new));
    lab.advance(399);
    assert_eq!(lab.get(&check).await.errcode(), 0);
    lab.advance(1);
    assert_eq!(lab.get(&check).await.errcode(), 87007);
}

#[tokio::test]
async fn encrypted_data_opens_with_the_session_key_and_bears_a_watermark() {
    let lab = Lab::start().await;
    let (key, openid) = session(&lab).await;
    let asked = json!({"appid": MINI, "user": "alice"});
    let sealed = lab.post("/_sim/encrypted-data", &asked).await.json();
    let text = |name: &str| sealed[name].as_str().unwrap_or_else(|| panic!("{sealed}")).to_owned();
    let key = Secret::new(key);
    let opened = crypto::decrypt_data(&key, &text("encryptedData"), &text("iv")).unwrap();
    assert_eq!(
        (opened["openId"].as_str(), opened["nickName"].as_str()),
        (Some(openid.as_str()), Some("爱丽丝 🌸"))
    );
    assert_eq!(opened["watermark"], json!({"timestamp": START.seconds(), "appid": MINI}));
    assert_eq!(text("signature"), crypto::raw_data_signature(&text("rawData"), &key));
    let raw: Value = serde_json::from_str(&text("rawData")).unwrap();
    assert!(raw["nickName"].is_string() && raw.get("openId").is_none() && raw.get("watermark").is_none());
    assert_eq!(STANDARD.decode(text("iv")).unwrap().len(), 16);
}

#[tokio::test]
async fn data_and_watermark_can_be_given() {
    let lab = Lab::start().await;
    let data = json!({"x": "文", "watermark": {"timestamp": 1, "appid": "wxother"}});
    let asked = json!({"appid": "mini", "user": "bob", "data": data});
    let sealed = lab.post("/_sim/encrypted-data", &asked).await.json();
    // There was no session: wx.login made one, which the exchange then gives.
    let code = lab.simulator.login_code("mini", "bob").unwrap();
    let key = lab.exchange(&code).await.json()["session_key"].as_str().unwrap().to_owned();
    let part = |name: &str| sealed[name].as_str().unwrap();
    let opened = crypto::decrypt_data(&Secret::new(key), part("encryptedData"), part("iv")).unwrap();
    assert_eq!(opened, data);
    assert_eq!(part("rawData"), r#"{"x":"文"}"#);
}

#[tokio::test]
async fn a_phone_code_gives_the_number_once() {
    let lab = Lab::start().await;
    let target = format!("/wxa/business/getuserphonenumber?access_token={}", lab.token("mini").await);
    let code = lab.simulator.phone_code("mini", "bob").unwrap();
    assert_eq!(code.len(), 64);
    let alice = lab.simulator.openid("mini", "alice").unwrap();
    let of_another = lab.post(&target, &json!({"code": code, "openid": alice})).await;
    assert_eq!(of_another.errcode(), 40003);
    let reply = lab.post(&target, &json!({"code": code})).await.json();
    let expected = json!({
        "errcode": 0,
        "errmsg": "ok",
        "phone_info": {
            "phoneNumber": "13800138001",
            "purePhoneNumber": "13800138001",
            "countryCode": "86",
            "watermark": {"timestamp": START.seconds(), "appid": MINI},
        },
    });
    assert_eq!(reply, expected);
    assert_eq!(lab.post(&target, &json!({"code": code})).await.errcode(), 40029);
}

#[tokio::test]
async fn a_phone_code_belongs_to_its_app_and_lives_five_minutes() {
    let lab = Lab::start().await;
    lab.change_app(
        &json!({"name": "second", "kind": "mini_program", "appid": "wx1000000000000009", "secret": "s"}),
    );
    let target = format!("/wxa/business/getuserphonenumber?access_token={}", lab.token("mini").await);
    let foreign = lab.simulator.phone_code("second", "bob").unwrap();
    assert_eq!(lab.post(&target, &json!({"code": foreign})).await.errcode(), 40013);
    let (early, late) = (lab.simulator.phone_code("mini", "bob"), lab.simulator.phone_code("mini", "bob"));
    lab.advance(299);
    assert_eq!(lab.post(&target, &json!({"code": early.unwrap()})).await.errcode(), 0);
    lab.advance(1);
    assert_eq!(lab.post(&target, &json!({"code": late.unwrap()})).await.errcode(), 40029);
    assert_eq!(lab.post(&target, &json!({"code": lab.code()})).await.errcode(), 40029, "not wx.login's");
    assert_eq!(lab.post(&target, &json!({})).await.errcode(), 40029);
    assert_eq!(lab.ask("GET", &target, "").await.unwrap().errcode(), 43002);
    let untokened = lab.post("/wxa/business/getuserphonenumber", &json!({"code": "x"})).await;
    assert_eq!(untokened.errcode(), 41001);
}

#[tokio::test]
async fn a_foreign_number_bears_its_countrys_prefix() {
    let lab = Lab::start().await;
    let person = json!({"name": "bob", "phone": "51234567", "country_code": "852"});
    lab.simulator.change_person(&person).unwrap();
    let target = format!("/wxa/business/getuserphonenumber?access_token={}", lab.token("mini").await);
    let code = lab.simulator.phone_code("mini", "bob").unwrap();
    let info = lab.post(&target, &json!({"code": code})).await.json()["phone_info"].clone();
    assert_eq!(
        (info["phoneNumber"].as_str(), info["countryCode"].as_str()),
        (Some("+85251234567"), Some("852"))
    );
    assert_eq!(info["purePhoneNumber"], "51234567");
}
