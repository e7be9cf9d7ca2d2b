//! What a text that both engines run may rely on, and what it may not.

use weir_store::{StoreError, row, statements};
use weir_testkit::Engine;

use crate::lab::{self, Lab, Thing};

row! {
    #[derive(PartialEq, Eq)]
    struct Label {
        id: i64,
        label: String,
    }
}

row! {
    #[derive(PartialEq, Eq)]
    struct Numbered {
        id: i64,
        place: i64,
    }
}

statements! {
    write fn put_returning(id: i64, name: Option<&str>, flag: bool) -> one Thing =
        "INSERT INTO things (id, name, flag) VALUES ($1, $2, $3) RETURNING id, name, count, flag";
    write fn put_or_nothing(id: i64, name: &str) -> affected =
        "INSERT INTO things (id, name) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
    write fn put_or_count(id: i64, name: &str) -> one Thing =
        "INSERT INTO things (id, name, count) VALUES ($1, $2, 1)
         ON CONFLICT (name) DO UPDATE SET count = things.count + excluded.count RETURNING id, name, count, flag";
    write fn patch(id: i64, name: Option<&str>, count: Option<i64>, flag: Option<bool>) -> optional Thing =
        "UPDATE things SET name = COALESCE($2, name), count = COALESCE($3, count), flag = COALESCE($4, flag)
         WHERE id = $1 RETURNING id, name, count, flag";
    write fn rename(id: i64, name: Option<&str>) -> affected =
        "UPDATE things SET name = $2 WHERE id = $1 AND name IS DISTINCT FROM $2";
    write fn delete_some(least: i64, limit: i64) -> affected =
        "DELETE FROM things WHERE id IN (SELECT id FROM things WHERE id >= $1 ORDER BY id LIMIT $2)";
    write fn delete_all_returning() -> many i64 = "DELETE FROM things RETURNING id";
    write fn swap(id: i64) -> affected = "UPDATE things SET name = note, note = name WHERE id = $1";
    write fn set_note(id: i64, note: Option<&str>) -> affected = "UPDATE things SET note = $2 WHERE id = $1";
    write fn put_part_returning(thing: i64, kind: &str) -> one i64 =
        "INSERT INTO parts (thing_id, kind, size) VALUES ($1, $2, 1) RETURNING size";
    write fn delete_thing(id: i64) -> affected = "DELETE FROM things WHERE id = $1";
    read fn note(id: i64) -> optional Note = "SELECT note FROM things WHERE id = $1";
    read fn after(kind: &str, thing: i64) -> many i64 =
        "SELECT thing_id FROM parts WHERE (kind, thing_id) > ($1, $2) ORDER BY kind, thing_id";
    read fn flagged() -> many i64 = "SELECT id FROM things WHERE flag ORDER BY id";
    read fn with_flag(flag: bool) -> many i64 = "SELECT id FROM things WHERE flag = $1 ORDER BY id";
    read fn labels() -> many Label =
        "SELECT id, CASE WHEN count > 1 THEN 'many' WHEN count = 1 THEN 'one' ELSE 'none' END AS label FROM things ORDER BY id";
    read fn sum() -> one i64 = "SELECT CAST(SUM(count) AS BIGINT) FROM things";
    read fn bare_sum() -> one i64 = "SELECT SUM(count) FROM things";
    read fn days() -> many i64 = "SELECT count / 86400000 FROM things ORDER BY id";
    read fn nulls_last() -> many i64 = "SELECT id FROM things ORDER BY name NULLS LAST, id";
    read fn numbered() -> many Numbered =
        "WITH named AS (SELECT id FROM things WHERE name IS NOT NULL)
         SELECT id, ROW_NUMBER() OVER (ORDER BY id DESC) AS place FROM named ORDER BY id";
    read fn twice(id: i64, other: i64) -> many i64 =
        "SELECT id FROM things WHERE id = $2 OR id = $1 OR id = $2 + $1 ORDER BY id";
    read fn of_name(name: Option<&str>) -> many i64 = "SELECT id FROM things WHERE name = $1";
    read fn any_id() -> optional i64 = "SELECT id FROM things";
    read fn like(pattern: &str) -> many i64 = "SELECT id FROM things WHERE name LIKE $1";
    read fn reads_that_writes() -> affected = "UPDATE things SET count = 7";
}

row! {
    #[derive(PartialEq, Eq)]
    struct Note {
        note: Option<String>,
    }
}

fn thing(id: i64, name: &str, count: i64, flag: bool) -> Thing {
    Thing { id, name: Some(name.to_owned()), count, flag }
}

weir_testkit::engines! {
    async fn returning_gives_what_was_written(engine) {
        let db = &Lab::new(engine).await.store;
        assert_eq!(put_returning(db, 1, Some("eel"), true).await.unwrap(), thing(1, "eel", 0, true));
        let nameless = put_returning(db, 2, None, false).await.unwrap();
        assert_eq!(nameless, Thing { id: 2, name: None, count: 0, flag: false });
        let mut gone = delete_all_returning(db).await.unwrap();
        gone.sort_unstable();
        assert_eq!(gone, [1, 2]);
        assert_eq!(lab::all(db).await.unwrap(), 0, "a write that returns rows is a whole write");
    }

    async fn on_conflict_does_nothing_or_updates(engine) {
        let db = &Lab::new(engine).await.store;
        assert_eq!(put_or_nothing(db, 1, "eel").await.unwrap(), 1);
        assert_eq!(put_or_nothing(db, 2, "eel").await.unwrap(), 0);
        assert_eq!(put_or_count(db, 3, "eel").await.unwrap(), thing(1, "eel", 1, false));
        assert_eq!(put_or_count(db, 4, "carp").await.unwrap(), thing(4, "carp", 1, false));
        let other_index = put_or_nothing(db, 1, "pike").await.unwrap_err();
        assert!(other_index.is_unique("things_pkey"), "only the index that is named is forgiven: {other_index:?}");
    }

    async fn coalesce_of_a_null_parameter_keeps_what_is_there(engine) {
        let db = &Lab::new(engine).await.store;
        put_returning(db, 1, Some("eel"), true).await.unwrap();
        assert_eq!(patch(db, 1, None, None, None).await.unwrap(), Some(thing(1, "eel", 0, true)));
        assert_eq!(patch(db, 1, Some(""), Some(5), Some(false)).await.unwrap(), Some(thing(1, "", 5, false)));
        assert_eq!(patch(db, 2, None, None, None).await.unwrap(), None);
    }

    async fn null_is_not_distinct_from_null_but_equals_nothing(engine) {
        let db = &Lab::new(engine).await.store;
        lab::put(db, 1, None).await.unwrap();
        assert_eq!(rename(db, 1, None).await.unwrap(), 0);
        assert_eq!(rename(db, 1, Some("eel")).await.unwrap(), 1);
        assert_eq!(rename(db, 1, Some("eel")).await.unwrap(), 0);
        assert_eq!(rename(db, 1, None).await.unwrap(), 1);
        assert!(of_name(db, None).await.unwrap().is_empty());
    }

    async fn an_empty_text_is_no_null(engine) {
        let db = &Lab::new(engine).await.store;
        lab::put(db, 1, Some("")).await.unwrap();
        lab::put(db, 2, None).await.unwrap();
        assert_eq!(lab::get(db, 1).await.unwrap().unwrap().name.as_deref(), Some(""));
        assert_eq!(lab::get(db, 2).await.unwrap().unwrap().name, None);
        assert_eq!(of_name(db, Some("")).await.unwrap(), [1]);
        lab::put(db, 3, None).await.expect("a unique index lets any number of NULLs in");
    }

    async fn texts_come_back_as_they_were(engine) {
        let db = &Lab::new(engine).await.store;
        lab::put(db, 1, None).await.unwrap();
        let long = "长".repeat(100_000);
        let texts = ["张三 李四", "👩‍👩‍👧‍👦🏳️‍🌈 🇨🇳", "'; DROP TABLE things; --", "$1 ?1 :a @b", " \t\r\n\u{1}\u{7f}\u{10ffff}", &long];
        for text in texts {
            set_note(db, 1, Some(text)).await.unwrap();
            assert_eq!(note(db, 1).await.unwrap(), Some(Note { note: Some(text.to_owned()) }));
        }
        set_note(db, 1, None).await.unwrap();
        assert_eq!(note(db, 1).await.unwrap(), Some(Note { note: None }));
    }

    /// PostgreSQL cannot keep it, so SQLite must not.
    async fn a_nul_in_a_text_is_refused(engine) {
        let db = &Lab::new(engine).await.store;
        let refused = lab::put(db, 1, Some("a\0b")).await.unwrap_err();
        assert!(matches!(refused, StoreError::Refused(_)), "{refused:?}");
        assert_eq!(lab::all(db).await.unwrap(), 0);
    }

    async fn numbers_have_64_bits(engine) {
        let db = &Lab::new(engine).await.store;
        for id in [i64::MIN, -1, 0, 1 << 53, (1 << 53) + 1, i64::MAX] {
            lab::put(db, id, None).await.unwrap();
            assert_eq!(lab::get(db, id).await.unwrap().unwrap().id, id);
        }
        assert_eq!(lab::ids(db).await.unwrap(), [i64::MIN, -1, 0, 1 << 53, (1 << 53) + 1, i64::MAX]);
    }

    async fn truth_is_truth(engine) {
        let db = &Lab::new(engine).await.store;
        put_returning(db, 1, None, true).await.unwrap();
        put_returning(db, 2, None, false).await.unwrap();
        assert_eq!(flagged(db).await.unwrap(), [1]);
        assert_eq!(with_flag(db, true).await.unwrap(), [1]);
        assert_eq!(with_flag(db, false).await.unwrap(), [2]);
    }

    async fn row_values_compare_in_order(engine) {
        let db = &Lab::new(engine).await.store;
        for id in 1..=3 {
            lab::put(db, id, None).await.unwrap();
            lab::put_part(db, id, "a", id).await.unwrap();
            lab::put_part(db, id, "b", id).await.unwrap();
        }
        assert_eq!(after(db, "a", 2).await.unwrap(), [3, 1, 2, 3]);
    }

    async fn a_delete_is_limited_through_a_subselect(engine) {
        let db = &Lab::new(engine).await.store;
        for id in 1..=6 {
            lab::put(db, id, None).await.unwrap();
        }
        assert_eq!(delete_some(db, 2, 3).await.unwrap(), 3);
        assert_eq!(lab::ids(db).await.unwrap(), [1, 5, 6]);
        assert_eq!(delete_some(db, 2, 3).await.unwrap(), 2);
    }

    async fn an_update_reads_the_row_as_it_was(engine) {
        let db = &Lab::new(engine).await.store;
        lab::put(db, 1, Some("name")).await.unwrap();
        set_note(db, 1, Some("note")).await.unwrap();
        swap(db, 1).await.unwrap();
        assert_eq!(lab::get(db, 1).await.unwrap().unwrap().name.as_deref(), Some("note"));
        assert_eq!(note(db, 1).await.unwrap().unwrap().note.as_deref(), Some("name"));
    }

    async fn expressions_agree(engine) {
        let db = &Lab::new(engine).await.store;
        for (id, name, count) in [(1, None, 0), (2, Some("b"), 1), (3, Some("a"), 172_800_001)] {
            lab::put(db, id, name).await.unwrap();
            lab::set_count(db, id, count).await.unwrap();
        }
        let labels: Vec<String> = labels(db).await.unwrap().into_iter().map(|row| row.label).collect();
        assert_eq!(labels, ["none", "one", "many"]);
        assert_eq!(sum(db).await.unwrap(), 172_800_002);
        assert_eq!(days(db).await.unwrap(), [0, 0, 2]);
        assert_eq!(nulls_last(db).await.unwrap(), [3, 2, 1]);
        assert_eq!(numbered(db).await.unwrap(), [Numbered { id: 2, place: 2 }, Numbered { id: 3, place: 1 }]);
    }

    /// Parameters are numbered by their digits, not by where they stand first.
    async fn a_parameter_may_stand_anywhere_and_twice(engine) {
        let db = &Lab::new(engine).await.store;
        for id in 1..=6 {
            lab::put(db, id, None).await.unwrap();
        }
        assert_eq!(twice(db, 2, 4).await.unwrap(), [2, 4, 6]);
    }

    async fn a_unique_index_is_named_alike(engine) {
        let db = &Lab::new(engine).await.store;
        lab::put(db, 1, Some("eel")).await.unwrap();
        lab::put_part(db, 1, "fin", 3).await.unwrap();
        let refused = [
            (lab::put(db, 2, Some("eel")).await, "things__name"),
            (lab::put(db, 1, Some("carp")).await, "things_pkey"),
            (lab::put_part(db, 1, "fin", 4).await, "parts_pkey"),
        ];
        for (refused, index) in refused {
            let refused = refused.unwrap_err();
            assert!(refused.is_unique(index), "{index}: {refused:?}");
        }
        lab::put(db, 2, None).await.unwrap();
        let refused = lab::put_part(db, 2, "fin", 3).await.unwrap_err();
        assert!(refused.is_unique("parts__size__kind"), "{refused:?}");
        assert!(!refused.is_unique("parts__size"));
    }

    /// SQLite hands out the row before it looks at the foreign key.
    async fn a_foreign_key_holds_for_a_write_that_returns_rows(engine) {
        let db = &Lab::new(engine).await.store;
        let refused = put_part_returning(db, 404, "fin").await.unwrap_err();
        assert!(matches!(refused, StoreError::Refused(_)), "{refused:?}");
        lab::put(db, 1, None).await.unwrap();
        assert_eq!(put_part_returning(db, 1, "fin").await.unwrap(), 1);
        assert!(delete_thing(db, 1).await.is_err(), "it has a part");
    }

    async fn one_row_is_neither_none_nor_two(engine) {
        let db = &Lab::new(engine).await.store;
        assert_eq!(any_id(db).await.unwrap(), None);
        let missing = lab::count(db, 1).await.unwrap_err();
        assert!(matches!(missing, StoreError::Missing { statement } if statement.ends_with("lab::count")), "{missing:?}");
        lab::put(db, 1, None).await.unwrap();
        assert_eq!(any_id(db).await.unwrap(), Some(1));
        lab::put(db, 2, None).await.unwrap();
        let several = any_id(db).await.unwrap_err();
        assert!(matches!(several, StoreError::Several { .. }), "{several:?}");
    }

    /// Pinned so that nobody relies on them: these run on both and differ.
    async fn what_differs_is_known(engine) {
        let db = &Lab::new(engine).await.store;
        lab::put(db, 1, Some("Eel")).await.unwrap();
        let (found, sum) = (like(db, "eel").await.unwrap(), bare_sum(db).await);
        match engine {
            Engine::Sqlite => {
                assert_eq!(found, [1], "LIKE ignores the case of ASCII");
                assert_eq!(sum.unwrap(), 0);
                assert!(reads_that_writes(db).await.is_ok(), "only rows are read on a reader");
            }
            Engine::Postgres => {
                assert!(found.is_empty());
                assert!(matches!(sum, Err(StoreError::Inconsistent { .. })), "SUM of BIGINT is NUMERIC");
            }
        }
    }
}
