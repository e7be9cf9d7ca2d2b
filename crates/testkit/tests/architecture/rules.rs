//! The rules themselves. Each looks at files and hands back its findings, one line each: where, what, how to mend.

use crate::source::{Source, words};

pub const LONGEST_FILE: usize = 400;
pub const LONGEST_FUNCTION: usize = 80;

/// Who may depend on whom among our own crates (ARCHITECTURE.md, "Rooms and arrows"). Dev-dependencies follow the
/// same arrows, and may name the testkit besides.
const ARROWS: &[(&str, &[&str])] = &[
    ("weir-base", &[]),
    ("weir-wechat", &["weir-base"]),
    ("weir-pages", &[]),
    ("weir-simulator", &["weir-base", "weir-wechat", "weir-pages"]),
    ("weir-store", &["weir-base"]),
    ("weir-core", &["weir-base", "weir-wechat", "weir-store"]),
    ("weir-http", &["weir-base", "weir-core", "weir-pages"]),
    ("weir", &["weir-base", "weir-wechat", "weir-simulator", "weir-store", "weir-core", "weir-http"]),
    (
        "weir-bench",
        &["weir-base", "weir-wechat", "weir-simulator", "weir-store", "weir-core", "weir-http", "weir"],
    ),
    (
        "weir-testkit",
        &["weir-base", "weir-wechat", "weir-simulator", "weir-store", "weir-core", "weir-http", "weir"],
    ),
];

/// Libraries that only some rooms may name, in code and among the dependencies: name, who may, how to mend.
const KEPT_IN: &[(&str, &[&str], &str)] = &[
    ("rusqlite", &["store", "testkit"], "declare a statement in rows.rs and let the store run it"),
    ("tokio_postgres", &["store", "testkit"], "declare a statement in rows.rs and let the store run it"),
    ("deadpool_postgres", &["store", "testkit"], "declare a statement in rows.rs and let the store run it"),
    ("refinery", &["store", "testkit"], "let the store migrate"),
    (
        "reqwest",
        &["wechat", "simulator", "weir", "testkit", "bench"],
        "calls to WeChat go through weir-wechat's transport",
    ),
];

pub fn arrows(path: &str, manifest: &str) -> Vec<String> {
    let table: toml::Table = match toml::from_str(manifest) {
        Ok(table) => table,
        Err(error) => return vec![format!("{path}:1: not a manifest: {error}")],
    };
    let name = table.get("package").and_then(|p| p.get("name")).and_then(|n| n.as_str()).unwrap_or_default();
    let Some((_, allowed)) = ARROWS.iter().find(|(from, _)| *from == name) else {
        return vec![format!(
            "{path}:1: `{name}` is a room without arrows: give it a line in ARROWS and in ARCHITECTURE.md"
        )];
    };
    let mut findings = Vec::new();
    for (kind, dependency) in dependencies(&table) {
        let line = 1 + manifest.lines().position(|l| l.starts_with(dependency.as_str())).unwrap_or(0);
        let is_ours = ARROWS.iter().any(|(crate_name, _)| *crate_name == dependency);
        let is_testkit_for_tests = dependency == "weir-testkit" && kind == "dev-dependencies";
        if is_ours && !allowed.contains(&dependency.as_str()) && !is_testkit_for_tests {
            findings.push(format!(
                "{path}:{line}: {name} -> {dependency} points back ({kind}): move what is shared towards the base, or \
                 pass it in from weir's wire.rs; a test reaches further through weir-testkit"
            ));
        }
        if kind != "dev-dependencies"
            && let Some((library, mend)) = kept_out(&dependency.replace('-', "_"), room(path))
        {
            findings.push(format!("{path}:{line}: {name} depends on {library}: {mend}"));
        }
    }
    findings
}

/// (table, dependency) of every dependency, those of single targets too.
fn dependencies(table: &toml::Table) -> Vec<(&'static str, String)> {
    let kinds = ["dependencies", "dev-dependencies", "build-dependencies"];
    let of = |table: &toml::Table| -> Vec<(&'static str, String)> {
        let names =
            |kind| table.get(kind).and_then(toml::Value::as_table).into_iter().flat_map(toml::Table::keys);
        kinds.into_iter().flat_map(|kind| names(kind).map(move |name| (kind, name.clone()))).collect()
    };
    let targets = table.get("target").and_then(toml::Value::as_table);
    let targets = targets.into_iter().flat_map(toml::Table::values).filter_map(toml::Value::as_table);
    of(table).into_iter().chain(targets.flat_map(of)).collect()
}

/// `core` of `crates/core/src/lib.rs`, `bench` of `bench/src/main.rs`.
fn room(path: &str) -> &str {
    path.strip_prefix("crates/").unwrap_or(path).split('/').next().unwrap_or_default()
}

fn kept_out(library: &str, room: &str) -> Option<(&'static str, &'static str)> {
    let (name, _, mend) =
        KEPT_IN.iter().find(|(name, rooms, _)| *name == library && !rooms.contains(&room))?;
    Some((name, mend))
}

/// Rooms keep to their own libraries (rules 6 and 8).
pub fn libraries(source: &Source) -> Vec<String> {
    let kept_out = KEPT_IN.iter().filter_map(|(name, ..)| kept_out(name, room(&source.path)));
    kept_out
        .flat_map(|(name, mend)| {
            source
                .words(name)
                .map(move |at| format!("{}:{}: names {name}: {mend}", source.path, source.line_of(at)))
        })
        .collect()
}

/// Rule 2.
pub fn lengths(source: &Source) -> Vec<String> {
    let mut findings = Vec::new();
    let lines = source.production_lines();
    if lines > LONGEST_FILE {
        findings.push(format!(
            "{}:1: {lines} lines, {LONGEST_FILE} are the most: split it by noun, not by kind",
            source.path
        ));
    }
    for function in source.functions().iter().filter(|f| f.lines > LONGEST_FUNCTION) {
        findings.push(format!(
            "{}:{}: fn {} has {} lines, {LONGEST_FUNCTION} are the most: name its parts",
            source.path,
            source.line_of(function.at),
            function.name,
            function.lines
        ));
    }
    findings
}

/// Rule 6. The store has its own probes, the testkit makes and drops databases.
pub fn sql(source: &Source) -> Vec<String> {
    let exempt = source.path.ends_with("/rows.rs") || ["store", "testkit"].contains(&room(&source.path));
    let found = source.strings.iter().filter(|s| !exempt && !source.is_test(s.at) && is_sql(&s.content));
    found
        .map(|s| {
            let line = source.line_of(s.at);
            format!(
                "{}:{line}: SQL outside rows.rs: declare it as a statement in its noun's rows.rs",
                source.path
            )
        })
        .collect()
}

/// Told by what must follow the verb, because `DELETE /users/me` and `SELECT a plan` are no SQL.
fn is_sql(text: &str) -> bool {
    let mut words = text.split_whitespace();
    let (verb, next) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let has = |word: &str| text.split_whitespace().any(|w| w == word);
    match verb {
        "SELECT" => has("FROM") || next.ends_with(')') || next.bytes().all(|b| b.is_ascii_digit()),
        "INSERT" => ["INTO", "OR"].contains(&next),
        "UPDATE" => has("SET"),
        "DELETE" => next == "FROM",
        "WITH" => has("AS") || has("SELECT"),
        "CREATE" | "ALTER" | "DROP" => {
            ["TABLE", "INDEX", "UNIQUE", "SCHEMA", "DATABASE", "VIEW", "TRIGGER", "TEMP"].contains(&next)
        }
        _ => false,
    }
}

/// Rule 4: a flow that needs two transactions is two flows, or one transaction.
pub fn transactions(source: &Source) -> Vec<String> {
    let is_flow = source.path.ends_with("/flow.rs") || source.path.contains("/flow/");
    if room(&source.path) != "core" || !is_flow {
        return Vec::new();
    }
    let functions = source.functions();
    let second = functions.iter().filter_map(|function| {
        let mut opened = source.words("transaction").filter(|at| function.body.contains(at)).filter(|at| {
            let after = source.code[at + "transaction".len()..].trim_start();
            after.starts_with(['(', '!']) || after.starts_with("::<")
        });
        Some((function, opened.nth(1)?))
    });
    second
        .map(|(function, at)| {
            format!(
                "{}:{}: fn {} opens a second transaction: do it in the first, or hand the rest to a job",
                source.path,
                source.line_of(at),
                function.name
            )
        })
        .collect()
}

/// Work that was put off, tests that are switched off, and paths of one machine.
pub fn leftovers(path: &str, text: &str) -> Vec<String> {
    let mut findings = Vec::new();
    let mut find = |at: usize, what: &str, mend: &str| {
        let line = 1 + text.as_bytes()[..at].iter().filter(|&&b| b == b'\n').count();
        findings.push(format!("{path}:{line}: {what}: {mend}"));
    };
    // Put together here, so that this file is not its own finding.
    for mark in [concat!("TO", "DO"), concat!("FIX", "ME")] {
        for at in words(text, mark).filter(|_| !path.ends_with(".md")) {
            find(at, mark, "do it now, or open an issue");
        }
    }
    for folder in
        [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/"), concat!("/Us", "ers/")]
    {
        for (at, _) in text.match_indices(folder) {
            if !text[..at].ends_with(|c: char| c.is_alphanumeric() || "_-.}*".contains(c)) {
                find(at, "a path of one machine", "make it relative to the project's root");
            }
        }
    }
    if path.ends_with(".rs") {
        let source = Source::new(path, text);
        for name in ["todo", "unimplemented"] {
            for at in words(&source.code, name).filter(|at| source.code[at + name.len()..].starts_with('!')) {
                find(at, &format!("{name}!"), "write what belongs there");
            }
        }
        for (at, _) in source.code.match_indices("#[ignore") {
            find(at, "a test that is switched off", "mend it or remove it");
        }
    }
    findings
}

/// A released migration never changes. `checksums` has one line per file: `<sha256 in hex>  <file>`.
pub fn migrations(checksums: &str, files: &[(String, Vec<u8>)]) -> Vec<String> {
    let place = "crates/store/migrations/CHECKSUMS";
    let mut findings = Vec::new();
    let recorded: Vec<(usize, &str, &str)> = checksums
        .lines()
        .enumerate()
        .filter_map(|(index, line)| line.split_once("  ").map(|(sum, file)| (index + 1, sum, file)))
        .collect();
    for (file, content) in files {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, content);
        let sum = hex::encode(digest.as_ref());
        match recorded.iter().find(|(_, _, name)| name == file) {
            Some((_, recorded, _)) if *recorded == sum => {}
            Some((line, ..)) => findings.push(format!(
                "{place}:{line}: {file} is not what was recorded: put it back and write a new migration (if it was \
                 never released, record {sum})"
            )),
            None => findings.push(format!("{place}:1: {file} is not recorded: add the line `{sum}  {file}`")),
        }
    }
    for (line, _, name) in recorded {
        if !files.iter().any(|(file, _)| file == name) {
            findings.push(format!("{place}:{line}: {name} is recorded but gone: put it back"));
        }
    }
    findings
}
