//! The ground that every database test stands on, tested through the drivers themselves.

#![cfg(test)] // lets clippy know that helpers may unwrap
#![expect(
    clippy::disallowed_methods,
    reason = "the databases are looked at without the store that is tested on them"
)]

use std::{
    path::Path,
    sync::atomic::{AtomicU32, Ordering},
};

use tokio_postgres::NoTls;
use weir_testkit::{Engine, TestDatabase, servers};

/// Runs `statements` and then `count`, whose one row has one BIGINT.
async fn ask(url: &str, statements: &str, count: &str) -> Result<i64, String> {
    if let Some(path) = url.strip_prefix("sqlite:") {
        let connection = rusqlite::Connection::open(path).map_err(|e| e.to_string())?;
        connection.execute_batch(statements).map_err(|e| e.to_string())?;
        return connection.query_row(count, [], |row| row.get(0)).map_err(|e| e.to_string());
    }
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.map_err(|e| format!("{e:?}"))?;
    let driving = tokio::spawn(connection);
    client.batch_execute(statements).await.map_err(|e| format!("{e:?}"))?;
    let answer = client.query_one(count, &[]).await.map(|row| row.get(0)).map_err(|e| format!("{e:?}"));
    drop(client);
    driving.await.unwrap().unwrap();
    answer
}

const COUNT: &str = "SELECT count(*) FROM fish";

weir_testkit::engines! {
    async fn a_database_is_empty_and_holds_what_is_written(engine) {
        let database = TestDatabase::create(engine).await.unwrap();
        assert!(ask(database.url(), "", COUNT).await.is_err());
        let caught = ask(database.url(), "CREATE TABLE fish (name TEXT); INSERT INTO fish VALUES ('eel')", COUNT);
        assert_eq!(caught.await, Ok(1));
        assert_eq!(ask(database.url(), "", COUNT).await, Ok(1));
    }

    async fn two_databases_do_not_see_each_other(engine) {
        let one = TestDatabase::create(engine).await.unwrap();
        let other = TestDatabase::create(engine).await.unwrap();
        assert_ne!(one.url(), other.url());
        assert_eq!(ask(one.url(), "CREATE TABLE fish (name TEXT)", COUNT).await, Ok(0));
        assert!(ask(other.url(), "", COUNT).await.is_err());
    }

    async fn a_template_is_migrated_once_and_copied(engine) {
        let migrated = AtomicU32::new(0);
        let key = format!("one-eel-{engine}-{}", std::process::id());
        let create = || {
            TestDatabase::create_migrated(engine, &key, async |url| {
                migrated.fetch_add(1, Ordering::Relaxed);
                let made = "CREATE TABLE fish (name TEXT); INSERT INTO fish VALUES ('eel')";
                assert_eq!(ask(url, made, COUNT).await, Ok(1));
            })
        };
        let one = create().await.unwrap();
        assert_eq!(ask(one.url(), "INSERT INTO fish VALUES ('carp')", COUNT).await, Ok(2));
        let other = create().await.unwrap();
        assert_eq!(ask(other.url(), "", COUNT).await, Ok(1), "the copy has what the template had");
        assert_eq!(migrated.load(Ordering::Relaxed), 1);
    }

    /// The store under test may close its connections late: a write-ahead log or an idle session is left.
    async fn a_template_with_a_connection_left_open_is_copied_whole(engine) {
        let key = format!("late-close-{engine}-{}", std::process::id());
        let made = "CREATE TABLE fish (name TEXT); INSERT INTO fish VALUES ('eel')";
        let mut left_open: Option<rusqlite::Connection> = None;
        let mut left_idle: Option<tokio_postgres::Client> = None;
        let database = TestDatabase::create_migrated(engine, &key, async |url| match url.strip_prefix("sqlite:") {
            Some(path) => {
                let connection = rusqlite::Connection::open(path).unwrap();
                connection.execute_batch(&format!("PRAGMA journal_mode=WAL; {made}")).unwrap();
                left_open = Some(connection);
            }
            None => {
                let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
                tokio::spawn(connection);
                client.batch_execute(made).await.unwrap();
                left_idle = Some(client);
            }
        });
        let database = database.await.unwrap();
        assert_eq!(ask(database.url(), "", COUNT).await, Ok(1));
        assert_ne!(left_open.is_some(), left_idle.is_some());
    }

    async fn a_failed_migration_leaves_no_template(engine) {
        let key = format!("bad-{engine}-{}", std::process::id());
        let bad = key.clone();
        let failed = tokio::task::LocalSet::new();
        let failed = failed.run_until(async move {
            tokio::task::spawn_local(async move {
                TestDatabase::create_migrated(engine, &bad, async |url| {
                    ask(url, "CREATE TABLE fish (name TEXT)", COUNT).await.unwrap();
                    panic!("the second migration is wrong");
                })
                .await
            })
            .await
        });
        assert!(failed.await.is_err());
        let database = TestDatabase::create_migrated(engine, &key, async |url| {
            assert_eq!(ask(url, "CREATE TABLE fish (name TEXT)", COUNT).await, Ok(0), "it starts from nothing");
        });
        assert_eq!(ask(database.await.unwrap().url(), "", COUNT).await, Ok(0));
    }

    /// With a connection still open, as a test that panics leaves it.
    async fn a_dropped_database_is_gone(engine) {
        let database = TestDatabase::create(engine).await.unwrap();
        let url = database.url().to_owned();
        assert_eq!(ask(&url, "CREATE TABLE fish (name TEXT)", COUNT).await, Ok(0));
        match url.strip_prefix("sqlite:") {
            Some(path) => {
                drop(database);
                assert!(!Path::new(path).exists());
            }
            None => {
                let (_client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
                tokio::spawn(connection);
                drop(database);
                let refused = tokio_postgres::connect(&url, NoTls).await.err().unwrap();
                assert_eq!(refused.code().unwrap().code(), "3D000", "no such database");
            }
        }
    }
}

#[test]
fn urls_have_the_form_that_the_settings_take() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let sqlite = TestDatabase::create(Engine::Sqlite).await.unwrap();
        assert!(sqlite.url().starts_with("sqlite:/"), "{}", sqlite.url());
        let Some(postgres) = TestDatabase::create(Engine::Postgres).await else { return };
        assert!(postgres.url().starts_with("postgres://postgres@/test_"), "{}", postgres.url());
        assert!(postgres.url().contains("?host=/"), "{}", postgres.url());
    });
}

/// Its output is shown even when it passes (.config/nextest.toml).
#[test]
#[expect(clippy::print_stdout, reason = "what it prints is what it is for")]
fn the_second_engine_is_announced() {
    match servers::postgres() {
        Some(config) => println!("PostgreSQL: a private server for this run ({config})"),
        None => println!(
            "SKIPPED: no PostgreSQL here, so every `::postgres` test did nothing; `make test` installs it"
        ),
    }
}
