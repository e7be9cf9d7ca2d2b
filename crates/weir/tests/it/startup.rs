//! What stops a start, and what is said then.

use crate::process::{Ended, SECRET, run};

/// Refused before anything is ready, with these words.
#[track_caller]
fn refused(ended: &Ended, words: &[&str]) {
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(!ended.stdout.contains("ready"), "nothing is ready: {ended:?}");
    assert!(ended.stderr.starts_with("weir: ") && ended.stderr.lines().count() == 1, "{ended:?}");
    for word in words {
        assert!(ended.stderr.contains(word), "{word}: {ended:?}");
    }
}

#[test]
fn a_weak_or_missing_secret_is_refused_with_a_way_to_mend_it() {
    let cases = [
        ("", "is missing"),
        ("short", "needs at least 32"),
        ("changemechangemechangemechangeme", "too easy to guess"),
        ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "too easy to guess"),
    ];
    for (secret, why) in cases {
        let ended = run(&["serve"], &[("JWT_SECRET", secret), ("API_PORT", "0")]);
        refused(&ended, &["JWT_SECRET", "openssl rand -base64 48", why]);
        assert!(ended.stdout.is_empty(), "{ended:?}");
        assert!(secret.is_empty() || !ended.stderr.contains(secret), "the secret is quoted: {ended:?}");
    }
    refused(&run(&["serve"], &[("API_PORT", "0")]), &["JWT_SECRET", "is missing", "openssl rand"]);
}

#[test]
fn a_misspelt_setting_names_the_one_that_was_meant() {
    let ended = run(&["serve"], &[("JWT_SECRET", SECRET), ("WEIR_SERVER__PROT", "1")]);
    refused(&ended, &["WEIR_SERVER__PROT", "WEIR_SERVER__PORT"]);
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("weir.toml");
    std::fs::write(&file, format!("[auth]\njwt_secrt = \"{SECRET}\"\n")).unwrap();
    let ended = run(&["serve", "--config", file.to_str().unwrap()], &[]);
    refused(&ended, &["weir.toml", "auth.jwt_secrt", "auth.jwt_secret"]);
    assert!(!ended.stderr.contains(SECRET), "{ended:?}");
}

#[test]
fn an_app_without_its_secret_names_the_variable_that_is_missing() {
    let ended = run(&["serve"], &[("JWT_SECRET", SECRET), ("WX_APPID", "wx1000000000000001")]);
    refused(&ended, &["apps.mini.secret", "WX_SECRET"]);
}

#[test]
fn a_port_that_is_taken_is_answered_with_the_ways_to_choose_another() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let ended = run(&["serve"], &[("JWT_SECRET", SECRET), ("API_PORT", &port)]);
    refused(&ended, &[&port, "--port", "API_PORT"]);
    let ended = run(&["simulate", "--port", &port], &[]);
    refused(&ended, &[&port, "--port"]);
    let ended = run(&["demo", "--port", "0", "--simulator-port", &port], &[]);
    refused(&ended, &[&port, "--simulator-port"]);
}

#[test]
fn a_settings_file_that_cannot_be_read_is_named() {
    let variables = [("JWT_SECRET", SECRET)];
    refused(&run(&["serve", "--config", "/no/such/weir.toml"], &variables), &["/no/such/weir.toml"]);
    refused(&run(&["serve", "--config", "/"], &variables), &["/: the settings file cannot be read"]);
    let missing = run(&["serve"], &[("JWT_SECRET_FILE", "/no/such/secret")]);
    refused(&missing, &["JWT_SECRET_FILE", "/no/such/secret"]);
    refused(&run(&["simulate", "--world", "/no/such/world.toml"], &[]), &["/no/such/world.toml"]);
}

#[test]
fn a_database_that_cannot_be_opened_is_named_without_its_password() {
    for (url, word) in [
        ("sqlite:/proc/no/weir.db", "/proc/no"),
        ("postgres://weir:hunter2@127.0.0.1:1/weir", "database.url"),
        ("mysql://weir:hunter2@127.0.0.1/weir", "postgres://"),
    ] {
        let ended =
            run(&["serve"], &[("JWT_SECRET", SECRET), ("API_PORT", "0"), ("WEIR_DATABASE__URL", url)]);
        refused(&ended, &[word]);
        assert!(!ended.stderr.contains("hunter2"), "{ended:?}");
    }
}
