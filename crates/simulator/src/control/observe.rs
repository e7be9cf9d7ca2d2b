//! What came, what goes wrong, what time it is.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Asked, ControlError, fields::Fields};
use crate::{
    CallRecord, Simulator,
    faults::{Armed, Fault, FaultKind, Garbage},
};

/// The furthest that time can be moved at once: a hundred years.
const FURTHEST_S: f64 = 3_155_760_000.0;

/// The longest that an answer can be held back: a day.
const LONGEST_DELAY_MS: u64 = 86_400_000;

pub fn calls(simulator: &Simulator, asked: Asked) -> Result<Value, ControlError> {
    let calls = simulator.calls(asked.param("path").as_deref(), asked.param("appid").as_deref());
    asked.fields.end()?;
    Ok(json!({ "calls": calls }))
}

pub fn faults(simulator: &Simulator, _: Asked) -> Result<Value, ControlError> {
    let faults: Vec<Value> = simulator.faults().list().iter().map(seen).collect();
    Ok(json!({ "faults": faults }))
}

pub fn arm(simulator: &Simulator, asked: Asked) -> Result<Value, ControlError> {
    Ok(json!({ "id": simulator.arm(fault(asked.fields)?)? }))
}

pub fn disarm(simulator: &Simulator, asked: Asked) -> Result<Value, ControlError> {
    let id = match asked.param("id") {
        None => None,
        Some(id) => Some(id.parse().map_err(|_| ControlError::wrong("id", "must be a number"))?),
    };
    asked.fields.end()?;
    match (simulator.faults().disarm(id), id) {
        (false, Some(id)) => Err(ControlError::absent("id", "fault", &id.to_string())),
        _ => Ok(json!({})),
    }
}

pub fn now(simulator: &Simulator) -> Value {
    json!({ "now_ms": simulator.clock().now().millis() })
}

pub fn advance(simulator: &Simulator, mut asked: Asked) -> Result<Value, ControlError> {
    let wrong = || ControlError::wrong("advance_s", "must be a number of seconds, 0 or more");
    let seconds =
        asked.fields.take("advance_s").ok_or_else(|| ControlError::wrong("advance_s", "missing"))?;
    asked.fields.end()?;
    let seconds = seconds.as_f64().filter(|seconds| *seconds <= FURTHEST_S).ok_or_else(wrong)?;
    simulator.clock().advance(Duration::try_from_secs_f64(seconds).map_err(|_| wrong())?);
    Ok(now(simulator))
}

fn fault(mut fields: Fields) -> Result<Fault, ControlError> {
    let path = fields.text("path")?;
    let kind =
        match fields.text("kind")?.as_str() {
            "errcode" => {
                FaultKind::Errcode { code: errcode(&mut fields)?, errmsg: fields.text_if_given("errmsg")? }
            }
            "http_status" => {
                FaultKind::HttpStatus(u16::try_from(fields.number("status", 300, 599)?).unwrap_or(502))
            }
            "delay" => FaultKind::Delay(Duration::from_millis(fields.number("ms", 0, LONGEST_DELAY_MS)?)),
            "timeout" => FaultKind::Timeout,
            "disconnect" => FaultKind::Disconnect,
            "garbage" => {
                let form = fields.text("form")?;
                FaultKind::Garbage(Garbage::named(&form).ok_or_else(|| {
                    ControlError::wrong("form", "must be truncated, html, wrong_type or empty")
                })?)
            }
            "invalidate_tokens" => FaultKind::InvalidateTokens,
            "quota" => FaultKind::Quota { limit: fields.number_if_given("limit", 0, u64::MAX)?.unwrap_or(0) },
            other => return Err(ControlError::wrong("kind", format!("there is no kind `{other}`"))),
        };
    let fault = Fault {
        times: fields.number_if_given("times", 1, u64::MAX)?,
        probability: probability(&mut fields)?,
        appid: fields.text_if_given("appid")?,
        before: fields.flag("before")?,
        ..Fault::new(path, kind)
    };
    fields.end()?;
    Ok(fault)
}

fn errcode(fields: &mut Fields) -> Result<i32, ControlError> {
    let code = fields.take("errcode").ok_or_else(|| ControlError::wrong("errcode", "missing"))?;
    let code = code.as_i64().and_then(|code| i32::try_from(code).ok()).filter(|code| *code != 0);
    code.ok_or_else(|| ControlError::wrong("errcode", "must be a whole number other than 0"))
}

fn probability(fields: &mut Fields) -> Result<Option<f64>, ControlError> {
    match fields.take("probability") {
        None => Ok(None),
        Some(value) => match value.as_f64().filter(|share| (0.0..=1.0).contains(share)) {
            Some(share) => Ok(Some(share)),
            None => Err(ControlError::wrong("probability", "must be a number from 0 to 1")),
        },
    }
}

/// A fault as control calls write it.
fn seen(armed: &Armed) -> Value {
    let fault = &armed.fault;
    let mut value = json!({
        "id": armed.id,
        "path": fault.path,
        "kind": fault.kind.name(),
        "times": fault.times,
        "probability": fault.probability,
        "appid": fault.appid,
        "before": fault.before,
    });
    match &fault.kind {
        FaultKind::Errcode { code, errmsg } => {
            value["errcode"] = json!(code);
            value["errmsg"] = json!(errmsg);
        }
        FaultKind::HttpStatus(status) => value["status"] = json!(status),
        FaultKind::Delay(delay) => value["ms"] = json!(u64::try_from(delay.as_millis()).unwrap_or(u64::MAX)),
        FaultKind::Garbage(form) => value["form"] = json!(form.name()),
        FaultKind::Quota { limit } => value["limit"] = json!(limit),
        FaultKind::Timeout | FaultKind::Disconnect | FaultKind::InvalidateTokens => {}
    }
    value
}

impl Simulator {
    /// Lays a fault in wait; gives its number. Its `appid` may be an app's name.
    ///
    /// # Errors
    /// When there is no such app.
    pub fn arm(&self, mut fault: Fault) -> Result<u64, ControlError> {
        if let Some(named) = &fault.appid {
            let world = self.world();
            let (_, app) = world.app(named).ok_or_else(|| ControlError::absent("appid", "app", named))?;
            fault.appid = Some(app.appid.clone());
        }
        Ok(self.faults().arm(fault))
    }

    /// Removes every fault.
    pub fn disarm(&self) {
        self.faults().disarm(None);
    }

    /// The calls that came, the oldest first: those of a path and of an app, where given. The last 10,000 are kept.
    pub fn calls(&self, path: Option<&str>, app: Option<&str>) -> Vec<CallRecord> {
        let appid = app.map(|named| {
            self.world().app(named).map_or_else(|| named.to_owned(), |(_, app)| app.appid.clone())
        });
        self.calls_log().list(path, appid.as_deref())
    }

    pub fn clear_calls(&self) {
        self.calls_log().clear();
    }

    /// Forgets everything that happened, faults included, and goes back to the configured apps and people. The clock
    /// stays where it is.
    pub fn reset(&self) {
        self.world_mut().clone_from(self.configured());
        self.codes().clear();
        self.sessions().clear();
        self.tokens().clear();
        self.authorizations().clear();
        self.tickets().clear();
        self.scans().clear();
        self.scenes().clear();
        self.quotas().clear();
        self.subscriptions().clear();
        self.inbox().clear();
        self.outbox().clear();
        self.faults().disarm(None);
        self.calls_log().clear();
        self.jars().clear();
        self.languages().clear();
    }
}
