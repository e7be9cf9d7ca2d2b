use std::fs;

use weir_core::AppKind;

use super::*;

const SECRET: &str = "Zk3vQ9sWm2Xc7Lr8Td1Yb6Nh4Gp5Jf0U";

fn environment(variables: &[(&str, &str)]) -> Vec<(String, String)> {
    variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// Settings from a file with this text (none when empty) and these variables.
fn load(text: &str, variables: &[(&str, &str)]) -> Result<Config, String> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("weir.toml");
    let file = if text.is_empty() { File::None } else { File::Named(path.clone()) };
    fs::write(&path, text).unwrap();
    let config = Config::load(&Sources { file, environment: environment(variables), fixed: Vec::new() });
    config.map_err(|error| error.replace(&format!("{}/", directory.path().display()), ""))
}

fn error(text: &str, variables: &[(&str, &str)]) -> String {
    load(text, variables).err().expect("these settings must be refused")
}

fn entry<'c>(config: &'c Config, key: &str) -> &'c Entry {
    config.entries.iter().find(|entry| entry.key == key).unwrap_or_else(|| panic!("no {key}"))
}

#[test]
fn nothing_set_gives_the_defaults_and_says_so() {
    let config = load("", &[]).unwrap();
    assert_eq!((config.server.port, config.database.url.expose()), (8080, "sqlite:weir.db"));
    assert!(config.core.apps.is_empty() && config.secret_files.is_empty());
    let port = entry(&config, "server.port");
    assert_eq!((&*port.shown, &*port.origin), ("8080", "default"));
}

#[test]
fn a_flag_beats_the_environment_beats_an_alias_beats_the_file() {
    let file = "[server]\nport = 1001\naddress = \"0.0.0.0\"\n";
    let port = |variables: &[(&str, &str)], fixed: Vec<Layer>| {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("weir.toml");
        fs::write(&path, file).unwrap();
        let sources = Sources { file: File::Named(path), environment: environment(variables), fixed };
        let config = Config::load(&sources).unwrap();
        assert_eq!(config.server.address, "0.0.0.0");
        (config.server.port, entry(&config, "server.port").origin.clone())
    };
    assert_eq!(port(&[], Vec::new()).0, 1001);
    let alias = ("API_PORT", "1002");
    assert_eq!(port(&[alias], Vec::new()), (1002, "environment API_PORT".to_owned()));
    let ours = ("WEIR_SERVER__PORT", "1003");
    assert_eq!(port(&[ours, alias], Vec::new()), (1003, "environment WEIR_SERVER__PORT".to_owned()));
    let flag = vec![Layer::new("--port").with("server.port", 1004u16)];
    assert_eq!(port(&[alias, ours], flag), (1004, "--port".to_owned()));
}

#[test]
fn values_of_the_environment_take_the_type_of_their_setting() {
    let config = load(
        "",
        &[
            ("JWT_SECRET", "12345678901234567890123456789012"),
            ("JWT_EXPIRES_IN", "604800"),
            ("CORS_ORIGIN", "https://a.example, https://b.example"),
            ("WEIR_SANDBOX", "true"),
            ("WEIR_LIMITS__ENABLED", "off"),
            ("WEIR_AUTH__JWT_ALGORITHM", "EdDSA"),
        ],
    )
    .unwrap();
    assert_eq!(config.core.auth.jwt_secret.expose(), "12345678901234567890123456789012");
    assert_eq!(config.core.auth.expires_in.0.as_secs(), 604_800);
    assert_eq!(config.server.cors_origins, ["https://a.example", "https://b.example"]);
    assert!(config.core.sandbox && !config.core.limits.enabled);
}

#[test]
fn published_names_make_an_app() {
    let config = load(
        "",
        &[("WX_APPID", "wx1"), ("WX_SECRET", "s1"), ("WECHAT_APP_ID", "wx2"), ("WECHAT_APP_SECRET", "s2")],
    );
    let apps = config.unwrap().core.apps;
    let told: Vec<_> =
        apps.iter().map(|app| (&*app.name, app.kind, &*app.appid, app.secret.expose())).collect();
    let mini = ("mini", AppKind::MiniProgram, "wx1", "s1");
    assert_eq!(told, [mini, ("official", AppKind::OfficialAccount, "wx2", "s2")]);
}

#[test]
fn published_names_change_the_only_app_of_their_kind() {
    let file = "[[apps]]\nname = \"shop\"\nkind = \"mini_program\"\nappid = \"wxfile\"\nsecret = \"old\"\n";
    let config = load(file, &[("WX_SECRET", "new"), ("WECHAT_SECRET", "beaten")]).unwrap();
    let [shop] = &config.core.apps[..] else { panic!("one app") };
    assert_eq!((&*shop.name, &*shop.appid, shop.secret.expose()), ("shop", "wxfile", "new"));
    assert_eq!(entry(&config, "apps.shop.secret").origin, "environment WX_SECRET");
    let ours = load(file, &[("WX_SECRET", "new"), ("WEIR_APPS__SHOP__SECRET", "ours")]).unwrap();
    assert_eq!(ours.core.apps[0].secret.expose(), "ours");
}

#[test]
fn apps_keep_the_order_of_the_file() {
    let app = |name: &str| {
        format!("[[apps]]\nname = \"{name}\"\nkind = \"website\"\nappid = \"wx{name}\"\nsecret = \"s\"\n")
    };
    let config = load(&["zebra", "ant", "mole"].map(app).concat(), &[]).unwrap();
    let names: Vec<_> = config.core.apps.iter().map(|app| &*app.name).collect();
    assert_eq!(names, ["zebra", "ant", "mole"]);
}

#[test]
fn an_app_that_lacks_something_names_it_and_the_ways_to_give_it() {
    let lacking = error("", &[("WX_APPID", "wx1")]);
    assert!(lacking.contains("apps.mini.secret is missing") && lacking.contains("WX_SECRET"), "{lacking}");
    let nameless = error("[[apps]]\nkind = \"website\"\n", &[]);
    assert!(nameless.contains("needs a name"), "{nameless}");
    let twice = "[[apps]]\nname = \"a\"\nkind = \"website\"\n[[apps]]\nname = \"a\"\nkind = \"website\"\n";
    assert!(error(twice, &[]).contains("twice"));
}

#[test]
fn secrets_may_be_kept_elsewhere() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("jwt");
    fs::write(&file, format!("{SECRET}\n")).unwrap();
    let text = format!("[auth]\njwt_secret = {{ file = {file:?} }}\nseal_secret = {{ env = \"SEAL\" }}\n");
    let config = load(&text, &[("SEAL", "sealing")]).unwrap();
    assert_eq!(config.core.auth.jwt_secret.expose(), SECRET);
    assert_eq!(config.core.auth.seal_secret.as_ref().map(weir_base::Secret::expose), Some("sealing"));
    // The settings file itself holds none of them.
    assert_eq!(config.secret_files, std::slice::from_ref(&file));

    let path = file.display().to_string();
    for name in ["JWT_SECRET_FILE", "WEIR_AUTH__JWT_SECRET_FILE"] {
        let config = load("", &[(name, &path)]).unwrap();
        assert_eq!(config.core.auth.jwt_secret.expose(), SECRET, "{name}");
    }
    assert!(error("", &[("JWT_SECRET_FILE", &path), ("JWT_SECRET", "x")]).contains("both set"));
    assert!(error("", &[("JWT_SECRET_FILE", "/no/such/file")]).contains("/no/such/file"));
    assert!(error("[auth]\njwt_secret = { env = \"NOT_THERE\" }\n", &[]).contains("NOT_THERE"));
}

#[test]
fn unknown_keys_are_named_with_their_place_and_the_nearest_known_one() {
    let typo = error("[auth]\njwt_secrt = \"x\"\n", &[]);
    assert!(
        typo.contains("weir.toml")
            && typo.contains("\"auth.jwt_secrt\"")
            && typo.contains("auth.jwt_secret?"),
        "{typo}"
    );
    let section = error("[sever]\nport = 1\n", &[]);
    assert!(section.contains("did you mean server.port?"), "{section}");
    let variable = error("", &[("WEIR_AUTH__JWT_SECRT", "x")]);
    assert!(
        variable.contains("WEIR_AUTH__JWT_SECRT") && variable.contains("did you mean WEIR_AUTH__JWT_SECRET?"),
        "{variable}"
    );
    let underscore = error("", &[("WEIR_SERVER_PORT", "1")]);
    assert!(underscore.contains("WEIR_SERVER__PORT"), "{underscore}");
    // What orchestrators and our own tests put there is none of our settings.
    assert!(
        load("", &[("WEIR_SERVICE_HOST", "10.0.0.1"), ("WEIR_REQUIRE_POSTGRES", "1"), ("REDIS_HOST", "r")])
            .is_ok()
    );
}

#[test]
fn wrong_values_are_named_with_their_place_and_secrets_are_not_quoted() {
    let port = error("", &[("API_PORT", "eighty")]);
    assert!(port.contains("API_PORT") && port.contains("whole number"), "{port}");
    let large = error("[server]\nport = 70000\n", &[]);
    assert!(large.contains("weir.toml: server.port: invalid value"), "{large}");
    let span = error("[auth]\nexpires_in = \"soon\"\n", &[]);
    assert!(span.contains("auth.expires_in") && span.contains("7d, 24h"), "{span}");
    let algorithm = error("[auth]\njwt_algorithm = \"none\"\n", &[]);
    assert!(algorithm.contains("auth.jwt_algorithm") && algorithm.contains("HS256"), "{algorithm}");
    let number = error("[auth]\njwt_secret = 123456789\n", &[]);
    assert!(number.contains("auth.jwt_secret") && !number.contains("123456789"), "{number}");
    let syntax = error("[auth]\njwt_secret = \"hunter2\n", &[]);
    assert!(syntax.contains("weir.toml, line 2") && !syntax.contains("hunter2"), "{syntax}");
    assert!(error("[apps]\nname = \"x\"\n", &[]).contains("[[apps]]"));
}

#[test]
fn secrets_are_masked_wherever_they_came_from() {
    let file = format!(
        "[database]\nurl = \"postgres://weir:hunter2@db/weir\"\n[auth]\njwt_secret = \"{SECRET}\"\n\
         jwt_previous_secrets = [\"older-one\", \"older-two\"]\n[[apps]]\nname = \"a\"\nkind = \"website\"\n\
         appid = \"wx1\"\nsecret = \"topsecret\"\ntoken = \"pushtoken\"\n"
    );
    let config = load(&file, &[("WEIR_AUTH__SEAL_SECRET", "sealing")]).unwrap();
    let all = format!("{:?}", config.entries);
    for secret in ["hunter2", SECRET, "older-", "topsecret", "pushtoken", "sealing"] {
        assert!(!all.contains(secret), "{secret}");
    }
    assert_eq!(entry(&config, "auth.jwt_previous_secrets").shown, "••••, ••••");
    assert_eq!(entry(&config, "apps.a.secret").shown, "••••");
    assert_eq!(entry(&config, "apps.a.aes_key").shown, "(none)");
    assert_eq!(config.secret_files.len(), 1);
}

#[test]
fn a_file_that_is_named_must_be_there() {
    let sources = Sources { file: File::Named("/no/such/weir.toml".into()), ..Sources::default() };
    assert!(Config::load(&sources).err().is_some_and(|error| error.contains("/no/such/weir.toml")));
}

#[test]
fn a_log_level_that_is_none_is_refused_instead_of_silencing_the_log() {
    for level in ["banana", "info,hyper", "info,"] {
        let said = error("", &[("WEIR_LOG__LEVEL", level)]);
        assert!(said.starts_with("environment WEIR_LOG__LEVEL: log.level: "), "{level:?}: {said}");
        assert!(said.contains("error, warn, info, debug"), "{level:?}: {said}");
    }
    for level in ["off", "warn", "info,weir_wechat=debug", "WARN, weir=info"] {
        assert_eq!(load("", &[("WEIR_LOG__LEVEL", level)]).unwrap().log.level, level);
    }
}

#[test]
fn templates_are_read_from_the_file_with_what_they_leave_out() {
    use std::time::Duration;

    use weir_core::message::{Source, TemplateKind, template};
    let text = "[[apps]]\nname = \"mini\"\nkind = \"mini_program\"\nappid = \"wx1000000000000001\"\nsecret = \"s\"\n\
        [[templates]]\nid = \"Abc-_1\"\napp = \"mini\"\nkind = \"long_term\"\nexpires_after = \"1h\"\n\
        fields = { thing9 = \"name\" }\ntexts = { new_view_resume = \"hello\" }\n[[templates]]\nid = \"other\"\nat_least_once = true\n";
    let core = load(text, &[]).unwrap().core;
    let long = template(&core, "wx1000000000000001", "Abc-_1");
    assert_eq!((long.kind, long.at_least_once), (TemplateKind::LongTerm, false));
    assert_eq!(long.expires_after.unwrap().0, Duration::from_secs(3600));
    assert_eq!(long.fields.iter().collect::<Vec<_>>(), [(&"thing9".to_owned(), &Source::Name)]);
    assert_eq!(long.texts["new_view_resume"], "hello");
    let other = template(&core, "wx1000000000000001", "other");
    assert!(other.at_least_once && other.needs_credit() && other.fields.len() == 4);
    assert!(template(&core, "wx2", "Abc-_1").needs_credit(), "the template of another app");
    let shown = load(text, &[]).unwrap();
    assert_eq!(entry(&shown, "templates.Abc-_1.fields").shown, "{ thing9 = \"name\" }");
}

#[test]
fn wrong_templates_are_refused_with_what_is_wrong() {
    for (text, wrong) in [
        ("[[templates]]\nkind = \"long_term\"\n", "needs its id"),
        ("[[templates]]\nid = \"a\"\nkin = \"x\"\n", "did you mean templates.a.kind"),
        ("[[templates]]\nid = \"a\"\nkind = \"twice\"\n", "templates.a.kind"),
        ("[[templates]]\nid = \"a\"\nfields = { thing1 = \"age\" }\n", "templates.a.fields"),
        ("[[templates]]\nid = \"a\"\nfields = { thing1 = 1 }\n", "it must be a table of texts"),
        (
            "[[templates]]\nid = \"a\"\nstrict = true\n[[templates]]\nid = \"a\"\nstrict = true\n",
            "is there twice",
        ),
        ("[engagement]\nquiet_hours = \"at night\"\n", "22:00-08:00"),
        ("[templates]\nid = \"a\"\n", "[[templates]]"),
    ] {
        assert!(error(text, &[]).contains(wrong), "{text}: {}", error(text, &[]));
    }
    assert!(error("", &[("WEIR_TEMPLATES__A__KIND", "long_term")]).contains("in the file only"));
}
