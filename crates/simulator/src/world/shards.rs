//! A map cut into pieces, each behind its own short-held lock, so that parallel requests seldom wait for each other.

use std::{
    hash::{BuildHasher, RandomState},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// How many pieces. Two cores need few; more cost nothing.
const COUNT: usize = 16;

pub struct Shards<T> {
    pieces: [Mutex<T>; COUNT],
    hasher: RandomState,
}

impl<T: Default> Default for Shards<T> {
    fn default() -> Self {
        Self { pieces: std::array::from_fn(|_| Mutex::default()), hasher: RandomState::new() }
    }
}

impl<T: Default> Shards<T> {
    /// The piece in which `key` belongs.
    pub fn of(&self, key: &str) -> MutexGuard<'_, T> {
        let at = self.hasher.hash_one(key) as usize % COUNT;
        self.pieces[at].lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn each(&self) -> impl Iterator<Item = MutexGuard<'_, T>> {
        self.pieces.iter().map(|piece| piece.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub fn clear(&self) {
        self.each().for_each(|mut piece| *piece = T::default());
    }
}
