//! Errors say what is wrong and never whose data it was.

use std::error::Error;

use weir_store::{DatabaseUrl, StoreError, statements};
use weir_testkit::Engine;

use crate::lab::{self, Lab};

const PRIVATE: &str = "13800138000";

statements! {
    write fn put_nameless(note: &str) -> affected = "INSERT INTO things (id, count, note) VALUES (7, NULL, $1)";
    write fn put_negative(note: &str) -> affected = "INSERT INTO things (id, count, note) VALUES (7, -1, $1)";
    write fn put_orphan(thing: i64, kind: &str) -> affected =
        "INSERT INTO parts (thing_id, kind, size) VALUES ($1, $2, 1)";
    read fn number_of(text: &str) -> one i64 = "SELECT CAST($1 AS BIGINT) FROM things";
    write fn cast_and_set(text: &str) -> affected = sqlite "UPDATE things SET count = -1, note = $1",
        postgres "UPDATE things SET count = CAST(CAST($1 AS TEXT) AS BIGINT)";
    read fn no_such_table(text: &str) -> optional i64 = "SELECT id FROM nothings WHERE name = $1";
    write fn wrong_type(text: &str) -> affected = "UPDATE things SET count = $1";
    read fn as_bool() -> one Flag = "SELECT name AS flag FROM things";
}

weir_store::row! {
    struct Flag {
        flag: bool,
    }
}

/// Everything that a log line could print of it.
fn told(error: &StoreError) -> String {
    let mut text = format!("{error:?} {error:#?} {error}");
    let mut at: &dyn Error = error;
    while let Some(source) = at.source() {
        text.push_str(&format!(" {source} {source:?}"));
        at = source;
    }
    text
}

weir_testkit::engines! {
    async fn no_error_tells_a_value(engine) {
        let db = &Lab::new(engine).await.store;
        lab::put(db, 1, Some(PRIVATE)).await.unwrap();
        let private: i64 = PRIVATE.parse().unwrap();
        let mut errors = vec![
            lab::put(db, 2, Some(PRIVATE)).await.unwrap_err(),
            put_nameless(db, PRIVATE).await.unwrap_err(),
            put_negative(db, PRIVATE).await.unwrap_err(),
            put_orphan(db, private, PRIVATE).await.unwrap_err(),
            cast_and_set(db, PRIVATE.replace('1', "x1").as_str()).await.unwrap_err(),
            no_such_table(db, PRIVATE).await.unwrap_err(),
            as_bool(db).await.unwrap_err(),
            lab::put(db, 3, Some(&format!("{PRIVATE}\0"))).await.unwrap_err(),
        ];
        if engine == Engine::Postgres {
            errors.push(wrong_type(db, PRIVATE).await.unwrap_err());
            errors.push(number_of(db, PRIVATE).await.unwrap_err());
        }
        for error in &errors {
            let told = told(error);
            assert!(!told.contains("800") && !told.contains("Failing row"), "{told}");
        }
    }

    async fn an_error_tells_where_to_look(engine) {
        let db = &Lab::new(engine).await.store;
        let missing = told(&no_such_table(db, PRIVATE).await.unwrap_err());
        assert!(missing.contains("nothings"), "{missing}");
        let null = told(&put_nameless(db, PRIVATE).await.unwrap_err());
        assert!(null.contains("things") && null.contains("count"), "{null}");
        let orphan = told(&put_orphan(db, 404, "fin").await.unwrap_err());
        let mark = if engine == Engine::Sqlite { "FOREIGN KEY" } else { "parts_thing_id_fkey" };
        assert!(orphan.contains(mark), "{orphan}");
    }
}

#[tokio::test]
async fn a_database_that_is_not_there_is_not_available() {
    let url = "postgres://weir:sesame-13800138000@127.0.0.1:1/weir";
    let store = lab::open(url).await.unwrap();
    let error = lab::ids(&store).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
    assert!(!told(&error).contains("sesame"), "{}", told(&error));
    let parsed = DatabaseUrl::parse(url).unwrap();
    assert!(!format!("{parsed:?}").contains("sesame"));

    let error = lab::open("sqlite:/nowhere/at/all/weir.db").await.err().unwrap();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
    for url in ["mysql://root@localhost/weir", "sqlite:", "sqlite::memory:", "weir.db"] {
        assert!(matches!(DatabaseUrl::parse(url), Err(StoreError::Url(_))), "{url}");
    }
}

weir_testkit::engines! {
    async fn a_database_that_does_not_exist_is_named(engine) {
        if engine == Engine::Postgres {
            let lab = Lab::empty(engine).await;
            let (before, after) = lab.url().split_once("/test_").unwrap();
            let host = after.split_once('?').unwrap().1;
            let store = lab::open(&format!("{before}/nowhere?{host}")).await.unwrap();
            let error = store.ping().await.unwrap_err();
            assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
            assert!(told(&error).contains("nowhere"), "an operator needs to know: {}", told(&error));
        }
    }
}
