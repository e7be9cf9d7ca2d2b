use std::time::Duration;

use serde::Serialize;

use crate::{App, Code, Failure, Outcome, engagement::Party};

/// How long an answer is given again.
pub const KEPT: Duration = Duration::from_secs(86_400);
const KEY_MAX: usize = 255;

/// A request that carries an `Idempotency-Key`. Of the key and of the request only digests are kept.
#[derive(Clone, Debug)]
pub struct Once {
    pub(super) caller: String,
    pub(super) operation: &'static str,
    pub(super) key: String,
    pub(super) request: String,
}

/// What became of the claim to do it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// Nobody has done it: it is the caller's to do, and to answer.
    Ours,
    /// It was done, and this was kept of the answer.
    Answered(String),
}

impl Once {
    /// `key` is the header, if there is one; `request` what was asked with it. One caller's keys are not another's.
    pub fn new(
        app: &App,
        key: Option<&str>,
        caller: &Party,
        operation: &'static str,
        request: &impl Serialize,
    ) -> Outcome<Option<Self>> {
        let Some(key) = key else { return Ok(None) };
        if !(1..=KEY_MAX).contains(&key.len()) || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            let detail = "must be 1 to 255 visible ASCII characters";
            return Err(Failure::invalid("Idempotency-Key", detail));
        }
        let request = serde_json::to_string(request).map_err(|e| Failure::new(Code::Internal).cause(e))?;
        let caller = caller.name();
        // A person's requests hold what is guessed easily: a plain digest of a phone number hides nothing.
        let digest =
            |what: &str, text: &str| app.sealer.digest(&format!("{what}:{caller}:{operation}:{text}"));
        let (key, request) = (digest("key", key), digest("request", &request));
        Ok(Some(Self { caller, operation, key, request }))
    }
}
