//! How often an app may call: a day's and a minute's quota per app and path (wechat-protocol.md, section L). Refused
//! calls do not count.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde::{Deserialize, Serialize};
use weir_base::Timestamp;

use super::{App, AppKey, AppKind, PersonKey};
use crate::answer::Refusal;

/// `/cgi-bin/clear_quota` calls of one app in one month of Beijing.
const CLEARS_PER_MONTH: u32 = 10;

/// Limits of one path for one app; what is absent is not limited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    /// 45009 above it, until midnight in Beijing or `/cgi-bin/clear_quota`.
    #[serde(default)]
    pub per_day: Option<u64>,
    /// 45011 above it, until the next minute.
    #[serde(default)]
    pub per_minute: Option<u64>,
    /// 45011 above it for this person, until the next minute.
    #[serde(default)]
    pub per_person_per_minute: Option<u64>,
}

/// WeChat's published quotas. Code exchange is left unlimited: its quota is not published for mini-programs today.
fn published(path: &str, kind: AppKind) -> Quota {
    let (per_day, per_minute) = match path {
        "/sns/oauth2/access_token" if kind == AppKind::Website => (None, Some(10_000)),
        "/sns/oauth2/access_token" | "/sns/oauth2/refresh_token" | "/sns/userinfo" => (None, Some(50_000)),
        "/cgi-bin/token" => (Some(2000), None),
        "/cgi-bin/stable_token" => (Some(500_000), Some(10_000)),
        "/cgi-bin/qrcode/create" => (Some(100_000), None),
        "/cgi-bin/user/info" | "/cgi-bin/user/info/batchget" => (Some(5_000_000), None),
        "/cgi-bin/user/get" => (Some(500), None),
        "/cgi-bin/ticket/getticket" => (Some(1_000_000), None),
        "/cgi-bin/message/subscribe/send" => (Some(10_000_000), None),
        "/cgi-bin/message/template/send" => (Some(100_000), None),
        "/wxa/resetusersessionkey" => (None, Some(60_000)),
        _ => (None, None),
    };
    Quota { per_day, per_minute, per_person_per_minute: None }
}

fn quota_of(app: &App, path: &str) -> Quota {
    app.quotas.get(path).copied().unwrap_or_else(|| published(path, app.kind))
}

/// The number of the day in Beijing (UTC+8, no summer time), at whose midnight quotas begin anew.
pub fn beijing_day(now: Timestamp) -> i64 {
    (now.seconds() + 8 * 3600).div_euclid(86_400)
}

/// Year and month in Beijing as one number.
fn beijing_month(now: Timestamp) -> i64 {
    let instant = jiff::Timestamp::from_second(now.seconds()).unwrap_or_default();
    let date = jiff::tz::offset(8).to_datetime(instant).date();
    i64::from(date.year()) * 12 + i64::from(date.month())
}

/// How much of a quota is used up. Calls of a path without any limit are not counted.
pub struct Spent {
    pub per_day: Option<u64>,
    pub per_minute: Option<u64>,
    pub used: u64,
}

#[derive(Clone, Copy, Default)]
struct Window {
    number: i64,
    count: u64,
}

impl Window {
    fn full(&self, number: i64, limit: Option<u64>) -> bool {
        let count = if self.number == number { self.count } else { 0 };
        limit.is_some_and(|limit| count >= limit)
    }

    fn count_one(&mut self, number: i64) {
        if self.number != number {
            *self = Self { number, count: 0 };
        }
        self.count += 1;
    }
}

#[derive(Default)]
struct Counts {
    days: HashMap<(AppKey, &'static str), Window>,
    minutes: HashMap<(AppKey, &'static str), Window>,
    /// Only of `people_minute`: emptied when the minute is over.
    people: HashMap<(AppKey, &'static str, PersonKey), u64>,
    people_minute: i64,
    clears: HashMap<AppKey, Window>,
}

/// What every app has called today and in this minute.
#[derive(Default)]
pub struct Quotas(Mutex<Counts>);

impl Quotas {
    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts one call of an app.
    ///
    /// # Errors
    /// 45009 when the day's quota is used up, 45011 when the minute's is.
    pub fn take(
        &self,
        (key, app): (AppKey, &App),
        path: &'static str,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let quota = quota_of(app, path);
        if quota.per_day.is_none() && quota.per_minute.is_none() {
            return Ok(());
        }
        let (day, minute) = (beijing_day(now), now.seconds().div_euclid(60));
        let mut counts = self.lock();
        if counts.days.entry((key, path)).or_default().full(day, quota.per_day) {
            return Err(Refusal::of(45009));
        }
        if counts.minutes.entry((key, path)).or_default().full(minute, quota.per_minute) {
            return Err(Refusal::of(45011));
        }
        counts.days.entry((key, path)).or_default().count_one(day);
        counts.minutes.entry((key, path)).or_default().count_one(minute);
        Ok(())
    }

    /// The app's limits of a path, and how many calls of today count.
    pub fn spent(&self, (key, app): (AppKey, &App), path: &'static str, now: Timestamp) -> Spent {
        let Quota { per_day, per_minute, .. } = quota_of(app, path);
        let today = self.lock().days.get(&(key, path)).copied().filter(|day| day.number == beijing_day(now));
        Spent { per_day, per_minute, used: today.map_or(0, |day| day.count) }
    }

    /// Counts one call of an app for one person.
    ///
    /// # Errors
    /// 45011 when the person's quota of the minute is used up.
    pub fn take_for(
        &self,
        (key, app): (AppKey, &App),
        path: &'static str,
        person: PersonKey,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let Some(limit) = app.quotas.get(path).and_then(|quota| quota.per_person_per_minute) else {
            return Ok(());
        };
        let minute = now.seconds().div_euclid(60);
        let mut counts = self.lock();
        if counts.people_minute != minute {
            counts.people_minute = minute;
            counts.people.clear();
        }
        let count = counts.people.entry((key, path, person)).or_default();
        if *count >= limit {
            return Err(Refusal::of(45011));
        }
        *count += 1;
        Ok(())
    }

    /// What `/cgi-bin/clear_quota` does: the day's counts of the app begin anew.
    ///
    /// # Errors
    /// 48006 after ten times in a month.
    pub fn clear_app(&self, app: AppKey, now: Timestamp) -> Result<(), Refusal> {
        let month = beijing_month(now);
        let mut counts = self.lock();
        let clears = counts.clears.entry(app).or_default();
        if clears.full(month, Some(u64::from(CLEARS_PER_MONTH))) {
            return Err(Refusal::of(48006));
        }
        clears.count_one(month);
        counts.days.retain(|(owner, _), _| *owner != app);
        Ok(())
    }

    pub fn clear(&self) {
        *self.lock() = Counts::default();
    }

    /// Counts of days and of clears, for the state file; a minute is over before anybody could restart.
    pub fn snapshot(&self) -> Vec<(AppKey, Counted, i64, u64)> {
        let counts = self.lock();
        let days = counts.days.iter().map(|((app, path), window)| {
            (*app, Counted::Calls { path: (*path).to_owned() }, window.number, window.count)
        });
        let clears =
            counts.clears.iter().map(|(app, window)| (*app, Counted::Clears, window.number, window.count));
        days.chain(clears).collect()
    }

    /// Puts a count back. `path` is the served path it is for; a count of a path that is served no more is dropped.
    pub fn restore(&self, app: AppKey, path: Option<&'static str>, number: i64, count: u64) {
        let mut counts = self.lock();
        let window = match path {
            Some(path) => counts.days.entry((app, path)).or_default(),
            None => counts.clears.entry(app).or_default(),
        };
        *window = Window { number, count };
    }
}

/// What a kept count counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Counted {
    Calls { path: String },
    Clears,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_website_exchanges_ten_thousand_codes_a_minute_and_an_account_fifty_thousand() {
        let now = Timestamp::from_seconds(1_800_000_000);
        let most = |kind| {
            let (quotas, app) = (Quotas::default(), App::new("a", kind, "wx1", "s"));
            let take = || quotas.take((AppKey(0), &app), "/sns/oauth2/access_token", now);
            (0..).find_map(|count| take().err().map(|refusal| (count, refusal.code)))
        };
        assert_eq!(most(AppKind::Website), Some((10_000, 45011)));
        assert_eq!(most(AppKind::OfficialAccount), Some((50_000, 45011)));
    }

    #[test]
    fn days_and_months_turn_at_midnight_in_beijing() {
        // 2026-07-31T15:59:59Z is one second before August in Beijing.
        let last = Timestamp::from_seconds(1_785_513_599);
        let first = Timestamp::from_seconds(1_785_513_600);
        assert_eq!(beijing_day(first), beijing_day(last) + 1);
        assert_eq!(beijing_month(first), beijing_month(last) + 1);
    }
}
