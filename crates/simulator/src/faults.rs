//! Faults: what WeChat does on a bad day, on command.
//!
//! The stage decides what is lost. `errcode`, `http_status` and `quota` replace the answer before the endpoint takes
//! effect: a code stays good. `invalidate_tokens` ends the app's tokens and lets the endpoint see them ended. `delay`,
//! `timeout`, `disconnect` and `garbage` strike after it took effect: the code is used up and the answer lost on the
//! wire. With `before` they strike first: `delay` then goes on to the endpoint, the others never reach it.

use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use weir_base::{Dice, Timestamp};

use crate::world::quotas::beijing_day;

/// What goes wrong.
#[derive(Clone, Debug, PartialEq)]
pub enum FaultKind {
    /// An error in WeChat's manner, with the code's usual text or one given.
    Errcode {
        code: i32,
        errmsg: Option<String>,
    },
    /// An HTTP error with a proxy's page.
    HttpStatus(u16),
    /// The answer comes this much later.
    Delay(Duration),
    /// No answer: the connection is cut after 60 s unless the client goes away first.
    Timeout,
    /// The TCP connection is cut without an answer.
    Disconnect,
    Garbage(Garbage),
    /// Every token of the calling app ends at once, as when somebody else took a new one.
    InvalidateTokens,
    /// 45009 after this many calls in one day of Beijing, until midnight or `/cgi-bin/clear_quota`.
    Quota {
        limit: u64,
    },
}

/// What is answered instead of the JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Garbage {
    /// The first half of the answer.
    Truncated,
    /// A page, with HTTP 200.
    Html,
    /// The answer with every value of another type.
    WrongType,
    /// HTTP 200 and nothing.
    Empty,
}

impl FaultKind {
    /// As control calls name it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Errcode { .. } => "errcode",
            Self::HttpStatus(_) => "http_status",
            Self::Delay(_) => "delay",
            Self::Timeout => "timeout",
            Self::Disconnect => "disconnect",
            Self::Garbage(_) => "garbage",
            Self::InvalidateTokens => "invalidate_tokens",
            Self::Quota { .. } => "quota",
        }
    }
}

impl Garbage {
    pub fn name(self) -> &'static str {
        match self {
            Self::Truncated => "truncated",
            Self::Html => "html",
            Self::WrongType => "wrong_type",
            Self::Empty => "empty",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        [Self::Truncated, Self::Html, Self::WrongType, Self::Empty]
            .into_iter()
            .find(|form| form.name() == name)
    }
}

/// A fault and whom it strikes.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// A path, or the beginning of one followed by `*`.
    pub path: String,
    pub kind: FaultKind,
    /// Strikes this often; `None` is always.
    pub times: Option<u64>,
    /// Strikes each matching call with this probability; `None` is 1.
    pub probability: Option<f64>,
    /// Strikes calls of this app only.
    pub appid: Option<String>,
    /// Whether a fault of the wire strikes before the endpoint takes effect.
    pub before: bool,
}

impl Fault {
    /// A fault that strikes every call of `path`.
    pub fn new(path: impl Into<String>, kind: FaultKind) -> Self {
        Self { path: path.into(), kind, times: None, probability: None, appid: None, before: false }
    }

    pub fn times(self, times: u64) -> Self {
        Self { times: Some(times), ..self }
    }

    pub fn for_app(self, appid: impl Into<String>) -> Self {
        Self { appid: Some(appid.into()), ..self }
    }

    pub fn before(self) -> Self {
        Self { before: true, ..self }
    }

    fn covers(&self, path: &str) -> bool {
        match self.path.strip_suffix('*') {
            Some(start) => path.starts_with(start),
            None => path == self.path,
        }
    }
}

/// A fault that lies in wait.
#[derive(Clone, Debug)]
pub struct Armed {
    pub id: u64,
    /// `times` counts down.
    pub fault: Fault,
    /// For `quota`: the day of Beijing and the calls that passed in it.
    passed: (i64, u64),
}

#[derive(Default)]
struct Waiting {
    armed: Vec<Armed>,
    last_id: u64,
}

/// The faults that lie in wait, the oldest first.
#[derive(Default)]
pub struct Faults {
    /// Whether there are any: without faults a call pays for one load.
    any: AtomicBool,
    waiting: Mutex<Waiting>,
}

impl Faults {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lays a fault in wait; gives its number.
    pub fn arm(&self, fault: Fault) -> u64 {
        let mut waiting = self.lock();
        waiting.last_id += 1;
        let id = waiting.last_id;
        waiting.armed.push(Armed { id, fault, passed: (0, 0) });
        self.any.store(true, Ordering::Release);
        id
    }

    /// The fault that strikes this call, the oldest that matches, and counts the strike.
    pub fn strike(
        &self,
        path: &str,
        appid: impl FnOnce() -> Option<String>,
        now: Timestamp,
        dice: &Dice,
    ) -> Option<(FaultKind, bool)> {
        if !self.any.load(Ordering::Acquire) {
            return None;
        }
        // Asked before the lock is taken: the answer takes locks of its own.
        let appid = appid();
        let mut waiting = self.lock();
        let at = waiting.armed.iter_mut().position(|one| one.strikes(path, appid.as_deref(), now, dice))?;
        let struck = &mut waiting.armed[at];
        let strike = (struck.fault.kind.clone(), struck.fault.before);
        if let Some(left) = &mut struck.fault.times {
            *left -= 1;
        }
        waiting.armed.retain(|armed| armed.fault.times != Some(0));
        self.any.store(!waiting.armed.is_empty(), Ordering::Release);
        Some(strike)
    }

    pub fn list(&self) -> Vec<Armed> {
        self.lock().armed.clone()
    }

    /// Removes one, or all of them. Whether there was anything to remove.
    pub fn disarm(&self, id: Option<u64>) -> bool {
        let mut waiting = self.lock();
        let before = waiting.armed.len();
        waiting.armed.retain(|armed| id.is_some_and(|id| id != armed.id));
        self.any.store(!waiting.armed.is_empty(), Ordering::Release);
        waiting.armed.len() < before
    }

    /// What `/cgi-bin/clear_quota` of an app does to `quota` faults.
    pub fn clear_quota(&self, appid: &str) {
        let mut waiting = self.lock();
        let concerns = |fault: &Fault| fault.appid.as_deref().is_none_or(|of| of == appid);
        for armed in waiting.armed.iter_mut().filter(|armed| concerns(&armed.fault)) {
            armed.passed = (0, 0);
        }
    }
}

impl Armed {
    fn strikes(&mut self, path: &str, appid: Option<&str>, now: Timestamp, dice: &Dice) -> bool {
        if !self.fault.covers(path) || (self.fault.appid.is_some() && self.fault.appid.as_deref() != appid) {
            return false;
        }
        if self.fault.probability.is_some_and(|probability| unit(dice) >= probability) {
            return false;
        }
        if let FaultKind::Quota { limit } = self.fault.kind {
            let today = beijing_day(now);
            let passed = if self.passed.0 == today { self.passed.1 } else { 0 };
            if passed < limit {
                self.passed = (today, passed + 1);
                return false;
            }
        }
        true
    }
}

/// A number from 0 up to but not including 1.
fn unit(dice: &Dice) -> f64 {
    (dice.number() >> 11) as f64 / (1u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

    fn strike(faults: &Faults, path: &str, appid: Option<&str>) -> Option<&'static str> {
        faults.strike(path, || appid.map(String::from), NOW, &Dice::seeded(1)).map(|(kind, _)| kind.name())
    }

    #[test]
    fn a_fault_strikes_its_path_and_app_as_often_as_it_was_told() {
        let faults = Faults::default();
        faults.arm(Fault::new("/sns/*", FaultKind::Timeout).times(2).for_app("wx1"));
        assert_eq!(strike(&faults, "/cgi-bin/token", Some("wx1")), None);
        assert_eq!(strike(&faults, "/sns/jscode2session", Some("wx2")), None);
        assert_eq!(strike(&faults, "/sns/jscode2session", None), None);
        assert_eq!(strike(&faults, "/sns/jscode2session", Some("wx1")), Some("timeout"));
        assert_eq!(strike(&faults, "/sns/userinfo", Some("wx1")), Some("timeout"));
        assert_eq!(strike(&faults, "/sns/userinfo", Some("wx1")), None);
        assert!(faults.list().is_empty());
    }

    #[test]
    fn probability_is_kept_on_average() {
        let (faults, dice) = (Faults::default(), Dice::seeded(5));
        faults.arm(Fault { probability: Some(0.25), ..Fault::new("*", FaultKind::Disconnect) });
        let struck = (0..4000).filter(|_| faults.strike("/x", || None, NOW, &dice).is_some()).count();
        assert!((900..1100).contains(&struck), "{struck}");
    }

    #[test]
    fn a_quota_lets_its_limit_pass_each_day() {
        let (faults, dice) = (Faults::default(), Dice::seeded(5));
        faults.arm(Fault::new("/x", FaultKind::Quota { limit: 2 }));
        let struck = |now| faults.strike("/x", || None, now, &dice).is_some();
        assert_eq!([struck(NOW), struck(NOW), struck(NOW)], [false, false, true]);
        assert!(!struck(NOW.plus(Duration::from_secs(86_400))));
    }

    #[test]
    fn one_fault_or_all_can_be_removed() {
        let faults = Faults::default();
        let first = faults.arm(Fault::new("/a", FaultKind::Timeout));
        faults.arm(Fault::new("/b", FaultKind::Timeout));
        assert!(faults.disarm(Some(first)) && !faults.disarm(Some(first)));
        assert_eq!((strike(&faults, "/a", None), strike(&faults, "/b", None)), (None, Some("timeout")));
        assert!(faults.disarm(None));
        assert_eq!(strike(&faults, "/b", None), None);
    }
}
