//! The thread that writes: it takes whatever is queued, runs each operation so that it fails alone, commits once and
//! then answers all.

use std::{
    cell::RefCell,
    error::Error,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    task::{Context, Poll, Waker},
};

use rusqlite::Connection;

use crate::StoreError;

thread_local! {
    /// The writer's connection. A transaction body reaches it here, which keeps bodies free of lifetimes and makes a
    /// statement of a transaction on any other thread an error.
    pub(super) static CONNECTION: RefCell<Option<Connection>> = const { RefCell::new(None) };
}

/// Works on the connection at once and leaves an answer to be given after the commit. It is given none when no
/// transaction could be begun.
pub(super) type Operation = Box<dyn FnOnce(Option<&Connection>) -> Answer + Send>;
pub(super) type Answer = Box<dyn FnOnce(Outcome) + Send>;

/// What became of the batch that an operation was part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Committed,
    Lost,
}

/// Whether a transaction body runs here.
pub(super) fn is_this_thread() -> bool {
    CONNECTION.with_borrow(Option::is_some)
}

pub(super) fn run(connection: Connection, operations: &flume::Receiver<Operation>, max_batch: usize) {
    CONNECTION.set(Some(connection));
    let mut answers: Vec<Answer> = Vec::with_capacity(max_batch);
    while let Ok(first) = operations.recv() {
        CONNECTION.with_borrow(|connection| {
            if let Some(connection) = connection {
                batch(connection, first, operations, max_batch, &mut answers);
            }
        });
    }
    CONNECTION.set(None);
}

fn batch(
    connection: &Connection,
    first: Operation,
    operations: &flume::Receiver<Operation>,
    max_batch: usize,
    answers: &mut Vec<Answer>,
) {
    let begun = execute(connection, "BEGIN IMMEDIATE");
    if let Err(error) = &begun {
        tracing::error!(%error, cause = cause(error), "cannot begin to write");
    }
    let mut next = Some(first);
    while let Some(operation) = next {
        answers.push(operation(begun.is_ok().then_some(connection)));
        // A full disk or an I/O error makes SQLite roll back the whole transaction by itself: nothing that came
        // before is there any more, and what comes after must not run outside a transaction.
        if begun.is_ok() && connection.is_autocommit() {
            break;
        }
        // Whoever waited as long for a lock that another process holds need not wait as long again for the next batch.
        next = if begun.is_err() || answers.len() < max_batch { operations.try_recv().ok() } else { None };
    }
    let committed = begun.is_ok() && !connection.is_autocommit() && commit(connection);
    metrics::histogram!("weir_store_batch_operations").record(answers.len() as f64);
    let outcome = if committed { Outcome::Committed } else { Outcome::Lost };
    for answer in answers.drain(..) {
        answer(outcome);
    }
}

fn commit(connection: &Connection) -> bool {
    match execute(connection, "COMMIT") {
        Ok(()) => true,
        Err(error) => {
            tracing::error!(%error, cause = cause(&error), "cannot commit");
            let _ = execute(connection, "ROLLBACK");
            false
        }
    }
}

/// SQLite's own words: that the disk is full, say, which whoever is answered need not know.
fn cause(error: &StoreError) -> String {
    error.source().map(ToString::to_string).unwrap_or_default()
}

/// Runs `body` so that its failure or panic undoes its own writes and nobody else's.
pub(super) fn in_savepoint<T, E: From<StoreError>>(
    connection: &Connection,
    body: impl FnOnce() -> Result<T, E>,
) -> Result<T, E> {
    execute(connection, "SAVEPOINT operation")?;
    let result = caught(body);
    if result.is_err() && !connection.is_autocommit() {
        execute(connection, "ROLLBACK TO operation")?;
    }
    if !connection.is_autocommit() {
        execute(connection, "RELEASE operation")?;
    }
    result
}

/// A panic ends what it happened in, not the thread that everybody writes with.
pub(super) fn caught<T, E: From<StoreError>>(body: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|_| Err(E::from(StoreError::Panicked)))
}

/// SQLite's statements complete at once, so a transaction body is ready after one poll, or it awaited something else.
pub(super) fn poll_once<T, E: From<StoreError>>(body: impl Future<Output = Result<T, E>>) -> Result<T, E> {
    match pin!(body).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => Err(E::from(StoreError::Suspended)),
    }
}

fn execute(connection: &Connection, sql: &str) -> Result<(), StoreError> {
    connection.prepare_cached(sql)?.execute([])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use super::*;
    use crate::{Access, sqlite::connect};

    #[test]
    fn a_lock_held_elsewhere_is_waited_for_once_by_all_who_are_queued() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("locked.db");
        let open = || connect(&file, Access::Write).unwrap();
        let (ours, theirs) = (open(), open());
        ours.busy_timeout(std::time::Duration::ZERO).unwrap();
        theirs.execute_batch("BEGIN IMMEDIATE").unwrap();
        let refused = Arc::new(AtomicUsize::new(0));
        let operation = || -> Operation {
            let refused = Arc::clone(&refused);
            Box::new(move |connection| {
                assert!(connection.is_none());
                Box::new(move |outcome| {
                    assert_eq!(outcome, Outcome::Lost);
                    refused.fetch_add(1, Ordering::Relaxed);
                })
            })
        };
        let (queue, operations) = flume::unbounded();
        for _ in 0..9 {
            queue.send(operation()).unwrap();
        }
        batch(&ours, operation(), &operations, 2, &mut Vec::new());
        assert_eq!(refused.load(Ordering::Relaxed), 10);
    }
}
