use crate::{Executor, Param, Row, Statement, StoreError, postgres, sqlite};

/// An open transaction. It ends with the body that was given it: see [`crate::Store::transaction`].
pub struct Tx<'c>(pub(crate) Engine<'c>);

pub(crate) enum Engine<'c> {
    /// The connection is the writer thread's own (see [`sqlite`]): a transaction is on that thread or nowhere.
    Sqlite,
    Postgres(deadpool_postgres::Transaction<'c>),
}

impl Executor for &Tx<'_> {
    async fn rows<R: Row>(
        self,
        statement: &'static Statement,
        params: &[Param<'_>],
    ) -> Result<Vec<R>, StoreError> {
        match &self.0 {
            Engine::Sqlite => sqlite::on_writer(|connection| sqlite::rows(connection, statement, params)),
            Engine::Postgres(transaction) => postgres::rows(transaction, statement, params).await,
        }
    }

    async fn optional<R: Row>(
        self,
        statement: &'static Statement,
        params: &[Param<'_>],
    ) -> Result<Option<R>, StoreError> {
        match &self.0 {
            Engine::Sqlite => sqlite::on_writer(|connection| sqlite::optional(connection, statement, params)),
            Engine::Postgres(transaction) => postgres::optional(transaction, statement, params).await,
        }
    }

    async fn affected(self, statement: &'static Statement, params: &[Param<'_>]) -> Result<u64, StoreError> {
        match &self.0 {
            Engine::Sqlite => sqlite::on_writer(|connection| sqlite::affected(connection, statement, params)),
            Engine::Postgres(transaction) => postgres::affected(transaction, statement, params).await,
        }
    }
}
