//! Users of a host application and their QR codes. Users are numbered, and a token costs no call.

use std::time::Duration;

use anyhow::{Context, Result};
use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::json;
use weir_base::Clock;

use crate::{
    client::{field, request},
    stage::Gateway,
};

/// Longer than any run.
const TOKENS_LAST: Duration = Duration::from_secs(24 * 3600);

/// A QR code that is open, and the token of its user.
pub struct OpenQr {
    pub token: String,
    pub session: String,
}

#[derive(Default)]
pub struct Hosts {
    /// How many users there are so far.
    count: usize,
}

impl Hosts {
    /// Tokens of `count` users whom nobody has heard of.
    pub fn newcomers(&mut self, gateway: &Gateway, count: usize) -> Result<Vec<String>> {
        let key = EncodingKey::from_secret(gateway.jwt_secret.as_bytes());
        let exp = Clock::system().now().plus(TOKENS_LAST).seconds();
        let first = self.count;
        self.count += count;
        let token = |user: usize| {
            let claims = json!({"user_id": user, "name": format!("User {user}"), "exp": exp});
            Ok(encode(&Header::default(), &claims, &key)?)
        };
        (first..self.count).map(token).collect()
    }

    /// A QR code for each of `count` new users.
    pub async fn open(&mut self, gateway: &Gateway, count: usize) -> Result<Vec<OpenQr>> {
        let tokens = self.newcomers(gateway, count)?;
        let mut codes = Vec::with_capacity(count);
        for token in tokens {
            let answer = gateway.server.call(&generate(&token)).await.context("no QR code")?;
            let session = field(answer.as_bytes(), "session_id").context("no session_id")?;
            codes.push(OpenQr { session: session.to_owned(), token });
        }
        Ok(codes)
    }
}

/// Asks for a QR code.
pub fn generate(token: &str) -> Vec<u8> {
    request("POST", "/api/wechat/generate-qr", Some(token), None)
}

/// Asks what became of a QR code.
pub fn status(qr: &OpenQr) -> Vec<u8> {
    request("GET", &format!("/api/wechat/status/{}", qr.session), Some(&qr.token), None)
}

/// Asks for the user's binding.
pub fn binding(token: &str) -> Vec<u8> {
    request("GET", "/api/wechat/binding", Some(token), None)
}
