//! One call of one of WeChat's paths, as its endpoint sees it.

use std::{borrow::Cow, cell::OnceCell, net::IpAddr};

use serde_json::{Map, Value};
use weir_base::Timestamp;

use crate::{Simulator, answer::Refusal};

/// More of what a caller gives as its appid is not remembered.
const LONGEST_APPID: usize = 64;

pub struct Call<'a> {
    /// The endpoint's path, under which quotas count.
    pub path: &'static str,
    query: &'a str,
    body: &'a [u8],
    pub client: IpAddr,
    pub now: Timestamp,
    json: OnceCell<Option<Map<String, Value>>>,
}

impl<'a> Call<'a> {
    pub fn new(path: &'static str, query: &'a str, body: &'a [u8], client: IpAddr, now: Timestamp) -> Self {
        Self { path, query, body, client, now, json: OnceCell::new() }
    }

    /// A parameter of the query. One that is empty counts as missing.
    pub fn param(&self, name: &str) -> Option<Cow<'a, str>> {
        let pair = url::form_urlencoded::parse(self.query.as_bytes()).find(|(key, _)| key == name)?;
        (!pair.1.is_empty()).then_some(pair.1)
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

    /// The app that calls: by the query's appid, else by its token, else by the body's appid. It need not exist.
    pub fn appid(&self, simulator: &Simulator) -> Option<String> {
        if let Some(appid) = self.param("appid") {
            return Some(appid.chars().take(LONGEST_APPID).collect());
        }
        if let Some(token) = self.param("access_token") {
            let owner = simulator.tokens().owner(&token)?;
            return simulator.world().app_at(owner).map(|app| app.appid.clone());
        }
        self.field("appid").ok().flatten().map(|appid| appid.chars().take(LONGEST_APPID).collect())
    }
}
