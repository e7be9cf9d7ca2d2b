//! SQLite: one writer thread that commits whatever is queued together, and a reading connection on each thread.
//!
//! An answer is given only after its commit, so one wait for the disk serves many writers, and what was acknowledged
//! is there after a power cut (`synchronous=FULL`). A reader opened after that sees it.

use std::{
    cell::RefCell,
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use rusqlite::{Connection, OpenFlags, config::DbConfig, params_from_iter};
use tokio::sync::oneshot;

use crate::{
    Access, Param, Row, Statement, StoreError, StoreSettings, Tx, transaction::Engine, value::InOrder,
};

mod writer;

use writer::{Operation, Outcome};

/// Statements kept prepared on each connection.
const PREPARED: usize = 256;
/// Writers wait here when the disk is slower than they are.
const QUEUE: usize = 4096;
/// Connections that a thread keeps open: one for each store it reads from, more than one only in tests.
const READERS_PER_THREAD: usize = 4;

pub(crate) struct Sqlite {
    /// Tells the reading connections of different stores on one thread apart.
    id: u64,
    path: PathBuf,
    queue: Mutex<Option<flume::Sender<Operation>>>,
    thread: Mutex<Option<thread::JoinHandle<()>>>,
}

thread_local! {
    static READERS: RefCell<Vec<(u64, Connection)>> = const { RefCell::new(Vec::new()) };
}

impl Sqlite {
    pub(crate) fn open(path: &Path, settings: &StoreSettings) -> Result<Self, StoreError> {
        static STORES: AtomicU64 = AtomicU64::new(0);
        for_the_owner_only(path)?;
        let connection = connect(path, Access::Write)?;
        if !settings.durable {
            connection.execute_batch("PRAGMA synchronous = OFF")?;
        }
        let (queue, operations) = flume::bounded(QUEUE);
        let max_batch = settings.max_batch.max(1);
        let thread = thread::Builder::new()
            .name("sqlite-writer".to_owned())
            .spawn(move || writer::run(connection, &operations, max_batch))
            .map_err(StoreError::unavailable)?;
        Ok(Self {
            id: STORES.fetch_add(1, Ordering::Relaxed),
            path: path.to_owned(),
            queue: Mutex::new(Some(queue)),
            thread: Mutex::new(Some(thread)),
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) async fn ping(&self) -> Result<(), StoreError> {
        self.read(|connection| Ok(connection.query_row("SELECT 1", [], |_| Ok(()))?))?;
        // Written and waited for, though nothing changes: a disk that is full or gone refuses this as it does a login.
        self.write(|connection| Ok(connection.execute_batch("PRAGMA user_version = 1")?)).await
    }

    pub(crate) async fn close(&self) {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(queue);
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // The writer ends when its queue is empty and nobody can add to it.
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
    }

    pub(crate) async fn rows<R: Row>(
        &self,
        statement: &'static Statement,
        params: &[Param<'_>],
    ) -> Result<Vec<R>, StoreError> {
        match statement.access {
            Access::Read => self.read(|connection| rows(connection, statement, params)),
            Access::Write => {
                let params = owned(params);
                self.write(move |connection| rows(connection, statement, &params)).await
            }
        }
    }

    pub(crate) async fn optional<R: Row>(
        &self,
        statement: &'static Statement,
        params: &[Param<'_>],
    ) -> Result<Option<R>, StoreError> {
        match statement.access {
            Access::Read => self.read(|connection| optional(connection, statement, params)),
            Access::Write => {
                let params = owned(params);
                self.write(move |connection| optional(connection, statement, &params)).await
            }
        }
    }

    pub(crate) async fn affected(
        &self,
        statement: &'static Statement,
        params: &[Param<'_>],
    ) -> Result<u64, StoreError> {
        let params = owned(params);
        self.write(move |connection| affected(connection, statement, &params)).await
    }

    pub(crate) async fn transaction<T, E, F>(&self, body: F) -> Result<T, E>
    where
        F: for<'t, 'c> FnOnce(&'t Tx<'c>) -> futures_util::future::BoxFuture<'t, Result<T, E>>
            + Send
            + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let operation = move |connection: &Connection| {
            writer::in_savepoint(connection, || {
                let tx = Tx::new(Engine::Sqlite);
                let done = writer::poll_once(body(&tx))?;
                tx.end()?;
                Ok(done)
            })
        };
        self.queue(operation).await?
    }

    /// Runs one statement, which SQLite undoes by itself when it fails, on the writer thread.
    async fn write<T: Send + 'static>(
        &self,
        operation: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.queue(|connection| writer::caught(|| operation(connection))).await?
    }

    /// Queues `operation` and waits for the commit that it is part of.
    async fn queue<T: Send + 'static, E: From<StoreError> + Send + 'static>(
        &self,
        operation: impl FnOnce(&Connection) -> Result<T, E> + Send + 'static,
    ) -> Result<Result<T, E>, StoreError> {
        // A transaction body would wait for the thread that it runs on, and what it queued would be done without it.
        if writer::is_this_thread() {
            return Err(StoreError::Suspended);
        }
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let queue = queue.ok_or(StoreError::Closed)?;
        let (answer, answered) = oneshot::channel();
        let operation: Operation = Box::new(move |connection| {
            let result = match connection {
                Some(connection) => operation(connection),
                None => Err(E::from(StoreError::unavailable("another process holds the database's lock"))),
            };
            Box::new(move |outcome| {
                let result = match outcome {
                    Outcome::Committed => result,
                    // What failed by itself failed for its own reason, whatever became of the batch.
                    Outcome::Lost => result.and(Err(E::from(StoreError::CommitFailed))),
                };
                // The caller may have gone away; the commit stands.
                let _ = answer.send(result);
            })
        });
        // The sender goes with the sending: whoever waits for an answer does not keep the writer from ending.
        queue.into_send_async(operation).await.map_err(|_| StoreError::Closed)?;
        answered.await.map_err(|_| StoreError::Closed)
    }

    /// Runs `work` at once on this thread's own reading connection: a point read costs a few microseconds, a hop to
    /// another thread many.
    fn read<T>(&self, work: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        READERS.with_borrow_mut(|readers| {
            let at = match readers.iter().position(|(id, _)| *id == self.id) {
                Some(at) => at,
                None => {
                    if readers.len() == READERS_PER_THREAD {
                        readers.remove(0);
                    }
                    readers.push((self.id, connect(&self.path, Access::Read)?));
                    readers.len() - 1
                }
            };
            work(&readers[at].1)
        })
    }
}

/// A new database is nobody else's to read; its journal gets the same permissions from SQLite.
fn for_the_owner_only(path: &Path) -> Result<(), StoreError> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut create = std::fs::OpenOptions::new();
    create.append(true).create(true).mode(0o600).open(path).map_err(StoreError::unavailable)?;
    Ok(())
}

/// Opens a connection with our settings. Also used by the migrations.
pub(crate) fn connect(path: &Path, access: Access) -> Result<Connection, StoreError> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_CREATE;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.execute_batch(
        "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
         PRAGMA cache_size = -8192; PRAGMA mmap_size = 33554432; PRAGMA temp_store = MEMORY;
         PRAGMA journal_size_limit = 67108864;",
    )?;
    if access == Access::Read {
        connection.execute_batch("PRAGMA query_only = ON")?;
    }
    // Otherwise a statement is prepared anew whenever another value is bound to it, in case its plan depends on it.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(PREPARED);
    Ok(connection)
}

fn owned(params: &[Param<'_>]) -> Vec<Param<'static>> {
    params.iter().map(|param| param.clone().into_owned()).collect()
}

/// Runs `work` on the connection of the transaction that is open on this thread.
pub(crate) fn on_writer<T>(work: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
    writer::CONNECTION.with_borrow(|connection| work(connection.as_ref().ok_or(StoreError::Suspended)?))
}

pub(crate) fn rows<R: Row>(
    connection: &Connection,
    statement: &'static Statement,
    params: &[Param<'_>],
) -> Result<Vec<R>, StoreError> {
    let mut prepared = connection.prepare_cached(statement.sqlite)?;
    let mut found = prepared.query(params_from_iter(params))?;
    let mut rows = Vec::new();
    while let Some(row) = found.next()? {
        rows.push(R::read(&InOrder::new(row), statement.name)?);
    }
    Ok(rows)
}

pub(crate) fn optional<R: Row>(
    connection: &Connection,
    statement: &'static Statement,
    params: &[Param<'_>],
) -> Result<Option<R>, StoreError> {
    let mut prepared = connection.prepare_cached(statement.sqlite)?;
    let mut found = prepared.query(params_from_iter(params))?;
    let Some(row) = found.next()? else { return Ok(None) };
    let row = R::read(&InOrder::new(row), statement.name)?;
    // Only at the end of a statement does SQLite look at foreign keys: a row of RETURNING says nothing yet.
    match found.next()? {
        None => Ok(Some(row)),
        Some(_) => Err(StoreError::Several { statement: statement.name }),
    }
}

pub(crate) fn affected(
    connection: &Connection,
    statement: &'static Statement,
    params: &[Param<'_>],
) -> Result<u64, StoreError> {
    let changed = connection.prepare_cached(statement.sqlite)?.execute(params_from_iter(params))?;
    Ok(changed as u64)
}
