//! Pushes that go out by themselves, after the call that caused them: a few at a time, so that no flood of messages fills
//! the memory or the app's server.

use std::{
    collections::VecDeque,
    convert::Infallible,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use axum::body::{Body, Bytes};
use futures_util::{StreamExt, stream};
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

/// A push that follows an answer: it goes out when this is dropped, with the answer or with what a fault left of it.
pub struct After {
    simulator: Simulator,
    push: Option<(AppKey, Map<String, Value>)>,
}

impl After {
    pub fn new(simulator: &Simulator, push: (AppKey, Map<String, Value>)) -> Self {
        Self { simulator: simulator.clone(), push: Some(push) }
    }

    /// A body of these bytes that is followed by the push.
    pub fn body(self, bytes: Vec<u8>) -> Body {
        let bytes = stream::iter([Ok::<_, Infallible>(Bytes::from(bytes))]);
        // The closure owns the push for as long as the server has the body.
        Body::from_stream(bytes.inspect(move |_| {
            let _ = &self;
        }))
    }
}

impl Drop for After {
    fn drop(&mut self) {
        if let Some((key, event)) = self.push.take() {
            self.simulator.push_later(key, event);
        }
    }
}

impl fmt::Debug for After {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("After")
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

#[cfg(test)]
mod tests {
    use weir_base::{Clock, Dice, Timestamp};

    use super::*;
    use crate::World;

    #[tokio::test]
    async fn a_push_follows_its_answer_whatever_becomes_of_it() {
        let clock = Clock::standing_at(Timestamp::from_seconds(1_800_000_000));
        let simulator = Simulator::new(World::demo(), clock, Dice::seeded(1));
        let key = simulator.world().app("mini").map(|(key, _)| key).unwrap();
        let waiting = || simulator.outbox().lock().pushes.len();
        let body = After::new(&simulator, (key, Map::new())).body(vec![1]);
        assert_eq!(waiting(), 0, "the answer is not out yet");
        drop(body);
        assert_eq!(waiting(), 1);
        drop(After::new(&simulator, (key, Map::new())));
        assert_eq!(waiting(), 2, "a fault took the answer");
    }

    #[test]
    fn the_oldest_pushes_are_dropped_when_too_many_wait() {
        let outbox = Outbox::default();
        let clock = Clock::standing_at(Timestamp::from_seconds(1_800_000_000));
        let simulator = Simulator::new(World::demo(), clock, Dice::seeded(1));
        let key = simulator.world().app("mini").map(|(key, _)| key).unwrap();
        let event = |number: usize| Map::from_iter([(String::from("n"), Value::from(number))]);
        let begun = (0..=MOST).filter(|number| outbox.add(key, event(*number))).count();
        assert_eq!((begun, outbox.lock().pushes.len()), (WORKERS, MOST));
        assert_eq!(outbox.next().unwrap().1, event(1));
        outbox.clear();
        assert!(outbox.next().is_none());
        assert_eq!(outbox.lock().workers, WORKERS - 1);
    }
}
