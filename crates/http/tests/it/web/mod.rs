//! Families B and C: signing in on web pages.

mod exchange;
mod h5;
mod login;
mod relay;
mod states;

use serde_json::{Value, json};
use weir_testkit::{Answer, OFFICIAL, TestWeir};

pub const AUTH: &str = "/api/wechat/auth";
pub const LOGIN: &str = "/auth/wechat";

/// WeChat's code for somebody who consented, without the pages.
pub async fn code(weir: &TestWeir, user: &str, app: &str, scope: &str) -> String {
    let asked = json!({ "appid": app, "user": user, "scope": scope });
    let answer = weir.wechat.post("/_sim/oauth-code", &asked).await;
    answer.json["code"].as_str().unwrap_or_else(|| panic!("{}", answer.text)).to_owned()
}

/// A code of the official account, with a profile.
pub async fn official(weir: &TestWeir, user: &str) -> String {
    code(weir, user, OFFICIAL, "snsapi_userinfo").await
}

/// The cookie of this name that an answer sets.
pub fn set_cookie(answer: &Answer, name: &str) -> Option<String> {
    let lines = answer.headers.get_all("set-cookie").iter().filter_map(|line| line.to_str().ok());
    lines
        .filter_map(|line| line.split(';').next()?.strip_prefix(&format!("{name}=")))
        .map(str::to_owned)
        .next()
}

/// A percent-encoded query.
pub fn query(pairs: &[(&str, &str)]) -> String {
    reqwest::Url::parse_with_params("http://x/", pairs)
        .map(|url| url.query().unwrap_or_default().to_owned())
        .unwrap_or_default()
}

/// Asserts an error in family C's envelope, its message beginning so.
#[track_caller]
pub fn refused(answer: &Answer, status: u16, beginning: &str) {
    assert_eq!(answer.status, status, "{}", answer.text);
    assert_eq!(answer.json["code"], Value::from(status), "{}", answer.text);
    assert_eq!(answer.json.as_object().map(serde_json::Map::len), Some(2), "{}", answer.text);
    let message = answer.json["message"].as_str().unwrap_or_default();
    assert!(message.starts_with(beginning), "{message}");
}
