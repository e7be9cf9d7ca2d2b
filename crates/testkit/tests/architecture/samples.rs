//! The rules on small samples: that each finds what it is there for, at the right line, and nothing else.

use crate::{
    rules,
    source::{Source, words},
};

/// Text that would end a careless scanner's string, comment or character too early or too late.
const TRICKY: &str = r##"
fn plain() { let s = "a } \" { fn no() {"; }
// fn comment() {
/* fn block() { /* nested { */ } */
fn raw<'a>(x: &'a str) -> char { let _ = r#"} fn no() { " }"#; let _ = br"}"; let _ = '{'; let _ = '\''; '"' }
const POINTER: fn(u8) -> u8 = identity;
trait Declares { fn bodiless(&self) -> [u8; 4]; fn with_body(&self) -> [u8; 2] { [0; 2] } }
macro_rules! m { ($name:ident) => { fn $name() {} }; }
fn after(r: u8) -> u8 { let bar = "é'"; r }
"##;

#[test]
fn the_scanner_tells_code_from_the_rest() {
    let source = Source::new("crates/core/src/tricky.rs", TRICKY);
    let names: Vec<String> = source.functions().into_iter().map(|f| f.name).collect();
    assert_eq!(names, ["plain", "raw", "with_body", "after"]);
    assert_eq!(source.code.len(), TRICKY.len());
    assert_eq!(source.code.lines().count(), TRICKY.lines().count());
    let strings: Vec<&str> = source.strings.iter().map(|s| s.content.as_str()).collect();
    assert_eq!(strings, [r#"a } \" { fn no() {"#, r#"} fn no() { " }"#, "}", "é'"]);
}

#[test]
fn words_are_whole() {
    assert_eq!(words("fn fns a_fn fn", "fn").collect::<Vec<_>>(), [0, 12]);
}

#[test]
fn unfinished_text_does_not_hang_or_panic() {
    for text in
        ["\"", "r#\"", "/*", "'", "'\\", "fn a(", "fn a() {", "#[cfg(test)]", "#[cfg(test)] mod a {", "\"\\"]
    {
        let source = Source::new("crates/core/src/x.rs", text);
        assert_eq!(source.code.len(), text.len());
        assert!(source.functions().is_empty(), "{text}");
    }
}

#[test]
fn test_code_does_not_count() {
    let text =
        "fn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() {\n    }\n}\n#[cfg(test)]\nmod apart;\nfn c() {}\n";
    let source = Source::new("crates/core/src/x.rs", text);
    assert_eq!(source.functions().into_iter().map(|f| f.name).collect::<Vec<_>>(), ["a", "c"]);
    assert_eq!(source.production_lines(), 2);
    assert_eq!(source.test_modules, ["apart"]);
    assert_eq!(Source::new("x.rs", "#![cfg(test)]\nfn a() {}\n").production_lines(), 0);
}

#[test]
fn lengths_are_counted_to_the_line() {
    let file = |lines: usize| Source::new("crates/core/src/x.rs", &"const A: u8 = 0;\n".repeat(lines));
    assert!(rules::lengths(&file(rules::LONGEST_FILE)).is_empty());
    assert_eq!(rules::lengths(&file(rules::LONGEST_FILE + 1)).len(), 1);

    let function = |lines: usize| {
        let body = "    work();\n".repeat(lines - 2);
        Source::new("crates/core/src/x.rs", &format!("\nfn long() {{\n{body}}}\n"))
    };
    assert!(rules::lengths(&function(rules::LONGEST_FUNCTION)).is_empty());
    let findings = rules::lengths(&function(rules::LONGEST_FUNCTION + 1));
    assert!(findings[0].starts_with("crates/core/src/x.rs:2: fn long has 81 lines"), "{findings:?}");
}

#[test]
fn an_arrow_that_points_back_is_found() {
    let manifest = |name: &str, rest: &str| format!("[package]\nname = \"{name}\"\n{rest}");
    let check = |name: &str, rest: &str| {
        rules::arrows(&format!("crates/{}/Cargo.toml", &name[5..]), &manifest(name, rest))
    };
    assert!(check("weir-core", "[dependencies]\nweir-store.workspace = true\nserde = \"1\"\n").is_empty());
    assert!(check("weir-store", "[dev-dependencies]\nweir-testkit.workspace = true\n").is_empty());
    let back = check("weir-store", "[dependencies]\nweir-core.workspace = true\n");
    assert!(back[0].starts_with("crates/store/Cargo.toml:4: weir-store -> weir-core"), "{back:?}");
    assert_eq!(check("weir-store", "[dependencies]\nweir-testkit = { path = \"../testkit\" }\n").len(), 1);
    assert_eq!(check("weir-http", "[build-dependencies]\nweir-store = \"0\"\n").len(), 1);
    assert_eq!(check("weir-base", "[target.'cfg(unix)'.dependencies]\nweir-wechat = \"0\"\n").len(), 1);
    assert_eq!(check("weir-core", "[dependencies]\ntokio-postgres.workspace = true\n").len(), 1);
    assert_eq!(check("weir-attic", "").len(), 1);
}

#[test]
fn sql_outside_rows_is_found() {
    let check = |path: &str, string: &str| {
        rules::sql(&Source::new(path, &format!("const Q: &str = r#\"{string}\"#;\n"))).len()
    };
    let flow = "crates/core/src/session/flow.rs";
    for statement in [
        "SELECT id FROM session",
        "\n   SELECT id\n   FROM session",
        "SELECT 1",
        "INSERT INTO session VALUES ($1)",
        "UPDATE session SET state = $1",
        "DELETE FROM session",
        "WITH due AS (SELECT 1) SELECT 2",
        "CREATE TABLE session (id TEXT)",
    ] {
        assert_eq!(check(flow, statement), 1, "{statement}");
        assert_eq!(check("crates/core/src/session/rows.rs", statement), 0);
        assert_eq!(check("crates/store/src/migrate.rs", statement), 0);
    }
    for text in
        ["DELETE /api/v1/users/me", "SELECT a plan", "UPDATE your app", "selected", "CREATE an account"]
    {
        assert_eq!(check(flow, text), 0, "{text}");
    }
}

#[test]
fn a_second_transaction_in_a_flow_is_found() {
    let once = "fn one() { store.transaction(|t| a(t)); }\nfn two() { transaction!(store, b); }\n";
    let twice = "fn one() {\n    store.transaction(|t| a(t));\n    store.transaction::<B>(b);\n}\n";
    let check = |path: &str, text: &str| rules::transactions(&Source::new(path, text));
    let flow = "crates/core/src/session/flow.rs";
    assert!(check(flow, once).is_empty());
    assert!(check(flow, "fn one() { let transaction = 1; transaction + transaction }").is_empty());
    assert!(check(flow, twice)[0].starts_with("crates/core/src/session/flow.rs:3: fn one"));
    assert_eq!(check("crates/core/src/session/flow/login.rs", twice).len(), 1);
    assert!(check("crates/core/src/session/job.rs", twice).is_empty());
}

#[test]
fn a_library_out_of_its_room_is_found() {
    let check = |path: &str, text: &str| rules::libraries(&Source::new(path, text)).len();
    assert_eq!(check("crates/http/src/lib.rs", "use reqwest::Client;\nfn a(e: rusqlite::Error) {}\n"), 2);
    assert_eq!(check("crates/core/src/lib.rs", "// rusqlite\nconst A: &str = \"tokio_postgres\";\n"), 0);
    assert_eq!(check("crates/store/src/lib.rs", "use rusqlite::Connection;\n"), 0);
    assert_eq!(check("crates/weir/src/main.rs", "use tokio_postgres::Client;\n"), 1);
    assert_eq!(check("crates/core/src/lib.rs", "#[cfg(test)]\nmod tests { use reqwest::Client; }\n"), 0);
}

#[test]
fn leftovers_are_found() {
    let check = |path: &str, text: &str| rules::leftovers(path, text).len();
    let mark = concat!("TO", "DO");
    assert_eq!(check("crates/core/src/lib.rs", &format!("// {mark}: later\n")), 1);
    assert_eq!(check("docs/rules.md", &format!("no {mark}s, no {mark}\n")), 0);
    assert_eq!(check("crates/core/src/lib.rs", "fn a() { todo!() }\nfn b() { unimplemented!(\"x\") }\n"), 2);
    assert_eq!(check("crates/core/src/lib.rs", "#[ignore = \"slow\"]\n#[test]\nfn a() {}\n"), 1);
    assert_eq!(check("crates/core/src/lib.rs", "// todo is a word, \"todo!()\" a string\n"), 0);
    assert_eq!(check("scripts/a.sh", &format!("cd {}somebody\n", concat!("/ho", "me/"))), 1);
    assert_eq!(check("docs/a.md", "GET https://weir.example/work/1 and pages/home/index\n"), 0);
}

#[test]
fn an_edited_migration_is_found() {
    let files = |content: &str| vec![("0001_start.sql".to_owned(), content.as_bytes().to_vec())];
    let sum = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"; // of "abc"
    let recorded = format!("{sum}  0001_start.sql\n");
    assert!(rules::migrations(&recorded, &files("abc")).is_empty());
    assert!(rules::migrations(&recorded, &files("abd"))[0].contains("is not what was recorded"));
    assert!(rules::migrations("", &files("abc"))[0].contains(&format!("`{sum}  0001_start.sql`")));
    assert!(rules::migrations(&recorded, &[])[0].contains("is recorded but gone"));
}
