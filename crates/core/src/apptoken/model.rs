use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

use tokio::sync::Mutex;
use weir_base::{Secret, Timestamp};

/// A token and which one it is: a report that a token is invalid names the version that it saw.
#[derive(Clone, PartialEq, Eq)]
pub struct AppToken {
    pub token: Secret,
    pub version: i64,
    pub expires_at: Timestamp,
}

impl fmt::Debug for AppToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AppToken(version {}, until {})", self.version, self.expires_at)
    }
}

/// What this process knows of one app's token.
#[derive(Default)]
pub struct Holder {
    current: RwLock<Option<AppToken>>,
    /// One task of this process at a time looks for the next token; the others read what it found.
    pub(super) refreshing: Arc<Mutex<()>>,
}

impl Holder {
    /// The token, while it is good.
    pub(super) fn good(&self, now: Timestamp) -> Option<AppToken> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        current.as_ref().filter(|token| now < token.expires_at).cloned()
    }

    /// Remembers a token unless we know a newer one.
    pub(super) fn learn(&self, token: AppToken) {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        if current.as_ref().is_none_or(|known| known.version <= token.version) {
            *current = Some(token);
        }
    }

    /// Forgets the token of this version, and only that.
    pub(super) fn forget(&self, version: i64) {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        if current.as_ref().is_some_and(|known| known.version == version) {
            *current = None;
        }
    }
}
