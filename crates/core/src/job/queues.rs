//! What this process knows of the queues: which of them rest, how fast they may go, and how to wake its runner. None of it
//! is the truth, which is in the database: another process finds the same out by itself.

use std::{
    collections::HashMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::sync::Notify;
use weir_base::{Dice, Stopwatch, Timestamp};

use super::JobId;

/// After so many calls in a row that came to nothing, a queue sends one at a time, with rests between.
const TROUBLE: u32 = 20;
/// The rest after each of those. Jittered.
const REST: Duration = Duration::from_secs(10);
/// A runner that has not looked for so long is not running.
const STANDS_STILL: Duration = Duration::from_secs(60);

/// Queues as this process sees them.
pub struct Jobs {
    /// The leases of this process begin so.
    token: String,
    leases: AtomicU64,
    news: Notify,
    queues: Mutex<HashMap<String, Queue>>,
    looked: Mutex<Stopwatch>,
    /// Jobs of this process that nobody works on any more, with their leases.
    left: Mutex<Vec<(JobId, String)>>,
    per_second: u32,
    dice: Dice,
}

#[derive(Default)]
struct Queue {
    /// Nothing is begun before this, and why.
    rests: Option<(Timestamp, &'static str)>,
    /// Calls in a row that came to nothing.
    trouble: u32,
    /// Jobs that are worked on.
    running: usize,
    pace: Option<Pace>,
}

/// How much may be begun now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    For(usize),
    From(Timestamp),
}

impl Jobs {
    /// `per_second` messages of each app are begun at the most; 0: as many as can be.
    pub fn new(dice: &Dice, per_second: u32) -> Self {
        Self {
            token: dice.token::<12>(),
            leases: AtomicU64::new(0),
            news: Notify::new(),
            queues: Mutex::default(),
            looked: Mutex::new(Stopwatch::start()),
            left: Mutex::default(),
            per_second,
            dice: dice.clone(),
        }
    }

    /// Lets a worker of this process look for jobs at once. After the commit that added one.
    pub fn nudge(&self) {
        self.news.notify_one();
    }

    pub(super) async fn news(&self) {
        self.news.notified().await;
    }

    /// A token for leases, none like another.
    pub(crate) fn lease(&self) -> String {
        format!("{}:{}", self.token, self.leases.fetch_add(1, Ordering::Relaxed))
    }

    /// What all leases of this process lie between.
    pub(super) fn leases_between(&self) -> (String, String) {
        (format!("{}:", self.token), format!("{}:~", self.token))
    }

    /// Nothing of `queue` is begun before `until`.
    pub fn rest(&self, queue: &str, until: Timestamp, why: &'static str) {
        self.with(queue, |queue| {
            if queue.rests.is_none_or(|(known, _)| known < until) {
                queue.rests = Some((until, why));
            }
        });
    }

    /// A call for `queue` came to nothing that WeChat would answer for.
    pub fn trouble(&self, queue: &str, now: Timestamp) {
        let until = now.plus(self.dice.jitter(REST));
        self.with(queue, |queue| {
            queue.trouble = queue.trouble.saturating_add(1);
            if queue.trouble >= TROUBLE && queue.rests.is_none_or(|(known, _)| known < until) {
                queue.rests = Some((until, "trouble"));
            }
        });
    }

    /// WeChat answered sense.
    pub fn well(&self, queue: &str) {
        self.with(queue, |queue| queue.trouble = 0);
    }

    /// Until when `queue` rests, and why, when it does.
    pub fn rests(&self, queue: &str, now: Timestamp) -> Option<(Timestamp, &'static str)> {
        self.with(queue, |queue| queue.rests).filter(|(until, _)| now < *until)
    }

    /// The clock was set back: a rest may end in a time that is far away again. Whoever is asked too early says so.
    pub(super) fn wake(&self) {
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        queues.values_mut().for_each(|queue| queue.rests = None);
    }

    /// How many of `queue` may be begun now, `free` at the most.
    pub(super) fn room(&self, queue: &str, free: usize, now: Timestamp) -> Room {
        if let Some((until, _)) = self.rests(queue, now) {
            return Room::From(until);
        }
        self.with(queue, |queue| {
            let most = match (queue.trouble >= TROUBLE, queue.running) {
                (false, _) => free,
                (true, 0) => 1,
                (true, _) => 0,
            };
            if self.per_second == 0 {
                return Room::For(most);
            }
            let pace = queue.pace.get_or_insert_with(|| Pace::new(self.per_second, now));
            match pace.room(now) {
                0 => Room::From(pace.next(now)),
                room => Room::For(room.min(most)),
            }
        })
    }

    /// A job of `queue` is worked on.
    pub(super) fn runs(&self, queue: &str) {
        self.with(queue, |queue| queue.running += 1);
    }

    /// It is not any more.
    pub(super) fn ran(&self, queue: &str) {
        self.with(queue, |queue| queue.running = queue.running.saturating_sub(1));
    }

    /// So many of `queue` are begun.
    pub fn begun(&self, queue: &str, count: usize, now: Timestamp) {
        if self.per_second > 0 {
            self.with(queue, |queue| {
                queue.pace.get_or_insert_with(|| Pace::new(self.per_second, now)).take(count, now);
            });
        }
    }

    /// Leaves a job to whoever comes: its work ended without a word. The runner gives the lease back.
    pub fn leave(&self, id: &JobId, lease: &str) {
        self.left.lock().unwrap_or_else(PoisonError::into_inner).push((id.clone(), lease.to_owned()));
    }

    pub(super) fn left(&self) -> Vec<(JobId, String)> {
        std::mem::take(&mut *self.left.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn looked(&self) {
        *self.looked.lock().unwrap_or_else(PoisonError::into_inner) = Stopwatch::start();
    }

    /// Whether the runner of this process is at work.
    pub fn are_run(&self) -> bool {
        self.looked.lock().unwrap_or_else(PoisonError::into_inner).elapsed() < STANDS_STILL
    }

    fn with<T>(&self, queue: &str, work: impl FnOnce(&mut Queue) -> T) -> T {
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        work(queues.entry(queue.to_owned()).or_default())
    }
}

/// So many a second, and a tenth of that at once. Counted in thousandths, so that nothing is lost between two looks.
struct Pace {
    per_second: i64,
    stored: i64,
    at: Timestamp,
}

impl Pace {
    fn new(per_second: u32, now: Timestamp) -> Self {
        let per_second = i64::from(per_second);
        Self { per_second, stored: Self::most(per_second), at: now }
    }

    fn most(per_second: i64) -> i64 {
        (per_second * 100).max(1000)
    }

    fn go_to(&mut self, now: Timestamp) {
        // A clock that is set back gives nothing and takes nothing.
        let passed = i64::try_from(now.since(self.at).as_millis()).unwrap_or(i64::MAX);
        let most = Self::most(self.per_second);
        self.stored = passed.saturating_mul(self.per_second).saturating_add(self.stored).min(most);
        self.at = now;
    }

    fn room(&mut self, now: Timestamp) -> usize {
        self.go_to(now);
        usize::try_from(self.stored / 1000).unwrap_or(0)
    }

    fn take(&mut self, count: usize, now: Timestamp) {
        self.go_to(now);
        self.stored -= i64::try_from(count).unwrap_or(i64::MAX).saturating_mul(1000);
    }

    /// When there is room for one more.
    fn next(&self, now: Timestamp) -> Timestamp {
        let missing = u64::try_from((1000 - self.stored).max(0)).unwrap_or(0);
        now.plus(Duration::from_millis(missing.div_ceil(self.per_second.unsigned_abs().max(1))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_seconds(1_800_000_000);

    fn after(millis: u64) -> Timestamp {
        START.plus(Duration::from_millis(millis))
    }

    #[test]
    fn a_pace_begins_so_many_a_second_and_no_more() {
        let jobs = Jobs::new(&Dice::seeded(1), 50);
        let mut begun = 0;
        for millis in 0..10_000 {
            let now = after(millis);
            if let Room::For(room) = jobs.room("wx1", 32, now) {
                jobs.begun("wx1", room, now);
                begun += room;
            }
        }
        assert_eq!(begun, 5 + 499);
    }

    #[test]
    fn a_pace_tells_when_the_next_may_begin() {
        let jobs = Jobs::new(&Dice::seeded(1), 3);
        assert_eq!(jobs.room("wx1", 32, START), Room::For(1));
        jobs.begun("wx1", 1, START);
        assert_eq!(jobs.room("wx1", 32, START), Room::From(after(334)));
        assert_eq!(jobs.room("wx1", 32, after(333)), Room::From(after(334)));
        assert_eq!(jobs.room("wx1", 32, after(334)), Room::For(1));
        assert_eq!(jobs.room("wx2", 32, START), Room::For(1));
    }

    #[test]
    fn trouble_lets_a_queue_rest_and_try_one_at_a_time_until_it_is_over() {
        let jobs = Jobs::new(&Dice::seeded(1), 0);
        for _ in 0..TROUBLE - 1 {
            jobs.trouble("wx1", START);
        }
        assert_eq!(jobs.room("wx1", 32, START), Room::For(32));
        jobs.trouble("wx1", START);
        let Room::From(until) = jobs.room("wx1", 32, START) else { panic!("it does not rest") };
        assert!(until > after(5_000) && until < after(15_001));
        assert_eq!(jobs.room("wx1", 32, until), Room::For(1));
        jobs.runs("wx1");
        assert_eq!(jobs.room("wx1", 32, until), Room::For(0), "one at a time");
        jobs.ran("wx1");
        jobs.well("wx1");
        assert_eq!(jobs.room("wx1", 32, until), Room::For(32));
        assert_eq!(jobs.rests("wx1", until), None);
    }

    #[test]
    fn a_longer_rest_beats_a_shorter_one() {
        let jobs = Jobs::new(&Dice::seeded(1), 0);
        jobs.rest("wx1", after(5000), "quota");
        jobs.rest("wx1", after(1000), "busy");
        assert_eq!(jobs.rests("wx1", after(4999)), Some((after(5000), "quota")));
        assert_eq!(jobs.rests("wx1", after(5000)), None);
    }

    #[test]
    fn every_lease_lies_between_those_of_its_process() {
        let (ours, others) = (Jobs::new(&Dice::seeded(1), 0), Jobs::new(&Dice::seeded(2), 0));
        let (first, last) = ours.leases_between();
        for _ in 0..100 {
            assert!((&first..=&last).contains(&&ours.lease()));
            assert!(!(&first..=&last).contains(&&others.lease()));
        }
    }
}
