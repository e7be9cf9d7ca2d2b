//! Migrations are applied once, by one, and as they were released; closing keeps what was asked for.

use std::pin::pin;

use futures_util::future::join_all;
use tokio::task::JoinSet;
use weir_store::{StoreError, statements};
use weir_testkit::Engine;

use crate::lab::{self, Gate, Lab, waits};

statements! {
    write fn edit_history() -> affected = "UPDATE refinery_schema_history SET checksum = '1' WHERE version = 1";
    write fn come_from_the_future() -> affected = sqlite
        "INSERT INTO refinery_schema_history (version, name, applied_on, checksum) VALUES (9000, 'future', '2030-01-01T00:00:00Z', '1')",
        postgres
        "INSERT INTO refinery_schema_history (version, name, applied_on, checksum) VALUES (9000, 'future', '2030-01-01T00:00:00Z', '1')";
    read fn history() -> many String = "SELECT CAST(name AS TEXT) FROM refinery_schema_history ORDER BY version";
    read fn users() -> one i64 = "SELECT COUNT(*) FROM users";
}

weir_testkit::engines! {
    async fn migrations_are_applied_once(engine) {
        let lab = Lab::empty(engine).await;
        let first = lab.store.migrate().await.unwrap();
        assert!(first.len() >= 2, "{first:?}");
        assert_eq!(users(&lab.store).await.unwrap(), 0);
        assert!(lab.store.migrate().await.unwrap().is_empty());
        assert!(lab.replica().await.migrate().await.unwrap().is_empty());
        assert_eq!(history(&lab.store).await.unwrap().len(), first.len());
    }

    /// Eight servers that start at once on an empty database: all of them open it, too.
    async fn servers_that_start_at_once_migrate_once(engine) {
        let lab = Lab::empty(engine).await;
        lab.store.close().await;
        let mut starting = JoinSet::new();
        for _ in 0..8 {
            let url = lab.url().to_owned();
            starting.spawn(async move {
                let store = lab::open(&url).await.unwrap();
                let applied = store.migrate().await.unwrap();
                assert_eq!(users(&store).await.unwrap(), 0, "whoever migrated, it is done");
                applied
            });
        }
        let applied: Vec<String> = starting.join_all().await.into_iter().flatten().collect();
        assert_eq!(applied.len(), history(&lab.replica().await).await.unwrap().len(), "{applied:?}");
    }

    async fn a_migration_that_was_edited_is_refused(engine) {
        let db = &Lab::empty(engine).await.store;
        db.migrate().await.unwrap();
        assert_eq!(edit_history(db).await.unwrap(), 1);
        let refused = db.migrate().await.unwrap_err();
        assert!(matches!(refused, StoreError::Migration(_)), "{refused:?}");
        let again = db.migrate().await.unwrap_err();
        assert!(matches!(again, StoreError::Migration(_)), "the lock was let go: {again:?}");
    }

    async fn a_database_of_a_newer_weir_is_refused(engine) {
        let db = &Lab::empty(engine).await.store;
        db.migrate().await.unwrap();
        assert_eq!(come_from_the_future(db).await.unwrap(), 1);
        let refused = db.migrate().await.unwrap_err();
        assert!(matches!(refused, StoreError::Migration(_)), "{refused:?}");
    }

    async fn a_closed_store_says_so(engine) {
        let lab = Lab::new(engine).await;
        lab::put(&lab.store, 1, None).await.unwrap();
        lab.store.close().await;
        lab.store.close().await;
        let write = lab::put(&lab.store, 2, None).await;
        assert!(matches!(write, Err(StoreError::Closed)), "{write:?}");
        let transaction = lab.store.transaction(|tx| Box::pin(async move { lab::put(tx, 3, None).await }));
        assert!(matches!(transaction.await, Err(StoreError::Closed)));
        assert!(matches!(lab.store.ping().await, Err(StoreError::Closed)));
        assert_eq!(lab::ids(&lab.replica().await).await.unwrap(), [1]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_queued_before_closing_is_committed() {
    let lab = Lab::new(Engine::Sqlite).await;
    let gate = Gate::close(&lab.store).await;
    let mut writes = pin!(join_all((1..=50).map(|id| lab::put(&lab.store, id, None))));
    assert!(waits(writes.as_mut()));
    let mut closing = pin!(lab.store.close());
    assert!(waits(closing.as_mut()));
    assert!(matches!(lab::put(&lab.store, 51, None).await, Err(StoreError::Closed)));
    gate.open().await;
    closing.await;
    assert!(writes.await.into_iter().all(|written| written.is_ok_and(|rows| rows == 1)));
    assert_eq!(lab::ids(&lab.replica().await).await.unwrap(), (1..=50).collect::<Vec<_>>());
}
