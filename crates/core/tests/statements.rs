//! Every statement of the product on both engines: it is prepared against the migrated tables, agrees with its twin, and
//! finds its rows by an index. A typo, a lost index or a type that only one engine has cannot hide.

#![cfg(test)] // lets clippy know that helpers may unwrap
#![expect(clippy::disallowed_methods, reason = "plans are asked of the engines themselves, behind the store")]

use std::collections::HashSet;

use tokio_postgres::{NoTls, types::Type};
use weir_core::statements;
use weir_store::{Access, DatabaseUrl, Statement, Store, StoreSettings};
use weir_testkit::{Engine, TestDatabase};

/// Steps of plans that read all of something small, with the reason.
const SMALL: &[(&str, &str)] = &[
    ("SCAN g", "what a recursive query has found so far"),
    ("SCAN gone", "what a recursive query has found so far"),
    ("SCAN CONSTANT ROW", "no table"),
    ("SCAN w", "the places of a queue that one look is limited to"),
    ("SCAN counted", "what a count is limited to"),
];

/// Statements that read a whole table, with the reason.
const WHOLE: &[(&str, &str)] = &[(
    "weir_core::job::rows::bring_near",
    "a clock was set back: whatever is late by it is looked at, once",
)];

async fn migrated(engine: Engine) -> TestDatabase {
    let database = TestDatabase::create_migrated(engine, "statements", async |url| {
        let store = Store::open(&StoreSettings::new(DatabaseUrl::parse(url).unwrap())).await.unwrap();
        store.migrate().await.unwrap();
        store.close().await;
    });
    database.await.unwrap()
}

async fn sqlite() -> (TestDatabase, rusqlite::Connection) {
    let database = migrated(Engine::Sqlite).await;
    let connection = rusqlite::Connection::open(database.url().strip_prefix("sqlite:").unwrap()).unwrap();
    (database, connection)
}

async fn postgres() -> (TestDatabase, tokio_postgres::Client) {
    let database = migrated(Engine::Postgres).await;
    let (client, connection) = tokio_postgres::connect(database.url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    // Empty tables are read whole unless that is forbidden; and a plan must not look at the values.
    client.batch_execute("SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan").await.unwrap();
    (database, client)
}

fn takes_a_key(statement: &Statement) -> bool {
    statement.postgres.contains("$1") && !WHOLE.iter().any(|(name, _)| statement.name == *name)
}

#[test]
fn each_statement_has_a_name_of_its_own() {
    let mut names = HashSet::new();
    for statement in statements() {
        assert!(names.insert(statement.name), "{} is there twice", statement.name);
    }
    assert!(names.len() > 30, "the statements were not found: {names:?}");
}

#[tokio::test]
async fn on_sqlite_reads_are_reads_and_keys_have_indexes() {
    let (_database, connection) = sqlite().await;
    let mut whole = Vec::new();
    for statement in statements() {
        let prepared = connection.prepare(statement.sqlite);
        let prepared = prepared.unwrap_or_else(|error| panic!("{}: {error}", statement.name));
        assert_eq!(prepared.readonly(), statement.access == Access::Read, "{}", statement.name);

        let mut plan = connection.prepare(&format!("EXPLAIN QUERY PLAN {}", statement.sqlite)).unwrap();
        let nulls = vec![rusqlite::types::Null; plan.parameter_count()];
        let steps = plan.query_map(rusqlite::params_from_iter(nulls), |row| row.get::<_, String>("detail"));
        for step in steps.unwrap().map(Result::unwrap).filter(|step| step.starts_with("SCAN")) {
            let is_small = SMALL.iter().any(|(small, _)| step == *small);
            if !is_small && takes_a_key(statement) {
                whole.push(format!("{}: {step}", statement.name));
            }
        }
    }
    assert!(whole.is_empty(), "these read whole tables: {whole:#?}");
}

#[test]
fn on_postgres_types_are_ours_and_keys_have_indexes() {
    weir_testkit::database::run(Engine::Postgres, "on_postgres_types_are_ours", async |_| {
        let (_database, client) = postgres().await;
        let mut whole = Vec::new();
        for statement in statements() {
            let prepared = client.prepare(statement.postgres).await;
            let prepared = prepared.unwrap_or_else(|error| panic!("{}: {error:?}", statement.name));
            let found = prepared.columns().iter().map(tokio_postgres::Column::type_);
            for kind in prepared.params().iter().chain(found) {
                let is_ours = [Type::TEXT, Type::INT8, Type::BOOL].contains(kind);
                assert!(is_ours, "{} has a parameter or column of type {kind}", statement.name);
            }

            let nulls = vec!["NULL"; prepared.params().len()].join(", ");
            let arguments = if nulls.is_empty() { nulls } else { format!("({nulls})") };
            let prepare = format!("PREPARE plan AS {}", statement.postgres);
            client.batch_execute(&prepare).await.unwrap();
            let explain = format!("EXPLAIN (COSTS OFF) EXECUTE plan{arguments}");
            for message in client.simple_query(&explain).await.unwrap() {
                let tokio_postgres::SimpleQueryMessage::Row(step) = message else { continue };
                let step = step.get(0).unwrap();
                if step.contains("Seq Scan") && takes_a_key(statement) {
                    whole.push(format!("{}: {step}", statement.name));
                }
            }
            client.batch_execute("DEALLOCATE plan").await.unwrap();
        }
        assert!(whole.is_empty(), "these read whole tables: {whole:#?}");
    });
}

#[test]
fn both_engines_take_and_give_the_same() {
    weir_testkit::database::run(Engine::Postgres, "both_engines_take_and_give_the_same", async |_| {
        let (_sqlite, connection) = sqlite().await;
        let (_postgres, client) = postgres().await;
        for statement in statements() {
            let lite = connection.prepare(statement.sqlite).unwrap();
            let full = client.prepare(statement.postgres).await.unwrap();
            assert_eq!(lite.parameter_count(), full.params().len(), "parameters of {}", statement.name);
            let columns: Vec<&str> = full.columns().iter().map(tokio_postgres::Column::name).collect();
            assert_eq!(lite.column_count(), columns.len(), "columns of {}", statement.name);
            // A single value is read by its place, and a bare expression has no name that both give.
            if columns.len() > 1 {
                assert_eq!(lite.column_names().collect::<Vec<_>>(), columns, "columns of {}", statement.name);
            }
        }
    });
}
