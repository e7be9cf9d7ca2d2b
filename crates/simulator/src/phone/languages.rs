//! Which language each person's phone is set to.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use crate::words::Language;

/// By person's id in small letters, as the names of views have it. Only of people who are there.
#[derive(Default)]
pub struct Languages(Mutex<HashMap<String, Language>>);

impl Languages {
    pub fn set(&self, person: &str, language: Language) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(person.to_ascii_lowercase(), language);
    }

    /// `None` while the phone has not said.
    pub fn of(&self, person: &str) -> Option<Language> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(&person.to_ascii_lowercase()).copied()
    }

    pub fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
