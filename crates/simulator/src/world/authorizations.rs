//! What people have allowed apps: OAuth access and refresh tokens (wechat-protocol.md, A4 to A7). They know nothing of
//! the apps' own tokens.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use weir_base::{Dice, Timestamp};

use super::{AppKey, PersonKey, codes::Consent, ident, shards::Shards};
use crate::answer::Refusal;

/// How long an access token lives after it was made or refreshed.
pub const LIFETIME: Duration = Duration::from_secs(7200);
/// How long a refresh token lives; refreshing does not prolong it.
const REFRESH_LIFETIME: Duration = Duration::from_secs(30 * 86_400);

/// How many tokens of each sort one shard remembers, dead ones included; above it the oldest are forgotten.
const MOST_PER_SHARD: usize = 1 << 12;

/// Who allowed whom what.
#[derive(Clone, Copy, Debug)]
pub struct Allowed {
    pub app: AppKey,
    pub person: PersonKey,
    pub consent: Consent,
}

/// A token that was made.
#[derive(Clone)]
pub struct Issued {
    pub allowed: Allowed,
    pub ends: Timestamp,
    /// It ended before its time: 42007.
    pub revoked: bool,
    /// Of a refresh token: the access token that it made last.
    pub access: Option<Arc<str>>,
}

/// An access token with the refresh token beside it.
pub struct Pair {
    pub access: Arc<str>,
    pub refresh: Arc<str>,
    pub allowed: Allowed,
}

#[derive(Default)]
struct Ring {
    issued: HashMap<Arc<str>, Issued>,
    /// In the order in which they were made.
    order: VecDeque<Arc<str>>,
}

impl Ring {
    fn add(&mut self, token: Arc<str>, issued: Issued) {
        self.order.push_back(token.clone());
        self.issued.insert(token, issued);
        if self.order.len() > MOST_PER_SHARD
            && let Some(oldest) = self.order.pop_front()
        {
            self.issued.remove(&oldest);
        }
    }
}

/// Every OAuth token of late. Whoever holds a refresh token's lock may take an access token's, never the other way.
#[derive(Default)]
pub struct Authorizations {
    access: Shards<Ring>,
    refresh: Shards<Ring>,
}

impl Authorizations {
    /// Makes a new pair.
    pub fn issue(&self, allowed: Allowed, now: Timestamp, dice: &Dice) -> Pair {
        let access = self.new_access(allowed, now, dice);
        let refresh: Arc<str> = ident::oauth_token(dice, now).into();
        let issued = Issued {
            allowed,
            ends: now.plus(REFRESH_LIFETIME),
            revoked: false,
            access: Some(access.clone()),
        };
        self.refresh.of(&refresh).add(refresh.clone(), issued);
        Pair { access, refresh, allowed }
    }

    fn new_access(&self, allowed: Allowed, now: Timestamp, dice: &Dice) -> Arc<str> {
        let token: Arc<str> = ident::oauth_token(dice, now).into();
        let issued = Issued { allowed, ends: now.plus(LIFETIME), revoked: false, access: None };
        self.access.of(&token).add(token.clone(), issued);
        token
    }

    /// What `/sns/oauth2/refresh_token` does: the same access token for another two hours while it lives, else a new
    /// one.
    ///
    /// # Errors
    /// 40030 for one that is unknown or another app's, 42002 when its time is over, 42007 when it was revoked.
    pub fn refresh(&self, token: &str, app: AppKey, now: Timestamp, dice: &Dice) -> Result<Pair, Refusal> {
        let mut ring = self.refresh.of(token);
        let (refresh, issued) = ring.issued.get_key_value(token).ok_or_else(|| Refusal::of(40030))?;
        let (refresh, allowed) = (refresh.clone(), issued.allowed);
        if allowed.app != app {
            return Err(Refusal::of(40030));
        }
        check(issued, now, 42002)?;
        let present = issued.access.clone().filter(|access| self.prolong(access, now));
        let access = present.unwrap_or_else(|| self.new_access(allowed, now, dice));
        if let Some(issued) = ring.issued.get_mut(token) {
            issued.access = Some(access.clone());
        }
        Ok(Pair { access, refresh, allowed })
    }

    /// Lets an access token live anew. Whether it was still alive.
    fn prolong(&self, access: &str, now: Timestamp) -> bool {
        let mut ring = self.access.of(access);
        let alive = ring.issued.get_mut(access).filter(|issued| check(issued, now, 42001).is_ok());
        alive.map(|issued| issued.ends = now.plus(LIFETIME)).is_some()
    }

    /// Who allowed whom what with this access token.
    ///
    /// # Errors
    /// 40001 for one that is unknown, 42001 when its time is over, 42007 when it was revoked.
    pub fn check(&self, token: &str, now: Timestamp) -> Result<Allowed, Refusal> {
        let ring = self.access.of(token);
        let issued = ring.issued.get(token).ok_or_else(|| Refusal::of(40001))?;
        check(issued, now, 42001)?;
        Ok(issued.allowed)
    }

    /// Whose access token it is or was.
    pub fn owner(&self, token: &str) -> Option<AppKey> {
        self.access.of(token).issued.get(token).map(|issued| issued.allowed.app)
    }

    /// Ends every token of the app's people, refresh tokens included, as when they change their password.
    pub fn invalidate(&self, app: AppKey, now: Timestamp) {
        for mut ring in self.refresh.each().chain(self.access.each()) {
            let living = |issued: &&mut Issued| issued.allowed.app == app && now < issued.ends;
            ring.issued.values_mut().filter(living).for_each(|issued| issued.revoked = true);
        }
    }

    pub fn clear(&self) {
        self.refresh.clear();
        self.access.clear();
    }

    /// Every access token and every refresh token, the oldest of each shard first.
    pub fn snapshot(&self) -> Vec<(Arc<str>, Issued)> {
        let kept = |ring: &Ring| -> Vec<_> {
            ring.order
                .iter()
                .filter_map(|token| Some((token.clone(), ring.issued.get(token)?.clone())))
                .collect()
        };
        self.access.each().chain(self.refresh.each()).flat_map(|ring| kept(&ring)).collect()
    }

    pub fn restore(&self, token: &str, issued: Issued) {
        let shards = if issued.access.is_some() { &self.refresh } else { &self.access };
        shards.of(token).add(token.into(), issued);
    }
}

fn check(issued: &Issued, now: Timestamp, expired: i32) -> Result<(), Refusal> {
    match issued {
        issued if issued.revoked => Err(Refusal::of(42007)),
        issued if now >= issued.ends => Err(Refusal::of(expired)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_tokens_are_forgotten_when_many_came_after_them() {
        let mut ring = Ring::default();
        let allowed = Allowed { app: AppKey(0), person: PersonKey(0), consent: Consent::default() };
        let ends = Timestamp::from_seconds(1_800_000_000);
        for number in 0..2 * MOST_PER_SHARD {
            ring.add(number.to_string().into(), Issued { allowed, ends, revoked: false, access: None });
        }
        assert_eq!((ring.issued.len(), ring.order.len()), (MOST_PER_SHARD, MOST_PER_SHARD));
        assert!(ring.issued.contains_key((2 * MOST_PER_SHARD - 1).to_string().as_str()));
    }
}
