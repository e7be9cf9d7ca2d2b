//! What several of these tests need.

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use weir_testkit::{Answer, Client, TestWeir};

pub const LOGIN: &str = "/api/v1/auth/wx-login";
pub const REFRESH: &str = "/api/v1/auth/refresh";
pub const LOGOUT: &str = "/api/v1/auth/logout";
pub const ME: &str = "/api/v1/users/me";
/// What every test's tokens are signed with.
pub const SECRET: &str = "a-test-secret-that-is-long-enough-0123456789";

/// The token of a login's or a refresh's data.
#[track_caller]
pub fn token_of(data: &Value) -> String {
    data["access_token"].as_str().unwrap().to_owned()
}

/// A part of a token, whatever its signature: 0 is the header, 1 the claims.
#[track_caller]
pub fn part(token: &str, at: usize) -> Value {
    let part = token.split('.').nth(at).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// A token made by hand, signed with an HMAC.
pub fn forge(header: &Value, claims: &Value, algorithm: hmac::Algorithm, secret: &[u8]) -> String {
    let encode = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
    let signed = format!("{}.{}", encode(header), encode(claims));
    let signature = hmac::sign(&hmac::Key::new(algorithm, secret), signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// A token as Weir itself would sign it.
pub fn sign(claims: &Value) -> String {
    forge(&json!({"alg": "HS256", "typ": "JWT"}), claims, hmac::HMAC_SHA256, SECRET.as_bytes())
}

/// Asserts an error in family D's envelope: these fields and no other, this status, this message.
#[track_caller]
pub fn assert_refused(answer: &Answer, status: u16, message: &str) {
    assert_eq!(answer.status, status, "{}", answer.text);
    let mut fields: Vec<_> = answer.json.as_object().unwrap().keys().map(String::as_str).collect();
    fields.sort_unstable();
    assert_eq!(fields, ["code", "error", "message", "path", "timestamp"], "{}", answer.text);
    assert_eq!(answer.json["message"], message);
    assert_eq!(answer.json["code"], status);
    let error = match status {
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        409 => "Conflict",
        413 => "Payload Too Large",
        415 => "Unsupported Media Type",
        422 => "Unprocessable Entity",
        429 => "Too Many Requests",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        other => panic!("no test expects {other}"),
    };
    assert_eq!(answer.json["error"], error);
    assert!(answer.json["timestamp"].as_str().unwrap().ends_with('Z'));
    assert!(answer.json["path"].as_str().unwrap().starts_with("/api/v1"));
}

/// Asserts that `work` leaves the database as it was.
pub async fn changing_nothing<T>(weir: &TestWeir, work: impl Future<Output = T>) -> T {
    let before = weir.database.dump().await;
    let done = work.await;
    assert_eq!(weir.database.dump().await, before, "something was written");
    done
}

/// A login of `person` with more in its body.
pub async fn log_in(weir: &TestWeir, person: &'static str, more: &Value) -> Value {
    let mut body = more.clone();
    body["code"] = weir.person(person).code().await.into();
    weir.client.post(LOGIN, &body).await.data().clone()
}

/// Sends these bytes and reads whatever comes until the server closes. For what no HTTP client would send.
pub async fn raw(client: &Client, request: &[u8]) -> (u16, String) {
    let mut stream = TcpStream::connect(client.address()).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer.split(' ').nth(1).unwrap_or_else(|| panic!("no answer: {answer:?}"));
    (status.parse().unwrap(), answer)
}

/// The head of a POST that closes the connection, to be followed by a body.
pub fn post_head(path: &str, headers: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nhost: weir\r\nconnection: close\r\n{headers}\r\n")
}
