//! The runner of a process: leases what is due and works on it, so many at once. It looks when it is nudged, when a work has
//! ended, when the next job is due, and now and then, for jobs of other processes.

use std::{pin::pin, sync::Arc, time::Duration};

use tokio::task::JoinSet;
use weir_base::{Stopwatch, Timestamp, clock::pause};
use weir_store::StoreError;

use super::{
    JobId, JobKind, Leased,
    model::{PUSHES, Place},
    queues::Room,
    rows,
};
use crate::{App, AppKind, message, push};

/// How long the runner may go without looking, in real time.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// A clock that is set back by more than this has been wrong (decision 0031).
const SET_BACK: Duration = Duration::from_secs(5);
/// How often it looks at all of a queue whose beginning waits behind other jobs.
const WALK_EVERY: Duration = Duration::from_millis(250);
/// Looks of such a walk at the most; the next goes on from there.
const STEPS: usize = 16;

/// Runs until `stop`, then lets the works under way end.
pub async fn run(app: Arc<App>, stop: impl Future<Output = ()>) {
    let mut runner = Runner::new(app);
    let mut stop = pin!(stop);
    loop {
        let next = runner.look().await;
        tokio::select! {
            biased;
            () = &mut stop => break,
            () = runner.wait(next) => {}
        }
    }
    while runner.works.join_next().await.is_some() {}
}

struct Runner {
    app: Arc<App>,
    works: JoinSet<()>,
    queues: Vec<Queue>,
    /// The queue that is looked at first: each in turn.
    first: usize,
    /// There is more to do than there are workers.
    is_behind: bool,
    taken_back: Option<Stopwatch>,
    /// When it looked last.
    looked_at: Timestamp,
}

struct Queue {
    name: String,
    /// What its jobs are.
    kind: JobKind,
    /// Where the next walk goes on.
    from: Place,
    walked: Option<Stopwatch>,
}

const BEGINNING: Timestamp = Timestamp::from_millis(i64::MIN);

impl Queue {
    fn new(name: &str, kind: JobKind) -> Self {
        Self { name: name.to_owned(), kind, from: beginning(), walked: None }
    }

    /// When the hours end in which none of its jobs are begun.
    fn quiet_until(&self, app: &App, now: Timestamp) -> Option<Timestamp> {
        match self.kind {
            JobKind::SendMessage => app.settings.engagement.quiet_hours.end(now),
            JobKind::WorkPush => None,
        }
    }
}

fn beginning() -> Place {
    Place { due_at: BEGINNING, id: String::new() }
}

impl Runner {
    fn new(app: Arc<App>) -> Self {
        let apps = app.settings.apps.iter().filter(|app| app.kind == AppKind::MiniProgram);
        let messages = apps.map(|app| Queue::new(&app.appid, JobKind::SendMessage));
        let queues = messages.chain([Queue::new(PUSHES, JobKind::WorkPush)]).collect();
        let looked_at = app.clock.now();
        Self { app, works: JoinSet::new(), queues, first: 0, is_behind: false, taken_back: None, looked_at }
    }

    fn free(&self) -> usize {
        self.app.settings.engagement.workers.saturating_sub(self.works.len())
    }

    /// Leases what is due and begins with it. Tells when to look again at the latest.
    async fn look(&mut self) -> Option<Timestamp> {
        self.app.jobs.looked();
        let now = self.app.clock.now();
        self.mind_the_clock(now).await;
        self.take_back().await;
        let mut next: Option<Timestamp> = None;
        self.is_behind = false;
        self.first = self.first.wrapping_add(1);
        for at in 0..self.queues.len() {
            let at = (self.first + at) % self.queues.len();
            let free = self.free();
            if free == 0 {
                self.is_behind = true;
                break;
            }
            let queue = &self.queues[at];
            let room = match queue.quiet_until(&self.app, now) {
                Some(until) => Room::From(until),
                // Only what is sent has a pace.
                None if queue.kind == JobKind::WorkPush => Room::For(free),
                None => self.app.jobs.room(&queue.name, free, now),
            };
            let due = match room {
                Room::From(from) => Some(from),
                Room::For(0) => None,
                Room::For(room) => match self.begin(at, room, free, now).await {
                    Ok(due) => due,
                    Err(error) => {
                        tracing::warn!(%error, "no jobs could be leased");
                        None
                    }
                },
            };
            next = [next, due].into_iter().flatten().min();
        }
        next
    }

    /// Begins up to `room` jobs of a queue. Tells when there will be more to begin.
    async fn begin(
        &mut self,
        at: usize,
        room: usize,
        free: usize,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        let first = rows::first(&self.app.store, &self.queues[at].name).await?;
        match first {
            None => return Ok(None),
            Some(first) if first.due_at > now => return Ok(Some(first.due_at)),
            Some(_) => {}
        }
        let jobs = self.claim(at, room, now).await?;
        let (begun, queue) = (jobs.len(), &self.queues[at].name);
        if self.queues[at].kind == JobKind::SendMessage {
            self.app.jobs.begun(queue, begun, now);
        }
        for job in jobs {
            self.app.jobs.runs(&job.queue);
            self.works.spawn(work(Arc::clone(&self.app), job));
        }
        if begun == free {
            self.is_behind = true;
            return Ok(None);
        }
        // The pace may have room for more a little later.
        if self.queues[at].kind == JobKind::SendMessage
            && let Room::From(from) = self.app.jobs.room(queue, free, now)
        {
            return Ok(Some(from));
        }
        Ok(rows::next_due(&self.app.store, queue, now).await?.map(|place| place.due_at))
    }

    /// Leases jobs from the beginning of the queue. Where all of that waits behind other jobs of its lanes, the rest is
    /// looked through too, some of it each time.
    async fn claim(&mut self, at: usize, room: usize, now: Timestamp) -> Result<Vec<Leased>, StoreError> {
        let jobs = self.claim_from(at, &beginning(), room, now).await?;
        let queue = &self.queues[at];
        if !jobs.is_empty() || queue.walked.is_some_and(|walked| walked.elapsed() < WALK_EVERY) {
            return Ok(jobs);
        }
        self.queues[at].walked = Some(Stopwatch::start());
        let mut from = self.queues[at].from.clone();
        for _ in 0..STEPS {
            let name = &self.queues[at].name;
            let Some(last) = rows::last_looked_at(&self.app.store, name, now, from.due_at, &from.id).await?
            else {
                self.queues[at].from = beginning();
                return Ok(Vec::new());
            };
            let jobs = self.claim_from(at, &last, room, now).await?;
            if !jobs.is_empty() {
                return Ok(jobs);
            }
            self.queues[at].from = last.clone();
            from = last;
        }
        Ok(Vec::new())
    }

    async fn claim_from(
        &self,
        at: usize,
        from: &Place,
        room: usize,
        now: Timestamp,
    ) -> Result<Vec<Leased>, StoreError> {
        let lease = self.app.jobs.lease();
        let until = now.plus(self.app.settings.engagement.lease.0);
        let limit = i64::try_from(room).unwrap_or(i64::MAX);
        let (store, queue) = (&self.app.store, &self.queues[at].name);
        let claimed = rows::claim(store, queue, now, from.due_at, &from.id, limit, &lease, until).await;
        match claimed {
            // Another process leased one of the same lane meanwhile.
            Err(StoreError::Unique { .. }) => Ok(Vec::new()),
            claimed => claimed,
        }
    }

    /// Nothing waits for a time that a wrong clock made of now.
    async fn mind_the_clock(&mut self, now: Timestamp) {
        let back = self.looked_at.since(now);
        if back > SET_BACK {
            let leased_until = now.plus(self.app.settings.engagement.lease.0);
            self.app.jobs.wake();
            match rows::bring_near(&self.app.store, now, leased_until).await {
                Ok(jobs) => {
                    tracing::warn!(jobs, seconds = back.as_secs(), "the clock was set back; jobs go on");
                }
                Err(error) => {
                    tracing::warn!(%error, "the clock was set back, and jobs cannot be told now");
                    return;
                }
            }
        }
        self.looked_at = now;
    }

    /// Takes back the leases of processes that died.
    async fn take_back(&mut self) {
        if self.taken_back.is_some_and(|watch| watch.elapsed() < LOOK_EVERY) && !self.works.is_empty() {
            return;
        }
        self.taken_back = Some(Stopwatch::start());
        for (id, lease) in self.app.jobs.left() {
            give_back(&self.app, &id, &lease).await;
        }
        let (app, now) = (&self.app, self.app.clock.now());
        let (first, last) = app.jobs.leases_between();
        match rows::over(&app.store, now, &first, &last).await {
            Ok(None) => {}
            Ok(Some(_)) => match rows::take_back(&app.store, now, &first, &last).await {
                Ok(taken) => {
                    tracing::warn!(taken, "jobs were left behind by a process that ended; they go on");
                }
                Err(error) => tracing::warn!(%error, "leases that have ended could not be taken back"),
            },
            Err(error) => tracing::warn!(%error, "leases could not be looked at"),
        }
    }

    /// Waits until there may be something to do.
    async fn wait(&mut self, next: Option<Timestamp>) {
        let app = Arc::clone(&self.app);
        let due = async {
            match next {
                Some(next) => app.clock.sleep_until(next).await,
                None => std::future::pending().await,
            }
        };
        if self.is_behind {
            // There is more than enough to do: news changes nothing. Several are leased at once, for one lease costs as
            // much as many.
            let enough = app.settings.engagement.workers.div_ceil(4);
            while self.free() < enough {
                if self.works.join_next().await.is_none() {
                    break;
                }
            }
            return;
        }
        tokio::select! {
            Some(_) = self.works.join_next() => while self.works.try_join_next().is_some() {},
            () = app.jobs.news() => {}
            () = due => {}
            () = pause(LOOK_EVERY) => {}
        }
    }
}

/// One job. What fails without a word about the job is tried again soon.
async fn work(app: Arc<App>, job: Leased) {
    let mut held = Held { app: &app, job: &job, is_left: true };
    let done = match job.kind {
        JobKind::SendMessage => message::job::work(&app, &job).await,
        JobKind::WorkPush => push::job::work(&app, &job).await,
    };
    held.is_left = false;
    let (id, kind) = (job.id.as_str(), job.kind.as_str());
    match done {
        Ok(done) => tracing::debug!(job = id, kind, ?done, "worked on a job"),
        Err(failure) => {
            let (code, cause) = (failure.code.as_str(), failure.chain());
            tracing::warn!(job = id, kind, code, cause, "a job failed; it is tried again");
            give_back(&app, &job.id, &job.lease).await;
        }
    }
}

/// The wait before a job is tried again that failed for a reason of ours.
const AGAIN: Duration = Duration::from_secs(5);

async fn give_back(app: &App, id: &JobId, lease: &str) {
    let due_at = app.clock.now().plus(app.dice.jitter(AGAIN));
    if let Err(error) = rows::later(&app.store, id, lease, due_at).await {
        tracing::warn!(job = id.as_str(), %error, "a lease cannot be given back now");
        app.jobs.leave(id, lease);
    }
}

/// A job that is worked on. A work that panics leaves it.
struct Held<'a> {
    app: &'a App,
    job: &'a Leased,
    is_left: bool,
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.app.jobs.ran(&self.job.queue);
        if self.is_left {
            self.app.jobs.leave(&self.job.id, &self.job.lease);
        }
    }
}
