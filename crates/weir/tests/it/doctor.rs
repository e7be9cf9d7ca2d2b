//! `weir doctor`: what is wrong, and how to mend it.

use std::path::Path;

use serde_json::{Value, json};
use weir_testkit::TestDatabase;

use crate::process::{Ended, MINI, MINI_SECRET, SECRET, Simulator, run_in};

fn doctor(directory: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Ended {
    let usual = [("JWT_SECRET", SECRET), ("WX_APPID", MINI), ("WX_SECRET", MINI_SECRET)];
    let kept = usual.iter().filter(|(name, _)| variables.iter().all(|(other, _)| other != name));
    let all: Vec<_> = kept.chain(variables).copied().collect();
    let ended = run_in(directory, &[&["doctor"], arguments].concat(), &all);
    for secret in [SECRET, MINI_SECRET] {
        assert!(!ended.stdout.contains(secret) && !ended.stderr.contains(secret), "{ended:?}");
    }
    ended
}

/// Check, status, detail and fix of every finding, and the exit code.
fn findings(variables: &[(&str, &str)]) -> (Vec<Value>, Option<i32>) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let ended = doctor(directory.path(), &["--json"], variables);
    let findings: Vec<Value> = serde_json::from_str(&ended.stdout).unwrap_or_else(|_| panic!("{ended:?}"));
    for finding in &findings {
        let healthy = finding["status"] == "ok" || finding["status"] == "skipped";
        assert!(
            healthy || finding["fix"].as_str().is_some_and(|fix| !fix.is_empty()),
            "no way to mend it: {finding}"
        );
    }
    (findings, ended.code)
}

/// The only finding that fails, and the exit code that says so.
#[track_caller]
fn failing((findings, code): (Vec<Value>, Option<i32>)) -> Value {
    let failing: Vec<_> = findings.iter().filter(|finding| finding["status"] == "failing").collect();
    assert_eq!((failing.len(), code), (1, Some(1)), "{findings:?}");
    failing[0].clone()
}

#[track_caller]
fn says(finding: &Value, field: &str, word: &str) {
    assert!(finding[field].as_str().is_some_and(|text| text.contains(word)), "{word}: {finding}");
}

weir_testkit::engines! {
    async fn a_healthy_place_is_told_so(engine) {
        let Some(database) = TestDatabase::create(engine).await else { return };
        let simulator = Simulator::start();
        let variables =
            [("WEIR_WECHAT__API_BASE", simulator.base.as_str()), ("WEIR_DATABASE__URL", database.url())];
        let (findings, code) = findings(&variables);
        assert!(findings.iter().all(|finding| finding["status"] == "ok"), "{findings:?}");
        assert_eq!(code, Some(0));
        let checks: Vec<_> = findings.iter().map(|finding| finding["check"].as_str().unwrap()).collect();
        assert_eq!(checks, ["settings", "database", "clock", "app mini"]);

        let directory = tempfile::tempdir().unwrap();
        let told = doctor(directory.path(), &[], &variables).well();
        assert_eq!(told.lines().filter(|line| line.starts_with("✓ ")).count(), findings.len(), "{told}");
    }
}

#[tokio::test]
async fn an_address_that_is_not_whitelisted_is_named() {
    let simulator = Simulator::start();
    let change = json!({ "name": "mini", "ip_whitelist": ["10.0.0.0/8"] });
    simulator.control("/_sim/apps", &change).await;
    let variables = [("WEIR_WECHAT__API_BASE", simulator.base.as_str())];
    let finding = failing(findings(&variables));
    says(&finding, "fix", "add 127.0.0.1 to the IP whitelist");
    says(&finding, "detail", "40164");

    let directory = tempfile::tempdir().unwrap();
    let ended = doctor(directory.path(), &[], &variables);
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.stdout.contains("✗ app mini: ") && ended.stdout.contains("    → add 127.0.0.1"),
        "{ended:?}"
    );
}

#[test]
fn a_wrong_secret_and_a_wrong_appid_are_told_apart() {
    let simulator = Simulator::start();
    let at = ("WEIR_WECHAT__API_BASE", simulator.base.as_str());
    let secret = failing(findings(&[at, ("WX_SECRET", "demo-secret-of-yesterday")]));
    says(&secret, "fix", "AppSecret is wrong");
    assert!(!secret.to_string().contains("yesterday"), "{secret}");
    says(
        &failing(findings(&[at, ("WX_APPID", "wx9999999999999999")])),
        "fix",
        "knows no app wx9999999999999999",
    );
}

#[test]
fn a_wechat_that_is_away_is_told_with_what_to_check() {
    let finding = failing(findings(&[("WEIR_WECHAT__API_BASE", "http://127.0.0.1:1")]));
    says(&finding, "check", "app mini");
    says(&finding, "fix", "check that this machine reaches");
}

#[test]
fn a_database_that_is_away_is_told_without_its_password() {
    let simulator = Simulator::start();
    let at = ("WEIR_WECHAT__API_BASE", simulator.base.as_str());
    for url in ["postgres://weir:hunter2@127.0.0.1:1/weir", "sqlite:/proc/no/weir.db"] {
        let finding = failing(findings(&[at, ("WEIR_DATABASE__URL", url)]));
        says(&finding, "check", "database");
        says(&finding, "fix", "database.url");
        assert!(!finding.to_string().contains("hunter2"), "{finding}");
    }
}

#[test]
fn settings_that_cannot_be_read_are_a_finding_too() {
    says(&failing(findings(&[("API_PORT", "eighty")])), "detail", "API_PORT");
    says(&failing(findings(&[("JWT_SECRET", "")])), "detail", "openssl rand");
}

#[test]
fn a_settings_file_with_secrets_that_others_may_read_is_a_warning() {
    use std::os::unix::fs::PermissionsExt;
    let simulator = Simulator::start();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("weir.toml");
    std::fs::write(&file, format!("[auth]\njwt_secret = \"{SECRET}\"\n")).unwrap();
    let variables = [("WEIR_WECHAT__API_BASE", simulator.base.as_str()), ("JWT_SECRET", "")];
    for (mode, warned) in [(0o644, true), (0o600, false)] {
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        let told = doctor(directory.path(), &[], &variables).well();
        assert_eq!(told.contains("chmod 600 "), warned, "{told}");
    }
}
