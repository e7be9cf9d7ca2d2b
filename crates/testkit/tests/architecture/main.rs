//! The rules of ARCHITECTURE.md that a machine can hold: each failure says where and how to mend it.

mod rules;
mod samples;
mod source;

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
};

use source::Source;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the project's root")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// Production sources: no `tests/` folders, no files that are a `#[cfg(test)]` module.
fn sources() -> Vec<Source> {
    let is_rust = |name: &str| name.ends_with(".rs");
    let mut paths = source::files(&root(), "crates", &is_rust);
    paths.extend(source::files(&root(), "bench", &is_rust));
    paths.retain(|path| !["/tests/", "/benches/"].iter().any(|folder| path.contains(folder)));
    let sources: Vec<Source> = paths.iter().map(|path| Source::new(path, &read(path))).collect();
    assert!(sources.len() > 9, "the sources were not found: {paths:?}");
    let for_tests: HashSet<String> = sources.iter().flat_map(test_files).collect();
    sources.into_iter().filter(|source| !for_tests.contains(&source.path)).collect()
}

/// Where the `#[cfg(test)] mod name;` of a file may live.
fn test_files(source: &Source) -> Vec<String> {
    let path = Path::new(&source.path);
    let folder = path.parent().expect("a folder");
    let stem = path.file_stem().and_then(|s| s.to_str()).unwrap_or_default();
    let folder = if ["lib", "main", "mod"].contains(&stem) { folder.to_owned() } else { folder.join(stem) };
    let places = |name: &String| [folder.join(format!("{name}.rs")), folder.join(name).join("mod.rs")];
    let places = source.test_modules.iter().flat_map(places);
    places.map(|place| place.to_str().expect("a path in UTF-8").to_owned()).collect()
}

fn hold(rule: &str, findings: &[String]) {
    assert!(findings.is_empty(), "{rule}:\n  {}\n", findings.join("\n  "));
}

fn hold_everywhere(rule: &str, look: fn(&Source) -> Vec<String>) {
    hold(rule, &sources().iter().flat_map(look).collect::<Vec<_>>());
}

#[test]
fn arrows_point_one_way() {
    let is_manifest = |name: &str| name == "Cargo.toml";
    let mut manifests = source::files(&root(), "crates", &is_manifest);
    manifests.extend(source::files(&root(), "bench", &is_manifest));
    assert!(manifests.len() > 8, "the manifests were not found: {manifests:?}");
    let findings: Vec<String> = manifests.iter().flat_map(|path| rules::arrows(path, &read(path))).collect();
    hold("one direction (rule 1)", &findings);
}

#[test]
fn files_and_functions_are_short() {
    hold_everywhere("files and functions are short (rule 2)", rules::lengths);
}

#[test]
fn sql_stands_in_rows() {
    hold_everywhere("SQL is written once, in rows.rs (rule 6)", rules::sql);
}

#[test]
fn a_flow_opens_one_transaction() {
    hold_everywhere("a flow opens at most one transaction (rule 4)", rules::transactions);
}

#[test]
fn libraries_stay_in_their_rooms() {
    hold_everywhere(
        "engines only in the store, upstream only through wechat (rules 6 and 8)",
        rules::libraries,
    );
}

#[test]
fn released_migrations_are_never_edited() {
    let folder = "crates/store/migrations";
    let paths = source::files(&root(), folder, &|name| name.ends_with(".sql"));
    if paths.is_empty() {
        return;
    }
    let file = |path: &String| {
        let name = path.strip_prefix(&format!("{folder}/")).expect("it lies in the folder").to_owned();
        (name, fs::read(root().join(path)).expect("a migration"))
    };
    let checksums = fs::read_to_string(root().join(folder).join("CHECKSUMS")).unwrap_or_default();
    hold(
        "released migrations never change",
        &rules::migrations(&checksums, &paths.iter().map(file).collect::<Vec<_>>()),
    );
}

#[test]
fn nothing_is_left_over() {
    let endings =
        [".rs", ".sql", ".sh", ".toml", ".yml", ".yaml", ".ts", ".tsx", ".js", ".wxml", ".wxss", ".md"];
    let is_ours =
        |name: &str| name == "Makefile" || name == "Dockerfile" || endings.iter().any(|e| name.ends_with(e));
    let paths = source::files(&root(), "", &is_ours);
    assert!(paths.len() > 9, "the files were not found: {paths:?}");
    let findings: Vec<String> = paths.iter().flat_map(|path| rules::leftovers(path, &read(path))).collect();
    hold("nothing is put off, switched off, or true on one machine only", &findings);
}
