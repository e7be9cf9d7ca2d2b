//! The store by itself: the workload of the trial that it was chosen by, through the seam that the product uses.

mod rows;

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use clap::Args;
use tokio::task::JoinSet;
use weir_store::{DatabaseUrl, Store, StoreError, StoreSettings};

use crate::{
    load::float,
    postgres::{self, Postgres},
    report,
    results::{figure, median},
    say,
    stage::{Engine, free_address},
    time,
};

/// Tasks that work at once, as in the trial.
const TASKS: usize = 32;
/// Users that are there before anything is measured.
const USERS: i64 = 10_000;
const JOBS: i64 = 40_000;
/// Jobs that one claim takes.
const CLAIM: i64 = 100;
const PROFILE: &str = r#"{"city":"Shanghai","language":"zh_CN","avatar":"https://example.com/avatar.png"}"#;
/// Group commit should cost at most this much of what not waiting for the disk gives (percent).
const DURABLE_SHARE: f64 = 60.0;

#[derive(Args, Clone, Debug)]
pub struct StoreArgs {
    /// Interleaved rounds, of which medians are taken
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,
    /// Milliseconds of one measurement
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u16).range(1..))]
    millis: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Case {
    Upserts,
    Reads,
    Mixed,
    Transactions,
    Drain,
}

pub const CASES: [Case; 5] = [Case::Upserts, Case::Reads, Case::Mixed, Case::Transactions, Case::Drain];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setup {
    Sqlite,
    /// As fast as it would be if nobody waited for the disk.
    SqliteOff,
    SqliteSingle,
    Postgres,
    /// As the trial had it.
    PostgresOff,
}

const SETUPS: [Setup; 5] =
    [Setup::Sqlite, Setup::SqliteOff, Setup::SqliteSingle, Setup::Postgres, Setup::PostgresOff];

impl Setup {
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::SqliteOff => "SQLite, synchronous=OFF",
            Self::SqliteSingle => "SQLite, one commit per operation",
            Self::Postgres => "PostgreSQL",
            Self::PostgresOff => "PostgreSQL, fsync=off",
        }
    }

    /// What the trial measured, in the order of [`CASES`].
    pub fn trial(self) -> Option<[f64; 5]> {
        match self {
            Self::Sqlite => Some([44_000.0, 300_000.0, 75_000.0, 29_000.0, 285_000.0]),
            Self::SqliteSingle => Some([6_100.0, 250_000.0, 50_000.0, 5_800.0, 100_000.0]),
            Self::PostgresOff => Some([35_000.0, 55_000.0, 44_000.0, 13_200.0, 95_000.0]),
            Self::SqliteOff | Self::Postgres => None,
        }
    }

    fn engine(self) -> Engine {
        match self {
            Self::Sqlite | Self::SqliteOff | Self::SqliteSingle => Engine::Sqlite,
            Self::Postgres | Self::PostgresOff => Engine::Postgres,
        }
    }
}

/// Operations a second of each setup, in the order of [`CASES`].
pub struct Figures(pub Vec<(Setup, [f64; 5])>);

impl Figures {
    /// Durable writes in percent of those that wait for nothing: target, and (case, found).
    pub fn durable_shares(&self) -> (f64, Vec<(Case, f64)>) {
        let of = |setup| self.0.iter().find(|(found, _)| *found == setup).map(|(_, rates)| rates);
        let Some((full, off)) = of(Setup::Sqlite).zip(of(Setup::SqliteOff)) else {
            return (DURABLE_SHARE, Vec::new());
        };
        let shares = CASES.into_iter().enumerate().map(|(at, case)| (case, 100.0 * full[at] / off[at]));
        let writes = shares.filter(|(case, _)| matches!(case, Case::Upserts | Case::Transactions));
        (DURABLE_SHARE, writes.collect())
    }
}

/// `weir-bench store`.
pub async fn run(args: &StoreArgs) -> Result<()> {
    let mut engines = vec![Engine::Sqlite];
    engines.extend(postgres::programs().map(|_| Engine::Postgres));
    let found =
        measure(&engines, usize::from(args.rounds), Duration::from_millis(args.millis.into())).await?;
    say(&report::store_table(&found));
    Ok(())
}

/// Runs every case on every setup of `engines`, interleaved, in private databases that are gone afterwards.
pub async fn measure(engines: &[Engine], rounds: usize, duration: Duration) -> Result<Figures> {
    let directory = tempfile::tempdir()?;
    let mut stands = Vec::new();
    for setup in SETUPS.into_iter().filter(|setup| engines.contains(&setup.engine())) {
        stands.push(Stand::start(setup, directory.path()).await.with_context(|| setup.name())?);
    }
    let mut rates = vec![[const { Vec::new() }; 5]; stands.len()];
    for round in 1..=rounds {
        for (stand, rates) in stands.iter().zip(&mut rates) {
            for (case, rates) in CASES.into_iter().zip(rates.iter_mut()) {
                let rate = stand.rate(case, duration).await;
                rates.push(rate.with_context(|| format!("{case:?} on {}", stand.setup.name()))?);
            }
            let last: Vec<String> =
                rates.iter().filter_map(|rates| rates.last().copied().map(figure)).collect();
            say(&format!("store, round {round}: {}: {}", stand.setup.name(), last.join(", ")));
        }
    }
    let found = stands.iter().zip(rates).map(|(stand, rates)| (stand.setup, rates.map(median))).collect();
    for stand in stands {
        stand.end().await?;
    }
    Ok(Figures(found))
}

/// A store with the trial's tables.
struct Stand {
    setup: Setup,
    store: Store,
    server: Option<Postgres>,
    /// Every operation has a number of its own.
    numbers: Arc<AtomicI64>,
}

impl Stand {
    async fn start(setup: Setup, directory: &Path) -> Result<Self> {
        let here = directory.join(format!("{setup:?}"));
        std::fs::create_dir(&here)?;
        let (url, server) = match setup.engine() {
            Engine::Sqlite => (format!("sqlite:{}", here.join("weir.db").display()), None),
            Engine::Postgres => {
                let programs = postgres::programs().context("PostgreSQL is not installed")?;
                postgres::let_through(directory)?;
                let durable = setup == Setup::Postgres;
                let server = postgres::start(&programs, &here, free_address()?, durable).await?;
                (server.socket_url.clone(), Some(server))
            }
        };
        let mut settings = StoreSettings::new(DatabaseUrl::parse(&url)?);
        settings.durable = setup != Setup::SqliteOff;
        if setup == Setup::SqliteSingle {
            settings.max_batch = 1;
        }
        let store = Store::open(&settings).await?;
        rows::create_users(&store).await?;
        rows::create_openids(&store).await?;
        rows::create_bindings(&store).await?;
        rows::create_bound_users(&store).await?;
        rows::create_bound_openids(&store).await?;
        rows::create_outbox(&store).await?;
        rows::create_due(&store).await?;
        rows::fill_users(&store, USERS, PROFILE).await?;
        Ok(Self { setup, store, server, numbers: Arc::default() })
    }

    async fn end(self) -> Result<()> {
        self.store.close().await;
        match self.server {
            Some(server) => server.process.stop().await,
            None => Ok(()),
        }
    }

    /// Operations a second (jobs a second for [`Case::Drain`]).
    async fn rate(&self, case: Case, duration: Duration) -> Result<f64> {
        if case == Case::Drain {
            rows::clear_outbox(&self.store).await?;
            rows::fill_outbox(&self.store, JOBS, PROFILE).await?;
        }
        let start = time::now();
        let mut tasks = JoinSet::new();
        for _ in 0..TASKS {
            let (store, numbers) = (self.store.clone(), Arc::clone(&self.numbers));
            tasks.spawn(async move {
                let mut done = 0;
                if case == Case::Drain {
                    return drain(&store).await;
                }
                while start.elapsed() < duration {
                    operate(&store, case, numbers.fetch_add(1, Ordering::Relaxed)).await?;
                    done += 1;
                }
                Ok(done)
            });
        }
        let mut done = 0;
        for task in tasks.join_all().await {
            done += task?;
        }
        if case == Case::Drain {
            ensure!(i64::try_from(done)? == JOBS, "{done} jobs were claimed");
        }
        Ok(float(done) / start.elapsed().as_secs_f64())
    }
}

async fn operate(store: &Store, case: Case, number: i64) -> Result<(), StoreError> {
    match case {
        Case::Mixed if number % 8 == 0 => upsert(store, number).await,
        Case::Upserts => upsert(store, number).await,
        Case::Reads | Case::Mixed => {
            let found = rows::user(store, &openid(number)).await?;
            found.map(drop).ok_or(StoreError::Missing { statement: "user" })
        }
        Case::Transactions => bind(store, number).await,
        Case::Drain => drain(store).await.map(drop),
    }
}

/// Of somebody who is there; numbers that follow each other mean people who do not.
fn openid(number: i64) -> String {
    format!("o{}", (number * 7919) % USERS)
}

async fn upsert(store: &Store, number: i64) -> Result<(), StoreError> {
    let (id, nickname) = (format!("n{number}"), format!("nickname {number}"));
    rows::put_user(store, &id, &openid(number), None, &nickname, PROFILE, number).await.map(drop)
}

/// A binding and the job that tells of it.
async fn bind(store: &Store, number: i64) -> Result<(), StoreError> {
    let bound = store.transaction(move |tx| {
        Box::pin(async move {
            let id = format!("b{number}");
            rows::put_binding(tx, &id, &id, &id, number).await?;
            rows::put_job(tx, &id, PROFILE, i64::MAX).await
        })
    });
    bound.await.map(drop)
}

/// Claims and removes jobs until there are none. Tells how many.
async fn drain(store: &Store) -> Result<u64, StoreError> {
    let mut done = 0;
    loop {
        let ids = rows::claim(store, i64::MAX, JOBS, CLAIM).await?;
        if ids.is_empty() {
            return Ok(done);
        }
        done += rows::done(store, &serde_json::json!(ids).to_string()).await?;
    }
}
