//! Parametric QR codes of official accounts (wechat-protocol.md, section G).

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use weir_base::{Dice, Timestamp};

use super::{AppKey, ident};

/// How many temporary codes are remembered; older ones are as if expired.
const MOST_TEMPORARY: usize = 65_536;
/// Permanent codes of one account.
const MOST_PERMANENT: usize = 100_000;

/// What a code carries.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scene {
    Id(u32),
    Text(String),
}

/// A code that was made.
#[derive(Clone)]
pub struct Drawn {
    pub app: AppKey,
    pub scene: Scene,
    /// `None` is never.
    pub ends: Option<Timestamp>,
    pub url: String,
}

#[derive(Default)]
struct Book {
    drawn: HashMap<Arc<str>, Drawn>,
    /// Temporary ones, the oldest first.
    temporary: VecDeque<Arc<str>>,
    /// One code for one permanent scene, however often it is asked for.
    permanent: HashMap<AppKey, HashMap<Scene, Arc<str>>>,
}

/// Every parametric QR code, by ticket.
#[derive(Default)]
pub struct Scenes(Mutex<Book>);

impl Scenes {
    fn lock(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A code that serves for a while; gives its ticket and its content.
    pub fn temporary(
        &self,
        app: AppKey,
        scene: Scene,
        life: Duration,
        now: Timestamp,
        dice: &Dice,
    ) -> (Arc<str>, String) {
        let (ticket, url) = ident::qr_ticket(dice, now, now.plus(life));
        let drawn = Drawn { app, scene, ends: Some(now.plus(life)), url: url.clone() };
        let ticket: Arc<str> = ticket.into();
        self.lock().add(ticket.clone(), drawn);
        (ticket, url)
    }

    /// A code for ever, the same for the same scene. `None` when the account has as many as it may.
    pub fn permanent(
        &self,
        app: AppKey,
        scene: Scene,
        now: Timestamp,
        dice: &Dice,
    ) -> Option<(Arc<str>, String)> {
        let mut book = self.lock();
        let present = book.permanent.get(&app);
        if let Some(ticket) = present.and_then(|present| present.get(&scene))
            && let Some(drawn) = book.drawn.get(ticket)
        {
            return Some((ticket.clone(), drawn.url.clone()));
        }
        if present.is_some_and(|present| present.len() >= MOST_PERMANENT) {
            return None;
        }
        let (ticket, url) = ident::qr_ticket(dice, now, now);
        let ticket: Arc<str> = ticket.into();
        book.add(ticket.clone(), Drawn { app, scene, ends: None, url: url.clone() });
        Some((ticket, url))
    }

    /// The code of a ticket, unless it has ended.
    pub fn drawn(&self, ticket: &str, now: Timestamp) -> Option<Drawn> {
        self.lock().drawn.get(ticket).filter(|drawn| drawn.ends.is_none_or(|ends| now < ends)).cloned()
    }

    pub fn clear(&self) {
        *self.lock() = Book::default();
    }

    /// Every code with its ticket, temporary ones in the order in which they were made.
    pub fn snapshot(&self) -> Vec<(Arc<str>, Drawn)> {
        let book = self.lock();
        let permanent = book.permanent.values().flat_map(HashMap::values);
        let tickets = permanent.chain(&book.temporary);
        tickets.filter_map(|ticket| Some((ticket.clone(), book.drawn.get(ticket)?.clone()))).collect()
    }

    pub fn restore(&self, ticket: &str, drawn: Drawn) {
        self.lock().add(ticket.into(), drawn);
    }
}

impl Book {
    fn add(&mut self, ticket: Arc<str>, drawn: Drawn) {
        if drawn.ends.is_none() {
            self.permanent.entry(drawn.app).or_default().insert(drawn.scene.clone(), ticket.clone());
        } else {
            self.temporary.push_back(ticket.clone());
            if self.temporary.len() > MOST_TEMPORARY
                && let Some(oldest) = self.temporary.pop_front()
            {
                self.drawn.remove(&oldest);
            }
        }
        self.drawn.insert(ticket, drawn);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_temporary_codes_are_forgotten_and_permanent_ones_stay() {
        let mut book = Book::default();
        let drawn = |ends| Drawn { app: AppKey(0), scene: Scene::Id(7), ends, url: String::new() };
        book.add("forever".into(), drawn(None));
        for number in 0..=MOST_TEMPORARY {
            book.add(number.to_string().into(), drawn(Some(Timestamp::from_seconds(1_800_000_000))));
        }
        assert!(!book.drawn.contains_key("0") && book.drawn.contains_key("1"));
        assert!(book.drawn.contains_key("forever"));
        assert_eq!(book.drawn.len(), MOST_TEMPORARY + 1);
    }
}
