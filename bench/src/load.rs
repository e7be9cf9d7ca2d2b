//! Drives a server: closed loop (every connection sends its next request as soon as the last one is answered) or paced
//! (requests come at random times, as from many strangers).

use std::{
    net::SocketAddr,
    sync::{Arc, Barrier},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use tokio::{sync::oneshot, task::JoinSet};
use weir_base::Dice;

use crate::{
    client::{Connection, Response},
    histogram::Histogram,
    time,
};

/// Threads that send, each with a runtime of its own and half of the connections: no work moves between them.
pub const THREADS: usize = 2;

/// What one connection says.
pub trait Script: Send {
    /// The next request; `None` when there is nothing left to send.
    fn next(&mut self) -> Option<&[u8]>;

    /// Looks at an answer with a 2xx status. An `Err` counts the request as failed.
    fn answered(&mut self, _response: &Response<'_>) -> Result<(), String> {
        Ok(())
    }
}

pub type Scripts = Vec<Box<dyn Script>>;

#[derive(Clone, Copy)]
pub struct Plan {
    pub server: SocketAddr,
    pub duration: Duration,
    /// Requests a second, over all connections together. `None`: as many as get answered.
    pub pace: Option<f64>,
}

#[derive(Default)]
pub struct Outcome {
    pub errors: u64,
    /// The first bad answer of some connection.
    pub first_error: Option<String>,
    /// From the first request to the last answer.
    pub elapsed: Duration,
    /// Of the answers that were as they should be, and only of these.
    pub latency: Histogram,
}

impl Outcome {
    fn merge(&mut self, other: Self) {
        self.errors += other.errors;
        self.first_error = self.first_error.take().or(other.first_error);
        self.elapsed = self.elapsed.max(other.elapsed);
        self.latency.merge(&other.latency);
    }

    fn fail(&mut self, error: String) {
        self.errors += 1;
        self.first_error.get_or_insert(error);
    }

    pub fn answered(&self) -> u64 {
        self.latency.count()
    }

    pub fn per_second(&self) -> f64 {
        if self.elapsed.is_zero() { 0.0 } else { float(self.answered()) / self.elapsed.as_secs_f64() }
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of requests are far below 2^52")]
pub fn float(count: u64) -> f64 {
    count as f64
}

/// Runs every script on a connection of its own, until the duration is over or the scripts have nothing left to send.
///
/// # Errors
/// When a connection cannot be opened, or the server leaves requests unanswered long after the end.
/// Bad answers are counted in the outcome instead.
pub async fn drive(plan: Plan, scripts: Scripts) -> Result<Outcome> {
    if scripts.is_empty() {
        bail!("nothing to send");
    }
    let pace = plan.pace.map(|pace| pace / float(scripts.len() as u64));
    let mut shares: Vec<Scripts> = (0..THREADS).map(|_| Scripts::new()).collect();
    for (index, script) in scripts.into_iter().enumerate() {
        shares[index % THREADS].push(script);
    }
    let together = Arc::new(Barrier::new(THREADS));
    let (senders, mut outcomes) = (shares.into_iter().enumerate(), Vec::with_capacity(THREADS));
    for (thread, share) in senders {
        let together = Arc::clone(&together);
        let (done, outcome) = oneshot::channel();
        outcomes.push(outcome);
        std::thread::Builder::new().name(format!("load-{thread}")).spawn(move || {
            // The receiver is gone when the whole run was called off.
            drop(done.send(drive_share(plan, pace, share, &together, thread as u64)));
        })?;
    }
    let limit = plan.duration + Duration::from_secs(20);
    time::within(limit, "waiting for the last answers", async {
        let mut total = Outcome::default();
        for outcome in outcomes {
            total.merge(outcome.await.context("a load thread panicked")??);
        }
        Ok(total)
    })
    .await?
}

fn drive_share(
    plan: Plan,
    pace: Option<f64>,
    scripts: Scripts,
    together: &Barrier,
    seed: u64,
) -> Result<Outcome> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let opened = runtime.map_err(anyhow::Error::from).and_then(|runtime| {
        let connections = runtime.block_on(async {
            let mut connections = Vec::with_capacity(scripts.len());
            for script in scripts {
                connections.push((Connection::open(plan.server).await?, script));
            }
            anyhow::Ok(connections)
        })?;
        Ok((runtime, connections))
    });
    // Whatever happened, the other thread must not wait for ever.
    together.wait();
    let (runtime, connections) = opened.with_context(|| format!("cannot connect to {}", plan.server))?;
    let start = time::now();
    let mut total = runtime.block_on(async {
        let mut tasks = JoinSet::new();
        for (index, (connection, script)) in connections.into_iter().enumerate() {
            let pace = pace.map(|pace| Pace::new(pace, seed << 32 | index as u64, start));
            tasks.spawn(converse(plan, connection, script, start + plan.duration, pace));
        }
        let mut total = Outcome::default();
        while let Some(outcome) = tasks.join_next().await {
            total.merge(outcome.context("a connection's task panicked")?);
        }
        anyhow::Ok(total)
    })?;
    total.elapsed = start.elapsed();
    Ok(total)
}

async fn converse(
    plan: Plan,
    mut connection: Connection,
    mut script: Box<dyn Script>,
    end: Instant,
    mut pace: Option<Pace>,
) -> Outcome {
    let mut outcome = Outcome::default();
    let mut free_since = time::now();
    while free_since < end {
        let started = match &mut pace {
            None => free_since,
            Some(pace) => match pace.next(free_since, end).await {
                Some(started) => started,
                None => break,
            },
        };
        let Some(request) = script.next() else { break };
        let closing = match connection.call(request).await {
            Ok(response) => {
                free_since = time::now();
                match judge(&response, script.as_mut()) {
                    Ok(()) => outcome.latency.add(free_since - started),
                    Err(error) => outcome.fail(error),
                }
                response.closing
            }
            Err(error) => {
                outcome.fail(format!("{error:#}"));
                free_since = time::now();
                true
            }
        };
        if closing {
            match Connection::open(plan.server).await {
                Ok(opened) => connection = opened,
                Err(error) => {
                    outcome.fail(format!("cannot connect again: {error}"));
                    break;
                }
            }
        }
    }
    outcome
}

fn judge(response: &Response<'_>, script: &mut dyn Script) -> Result<(), String> {
    let verdict = match response.status {
        200..=299 => script.answered(response),
        status => Err(format!("status {status}")),
    };
    verdict.map_err(|error| {
        let body = &response.body[..response.body.len().min(300)];
        format!("{error}: {}", String::from_utf8_lossy(body))
    })
}

/// Requests at random times: the gaps are exponential, so connections together are as random as one.
struct Pace {
    per_second: f64,
    dice: Dice,
    due: Instant,
}

impl Pace {
    fn new(per_second: f64, seed: u64, start: Instant) -> Self {
        Self { per_second, dice: Dice::seeded(seed), due: start }
    }

    /// Waits for the next request's time and answers since when its latency counts: since it was due, when the
    /// connection was still busy then (queueing is the server's doing); else since now (waking late is ours).
    async fn next(&mut self, free_since: Instant, end: Instant) -> Option<Instant> {
        self.due += gap(self.dice.number(), self.per_second);
        if self.due >= end {
            return None;
        }
        if self.due <= free_since {
            return Some(self.due);
        }
        time::sleep(self.due - time::now().min(self.due)).await;
        Some(time::now())
    }
}

/// An exponentially distributed duration from a throw of 64 bits.
fn gap(throw: u64, per_second: f64) -> Duration {
    // 53 bits fill a float exactly; half a step keeps it off zero, whose logarithm is infinite.
    let share = (float(throw >> 11) + 0.5) / float(1 << 53);
    Duration::from_secs_f64(-share.ln() / per_second)
}

#[cfg(test)]
mod tests;
