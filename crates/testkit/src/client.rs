//! A client that calls as a user would, over a real socket, and holds every answer against the API description.

use reqwest::{Method, header::HeaderMap};
use serde_json::Value;

use crate::contract;

/// Calls one server.
#[derive(Clone, Debug)]
pub struct Client {
    base: String,
    http: reqwest::Client,
    bearer: Option<String>,
    headers: Vec<(&'static str, String)>,
}

/// What a server answered.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
    /// Null when the body is no JSON.
    pub json: Value,
}

impl Client {
    #[expect(clippy::disallowed_methods, reason = "tests call the server as its users do")]
    pub fn new(base: impl Into<String>) -> Self {
        let http = reqwest::Client::builder().no_proxy().build();
        let http = http.unwrap_or_else(|error| panic!("no HTTP client: {error}"));
        Self { base: base.into(), http, bearer: None, headers: Vec::new() }
    }

    /// The same client with credentials.
    pub fn with_bearer(&self, credential: impl Into<String>) -> Self {
        Self { bearer: Some(credential.into()), ..self.clone() }
    }

    /// The same client with one more header.
    pub fn with_header(&self, name: &'static str, value: impl Into<String>) -> Self {
        let mut client = self.clone();
        client.headers.push((name, value.into()));
        client
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None).await
    }

    /// POST without a body.
    pub async fn post_empty(&self, path: &str) -> Answer {
        self.send(Method::POST, path, None).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::POST, path, Some((body.to_string(), "application/json"))).await
    }

    pub async fn patch(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::PATCH, path, Some((body.to_string(), "application/json"))).await
    }

    /// Where the server listens, as `host:port`.
    pub fn address(&self) -> &str {
        self.base.trim_start_matches("http://")
    }

    /// Any method with any body. An empty content type is not sent.
    ///
    /// # Panics
    /// When no answer comes, or one that is not as described.
    pub async fn send(&self, method: Method, path: &str, body: Option<(String, &str)>) -> Answer {
        let answer = self.try_send(method.clone(), path, body).await;
        answer.unwrap_or_else(|error| panic!("{method} {path}: no answer: {error:?}"))
    }

    /// POST to a server that may be killed meanwhile: `None` when no whole answer comes.
    pub async fn try_post(&self, path: &str, body: &Value) -> Option<Answer> {
        self.try_send(Method::POST, path, Some((body.to_string(), "application/json"))).await.ok()
    }

    /// GET from a server that may close the connection at once: `None` when no whole answer comes.
    pub async fn try_get(&self, path: &str) -> Option<Answer> {
        self.try_send(Method::GET, path, None).await.ok()
    }

    async fn try_send(
        &self,
        method: Method,
        path: &str,
        body: Option<(String, &str)>,
    ) -> Result<Answer, reqwest::Error> {
        let mut request = self.http.request(method.clone(), format!("{}{path}", self.base));
        if let Some(bearer) = &self.bearer {
            request = request.bearer_auth(bearer);
        }
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        if let Some((body, kind)) = body {
            request = request.body(body);
            if !kind.is_empty() {
                request = request.header("content-type", kind);
            }
        }
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await?;
        let kind = headers.get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let declared = path.split('?').next().unwrap_or_default();
        if method != Method::HEAD {
            contract::check(&method.as_str().to_lowercase(), declared, status, kind, text.as_bytes());
        }
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        Ok(Answer { status, headers, text, json })
    }
}

impl Answer {
    /// The envelope's data.
    ///
    /// # Panics
    /// When this is no success.
    #[track_caller]
    pub fn data(&self) -> &Value {
        assert_eq!(self.status, 200, "{}", self.text);
        &self.json["data"]
    }

    /// Asserts the status and tells the envelope's message.
    #[track_caller]
    pub fn refused(&self, status: u16) -> &str {
        assert_eq!(self.status, status, "{}", self.text);
        self.json["message"].as_str().unwrap_or_default()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}
