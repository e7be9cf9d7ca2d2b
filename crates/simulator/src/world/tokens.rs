//! access_tokens of apps, of the two families that know nothing of each other (wechat-protocol.md, C1 to C3).

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
    time::Duration,
};

use weir_base::{Dice, Timestamp};

use super::{AppKey, ident, quotas::beijing_day};
use crate::answer::Refusal;

/// `expires_in` of a new token.
pub const LIFETIME: Duration = Duration::from_secs(7200);
/// How long a token of `/cgi-bin/token` works after the next one was made; how early `/cgi-bin/stable_token` renews.
pub const OVERLAP: Duration = Duration::from_secs(300);
/// Forced refreshes of one app in one day of Beijing.
const FORCED_PER_DAY: u32 = 20;
/// A forced refresh sooner than this after the last one does nothing.
const FORCED_APART: Duration = Duration::from_secs(30);

/// How many tokens are remembered, dead ones included, to say how they died. 2000 a day and app are made at most.
const MOST: usize = 20_000;

/// A token that was made.
#[derive(Clone, Copy)]
pub struct Issued {
    pub app: AppKey,
    pub ends: Timestamp,
    /// It ends before its time because of a newer one: 40001 then, not 42001.
    pub replaced: bool,
}

/// The token that `/cgi-bin/stable_token` gives, and the forced refreshes that it has seen.
#[derive(Clone)]
pub struct Stable {
    pub token: Arc<str>,
    pub forced_at: Option<Timestamp>,
    /// Day of Beijing that `forced_count` counts.
    pub forced_day: i64,
    pub forced_count: u32,
}

/// A token as it is handed out, with the life that is left to it.
pub struct Handed {
    pub token: Arc<str>,
    /// Seconds.
    pub expires_in: u64,
}

#[derive(Default)]
struct Book {
    issued: HashMap<Arc<str>, Issued>,
    /// In the order in which they were made.
    order: VecDeque<Arc<str>>,
    classic: HashMap<AppKey, Arc<str>>,
    stable: HashMap<AppKey, Stable>,
}

/// Every token of every app.
#[derive(Default)]
pub struct Tokens(RwLock<Book>);

impl Tokens {
    fn read(&self) -> RwLockReadGuard<'_, Book> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Book> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// What `/cgi-bin/token` does: a new token; the one before it works for five more minutes.
    pub fn issue(&self, app: AppKey, now: Timestamp, dice: &Dice) -> Handed {
        let token = ident::access_token(dice, now, ident::CLASSIC_TOKEN_LENGTH);
        let mut book = self.write();
        if let Some(previous) = book.classic.get(&app).cloned() {
            book.end_by(&previous, now.plus(OVERLAP));
        }
        let handed = book.add(token, app, now);
        book.classic.insert(app, handed.token.clone());
        handed
    }

    /// What `/cgi-bin/stable_token` does.
    ///
    /// # Errors
    /// 45009 when forced more often than 20 times in a day.
    pub fn stable(&self, app: AppKey, force: bool, now: Timestamp, dice: &Dice) -> Result<Handed, Refusal> {
        let mut book = self.write();
        let today = beijing_day(now);
        let present = book.stable.get(&app).cloned();
        let left = present.as_ref().map_or(Duration::ZERO, |stable| book.left(&stable.token, now));
        let too_soon = |stable: &Stable| stable.forced_at.is_some_and(|at| now.since(at) < FORCED_APART);
        let forced = force && !present.as_ref().is_some_and(too_soon);
        if let Some(stable) = &present
            && !forced
            && left >= OVERLAP
        {
            return Ok(Handed { token: stable.token.clone(), expires_in: left.as_secs() });
        }
        let mut next = present.unwrap_or(Stable {
            token: Arc::from(""),
            forced_at: None,
            forced_day: today,
            forced_count: 0,
        });
        if forced {
            if next.forced_day != today {
                (next.forced_day, next.forced_count) = (today, 0);
            }
            if next.forced_count >= FORCED_PER_DAY {
                return Err(Refusal::of(45009));
            }
            next.forced_count += 1;
            next.forced_at = Some(now);
            book.end_by(&next.token, now);
        }
        let token = ident::access_token(dice, now, ident::STABLE_TOKEN_LENGTH);
        let handed = book.add(token, app, now);
        next.token = handed.token.clone();
        book.stable.insert(app, next);
        Ok(handed)
    }

    /// Whose token it is.
    ///
    /// # Errors
    /// 40014 when it cannot be a token at all, 40001 when it is unknown or a newer one has ended it, 42001 when its
    /// time is over.
    pub fn check(&self, token: &str, now: Timestamp) -> Result<AppKey, Refusal> {
        match self.read().issued.get(token) {
            Some(issued) if now < issued.ends => Ok(issued.app),
            Some(issued) => Err(Refusal::of(if issued.replaced { 40001 } else { 42001 })),
            None if ident::looks_like_access_token(token) => Err(Refusal::of(40001)),
            None => Err(Refusal::of(40014)),
        }
    }

    /// Whose token it is or was.
    pub fn owner(&self, token: &str) -> Option<AppKey> {
        self.read().issued.get(token).map(|issued| issued.app)
    }

    /// Ends every token of the app at once.
    pub fn invalidate(&self, app: AppKey, now: Timestamp) {
        let mut book = self.write();
        for issued in book.issued.values_mut().filter(|issued| app == issued.app) {
            if now < issued.ends {
                (issued.ends, issued.replaced) = (now, true);
            }
        }
    }

    pub fn clear(&self) {
        *self.write() = Book::default();
    }

    /// Every token in the order of making, the current ones of `/cgi-bin/token`, and those of `/cgi-bin/stable_token`.
    pub fn snapshot(&self) -> Snapshot {
        let book = self.read();
        let issued = |token: &Arc<str>| book.issued.get(token).map(|issued| (token.clone(), *issued));
        Snapshot {
            issued: book.order.iter().filter_map(issued).collect(),
            classic: book.classic.iter().map(|(app, token)| (*app, token.clone())).collect(),
            stable: book.stable.iter().map(|(app, stable)| (*app, stable.clone())).collect(),
        }
    }

    pub fn restore(&self, snapshot: Snapshot) {
        let order = snapshot.issued.iter().map(|(token, _)| token.clone()).collect();
        *self.write() = Book {
            issued: snapshot.issued.into_iter().collect(),
            order,
            classic: snapshot.classic.into_iter().collect(),
            stable: snapshot.stable.into_iter().collect(),
        };
    }
}

/// What the state file keeps of the tokens.
pub struct Snapshot {
    pub issued: Vec<(Arc<str>, Issued)>,
    pub classic: Vec<(AppKey, Arc<str>)>,
    pub stable: Vec<(AppKey, Stable)>,
}

impl Book {
    fn add(&mut self, token: String, app: AppKey, now: Timestamp) -> Handed {
        let token: Arc<str> = token.into();
        self.issued.insert(token.clone(), Issued { app, ends: now.plus(LIFETIME), replaced: false });
        self.order.push_back(token.clone());
        if self.order.len() > MOST
            && let Some(oldest) = self.order.pop_front()
        {
            self.issued.remove(&oldest);
        }
        Handed { token, expires_in: LIFETIME.as_secs() }
    }

    /// Lets a token end at `end` because of a newer one, unless it ends sooner anyway.
    fn end_by(&mut self, token: &str, end: Timestamp) {
        if let Some(issued) = self.issued.get_mut(token)
            && end < issued.ends
        {
            (issued.ends, issued.replaced) = (end, true);
        }
    }

    fn left(&self, token: &str, now: Timestamp) -> Duration {
        self.issued.get(token).map_or(Duration::ZERO, |issued| issued.ends.since(now))
    }
}
