//! One call of one of WeChat's paths, as its endpoint sees it.

use std::{borrow::Cow, cell::OnceCell, net::IpAddr};

use axum::http::{HeaderMap, Method, header, request::Parts};
use serde_json::{Map, Value};
use weir_base::Timestamp;

use crate::{Simulator, answer::Refusal, words::Language, world::AppKey};

/// What the phone is set to.
pub const LANGUAGE: &str = "_sim_lang";

/// More of what a caller gives as its appid is not remembered.
const LONGEST_APPID: usize = 64;

pub struct Call<'a> {
    /// The endpoint's path, under which quotas count.
    pub path: &'static str,
    /// The path as it was asked for; it differs from `path` where that has a variable part.
    asked_path: &'a str,
    pub method: &'a Method,
    pub query: &'a str,
    headers: &'a HeaderMap,
    body: &'a [u8],
    pub client: IpAddr,
    pub now: Timestamp,
    json: OnceCell<Option<Map<String, Value>>>,
    after: OnceCell<(AppKey, Map<String, Value>)>,
}

impl<'a> Call<'a> {
    pub fn new(path: &'static str, parts: &'a Parts, body: &'a [u8], client: IpAddr, now: Timestamp) -> Self {
        Self {
            path,
            asked_path: parts.uri.path(),
            method: &parts.method,
            query: parts.uri.query().unwrap_or(""),
            headers: &parts.headers,
            body,
            client,
            now,
            json: OnceCell::new(),
            after: OnceCell::new(),
        }
    }

    /// A parameter of the query. One that is empty counts as missing.
    pub fn param(&self, name: &str) -> Option<Cow<'a, str>> {
        value_of(self.query.as_bytes(), name)
    }

    pub fn body(&self) -> &'a [u8] {
        self.body
    }

    /// A field of the body as HTML forms send it. One that is empty counts as missing.
    pub fn form(&self, name: &str) -> Option<Cow<'a, str>> {
        value_of(self.body, name)
    }

    /// A parameter of the query, else of the form in the body.
    pub fn given(&self, name: &str) -> Option<Cow<'a, str>> {
        self.param(name).or_else(|| self.form(name))
    }

    pub fn cookie(&self, name: &str) -> Option<Cow<'a, str>> {
        let lines = self.headers.get_all(header::COOKIE).into_iter();
        let mut pairs = lines.filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(';'));
        let value = pairs.find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))?;
        Some(percent_decoded(value))
    }

    /// The one that a page is asked for in: by a link of WeChat's, else by the phone.
    pub fn language(&self) -> Language {
        let named = |name: Cow<'a, str>| Language::named(&name);
        self.param("lang")
            .and_then(named)
            .or_else(|| self.cookie(LANGUAGE).and_then(named))
            .unwrap_or_default()
    }

    /// The last segment of the path that was asked for.
    pub fn variable(&self) -> &'a str {
        self.asked_path.rsplit('/').next().unwrap_or_default()
    }

    /// Where the client believes to be: the address under which it, or a phone beside it, can call again.
    pub fn origin(&self) -> String {
        let host = self.headers.get(header::HOST).and_then(|host| host.to_str().ok());
        format!("http://{}", host.unwrap_or("127.0.0.1:7070"))
    }

    /// The body, which must be a JSON object.
    ///
    /// # Errors
    /// 44002 without a body, 47001 when it is anything else.
    pub fn json(&self) -> Result<&Map<String, Value>, Refusal> {
        if self.body.is_empty() {
            return Err(Refusal::of(44002));
        }
        self.json
            .get_or_init(|| serde_json::from_slice(self.body).ok())
            .as_ref()
            .ok_or_else(|| Refusal::of(47001))
    }

    /// A text of the body. One that is empty or no text counts as missing.
    ///
    /// # Errors
    /// As [`Call::json`].
    pub fn field(&self, name: &str) -> Result<Option<&str>, Refusal> {
        Ok(self.json()?.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()))
    }

    /// Has an event pushed to the app once the call is answered; a second one is not.
    pub fn then_push(&self, app: AppKey, event: Map<String, Value>) {
        let _ = self.after.set((app, event));
    }

    /// What is to be pushed once the call is answered.
    pub fn take_push(&mut self) -> Option<(AppKey, Map<String, Value>)> {
        self.after.take()
    }

    /// The app that calls: by the query's appid, else by its token, else by the body's appid. It need not exist.
    pub fn appid(&self, simulator: &Simulator) -> Option<String> {
        if let Some(appid) = self.param("appid") {
            return Some(appid.chars().take(LONGEST_APPID).collect());
        }
        if let Some(token) = self.param("access_token") {
            let owner =
                simulator.tokens().owner(&token).or_else(|| simulator.authorizations().owner(&token))?;
            return simulator.world().app_at(owner).map(|app| app.appid.clone());
        }
        let in_body = match self.field("appid") {
            Ok(appid) => appid.map(Cow::Borrowed),
            Err(_) => self.form("appid"),
        };
        in_body.map(|appid| appid.chars().take(LONGEST_APPID).collect())
    }
}

fn value_of<'a>(pairs: &'a [u8], name: &str) -> Option<Cow<'a, str>> {
    let pair = url::form_urlencoded::parse(pairs).find(|(key, _)| key == name)?;
    (!pair.1.is_empty()).then_some(pair.1)
}

/// A value as form encoding writes it.
fn percent_decoded(value: &str) -> Cow<'_, str> {
    // Without a `=` a pair of a form is all name, and `&` stands encoded in what we wrote.
    url::form_urlencoded::parse(value.as_bytes()).next().map_or(Cow::Borrowed(""), |(text, _)| text)
}
