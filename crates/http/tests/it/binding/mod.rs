//! Family A: binding and signing in by QR code.

mod api;
mod events;
mod flow;
mod keys;
mod login;
mod phone;
mod races;
mod tokens;

use serde_json::Value;
use weir_testkit::{Answer, Client};

pub const GENERATE: &str = "/api/wechat/generate-qr";
pub const BINDING: &str = "/api/wechat/binding";
pub const BIND: &str = "/api/wechat/bind";
pub const UNBIND: &str = "/api/wechat/unbind";
pub const LOGIN: &str = "/api/wechat/qr-login";

/// A new QR code of this user.
pub async fn generate(user: &Client) -> Value {
    user.post_empty(GENERATE).await.data().clone()
}

pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

/// How the browser sees its QR code.
pub async fn status(user: &Client, session: &Value) -> String {
    let path = format!("/api/wechat/status/{}", text(&session["session_id"]));
    text(&user.get(&path).await.data()["status"]).to_owned()
}

/// Asserts an error in family A's envelope: these fields and no other.
#[track_caller]
pub fn refused(answer: &Answer, status: u16, message: &str) {
    assert_eq!(answer.status, status, "{}", answer.text);
    assert_eq!(answer.json, serde_json::json!({ "success": false, "message": message }));
}
