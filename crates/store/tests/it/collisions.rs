//! Transactions that PostgreSQL ends for the sake of others.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tokio::{sync::Barrier, task::JoinSet};
use weir_store::{StoreError, statements};
use weir_testkit::Engine;

use crate::lab::{self, Lab};

statements! {
    write fn collide() -> affected = sqlite "SELECT 1", postgres "DO $$ BEGIN RAISE SQLSTATE '40001'; END $$";
    write fn add(id: i64) -> affected = "UPDATE things SET count = count + 1 WHERE id = $1";
}

weir_testkit::engines! {
    async fn whoever_loses_a_deadlock_runs_again_and_all_is_written_once(engine) {
        if engine == Engine::Sqlite {
            return;
        }
        let lab = Lab::new(engine).await;
        lab::put(&lab.store, 1, None).await.unwrap();
        lab::put(&lab.store, 2, None).await.unwrap();
        // Each holds the row that the other wants next, the first time that they run.
        let (both_hold, runs) = (Arc::new(Barrier::new(2)), Arc::new(AtomicUsize::new(0)));
        let mut tasks = JoinSet::new();
        for (first, second) in [(1, 2), (2, 1)] {
            let (store, both_hold, runs) = (lab.store.clone(), Arc::clone(&both_hold), Arc::clone(&runs));
            tasks.spawn(async move {
                store.transaction(move |tx| Box::pin(async move {
                    let run = runs.fetch_add(1, Ordering::SeqCst);
                    add(tx, first).await?;
                    lab::put(tx, 10 * first, None).await?;
                    if run < 2 {
                        both_hold.wait().await;
                    }
                    add(tx, second).await
                })).await
            });
        }
        for done in tasks.join_all().await {
            assert_eq!(done.unwrap(), 1);
        }
        assert_eq!(runs.load(Ordering::SeqCst), 3, "one of them ran twice");
        assert_eq!(lab::ids(&lab.store).await.unwrap(), [1, 2, 10, 20]);
        for id in [1, 2] {
            assert_eq!(lab::count(&lab.store, id).await.unwrap(), 2);
        }
    }

    async fn whoever_loses_always_is_told_so_in_the_end(engine) {
        if engine == Engine::Sqlite {
            return;
        }
        let lab = Lab::new(engine).await;
        let runs = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&runs);
        let ended = lab.store.transaction(move |tx| Box::pin(async move {
            counted.fetch_add(1, Ordering::SeqCst);
            lab::put(tx, 1, None).await?;
            collide(tx).await
        }));
        let error = ended.await.unwrap_err();
        assert!(matches!(error, StoreError::Collided(_)), "{error:?}");
        assert_eq!(runs.load(Ordering::SeqCst), 5);
        let error = collide(&lab.store).await.unwrap_err();
        assert!(matches!(error, StoreError::Collided(_)), "{error:?}");
        assert_eq!(lab::all(&lab.store).await.unwrap(), 0);
        lab::put(&lab.store, 1, None).await.unwrap();
    }
}
