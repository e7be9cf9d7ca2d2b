//! Sends to one person that a fault holds up: another one meanwhile is refused with 43108. Without a fault a send is over
//! before the next begins.

use std::{
    collections::HashSet,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

#[derive(Default)]
pub struct Turns {
    /// How many there are: without any, a call pays for one load.
    count: AtomicUsize,
    openids: Mutex<HashSet<String>>,
}

/// A send that is under way; over when it is dropped.
pub struct Turn<'a> {
    turns: &'a Turns,
    openid: String,
}

impl Turns {
    fn lock(&self) -> MutexGuard<'_, HashSet<String>> {
        self.openids.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a send to somebody is under way; `openid` tells to whom this call goes.
    pub fn is_taken(&self, openid: impl FnOnce() -> Option<String>) -> bool {
        self.count.load(Ordering::Acquire) > 0 && openid().is_some_and(|openid| self.lock().contains(&openid))
    }

    /// `None` when another send to the same person is under way.
    pub fn begin(&self, openid: String) -> Option<Turn<'_>> {
        let mut openids = self.lock();
        if !openids.insert(openid.clone()) {
            return None;
        }
        self.count.store(openids.len(), Ordering::Release);
        Some(Turn { turns: self, openid })
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut openids = self.turns.lock();
        openids.remove(&self.openid);
        self.turns.count.store(openids.len(), Ordering::Release);
    }
}
