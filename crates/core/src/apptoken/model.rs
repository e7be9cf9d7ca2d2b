use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicI64, Ordering},
    },
};

use tokio::sync::Mutex;
use weir_base::{Secret, Timestamp};
use weir_store::text_enum;

use crate::apikey::KeyId;

text_enum! {
    /// What an app shares: a token for WeChat's calls, or a ticket that signs pages for the JS-SDK.
    pub enum Kind {
        AccessToken = "access_token",
        JsapiTicket = "jsapi_ticket",
    }
}

impl Kind {
    /// What it is sealed with in the database.
    pub(super) fn context(self, appid: &str) -> String {
        match self {
            Self::AccessToken => format!("app_token:{appid}"),
            Self::JsapiTicket => format!("jsapi_ticket:{appid}"),
        }
    }
}

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

/// What this process knows of one app.
#[derive(Default)]
pub struct Holders {
    access_token: Arc<Holder>,
    jsapi_ticket: Arc<Holder>,
}

impl Holders {
    pub(super) fn of(&self, kind: Kind) -> &Arc<Holder> {
        match kind {
            Kind::AccessToken => &self.access_token,
            Kind::JsapiTicket => &self.jsapi_ticket,
        }
    }
}

/// What this process knows of one token or ticket.
#[derive(Default)]
pub struct Holder {
    current: RwLock<Option<AppToken>>,
    /// One task of this process at a time looks for the next token; the others read what it found.
    pub(super) refreshing: Arc<Mutex<()>>,
    /// WeChat has no next one before this one's end: the version, or 0.
    lasting: AtomicI64,
    /// The version that each key was last given, so that the trail has one entry for each and not one for each question.
    pub(super) given: std::sync::Mutex<HashMap<KeyId, i64>>,
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

    /// Remembers a token that WeChat has no successor of before its end.
    pub(super) fn keep(&self, token: AppToken) {
        self.lasting.store(token.version, Ordering::Relaxed);
        self.learn(token);
    }

    /// Whether there may be a successor already.
    pub(super) fn may_have_next(&self, version: i64) -> bool {
        self.lasting.load(Ordering::Relaxed) != version
    }

    /// Forgets the token of this version, and only that.
    pub(super) fn forget(&self, version: i64) {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        if current.as_ref().is_some_and(|known| known.version == version) {
            *current = None;
        }
    }
}
