//! One SQL text, two engines.
//!
//! A statement is declared once ([`statements!`]) and runs on SQLite and on PostgreSQL, by itself or in a
//! transaction whose body is written once ([`Store::transaction`]). These files are the only ones that know an engine;
//! nothing here knows a table. Decision 0002 tells why it is built like this, with the measurements.

mod error;
mod migrate;
mod postgres;
mod sqlite;
mod statement;
mod transaction;
mod value;

use std::{path::PathBuf, sync::Arc, time::Duration};

use futures_util::future::BoxFuture;
use tracing::Instrument;
use weir_base::{Dice, Stopwatch, tally};

pub use error::StoreError;
pub use statement::{Access, Executor, Statement, question_marks};
pub use transaction::Tx;
pub use value::{Cell, Cells, Field, Param, Row, ToParam};

/// Where the data lives, as the setting `database.url` says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// `sqlite:weir.db`
    Sqlite(PathBuf),
    /// `postgres://user:password@host/name`, with everything that libpq's addresses allow.
    Postgres(weir_base::Secret),
}

impl DatabaseUrl {
    pub fn parse(url: &str) -> Result<Self, StoreError> {
        if let Some(path) = url.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            if path.is_empty() || path.contains(":memory:") {
                return Err(StoreError::Url("sqlite: needs the path of a file, as in sqlite:weir.db"));
            }
            return Ok(Self::Sqlite(path.into()));
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Self::Postgres(weir_base::Secret::new(url)));
        }
        Err(StoreError::Url("it must begin with sqlite: or postgres://"))
    }
}

/// How the database is opened.
#[derive(Clone, Debug)]
pub struct StoreSettings {
    pub url: DatabaseUrl,
    /// Connections to PostgreSQL at the most.
    pub pool_size: usize,
    /// PostgreSQL: how long a statement by itself or a whole transaction may take, its commit included. Then the
    /// connection is given up: a server that stands still, or a network that swallows, must not hold every caller.
    pub patience: Duration,
    /// SQLite: operations committed together at the most.
    pub max_batch: usize,
    /// Chance for the waits before a transaction is run again.
    pub dice: Dice,
    /// SQLite: wait for the disk at each commit (`synchronous=FULL`). Only the bench turns it off.
    pub durable: bool,
}

impl StoreSettings {
    pub fn new(url: DatabaseUrl) -> Self {
        let (patience, dice) = (Duration::from_secs(10), Dice::system());
        Self { url, pool_size: 16, patience, max_batch: 256, dice, durable: true }
    }
}

/// The database. Cloning gives another handle on the same one.
#[derive(Clone)]
pub struct Store(Arc<Engine>);

enum Engine {
    Sqlite(sqlite::Sqlite),
    Postgres(postgres::Postgres),
}

impl Store {
    /// Opens the database; its tables are left as they are (see [`Store::migrate`]).
    pub async fn open(settings: &StoreSettings) -> Result<Self, StoreError> {
        let engine = match &settings.url {
            DatabaseUrl::Sqlite(path) => Engine::Sqlite(sqlite::Sqlite::open(path, settings)?),
            DatabaseUrl::Postgres(url) => Engine::Postgres(postgres::Postgres::open(url, settings).await?),
        };
        Ok(Self(Arc::new(engine)))
    }

    /// Brings the tables up to date under a lock, so that servers starting at once do not do it twice. Tells the names
    /// of the migrations that were applied now. A file changed after it was applied is refused.
    pub async fn migrate(&self) -> Result<Vec<String>, StoreError> {
        match &*self.0 {
            Engine::Sqlite(sqlite) => migrate::sqlite(sqlite.path().to_owned()).await,
            Engine::Postgres(postgres) => migrate::postgres(postgres).await,
        }
    }

    /// `sqlite` or `postgres`.
    pub fn engine(&self) -> &'static str {
        match &*self.0 {
            Engine::Sqlite(_) => "sqlite",
            Engine::Postgres(_) => "postgres",
        }
    }

    /// Whether the database answers, and for SQLite whether it can be written to: a commit is made and waited for.
    pub async fn ping(&self) -> Result<(), StoreError> {
        match &*self.0 {
            Engine::Sqlite(sqlite) => sqlite.ping().await,
            Engine::Postgres(postgres) => postgres.ping().await,
        }
    }

    /// Commits what is queued and lets go of the database. Later writes are refused.
    pub async fn close(&self) {
        match &*self.0 {
            Engine::Sqlite(sqlite) => sqlite.close().await,
            Engine::Postgres(postgres) => postgres.close(),
        }
    }

    /// Runs `body` in one transaction: all of it is committed before the answer, or nothing is.
    ///
    /// A statement that fails ends the transaction: those after it and the commit are answered with
    /// [`StoreError::Aborted`], even when the body goes on. Who is told nothing, because the caller was dropped, finds
    /// all of it or nothing.
    ///
    /// The body is run again from the start, with what it was given, when PostgreSQL ends the transaction for the sake
    /// of another (a deadlock, a serialization failure); nothing of the run before is kept. After a few tries the
    /// answer is [`StoreError::Collided`].
    ///
    /// The body may await nothing but its statements. On SQLite it runs on the writer thread, where anything else is
    /// answered with [`StoreError::Suspended`] and rolled back: slow things come before or after a transaction.
    ///
    /// ```ignore
    /// store.transaction(move |tx| Box::pin(async move { rows::insert(tx, &id).await })).await?
    /// ```
    pub async fn transaction<T, E, F>(&self, body: F) -> Result<T, E>
    where
        F: for<'t, 'c> FnOnce(&'t Tx<'c>) -> BoxFuture<'t, Result<T, E>> + Clone + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let watch = Stopwatch::start();
        let span = tracing::debug_span!("store.transaction");
        let result = match &*self.0 {
            Engine::Sqlite(sqlite) => sqlite.transaction(body).instrument(span).await,
            Engine::Postgres(postgres) => postgres.transaction(body).instrument(span).await,
        };
        tally::query(watch.elapsed());
        result
    }
}

impl Executor for &Store {
    async fn rows<R: Row>(
        self,
        statement: &'static Statement,
        params: &[Param<'_>],
    ) -> Result<Vec<R>, StoreError> {
        let watch = Stopwatch::start();
        let result = match &*self.0 {
            Engine::Sqlite(sqlite) => sqlite.rows(statement, params).await,
            Engine::Postgres(postgres) => postgres.rows(statement, params).await,
        };
        tally::query(watch.elapsed());
        result
    }

    async fn optional<R: Row>(
        self,
        statement: &'static Statement,
        params: &[Param<'_>],
    ) -> Result<Option<R>, StoreError> {
        let watch = Stopwatch::start();
        let result = match &*self.0 {
            Engine::Sqlite(sqlite) => sqlite.optional(statement, params).await,
            Engine::Postgres(postgres) => postgres.optional(statement, params).await,
        };
        tally::query(watch.elapsed());
        result
    }

    async fn affected(self, statement: &'static Statement, params: &[Param<'_>]) -> Result<u64, StoreError> {
        let watch = Stopwatch::start();
        let result = match &*self.0 {
            Engine::Sqlite(sqlite) => sqlite.affected(statement, params).await,
            Engine::Postgres(postgres) => postgres.affected(statement, params).await,
        };
        tally::query(watch.elapsed());
        result
    }
}
