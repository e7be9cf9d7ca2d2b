//! Pushes that go out by themselves, after the call that caused them: a few at a time, so that no flood of messages fills
//! the memory or the app's server.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde_json::{Map, Value};
use tokio::runtime::Handle;

use crate::{Simulator, world::AppKey};

/// How many are under way at once.
const WORKERS: usize = 8;
/// How many may wait; the oldest are dropped, as WeChat's are when nobody answers.
const MOST: usize = 100_000;

#[derive(Default)]
struct Waiting {
    pushes: VecDeque<(AppKey, Map<String, Value>)>,
    workers: usize,
}

/// What is still to be pushed, the oldest first.
#[derive(Default)]
pub struct Outbox(Mutex<Waiting>);

impl Outbox {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether another worker is to begin.
    fn add(&self, key: AppKey, event: Map<String, Value>) -> bool {
        let mut waiting = self.lock();
        if waiting.pushes.len() == MOST {
            waiting.pushes.pop_front();
        }
        waiting.pushes.push_back((key, event));
        let more = waiting.workers < WORKERS;
        waiting.workers += usize::from(more);
        more
    }

    /// The next one; with `None` the worker that asked is gone.
    fn next(&self) -> Option<(AppKey, Map<String, Value>)> {
        let mut waiting = self.lock();
        let next = waiting.pushes.pop_front();
        waiting.workers -= usize::from(next.is_none());
        next
    }

    pub fn clear(&self) {
        self.lock().pushes.clear();
    }
}

impl Simulator {
    /// Pushes an event when there is time for it. Holds nobody up.
    pub(crate) fn push_later(&self, key: AppKey, event: Map<String, Value>) {
        // Without a runtime nobody can connect to anything.
        let Ok(runtime) = Handle::try_current() else { return };
        if self.outbox().add(key, event) {
            let simulator = self.clone();
            runtime.spawn(async move {
                while let Some((key, event)) = simulator.outbox().next() {
                    match simulator.deliver(key, event).await {
                        Ok(Some(pushed)) if !pushed.accepted => {
                            let last = pushed.attempts.last().and_then(|attempt| attempt.error.as_deref());
                            tracing::debug!(error = last, "a push was not accepted");
                        }
                        Ok(_) => {}
                        Err(error) => tracing::debug!(%error, "a push could not be written"),
                    }
                }
            });
        }
    }
}
