//! Who in this process waits for news of what. It only says "look again", or hands over what was just read: the database
//! is the truth.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::watch;

/// News by key. Cloning gives another handle on the same.
pub struct Live<T>(Arc<Inner<T>>);

impl<T> Clone for Live<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

struct Inner<T> {
    most: usize,
    most_each: usize,
    state: Mutex<State<T>>,
}

struct State<T> {
    watched: HashMap<String, watch::Sender<Option<Arc<T>>>>,
    watchers: usize,
    /// How many each asker has among them.
    askers: HashMap<String, usize>,
    /// A task that looks for what other replicas have changed runs while somebody watches.
    looking: bool,
    closed: bool,
}

impl<T> Live<T> {
    /// `most` may watch at once, and of one asker `most_each`.
    pub fn new(most: usize, most_each: usize) -> Self {
        let (watched, askers) = (HashMap::new(), HashMap::new());
        let state = State { watched, watchers: 0, askers, looking: false, closed: false };
        Self(Arc::new(Inner { most, most_each, state: Mutex::new(state) }))
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `asker` begins to watch; what happens from now on is not missed. `None` when too many do already, or all is closing.
    pub fn watch(&self, key: &str, asker: &str) -> Option<Watching<T>> {
        let mut state = self.state();
        if state.closed || state.watchers >= self.0.most {
            return None;
        }
        match state.askers.get_mut(asker) {
            Some(theirs) if *theirs >= self.0.most_each => return None,
            Some(theirs) => *theirs += 1,
            None => {
                state.askers.insert(asker.to_owned(), 1);
            }
        }
        state.watchers += 1;
        let sender = state.watched.entry(key.to_owned()).or_insert_with(|| watch::channel(None).0);
        Some(Watching {
            live: self.clone(),
            key: key.to_owned(),
            asker: asker.to_owned(),
            news: sender.subscribe(),
        })
    }

    pub fn is_watched(&self, key: &str) -> bool {
        self.state().watched.contains_key(key)
    }

    /// How many watch now.
    pub fn watchers(&self) -> usize {
        self.state().watchers
    }

    /// Hands what was read to all who watch `key`, unless `is_newer` says that they know better.
    pub fn tell(&self, key: &str, thing: T, is_newer: impl Fn(&T, &T) -> bool) {
        let Some(sender) = self.state().watched.get(key).cloned() else { return };
        sender.send_if_modified(|known| {
            let newer = known.as_ref().is_none_or(|known| is_newer(&thing, known));
            if newer {
                *known = Some(Arc::new(thing));
            }
            newer
        });
    }

    /// What was told last of `key`, when somebody watches it.
    pub fn told(&self, key: &str) -> Option<Option<Arc<T>>> {
        self.state().watched.get(key).map(|sender| sender.borrow().clone())
    }

    /// True for the one who is to look for changes of other replicas from now on.
    pub fn begin_looking(&self) -> bool {
        !std::mem::replace(&mut self.state().looking, true)
    }

    /// True, and looking is over, when nobody watches any more.
    pub fn end_looking(&self) -> bool {
        let mut state = self.state();
        state.looking = state.watchers > 0 && !state.closed;
        !state.looking
    }

    /// Sends everybody home: the server is about to end.
    pub fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        state.watched.clear();
    }
}

/// One who watches, until it is dropped.
pub struct Watching<T> {
    live: Live<T>,
    key: String,
    asker: String,
    news: watch::Receiver<Option<Arc<T>>>,
}

impl<T> Watching<T> {
    /// The newest that is known, `read` itself unless another has it already: all who watch share one.
    pub fn share(&self, read: T, is_newer: impl Fn(&T, &T) -> bool) -> Arc<T> {
        let read = Arc::new(read);
        let Some(sender) = self.live.state().watched.get(&self.key).cloned() else { return read };
        let mut shared = Arc::clone(&read);
        sender.send_if_modified(|known| match known {
            Some(known) if !is_newer(&read, known) => {
                shared = Arc::clone(known);
                false
            }
            _ => {
                *known = Some(Arc::clone(&read));
                true
            }
        });
        shared
    }

    /// The next news; `None` when the server is about to end.
    pub async fn next(&mut self) -> Option<Arc<T>> {
        loop {
            self.news.changed().await.ok()?;
            let told = self.news.borrow_and_update().clone();
            if told.is_some() {
                return told;
            }
        }
    }
}

impl<T> Drop for Watching<T> {
    fn drop(&mut self) {
        let mut state = self.live.state();
        state.watchers -= 1;
        if let Some(theirs) = state.askers.get_mut(&self.asker) {
            *theirs -= 1;
            if *theirs == 0 {
                state.askers.remove(&self.asker);
            }
        }
        // This one is still counted among the receivers.
        let is_last = state.watched.get(&self.key).is_some_and(|sender| sender.receiver_count() <= 1);
        if is_last {
            state.watched.remove(&self.key);
        }
    }
}
