//! Commands that say something and end.

use clap::CommandFactory;
use weir::cli::Cli;
use weir_testkit::TestDatabase;

use crate::process::{SECRET, run, run_in};

weir_testkit::engines! {
    async fn migrating_twice_changes_nothing_the_second_time(engine) {
        let Some(database) = TestDatabase::create(engine).await else { return };
        let variables = [("WEIR_DATABASE__URL", database.url())];
        let first = run(&["migrate"], &variables).well();
        assert!(first.starts_with("applied: ") && first.lines().count() == 1, "{first}");
        let before = database.dump().await;
        assert_eq!(run(&["migrate"], &variables).well(), "the database is up to date\n");
        assert_eq!(database.dump().await, before);
    }
}

#[test]
fn settings_are_shown_with_their_origin_and_without_secrets() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("weir.toml"), "[server]\naddress = \"0.0.0.0\"\n").unwrap();
    let variables = [
        ("JWT_SECRET", SECRET),
        ("WX_APPID", "wx1000000000000001"),
        ("WX_SECRET", "a-very-secret-app"),
        ("WEIR_SERVER__PORT", "9000"),
        ("WEIR_DATABASE__URL", "postgres://weir:hunter2@db/weir"),
    ];
    let said = run_in(directory.path(), &["config"], &variables).well();
    for (key, shown, origin) in [
        ("auth.jwt_secret", "••••", "environment JWT_SECRET"),
        ("apps.mini.secret", "••••", "environment WX_SECRET"),
        ("apps.mini.appid", "wx1000000000000001", "environment WX_APPID"),
        ("server.port", "9000", "environment WEIR_SERVER__PORT"),
        ("server.address", "0.0.0.0", "weir.toml"),
        ("database.url", "postgres://weir:••••@db/weir", "environment WEIR_DATABASE__URL"),
        ("log.level", "info", "default"),
    ] {
        let line = said.lines().find(|line| line.split_whitespace().next() == Some(key)).expect(key);
        let words: Vec<_> = line.split("  ").map(str::trim).filter(|word| !word.is_empty()).collect();
        assert_eq!(words, [key, shown, origin], "{line}");
    }
    for secret in [SECRET, "a-very-secret-app", "hunter2"] {
        assert!(!said.contains(secret), "{said}");
    }
}

#[test]
fn the_api_description_is_the_committed_one() {
    assert_eq!(run(&["openapi"], &[]).well(), include_str!("../../../../api/openapi.json"));
}

/// Every command with its subcommands, by its words.
fn commands(command: &mut clap::Command, words: &str, found: &mut Vec<(String, String)>) {
    found.push((words.to_owned(), command.render_long_help().to_string()));
    for sub in command.get_subcommands_mut().filter(|sub| sub.get_name() != "help") {
        let words = format!("{words} {}", sub.get_name());
        commands(sub, &words, found);
    }
}

#[test]
fn every_help_shows_an_example_of_its_command() {
    let mut root = Cli::command();
    root.build();
    let mut found = Vec::new();
    commands(&mut root, "weir", &mut found);
    assert!(found.len() >= 12, "{found:?}");
    for (words, help) in found {
        let examples = help.split_once("Examples:").map(|(_, examples)| examples);
        assert!(examples.is_some_and(|examples| examples.contains(&words)), "{words}: {help}");
    }
    let said = run(&["serve", "--help"], &[]).well();
    assert!(said.contains("Examples:") && said.contains("weir serve"), "{said}");
}

#[test]
fn a_command_that_does_not_exist_is_answered_with_the_usage() {
    let ended = run(&["sreve"], &[]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stderr.contains("serve") && ended.stdout.is_empty(), "{ended:?}");
}
