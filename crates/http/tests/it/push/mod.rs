//! What WeChat pushes: proven, stored once, acknowledged, worked on (pains 15, 24 and 25).

mod events;
mod intake;
mod keeping;
mod privacy;
mod wire;

use reqwest::Method;
use serde_json::{Value, json};
use weir_base::Secret;
use weir_core::apikey::Scope;
use weir_testkit::wechat_push::{AesKey, message_signature, signature};
use weir_testkit::{Answer, Client, Engine, MINI, TestWeir};

pub const TOKEN: &str = "AAAAAtoken7";
/// Its last character has surplus bits, as in three of four keys.
pub const KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";

#[derive(Clone, Copy, PartialEq)]
pub enum Mode {
    Plain,
    Compatible,
    Safe,
}

/// A gateway whose mini-program gets pushes, and WeChat's side of it.
pub async fn start(engine: Engine, mode: Mode, format: &str) -> Option<TestWeir> {
    let weir = TestWeir::start_with(engine, |setup| {
        for app in &mut setup.core.apps {
            app.token = Some(Secret::new(TOKEN));
            app.aes_key = (mode != Mode::Plain).then(|| Secret::new(KEY));
        }
    })
    .await?;
    listen(&weir, mode, format).await;
    Some(weir)
}

pub async fn listen(weir: &TestWeir, mode: Mode, format: &str) {
    let mode = match mode {
        Mode::Plain => "plain",
        Mode::Compatible => "compatible",
        Mode::Safe => "safe",
    };
    let push = json!({
        "url": format!("http://{}/wechat/push/mini", weir.client.address()), "token": TOKEN, "aes_key": KEY,
        "format": format, "mode": mode,
    });
    weir.control("/_sim/apps", &json!({ "appid": MINI, "push": push })).await;
}

/// WeChat pushes an event of somebody's; whether it was accepted.
pub async fn push(weir: &TestWeir, user: &str, event: Value) -> bool {
    let asked = json!({ "appid": MINI, "user": user, "event": event });
    weir.control("/_sim/push", &asked).await["accepted"] == true
}

/// Waits until nothing waits for its work.
pub async fn worked(weir: &TestWeir) {
    while weir.number("SELECT COUNT(*) FROM pushes WHERE state = 'stored'").await > 0 {
        crate::messages::let_news_go_on(weir).await;
        weir_base::clock::pause(std::time::Duration::from_millis(5)).await;
    }
}

pub async fn states(weir: &TestWeir) -> Vec<String> {
    weir.rows("SELECT state FROM pushes ORDER BY id").await.into_iter().flatten().collect()
}

pub async fn reader(weir: &TestWeir) -> Client {
    weir.client.with_bearer(weir.api_key(&[Scope::CrmRead]).await)
}

/// A push as somebody else may send it, by hand.
pub struct Raw<'a> {
    pub timestamp: i64,
    pub nonce: &'a str,
    pub token: &'a str,
}

impl Raw<'_> {
    fn times(&self) -> (String, Secret) {
        (self.timestamp.to_string(), Secret::new(self.token))
    }

    /// In plain mode.
    pub async fn plain(&self, client: &Client, app: &str, body: &str) -> Answer {
        let (timestamp, token) = self.times();
        let proof = signature(&token, &timestamp, self.nonce);
        let path = format!("/wechat/push/{app}?signature={proof}&timestamp={timestamp}&nonce={}", self.nonce);
        client.send(Method::POST, &path, Some((body.to_owned(), "text/xml"))).await
    }

    /// In safe mode, with what stands beside the ciphertext.
    pub async fn sealed(&self, client: &Client, encrypted: &str, beside: Value) -> Answer {
        let (timestamp, token) = self.times();
        let proof = message_signature(&token, &timestamp, self.nonce, encrypted);
        let plain = signature(&token, &timestamp, self.nonce);
        let mut body = beside;
        body["Encrypt"] = json!(encrypted);
        let path = format!(
            "/wechat/push/mini?signature={plain}&timestamp={timestamp}&nonce={}&encrypt_type=aes&msg_signature={proof}",
            self.nonce
        );
        client.send(Method::POST, &path, Some((body.to_string(), "application/json"))).await
    }
}

pub fn raw(weir: &TestWeir) -> Raw<'static> {
    Raw { timestamp: weir.clock.now().seconds(), nonce: "486452656", token: TOKEN }
}

pub fn encrypt(text: &str, appid: &str) -> String {
    AesKey::parse(&Secret::new(KEY)).unwrap().encrypt(text.as_bytes(), appid, b"0123456789abcdef")
}

/// A text message as JSON.
pub fn text_message(from: &str, number: u64) -> String {
    json!({ "ToUserName": "gh_1", "FromUserName": from, "CreateTime": 1_795_161_600, "MsgType": "text", "Content": "hello",
        "MsgId": number })
    .to_string()
}
