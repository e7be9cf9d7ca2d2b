//! A record of the calls that came, so that a test can ask what was asked of WeChat.

use std::{
    collections::VecDeque,
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde::Serialize;
use weir_base::Timestamp;

/// How many calls are remembered; older ones are forgotten.
const MOST: usize = 10_000;

/// One call of one of WeChat's paths.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CallRecord {
    pub path: Box<str>,
    /// The app that called, by its `appid` or its token.
    pub appid: Option<Box<str>>,
    /// When it came, as milliseconds of the simulator's clock.
    pub at: Timestamp,
    /// What it was answered, 0 being success; `null` when a fault kept it from any answer of WeChat's kind. An answer
    /// that was lost on the wire stands here as if it had arrived.
    pub errcode: Option<i32>,
    pub client: IpAddr,
    /// How long the answer was held back, in milliseconds of the simulator's clock.
    pub ms: u64,
    /// The kind of the fault that struck it.
    pub fault: Option<&'static str>,
}

/// The last calls, the oldest first.
#[derive(Default)]
pub struct Calls(Mutex<VecDeque<CallRecord>>);

impl Calls {
    fn lock(&self) -> MutexGuard<'_, VecDeque<CallRecord>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn add(&self, record: CallRecord) {
        let mut calls = self.lock();
        if calls.len() == MOST {
            calls.pop_front();
        }
        calls.push_back(record);
    }

    /// Those of a path and of an appid, where given.
    pub fn list(&self, path: Option<&str>, appid: Option<&str>) -> Vec<CallRecord> {
        let wanted = |record: &&CallRecord| {
            path.is_none_or(|path| &*record.path == path)
                && appid.is_none_or(|appid| record.appid.as_deref() == Some(appid))
        };
        self.lock().iter().filter(wanted).cloned().collect()
    }

    pub fn clear(&self) {
        self.lock().clear();
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn only_the_last_ten_thousand_calls_are_kept() {
        let calls = Calls::default();
        let add = |path: &str| {
            calls.add(CallRecord {
                path: path.into(),
                appid: None,
                at: Timestamp::from_seconds(1_800_000_000),
                errcode: Some(0),
                client: Ipv4Addr::LOCALHOST.into(),
                ms: 0,
                fault: None,
            });
        };
        add("/first");
        add("/second");
        (0..MOST - 1).for_each(|_| add("/then"));
        assert_eq!(calls.list(None, None).len(), MOST);
        assert!(calls.list(Some("/first"), None).is_empty());
        assert_eq!(calls.list(None, None)[0].path.as_ref(), "/second");
    }
}
