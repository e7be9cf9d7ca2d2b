//! Both engines have the same tables after the same migrations; those in PostgreSQL's schema `wechat` are called `wechat_…` on
//! SQLite, and by views on PostgreSQL.

use std::collections::{BTreeMap, BTreeSet};

use weir_store::{Store, row, statements};
use weir_testkit::Engine;

use crate::lab::Lab;

row! {
    #[derive(PartialEq, Eq, PartialOrd, Ord)]
    struct Column {
        tbl: String,
        name: String,
        kind: String,
        fallback: Option<String>,
        nullable: bool,
        /// Its place in the primary key, from 1; 0 when it is not part of it.
        key: i64,
    }
}

row! {
    #[derive(PartialEq, Eq, PartialOrd, Ord)]
    struct Index {
        tbl: String,
        name: String,
        is_unique: bool,
        is_partial: bool,
        columns: String,
    }
}

row! {
    #[derive(PartialEq, Eq, PartialOrd, Ord)]
    struct Reference {
        tbl: String,
        col: String,
        target: String,
        target_col: String,
        on_delete: String,
    }
}

row! {
    #[derive(PartialEq, Eq, PartialOrd, Ord)]
    struct Checks {
        tbl: String,
        checks: i64,
    }
}

statements! {
    // SQLite lets NULL into a primary key that is a TEXT; a typed id never is one.
    read fn columns() -> many Column = sqlite
        "SELECT m.name AS tbl, c.name, UPPER(c.type) AS kind, c.dflt_value AS fallback, c.\"notnull\" = 0 AND c.pk = 0 AS nullable, c.pk AS key
         FROM sqlite_master m JOIN pragma_table_info(m.name) c
         WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name <> 'refinery_schema_history'",
        postgres
        "SELECT CASE c.table_schema WHEN 'wechat' THEN 'wechat_' ELSE '' END || CAST(c.table_name AS TEXT) AS tbl,
            CAST(c.column_name AS TEXT) AS name, UPPER(c.data_type) AS kind,
            CAST(c.column_default AS TEXT) AS fallback, c.is_nullable = 'YES' AS nullable,
            CAST(COALESCE(array_position(i.indkey, a.attnum) + 1, 0) AS BIGINT) AS key
         FROM information_schema.columns c
         JOIN information_schema.tables t ON t.table_schema = c.table_schema AND t.table_name = c.table_name
         JOIN pg_attribute a ON a.attrelid = CAST(c.table_schema || '.' || c.table_name AS regclass) AND a.attname = c.column_name
         LEFT JOIN pg_index i ON i.indrelid = a.attrelid AND i.indisprimary
         WHERE c.table_schema IN ('public', 'wechat') AND t.table_type = 'BASE TABLE' AND c.table_name <> 'refinery_schema_history'";
    read fn indexes() -> many Index = sqlite
        "SELECT m.name AS tbl, l.name, l.\"unique\" AS is_unique, l.partial AS is_partial,
            (SELECT group_concat(COALESCE(i.name, '()'), ',' ORDER BY i.seqno) FROM pragma_index_info(l.name) i) AS columns
         FROM sqlite_master m JOIN pragma_index_list(m.name) l
         WHERE m.type = 'table' AND l.origin <> 'pk' AND m.name NOT LIKE 'sqlite_%'",
        postgres
        "SELECT CASE n.nspname WHEN 'wechat' THEN 'wechat_' ELSE '' END || CAST(t.relname AS TEXT) AS tbl,
            CAST(x.relname AS TEXT) AS name, i.indisunique AS is_unique,
            i.indpred IS NOT NULL AS is_partial,
            (SELECT string_agg(COALESCE(CAST(a.attname AS TEXT), '()'), ',' ORDER BY k.place)
             FROM unnest(i.indkey) WITH ORDINALITY k (attnum, place)
             LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum AND k.attnum > 0) AS columns
         FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid JOIN pg_class x ON x.oid = i.indexrelid
         JOIN pg_namespace n ON n.oid = t.relnamespace
         WHERE n.nspname IN ('public', 'wechat') AND NOT i.indisprimary";
    read fn references() -> many Reference = sqlite
        "SELECT m.name AS tbl, f.\"from\" AS col, f.\"table\" AS target, f.\"to\" AS target_col, f.on_delete
         FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f WHERE m.type = 'table'",
        postgres
        "SELECT CAST(t.relname AS TEXT) AS tbl, CAST(a.attname AS TEXT) AS col, CAST(r.relname AS TEXT) AS target,
            CAST(b.attname AS TEXT) AS target_col,
            CASE c.confdeltype WHEN 'a' THEN 'NO ACTION' WHEN 'c' THEN 'CASCADE' ELSE 'OTHER' END AS on_delete
         FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid JOIN pg_class r ON r.oid = c.confrelid
         CROSS JOIN LATERAL unnest(c.conkey, c.confkey) k (here, there)
         JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.here
         JOIN pg_attribute b ON b.attrelid = c.confrelid AND b.attnum = k.there
         WHERE c.contype = 'f'";
    read fn checks() -> many Checks = sqlite
        "SELECT name AS tbl, (LENGTH(sql) - LENGTH(REPLACE(sql, 'CHECK (', ''))) / LENGTH('CHECK (') AS checks
         FROM sqlite_master WHERE type = 'table' AND sql LIKE '%CHECK (%'",
        postgres
        "SELECT CASE n.nspname WHEN 'wechat' THEN 'wechat_' ELSE '' END || CAST(t.relname AS TEXT) AS tbl, COUNT(*) AS checks
         FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid JOIN pg_namespace n ON n.oid = t.relnamespace
         WHERE c.contype = 'c' AND n.nspname IN ('public', 'wechat') GROUP BY n.nspname, t.relname";
}

/// An engine's schema in words that both share.
struct Schema {
    columns: BTreeSet<Column>,
    indexes: BTreeSet<Index>,
    references: BTreeSet<Reference>,
    checks: BTreeSet<Checks>,
}

impl Schema {
    async fn of(store: &Store) -> Self {
        store.migrate().await.unwrap();
        let columns = columns(store).await.unwrap().into_iter().map(|column| Column {
            // SQLite's row id, which only INTEGER names, is PostgreSQL's identity.
            kind: if column.kind == "INTEGER" && column.key == 1 { "BIGINT".to_owned() } else { column.kind },
            // PostgreSQL writes the type of a text: 'x'::text.
            fallback: column.fallback.map(|text| text.trim_end_matches("::text").to_owned()),
            ..column
        });
        Self {
            columns: columns.collect(),
            indexes: indexes(store).await.unwrap().into_iter().collect(),
            references: references(store).await.unwrap().into_iter().collect(),
            checks: checks(store).await.unwrap().into_iter().collect(),
        }
    }
}

fn same<T: Ord + std::fmt::Debug>(what: &str, sqlite: &BTreeSet<T>, postgres: &BTreeSet<T>) {
    let only = |one: &BTreeSet<T>, other: &BTreeSet<T>| -> Vec<String> {
        one.difference(other).map(|item| format!("{item:?}")).collect()
    };
    let (only_sqlite, only_postgres) = (only(sqlite, postgres), only(postgres, sqlite));
    assert!(
        only_sqlite.is_empty() && only_postgres.is_empty(),
        "{what}\nonly on SQLite: {only_sqlite:#?}\nonly on PostgreSQL: {only_postgres:#?}"
    );
    assert!(!sqlite.is_empty(), "no {what} were found");
}

weir_testkit::engines! {
    async fn columns_have_types_that_both_engines_share(engine) {
        let schema = Schema::of(&Lab::empty(engine).await.store).await;
        for column in &schema.columns {
            assert!(["TEXT", "BIGINT", "BOOLEAN"].contains(&column.kind.as_str()), "{column:?}");
        }
        let tables: BTreeSet<&str> = schema.columns.iter().map(|column| column.tbl.as_str()).collect();
        let with_key = schema.columns.iter().filter(|column| column.key > 0);
        assert_eq!(tables, with_key.map(|column| column.tbl.as_str()).collect(), "every table has a primary key");
    }

    /// `StoreError::Unique` rests on it.
    async fn unique_indexes_are_named_by_their_columns(engine) {
        let schema = Schema::of(&Lab::empty(engine).await.store).await;
        for index in schema.indexes.iter().filter(|index| index.is_unique) {
            assert_eq!(index.name, format!("{}__{}", index.tbl, index.columns.replace(',', "__")));
        }
    }

    /// A reference without an index makes every change of its target a scan.
    async fn every_reference_has_an_index(engine) {
        let schema = Schema::of(&Lab::empty(engine).await.store).await;
        let mut leading: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for index in schema.indexes.iter().filter(|index| !index.is_partial) {
            let first = index.columns.split(',').next().unwrap();
            leading.entry(&index.tbl).or_default().insert(first);
        }
        let keys = schema.columns.iter().filter(|column| column.key == 1);
        for column in keys {
            leading.entry(&column.tbl).or_default().insert(&column.name);
        }
        let bare = schema.references.iter().filter(|reference| {
            !leading.get(reference.tbl.as_str()).is_some_and(|columns| columns.contains(reference.col.as_str()))
        });
        let bare: Vec<_> = bare.collect();
        assert!(bare.is_empty(), "{bare:#?}");
    }
}

#[test]
fn schemas_agree() {
    weir_testkit::database::run(Engine::Postgres, "schemas_agree", async |_| {
        let sqlite = Schema::of(&Lab::empty(Engine::Sqlite).await.store).await;
        let postgres = Schema::of(&Lab::empty(Engine::Postgres).await.store).await;
        same("columns", &sqlite.columns, &postgres.columns);
        same("indexes", &sqlite.indexes, &postgres.indexes);
        same("references", &sqlite.references, &postgres.references);
        same("checks", &sqlite.checks, &postgres.checks);
    });
}
