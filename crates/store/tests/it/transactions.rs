//! A transaction is all or nothing, and its failure is nobody else's.

use std::{panic::AssertUnwindSafe, pin::pin};

use futures_util::{FutureExt, future::join_all};
use weir_store::{Store, StoreError, Tx};
use weir_testkit::Engine;

use crate::lab::{self, Gate, Lab, abandoned, waits};

#[derive(Debug)]
enum Failure {
    Store(StoreError),
    Refused,
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Writes two rows; every third fails after its first, each in another way.
async fn two_rows(tx: &Tx<'_>, id: i64) -> Result<i64, Failure> {
    lab::put(tx, id, None).await?;
    match id % 9 {
        0 => return Err(Failure::Refused),
        3 => drop(lab::put(tx, id, None).await?),
        6 => panic!("as it must"),
        _ => {}
    }
    lab::put(tx, 1000 + id, None).await?;
    Ok(id)
}

async fn put_two(store: &Store, id: i64) -> Result<(), StoreError> {
    store
        .transaction(move |tx| {
            Box::pin(async move {
                lab::put(tx, id, None).await?;
                lab::put(tx, 1000 + id, None).await.map(drop)
            })
        })
        .await
}

weir_testkit::engines! {
    /// On SQLite all hundred are one batch with one commit.
    async fn a_failure_harms_nobody_else(engine) {
        let lab = Lab::new(engine).await;
        let store = &lab.store;
        let gate = if engine == Engine::Sqlite { Some(Gate::close(store).await) } else { None };
        let all = (1..=100).map(|id| async move {
            let done = store.transaction(move |tx| Box::pin(two_rows(tx, id)));
            AssertUnwindSafe(done).catch_unwind().await
        });
        let mut all = pin!(join_all(all));
        assert!(waits(all.as_mut()), "nothing is answered before its commit");
        if let Some(gate) = gate {
            gate.open().await;
        }
        for (id, outcome) in (1..=100).zip(all.await) {
            match (id % 9, outcome) {
                (0, Ok(Err(Failure::Refused))) => {}
                (3, Ok(Err(Failure::Store(StoreError::Unique { index })))) => assert_eq!(index, "things_pkey"),
                (6, Ok(Err(Failure::Store(StoreError::Panicked)))) => assert_eq!(engine, Engine::Sqlite),
                (6, Err(_)) => assert_eq!(engine, Engine::Postgres, "there a panic is the caller's own"),
                (1 | 2 | 4 | 5 | 7 | 8, Ok(Ok(answer))) => assert_eq!(answer, id),
                (_, other) => panic!("{id}: {other:?}"),
            }
        }
        let good = (1..=100).filter(|id| id % 3 != 0);
        let expected: Vec<i64> = good.clone().chain(good.map(|id| 1000 + id)).collect();
        assert_eq!(lab::ids(store).await.unwrap(), expected);
    }

    /// PostgreSQL would turn the commit into a rollback without a word, and SQLite would go on.
    async fn a_failed_statement_is_the_end_of_its_transaction(engine) {
        let db = &Lab::new(engine).await.store;
        lab::put(db, 1, None).await.unwrap();
        let swallowed = db.transaction(|tx| Box::pin(async move {
            lab::put(tx, 2, None).await?;
            assert!(lab::put(tx, 1, None).await.is_err());
            Ok::<_, StoreError>(())
        }));
        assert!(matches!(swallowed.await, Err(StoreError::Aborted)));
        let went_on = db.transaction(|tx| Box::pin(async move {
            assert!(lab::put(tx, 1, None).await.is_err());
            lab::put(tx, 3, None).await
        }));
        assert!(matches!(went_on.await, Err(StoreError::Aborted)));
        assert_eq!(lab::ids(db).await.unwrap(), [1]);
    }

    /// On PostgreSQL such a body works: what holds the house to "nothing slow inside" is that every test runs on
    /// SQLite too.
    async fn a_body_awaits_nothing_but_its_statements(engine) {
        let db = &Lab::new(engine).await.store;
        let told = std::sync::Arc::new(tokio::sync::Notify::new());
        let teller = std::sync::Arc::clone(&told);
        let teller = tokio::spawn(async move { teller.notify_one() });
        let waited = db.transaction(move |tx| Box::pin(async move {
            lab::put(tx, 1, None).await?;
            tokio::task::yield_now().await;
            told.notified().await;
            lab::put(tx, 2, None).await
        }));
        match (engine, waited.await) {
            (Engine::Sqlite, Err(StoreError::Suspended)) => {
                assert!(lab::ids(db).await.unwrap().is_empty());
                // Nobody waits for it any more.
                teller.abort();
            }
            (Engine::Postgres, Ok(1)) => assert_eq!(lab::ids(db).await.unwrap(), [1, 2]),
            (_, other) => panic!("{other:?}"),
        }
        lab::put(db, 3, None).await.expect("the writer lives on");
    }

    /// What a body does through the store is not part of its transaction. On SQLite it would wait for itself.
    async fn a_transaction_in_a_transaction(engine) {
        let db = &Lab::new(engine).await.store;
        let inner = db.clone();
        let nested = db.transaction(move |tx| Box::pin(async move {
            lab::put(tx, 1, None).await?;
            put_two(&inner, 2).await
        }));
        let nested = nested.await;
        let inner = db.clone();
        let single = db.transaction(move |tx| Box::pin(async move {
            lab::put(tx, 3, None).await?;
            lab::put(&inner, 4, None).await
        }));
        let single = single.await;
        lab::put(db, 5, None).await.unwrap();
        let ids = lab::ids(db).await.unwrap();
        match engine {
            Engine::Sqlite => {
                assert!(matches!(nested, Err(StoreError::Suspended)), "{nested:?}");
                assert!(matches!(single, Err(StoreError::Suspended)), "{single:?}");
                assert_eq!(ids, [5], "what was asked for inside is not done afterwards either");
            }
            Engine::Postgres => {
                assert!(nested.is_ok() && single.is_ok());
                assert_eq!(ids, [1, 2, 3, 4, 5, 1002]);
            }
        }
    }

    async fn a_body_sees_what_it_wrote_and_nobody_else_does(engine) {
        let db = &Lab::new(engine).await.store;
        let outside = db.clone();
        let seen = db.transaction(move |tx| Box::pin(async move {
            lab::put(tx, 1, None).await?;
            Ok::<_, StoreError>((lab::all(tx).await?, lab::all(&outside).await?))
        }));
        assert_eq!(seen.await.unwrap(), (1, 0));
        assert_eq!(lab::all(db).await.unwrap(), 1);
    }

    /// Dropped at every point where it may wait, a transaction is whole or not there, and holds nothing.
    async fn a_caller_that_goes_away(engine) {
        let lab = Lab::new(engine).await;
        let mut finished = 0;
        for polls in 0..40 {
            let id = i64::try_from(polls).unwrap();
            finished += usize::from(abandoned(polls, put_two(&lab.store, id)).await.is_some());
        }
        assert!((1..40).contains(&finished), "{finished} were not dropped");
        put_two(&lab.store, 500).await.unwrap();
        let ids = lab::ids(&lab.store).await.unwrap();
        for id in 0..40 {
            assert_eq!(ids.contains(&id), ids.contains(&(1000 + id)), "{id}: {ids:?}");
            lab::put(&lab.replica().await, 2000 + id, None).await.unwrap();
        }
    }
}

/// SQLite's queue: what was asked for is done, whoever waits for it.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_queued_is_done_without_its_caller() {
    let lab = Lab::new(Engine::Sqlite).await;
    let gate = Gate::close(&lab.store).await;
    assert!(abandoned(1, put_two(&lab.store, 1)).await.is_none());
    assert!(abandoned(0, put_two(&lab.store, 2)).await.is_none());
    gate.open().await;
    lab::put(&lab.store, 3, None).await.unwrap();
    assert_eq!(lab::ids(&lab.store).await.unwrap(), [1, 3, 1001]);
}
