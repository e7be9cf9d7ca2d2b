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
        // Nobody has to let WeChat push.
        let (push, rest): (Vec<_>, Vec<_>) = findings.iter().partition(|finding| finding["check"] == "push mini");
        says(push[0], "fix", "URL http://127.0.0.1:8080/wechat/push/mini");
        assert!(rest.iter().all(|finding| finding["status"] == "ok"), "{findings:?}");
        assert_eq!(code, Some(0));
        let checks: Vec<_> = findings.iter().map(|finding| finding["check"].as_str().unwrap()).collect();
        assert_eq!(checks, ["settings", "database", "clock", "app mini", "quota mini", "push mini"]);

        let directory = tempfile::tempdir().unwrap();
        let told = doctor(directory.path(), &[], &variables).well();
        assert_eq!(told.lines().filter(|line| line.starts_with("✓ ")).count(), rest.len(), "{told}");
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
fn a_star_for_every_origin_is_a_warning_and_named_origins_are_none() {
    let simulator = Simulator::start();
    let at = ("WEIR_WECHAT__API_BASE", simulator.base.as_str());
    let of = |origins: &'static str| {
        let (findings, code) = findings(&[at, ("CORS_ORIGIN", origins)]);
        assert_eq!(code, Some(0), "{findings:?}");
        findings.into_iter().find(|finding| finding["check"] == "origins")
    };
    for all in ["*", "https://app.example.com,*"] {
        let finding = of(all).expect("a finding");
        assert_eq!(finding["status"], "warning", "{finding}");
        says(&finding, "detail", "none of them with cookies");
        says(&finding, "fix", "CORS_ORIGIN=https://app.example.com");
    }
    assert_eq!(of("https://app.example.com"), None);
    let directory = tempfile::tempdir().unwrap();
    let chinese = doctor(directory.path(), &["--lang", "zh"], &[at, ("CORS_ORIGIN", "*")]);
    assert!(
        chinese.stdout.contains("! origins: ") && chinese.stdout.contains("请写明页面的来源"),
        "{chinese:?}"
    );
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

/// Settings with the demo world's three apps, whose domains are as given.
fn three_apps(simulator: &Simulator, callback: &str, jssdk: &str, web: &str) -> String {
    let app = |name: &str, kind: &str, appid: &str| {
        format!(
            "[[apps]]\nname = \"{name}\"\nkind = \"{kind}\"\nappid = \"{appid}\"\nsecret = \"demo-secret-{name}\"\n\
             callback_domains = {callback}\njssdk_domains = {jssdk}\n"
        )
    };
    format!(
        "[web]\n{web}\n[wechat]\napi_base = \"{base}\"\nopen_base = \"{base}\"\n{}{}{}",
        app("mini", "mini_program", "wx1000000000000001"),
        app("official", "official_account", "wx2000000000000002"),
        app("website", "website", "wx3000000000000003"),
        base = simulator.base,
    )
}

/// What the doctor finds with this settings file.
fn found(directory: &Path, file: &str, language: &str) -> (Vec<Value>, Option<i32>) {
    use std::os::unix::fs::PermissionsExt;
    let path = directory.join("weir.toml");
    std::fs::write(&path, file).expect("written");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("closed to others");
    let ended = run_in(directory, &["doctor", "--json", "--lang", language], &[("JWT_SECRET", SECRET)]);
    let findings = serde_json::from_str(&ended.stdout).unwrap_or_else(|_| panic!("{ended:?}"));
    (findings, ended.code)
}

#[track_caller]
fn check<'a>(findings: &'a [Value], name: &str) -> &'a Value {
    let found = findings.iter().find(|finding| finding["check"] == name);
    found.unwrap_or_else(|| panic!("{name} was not looked at: {findings:#?}"))
}

const HERE: &str = "public_url = \"http://127.0.0.1:8080\"";

#[test]
fn every_app_is_looked_at_with_what_its_kind_needs() {
    let (simulator, directory) = (Simulator::start(), tempfile::tempdir().unwrap());
    let domains = "[\"127.0.0.1\", \"localhost\"]";
    let (findings, code) = found(directory.path(), &three_apps(&simulator, domains, domains, HERE), "en");
    assert_eq!(code, Some(0), "{findings:#?}");
    for name in [
        "app mini",
        "app official",
        "ticket official",
        "callback official",
        "callback website",
        "js-sdk official",
    ] {
        assert_eq!(check(&findings, name)["status"], "ok", "{findings:#?}");
    }
    assert_eq!(check(&findings, "app website")["status"], "skipped");
    assert_eq!(check(&findings, "unionid mini")["status"], "skipped", "nobody has logged in yet");
}

#[test]
fn a_callback_that_wechat_would_not_send_people_back_to_is_found_before_anybody_sees_its_page() {
    let (simulator, directory) = (Simulator::start(), tempfile::tempdir().unwrap());
    let elsewhere = "redirect_uri = \"https://id.example.com/api/wechat/callback\"";
    // What the settings tell of the console contradicts the callback.
    let told = three_apps(&simulator, "[\"www.example.com\"]", "[]", elsewhere);
    let (findings, code) = found(directory.path(), &told, "en");
    assert_eq!(code, Some(1));
    for name in ["callback official", "callback website"] {
        let finding = check(&findings, name);
        assert_eq!(finding["status"], "failing", "{finding}");
        says(finding, "detail", "id.example.com");
        says(finding, "fix", "type id.example.com into WeChat's console");
    }
    assert_eq!(check(&findings, "js-sdk official")["status"], "warning");
    // The settings tell nothing: WeChat's own page is asked.
    let (findings, code) = found(directory.path(), &three_apps(&simulator, "[]", "[]", elsewhere), "en");
    assert_eq!(code, Some(1));
    let finding = check(&findings, "callback official");
    assert_eq!(finding["status"], "failing", "{finding}");
    says(finding, "detail", "10003");
    says(finding, "fix", "网页授权域名");
    assert_eq!(check(&findings, "callback website")["status"], "failing");
}

#[test]
fn pages_of_ours_outside_the_js_sdk_domains_are_a_warning() {
    let (simulator, directory) = (Simulator::start(), tempfile::tempdir().unwrap());
    let file = three_apps(&simulator, "[]", "[\"shop.example.com\"]", HERE);
    let (findings, code) = found(directory.path(), &file, "en");
    let finding = check(&findings, "js-sdk official");
    assert_eq!((&finding["status"], code), (&json!("warning"), Some(0)), "{findings:#?}");
    says(finding, "fix", "type 127.0.0.1 into WeChat's console");
}

#[test]
fn findings_are_told_in_chinese_to_whoever_reads_it() {
    let (simulator, directory) = (Simulator::start(), tempfile::tempdir().unwrap());
    let file = three_apps(&simulator, "[\"www.example.com\"]", "[]", HERE);
    let (findings, _) = found(directory.path(), &file, "zh");
    says(check(&findings, "app mini"), "detail", "微信认可");
    says(check(&findings, "callback official"), "fix", "请把 127.0.0.1 填入微信后台");
    let same = |variables: &[(&str, &str)], arguments: &[&str]| {
        let variables = [&[("JWT_SECRET", SECRET)], variables].concat();
        run_in(directory.path(), &[&["doctor"], arguments].concat(), &variables).stdout
    };
    for (variables, arguments, chinese) in [
        (&[("LANG", "zh_CN.UTF-8")][..], &[][..], true),
        (&[("LANG", "en_US.UTF-8")], &[], false),
        (&[("LANG", "zh_CN.UTF-8"), ("LC_ALL", "C")], &[], false),
        (&[("LANG", "zh_CN.UTF-8")], &["--lang", "en"], false),
        (&[], &[], false),
    ] {
        assert_eq!(same(variables, arguments).contains("微信认可"), chinese, "{variables:?} {arguments:?}");
    }
}

#[tokio::test]
async fn what_wechat_says_of_an_account_is_told_with_how_to_mend_it() {
    let (simulator, directory) = (Simulator::start(), tempfile::tempdir().unwrap());
    let domains = "[\"127.0.0.1\"]";
    let file = three_apps(&simulator, domains, domains, HERE);
    for (path, errcode, name, word) in [
        ("/cgi-bin/stable_token", 40243, "app official", "unfreeze"),
        ("/cgi-bin/stable_token", 45009, "app official", "midnight in Beijing"),
        ("/cgi-bin/stable_token", 50002, "app official", "return codes"),
        ("/cgi-bin/ticket/getticket", 48001, "ticket official", "certified service account"),
        ("/cgi-bin/openapi/quota/get", 45009, "quota official", "midnight in Beijing"),
    ] {
        let fault = json!({ "path": path, "kind": "errcode", "errcode": errcode, "appid": "official" });
        simulator.control("/_sim/faults", &fault).await;
        let (findings, code) = found(directory.path(), &file, "en");
        simulator.client.delete("/_sim/faults").await;
        let finding = check(&findings, name);
        assert_eq!((&finding["status"], code), (&json!("failing"), Some(1)), "{errcode}: {findings:#?}");
        says(finding, "detail", &errcode.to_string());
        says(finding, "fix", word);
    }
}

#[tokio::test]
async fn an_app_that_is_not_bound_to_the_open_platform_shows_in_its_people() {
    let (simulator, directory) = (Simulator::start(), tempfile::tempdir().unwrap());
    let file = three_apps(&simulator, "[]", "[]", HERE);
    std::fs::write(directory.path().join("weir.toml"), &file).unwrap();
    let log_in = async |person: &str| {
        let mut process = crate::process::Process::start(crate::process::weir(
            directory.path(),
            &["serve", "--port", "0"],
            &[("JWT_SECRET", SECRET)],
        ));
        let client = weir_testkit::Client::new(process.wait_for("weir is ready at "));
        crate::process::log_in(&client, &simulator.client, person).await;
    };
    simulator.control("/_sim/apps", &json!({ "name": "mini", "open_platform": null })).await;
    log_in("alice").await;
    let (findings, code) = found(directory.path(), &file, "en");
    let finding = check(&findings, "unionid mini");
    assert_eq!((&finding["status"], code), (&json!("warning"), Some(0)), "{findings:#?}");
    says(finding, "fix", "bind it in WeChat's open platform");
    simulator.control("/_sim/apps", &json!({ "name": "mini", "open_platform": "default" })).await;
    log_in("bob").await;
    assert_eq!(check(&found(directory.path(), &file, "en").0, "unionid mini")["status"], "ok");
}

#[tokio::test]
async fn what_to_type_into_wechats_console_is_told() {
    let simulator = Simulator::start();
    let directory = tempfile::tempdir().unwrap();
    let app = |more: &str| {
        format!(
            "[web]\npublic_url = \"https://id.example.com\"\n[wechat]\napi_base = \"{}\"\n[[apps]]\nname = \"mini\"\n\
             kind = \"mini_program\"\nappid = \"{MINI}\"\nsecret = \"{MINI_SECRET}\"\n{more}\n",
            simulator.base
        )
    };
    let key = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
    let file = directory.path().join("weir.toml");
    let told = |more: &str, language: &str| {
        std::fs::write(&file, app(more)).unwrap();
        let ended =
            run_in(directory.path(), &["doctor", "--json", "--lang", language], &[("JWT_SECRET", SECRET)]);
        assert!(!ended.stdout.contains(key) && !ended.stdout.contains("Token7"), "{ended:?}");
        let findings: Vec<Value> =
            serde_json::from_str(&ended.stdout).unwrap_or_else(|_| panic!("{ended:?}"));
        let wanted = |finding: &&Value| finding["check"] == "push mini" || finding["check"] == "settings";
        findings.iter().rfind(wanted).expect("a finding").clone()
    };
    let complete = format!("token = \"Token7\"\naes_key = \"{key}\"");
    let finding = told(&complete, "en");
    assert_eq!(finding["status"], "ok", "{finding}");
    says(&finding, "detail", "URL https://id.example.com/wechat/push/mini");
    says(&told(&complete, "zh"), "detail", "安全模式");
    let plain = told("token = \"Token7\"", "en");
    assert_eq!(plain["status"], "warning", "{plain}");
    says(&plain, "fix", "set apps.mini.aes_key");
    for (wrong, word) in [
        ("token = \"a-b\"", "apps.mini.token must be 3 to 32 letters and digits"),
        ("token = \"ab\"", "apps.mini.token must be 3 to 32 letters and digits"),
        ("token = \"Token7\"\naes_key = \"short\"", "apps.mini.aes_key must be 43 letters and digits"),
        (&format!("aes_key = \"{key}\""), "apps.mini.aes_key needs apps.mini.token"),
    ] {
        let finding = told(wrong, "en");
        assert_eq!(finding["status"], "failing", "{wrong}: {finding}");
        says(&finding, "detail", word);
    }
}
