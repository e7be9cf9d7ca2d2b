//! One-use codes: made for one person in one app for one purpose, good for five minutes; those of a website's QR login
//! for ten.

use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use weir_base::{Dice, Timestamp};

use super::{AppKey, PersonKey, ident, shards::Shards};
use crate::answer::Refusal;

/// How long a code is good (wechat-protocol.md, section J).
pub const LIFETIME: Duration = Duration::from_secs(300);

/// How long a code of `/connect/qrconnect` is good.
pub const WEBSITE_LIFETIME: Duration = Duration::from_secs(600);

/// How many codes one shard holds: above it no more are made, so that memory stays bounded however fast they come.
const MOST_PER_SHARD: usize = 1 << 17;

/// How many used codes one shard remembers to answer 40163; older ones are answered 40029 like any unknown code.
const USED_PER_SHARD: usize = 1 << 12;

/// What a code may be exchanged for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// `wx.login` → `/sns/jscode2session`.
    Login,
    /// The phone number button → `/wxa/business/getuserphonenumber`.
    Phone,
    /// A page's consent → `/sns/oauth2/access_token`.
    Web(Consent),
}

/// What a person has agreed to on a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    pub scope: Scope,
    /// The page was opened in a snapshot: the person is a virtual one.
    pub snapshot: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scope {
    #[default]
    #[serde(rename = "snsapi_base")]
    Base,
    #[serde(rename = "snsapi_userinfo")]
    UserInfo,
    #[serde(rename = "snsapi_login")]
    Login,
}

impl Scope {
    pub fn name(self) -> &'static str {
        match self {
            Self::Base => "snsapi_base",
            Self::UserInfo => "snsapi_userinfo",
            Self::Login => "snsapi_login",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        [Self::Base, Self::UserInfo, Self::Login].into_iter().find(|scope| scope.name() == name)
    }
}

impl Purpose {
    fn lifetime(self) -> Duration {
        match self {
            Self::Web(Consent { scope: Scope::Login, .. }) => WEBSITE_LIFETIME,
            _ => LIFETIME,
        }
    }

    /// Whether a code for one may be exchanged where codes for the other are.
    fn serves(self, wanted: Self) -> bool {
        std::mem::discriminant(&self) == std::mem::discriminant(&wanted)
    }
}

/// What a code stands for.
#[derive(Clone, Copy, Debug)]
pub struct Grant {
    pub app: AppKey,
    pub person: PersonKey,
    pub purpose: Purpose,
    pub expires: Timestamp,
}

/// Why a code gives nothing.
#[derive(Debug)]
pub enum Spoiled {
    /// Never made, forgotten, expired, or made for another purpose.
    Unknown,
    /// Made for another app. It stays good for its own.
    Foreign,
    Used,
    /// The code is good, but its bearer is refused. It stays good.
    Refused(Refusal),
}

struct Entry {
    grant: Grant,
    used: bool,
}

#[derive(Default)]
struct Shard {
    entries: HashMap<Box<str>, Entry>,
    /// Used codes, the oldest first.
    used: VecDeque<Box<str>>,
    /// At how many entries expired ones are looked for again: twice what was left the last time, so that sweeping
    /// costs each code a constant.
    sweep_at: usize,
}

/// Every code that is good or has been used lately.
#[derive(Default)]
pub struct Codes(Shards<Shard>);

impl Codes {
    /// Makes a code. `None` when too many unexpired ones lie about.
    pub fn issue(
        &self,
        app: AppKey,
        person: PersonKey,
        purpose: Purpose,
        now: Timestamp,
        dice: &Dice,
    ) -> Option<String> {
        let code = match purpose {
            Purpose::Login | Purpose::Web(_) => ident::login_code(dice),
            Purpose::Phone => ident::phone_code(dice),
        };
        let grant = Grant { app, person, purpose, expires: now.plus(purpose.lifetime()) };
        let mut shard = self.0.of(&code);
        shard.make_room(now);
        if shard.entries.len() >= MOST_PER_SHARD {
            return None;
        }
        shard.entries.insert(code.as_str().into(), Entry { grant, used: false });
        Some(code)
    }

    /// Takes a code: of any number of takers exactly one gets the grant. Of a purpose only its kind counts. `allow` may refuse its bearer; it runs while
    /// the code is held, so that a refusal leaves the code good.
    pub fn redeem(
        &self,
        code: &str,
        purpose: Purpose,
        app: AppKey,
        now: Timestamp,
        allow: impl FnOnce(&Grant) -> Result<(), Refusal>,
    ) -> Result<Grant, Spoiled> {
        let mut shard = self.0.of(code);
        let entry = shard.entries.get_mut(code).ok_or(Spoiled::Unknown)?;
        if !entry.grant.purpose.serves(purpose) {
            return Err(Spoiled::Unknown);
        }
        if entry.grant.app != app {
            return Err(Spoiled::Foreign);
        }
        if entry.used {
            return Err(Spoiled::Used);
        }
        if now >= entry.grant.expires {
            return Err(Spoiled::Unknown);
        }
        allow(&entry.grant).map_err(Spoiled::Refused)?;
        entry.used = true;
        let grant = entry.grant;
        shard.remember_used(code);
        Ok(grant)
    }

    pub fn clear(&self) {
        self.0.clear();
    }

    /// Every code with what it stands for and whether it was used, for the state file.
    pub fn snapshot(&self) -> Vec<(String, Grant, bool)> {
        let mut all = Vec::new();
        for shard in self.0.each() {
            all.extend(shard.entries.iter().map(|(code, entry)| (code.to_string(), entry.grant, entry.used)));
        }
        all
    }

    /// Puts a code back that a state file kept.
    pub fn restore(&self, code: &str, grant: Grant, used: bool) {
        let mut shard = self.0.of(code);
        shard.entries.insert(code.into(), Entry { grant, used });
        if used {
            shard.remember_used(code);
        }
    }
}

impl Shard {
    fn make_room(&mut self, now: Timestamp) {
        if self.entries.len() < self.sweep_at.max(1024) {
            return;
        }
        self.entries.retain(|_, entry| entry.used || now < entry.grant.expires);
        self.sweep_at = (self.entries.len() * 2).min(MOST_PER_SHARD);
    }

    fn remember_used(&mut self, code: &str) {
        self.used.push_back(code.into());
        if self.used.len() > USED_PER_SHARD
            && let Some(oldest) = self.used.pop_front()
        {
            self.entries.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
    const APP: AppKey = AppKey(0);
    const ALICE: PersonKey = PersonKey(0);

    fn redeem(codes: &Codes, code: &str, now: Timestamp) -> Result<Grant, Spoiled> {
        codes.redeem(code, Purpose::Login, APP, now, |_| Ok(()))
    }

    #[test]
    fn expired_codes_are_forgotten() {
        let (codes, dice) = (Codes::default(), Dice::seeded(1));
        for round in 0..60_000u64 {
            let now = NOW.plus(Duration::from_millis(round * 50));
            codes.issue(APP, ALICE, Purpose::Login, now, &dice).unwrap();
        }
        // 20 a second for 300 s are alive; every shard may hold twice its part of them, or a thousand.
        assert!(codes.snapshot().len() <= 2 * 6000 + 16 * 1024);
    }

    #[test]
    fn used_codes_are_forgotten_when_many_came_after_them() {
        let mut shard = Shard::default();
        let grant = Grant { app: APP, person: ALICE, purpose: Purpose::Login, expires: NOW.plus(LIFETIME) };
        for number in 0..2 * USED_PER_SHARD {
            let code = number.to_string();
            shard.entries.insert(code.as_str().into(), Entry { grant, used: true });
            shard.remember_used(&code);
        }
        assert_eq!(shard.entries.len(), USED_PER_SHARD);
        assert!(shard.entries.contains_key((2 * USED_PER_SHARD - 1).to_string().as_str()));
    }

    #[test]
    fn on_a_clock_that_stands_codes_run_out_instead_of_memory() {
        let mut shard = Shard::default();
        let grant = Grant { app: APP, person: ALICE, purpose: Purpose::Login, expires: NOW.plus(LIFETIME) };
        for number in 0..MOST_PER_SHARD {
            shard.entries.insert(number.to_string().into(), Entry { grant, used: false });
        }
        shard.make_room(NOW);
        assert_eq!(shard.entries.len(), MOST_PER_SHARD);
        shard.make_room(NOW.plus(LIFETIME));
        assert!(shard.entries.is_empty());
    }

    #[test]
    fn a_code_serves_its_own_purpose_and_app_only() {
        let (codes, dice) = (Codes::default(), Dice::seeded(1));
        let code = codes.issue(APP, ALICE, Purpose::Login, NOW, &dice).unwrap();
        let as_phone = codes.redeem(&code, Purpose::Phone, APP, NOW, |_| Ok(()));
        assert!(matches!(as_phone, Err(Spoiled::Unknown)));
        let elsewhere = codes.redeem(&code, Purpose::Login, AppKey(1), NOW, |_| Ok(()));
        assert!(matches!(elsewhere, Err(Spoiled::Foreign)));
        let refused = codes.redeem(&code, Purpose::Login, APP, NOW, |_| Err(Refusal::of(45011)));
        assert!(matches!(refused, Err(Spoiled::Refused(_))));
        assert!(redeem(&codes, &code, NOW).is_ok());
        assert!(matches!(redeem(&codes, &code, NOW), Err(Spoiled::Used)));
    }
}
