use std::sync::atomic::{AtomicBool, Ordering};

use crate::{Executor, Param, Row, Statement, StoreError, postgres, sqlite};

/// An open transaction. It ends with the body that was given it: see [`crate::Store::transaction`].
pub struct Tx<'c> {
    engine: Engine<'c>,
    /// After a failed statement PostgreSQL refuses every other and turns a commit into a rollback without a word;
    /// SQLite would go on. Here it is the end of the transaction on both.
    failed: AtomicBool,
}

pub(crate) enum Engine<'c> {
    /// The connection is the writer thread's own (see [`sqlite`]): a transaction is on that thread or nowhere.
    Sqlite,
    Postgres(deadpool_postgres::Transaction<'c>),
}

impl<'c> Tx<'c> {
    pub(crate) fn new(engine: Engine<'c>) -> Self {
        Self { engine, failed: AtomicBool::new(false) }
    }

    /// What may be committed.
    pub(crate) fn end(self) -> Result<Engine<'c>, StoreError> {
        self.usable()?;
        Ok(self.engine)
    }

    fn usable(&self) -> Result<(), StoreError> {
        if self.failed.load(Ordering::Relaxed) { Err(StoreError::Aborted) } else { Ok(()) }
    }

    fn noted<T>(&self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        if result.is_err() {
            self.failed.store(true, Ordering::Relaxed);
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
            Engine::Postgres(transaction) => postgres::rows(transaction, statement, params).await,
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
            Engine::Postgres(transaction) => postgres::optional(transaction, statement, params).await,
        })
    }

    async fn affected(self, statement: &'static Statement, params: &[Param<'_>]) -> Result<u64, StoreError> {
        self.usable()?;
        self.noted(match &self.engine {
            Engine::Sqlite => sqlite::on_writer(|connection| sqlite::affected(connection, statement, params)),
            Engine::Postgres(transaction) => postgres::affected(transaction, statement, params).await,
        })
    }
}
