use std::sync::atomic::{AtomicU8, Ordering};

use crate::{Executor, Param, Row, Statement, StoreError, postgres, sqlite};

/// An open transaction. It ends with the body that was given it: see [`crate::Store::transaction`].
pub struct Tx<'c> {
    engine: Engine<'c>,
    /// After a failed statement PostgreSQL refuses every other and turns a commit into a rollback without a word;
    /// SQLite would go on. Here it is the end of the transaction on both.
    failed: AtomicU8,
}

/// A statement failed.
const FAILED: u8 = 1;
/// A statement failed in a way that running the whole transaction again may mend.
const COLLIDED: u8 = 2;

pub(crate) enum Engine<'c> {
    /// The connection is the writer thread's own (see [`sqlite`]): a transaction is on that thread or nowhere.
    Sqlite,
    Postgres(postgres::Open<'c>),
}

impl<'c> Tx<'c> {
    pub(crate) fn new(engine: Engine<'c>) -> Self {
        Self { engine, failed: AtomicU8::new(0) }
    }

    /// What may be committed.
    pub(crate) fn end(self) -> Result<Engine<'c>, StoreError> {
        self.usable()?;
        Ok(self.engine)
    }

    /// Whether PostgreSQL ended it for the sake of another transaction.
    pub(crate) fn collided(&self) -> bool {
        self.failed.load(Ordering::Relaxed) == COLLIDED
    }

    fn usable(&self) -> Result<(), StoreError> {
        if self.failed.load(Ordering::Relaxed) == 0 { Ok(()) } else { Err(StoreError::Aborted) }
    }

    fn noted<T>(&self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        if let Err(error) = &result {
            let how = if matches!(error, StoreError::Collided(_)) { COLLIDED } else { FAILED };
            // Statements that were sent together fail together, the others for the sake of the first.
            self.failed.fetch_max(how, Ordering::Relaxed);
        }
        result
    }
}

impl Executor for &Tx<'_> {
    async fn rows<R: Row>(
        self,
        statement: &'static Statement,
        params: &[Param<'_>],
    ) -> Result<Vec<R>, StoreError> {
        self.usable()?;
        self.noted(match &self.engine {
            Engine::Sqlite => sqlite::on_writer(|connection| sqlite::rows(connection, statement, params)),
            Engine::Postgres(open) => {
                open.run(statement, postgres::rows(open.client, statement, params)).await
            }
        })
    }

    async fn optional<R: Row>(
        self,
        statement: &'static Statement,
        params: &[Param<'_>],
    ) -> Result<Option<R>, StoreError> {
        self.usable()?;
        self.noted(match &self.engine {
            Engine::Sqlite => sqlite::on_writer(|connection| sqlite::optional(connection, statement, params)),
            Engine::Postgres(open) => {
                open.run(statement, postgres::optional(open.client, statement, params)).await
            }
        })
    }

    async fn affected(self, statement: &'static Statement, params: &[Param<'_>]) -> Result<u64, StoreError> {
        self.usable()?;
        self.noted(match &self.engine {
            Engine::Sqlite => sqlite::on_writer(|connection| sqlite::affected(connection, statement, params)),
            Engine::Postgres(open) => {
                open.run(statement, postgres::affected(open.client, statement, params)).await
            }
        })
    }
}
