//! The only place that reads a clock or sleeps. Everything else is handed a [`Clock`], so that tests (and
//! `POST /_sim/clock` in `weir demo`) decide what time it is.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

/// An instant, in milliseconds since the Unix epoch. The form in which time is kept in the database.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the Unix epoch, as WeChat and JWTs count.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// `self + duration`; at the end of time it stays there.
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(millis_of(duration)))
    }

    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(millis_of(duration)))
    }

    /// How long from `earlier` to `self`; zero when `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// An instant as people and programs write it: ISO 8601 with `Z` or an offset, or milliseconds since the Unix epoch.
    pub fn parse(text: &str) -> Option<Self> {
        if !text.is_empty() && text.len() <= 16 && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return text.parse().ok().map(Self);
        }
        text.parse::<jiff::Timestamp>().ok().map(|instant| Self(instant.as_millisecond()))
    }

    /// `2026-11-20 16:00:00`: as clocks in China show it. They have stood eight hours ahead of UTC since 1991.
    pub fn in_china(self) -> String {
        const CHINA: jiff::tz::Offset = jiff::tz::Offset::constant(8);
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(instant) => CHINA.to_datetime(instant).strftime("%Y-%m-%d %H:%M:%S").to_string(),
            Err(_) => String::from("invalid time"),
        }
    }

    /// `2026-11-20T08:00:00.000Z`: ISO 8601 in UTC with milliseconds, as `contracts.md` wants it.
    pub fn iso(self) -> String {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(instant) => format!("{instant:.3}"),
            Err(_) => String::from("invalid time"),
        }
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.iso())
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.iso())
    }
}

fn millis_of(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// What time it is, and how to wait. Cloning gives another handle on the same clock.
///
/// Three kinds, one type: the system's clock; the system's clock that can be pushed forward (`weir demo`); and a
/// clock that stands still until a test advances it.
#[derive(Clone)]
pub struct Clock(Arc<Inner>);

struct Inner {
    /// `None`: time runs by itself and `offset` is added. `Some`: time stands at this many milliseconds.
    standing: Option<AtomicI64>,
    offset: AtomicI64,
    moved: Notify,
    sleepers: AtomicUsize,
    sleepers_changed: Notify,
}

impl Clock {
    /// The system's clock. [`Clock::advance`] pushes it forward, which only a sandbox may do.
    pub fn system() -> Self {
        Self::new(None)
    }

    /// A clock that stands at `start` until somebody advances it. Sleepers wake when the time they wait for comes.
    pub fn standing_at(start: Timestamp) -> Self {
        Self::new(Some(AtomicI64::new(start.0)))
    }

    fn new(standing: Option<AtomicI64>) -> Self {
        Self(Arc::new(Inner {
            standing,
            offset: AtomicI64::new(0),
            moved: Notify::new(),
            sleepers: AtomicUsize::new(0),
            sleepers_changed: Notify::new(),
        }))
    }

    pub fn now(&self) -> Timestamp {
        match &self.0.standing {
            Some(millis) => Timestamp(millis.load(Ordering::SeqCst)),
            None => Timestamp(system_millis().saturating_add(self.0.offset.load(Ordering::Relaxed))),
        }
    }

    /// Moves time forward and wakes whoever waited for a time that has come.
    pub fn advance(&self, by: Duration) {
        let moved = self.0.standing.as_ref().unwrap_or(&self.0.offset);
        moved.fetch_add(millis_of(by), Ordering::SeqCst);
        self.0.moved.notify_waiters();
    }

    /// Moves time backward, to show that a clock set back does no harm.
    pub fn set_back(&self, by: Duration) {
        let moved = self.0.standing.as_ref().unwrap_or(&self.0.offset);
        moved.fetch_sub(millis_of(by), Ordering::SeqCst);
    }

    pub async fn sleep(&self, duration: Duration) {
        self.sleep_until(self.now().plus(duration)).await;
    }

    pub async fn sleep_until(&self, deadline: Timestamp) {
        let _counted = Sleeper::new(&self.0);
        loop {
            // Subscribed before looking, so that an advance in between is not missed.
            let mut moved = std::pin::pin!(self.0.moved.notified());
            moved.as_mut().enable();
            let left = deadline.since(self.now());
            if left.is_zero() {
                return;
            }
            if self.0.standing.is_some() {
                moved.await;
            } else {
                tokio::select! {
                    () = real_sleep(left) => {}
                    () = moved => {}
                }
            }
        }
    }

    /// `Some(output)` when `future` ends within `limit`, else `None`; the future is dropped then.
    pub async fn timeout<F: Future>(&self, limit: Duration, future: F) -> Option<F::Output> {
        tokio::select! {
            biased;
            output = future => Some(output),
            () = self.sleep(limit) => None,
        }
    }

    /// Waits (for tests) until at least `count` tasks sleep on this clock.
    pub async fn wait_for_sleepers(&self, count: usize) {
        loop {
            let mut changed = std::pin::pin!(self.0.sleepers_changed.notified());
            changed.as_mut().enable();
            if self.0.sleepers.load(Ordering::SeqCst) >= count {
                return;
            }
            changed.await;
        }
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Clock({})", self.now())
    }
}

/// Counts a task that sleeps for as long as it does.
struct Sleeper<'a>(&'a Inner);

impl<'a> Sleeper<'a> {
    fn new(inner: &'a Inner) -> Self {
        inner.sleepers.fetch_add(1, Ordering::SeqCst);
        inner.sleepers_changed.notify_waiters();
        Self(inner)
    }
}

impl Drop for Sleeper<'_> {
    fn drop(&mut self) {
        self.0.sleepers.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Lets real time pass while somebody else works: between two looks at what another process may have changed. Never for
/// what is decided by a time, which is the [`Clock`]'s.
pub async fn pause(duration: Duration) {
    real_sleep(duration).await;
}

/// Time that passes for real, to measure how long something took. Never for what is decided.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(clippy::disallowed_methods, reason = "the one place that measures")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the system's clock")]
fn system_millis() -> i64 {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => millis_of(since),
        Err(_) => 0,
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that sleeps")]
async fn real_sleep(duration: Duration) {
    tokio::time::sleep(duration).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_seconds(1_800_000_000);

    #[test]
    fn an_instant_prints_as_iso_8601_with_milliseconds() {
        assert_eq!(Timestamp::from_millis(1_729_080_000_007).iso(), "2024-10-16T12:00:00.007Z");
        assert_eq!(Timestamp::from_seconds(0).iso(), "1970-01-01T00:00:00.000Z");
    }

    #[test]
    fn an_instant_is_read_as_it_is_written() {
        let noon = Timestamp::from_millis(1_729_080_000_007);
        for text in [
            "2024-10-16T12:00:00.007Z",
            "2024-10-16T20:00:00.007+08:00",
            "2024-10-16 12:00:00.007Z",
            "1729080000007",
        ] {
            assert_eq!(Timestamp::parse(text), Some(noon), "{text}");
        }
        for text in ["", "yesterday", "2024-10-16", "2024-10-16T12:00:00", "-5", "1e3", "99999999999999999"] {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
    }

    #[test]
    fn clocks_in_china_are_eight_hours_ahead() {
        assert_eq!(Timestamp::from_seconds(1_729_080_000).in_china(), "2024-10-16 20:00:00");
        assert_eq!(Timestamp::from_seconds(1_798_732_800).in_china(), "2027-01-01 00:00:00");
        assert_eq!(Timestamp::from_millis(i64::MAX).in_china(), "invalid time");
    }

    #[test]
    fn since_is_never_negative() {
        assert_eq!(START.since(START.plus(Duration::from_secs(1))), Duration::ZERO);
    }

    #[tokio::test]
    async fn a_sleeper_wakes_when_its_time_comes_and_not_before() {
        let clock = Clock::standing_at(START);
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep(Duration::from_secs(10)).await }
        });
        clock.wait_for_sleepers(1).await;
        clock.advance(Duration::from_secs(9));
        tokio::task::yield_now().await;
        assert!(!sleeper.is_finished());
        clock.advance(Duration::from_secs(1));
        assert!(sleeper.await.is_ok());
    }

    #[tokio::test]
    async fn a_timeout_ends_what_never_ends() {
        let clock = Clock::standing_at(START);
        let waiting = tokio::spawn({
            let clock = clock.clone();
            async move { clock.timeout(Duration::from_secs(5), std::future::pending::<()>()).await }
        });
        clock.wait_for_sleepers(1).await;
        clock.advance(Duration::from_secs(5));
        assert!(matches!(waiting.await, Ok(None)));
    }

    #[test]
    fn the_system_clock_can_be_pushed_forward() {
        let clock = Clock::system();
        let before = clock.now();
        clock.advance(Duration::from_secs(3600));
        assert!(clock.now().since(before) >= Duration::from_secs(3600));
    }
}
