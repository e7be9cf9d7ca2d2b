use anyhow::{Context, Result, bail};
use serde_json::Value;

/// Calls a server as a client would.
#[derive(Clone)]
pub(super) struct Caller {
    base: String,
    http: reqwest::Client,
    bearer: Option<String>,
    poll_token: Option<String>,
}

/// Status and body of an answer.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) json: Value,
}

impl Caller {
    #[expect(clippy::disallowed_methods, reason = "the walk is a client of ours, not a call to WeChat")]
    pub(super) fn new(base: String) -> Result<Self> {
        let http = reqwest::Client::builder().no_proxy().build().context("no HTTP client")?;
        Ok(Self { base, http, bearer: None, poll_token: None })
    }

    pub(super) fn with_bearer(&self, credential: &str) -> Self {
        Self { bearer: Some(credential.to_owned()), ..self.clone() }
    }

    /// As the browser of a sign-in by QR code.
    pub(super) fn with_poll_token(&self, token: &str) -> Self {
        Self { poll_token: Some(token.to_owned()), ..self.clone() }
    }

    pub(super) async fn call(&self, method: &str, path: &str, body: Option<Value>) -> Result<Answer> {
        let method: reqwest::Method = method.parse()?;
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        if let Some(bearer) = &self.bearer {
            request = request.bearer_auth(bearer);
        }
        if let Some(token) = &self.poll_token {
            request = request.header("x-poll-token", token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.with_context(|| format!("{path}: no answer"))?;
        let status = answer.status().as_u16();
        Ok(Answer { status, json: answer.json().await.unwrap_or(Value::Null) })
    }

    pub(super) async fn get(&self, path: &str) -> Result<Answer> {
        self.call("GET", path, None).await
    }

    pub(super) async fn post(&self, path: &str, body: Value) -> Result<Answer> {
        self.call("POST", path, Some(body)).await
    }
}

impl Answer {
    /// The envelope's data of a success.
    pub(super) fn data(self) -> Result<Value> {
        if self.status != 200 {
            bail!("answered {}: {}", self.status, self.json["message"]);
        }
        Ok(self.json["data"].clone())
    }

    /// The message of a refusal with this status.
    pub(super) fn refused(self, status: u16) -> Result<String> {
        let message = self.json["message"].as_str().unwrap_or_default().to_owned();
        if self.status != status {
            bail!("answered {} instead of {status}: {message}", self.status);
        }
        Ok(message)
    }
}
