//! Pages made from the settings' own words: the reference and the example file. `scripts/generated.sh` keeps the
//! committed ones up to date.

use std::fmt::Write;

use weir_base::settings::SettingDoc;

use super::{
    catalogue::{self, Kind, default_words, variable},
    names::{ALIASES, APP_ALIASES, DATABASE, NOT_READ},
    sections::{APP, TEMPLATE},
};

const HEAD: &str = "<!-- Made by `weir config --reference`; change the settings' words in the code, then run `make fmt`. -->\n";

/// Sections with what they are about, in the order of the pages.
const SECTIONS: [(&str, &str); 16] = [
    ("", "Outside all sections"),
    ("database", "Where the data lives"),
    ("server", "Where and how Weir listens"),
    ("wechat", "Where WeChat is, and how patiently it is called"),
    ("web", "Where people reach this server, and where they may be sent from it"),
    ("binding", "Binding WeChat accounts, and signing in with them, by QR code"),
    ("host", "Tokens of the host application, whose users bind their WeChat accounts"),
    ("h5", "Signing in on web pages"),
    ("engagement", "Actions, leads and messages"),
    ("push", "What WeChat pushes to this server"),
    ("auth", "Tokens and what is sealed"),
    ("accounts", "People"),
    ("app_token", "The shared access_token of each app"),
    ("limits", "How much a stranger may ask"),
    ("audit", "The trail of who did what to whom"),
    ("log", "What is written about what happens"),
];

fn section_of(doc: &SettingDoc) -> &'static str {
    doc.key.split_once('.').map_or("", |(section, _)| section)
}

fn words(doc: &SettingDoc) -> &'static str {
    doc.doc.trim()
}

/// `docs/reference/settings.md`
pub fn settings() -> String {
    let mut page = format!("{HEAD}# Settings\n\n");
    page.push_str(
        "One file, `weir.toml` in the working directory or the one named by `--config`; then the environment; then \
         flags. What comes later wins. An unknown key is an error that names the nearest known one. `weir config` \
         shows what is in force and where each value came from.\n\n\
         In the environment a setting is called `WEIR_`, the section, two underscores, the name: `server.port` is \
         `WEIR_SERVER__PORT`. Lists are separated by commas. The names of the published systems fill the same settings \
         ([environment](environment.md)); a `WEIR_` name beats them.\n\n\
         A length of time is written `7d`, `24h`, `90m`, `30s`, `250ms`, or as a number of seconds.\n\n\
         A secret may be kept elsewhere: `{ file = \"path\" }` (relative to the settings file) or `{ env = \"NAME\" }` \
         instead of the text. In the environment, `…_FILE` names a file: `JWT_SECRET_FILE`, \
         `WEIR_AUTH__SEAL_SECRET_FILE`. A line break at the file's end does not count.\n",
    );
    for (section, about) in SECTIONS {
        let title = if section.is_empty() { about.to_owned() } else { format!("`[{section}]`: {about}") };
        let _ = write!(page, "\n## {title}\n\n| setting | takes | default | |\n| --- | --- | --- | --- |\n");
        for doc in catalogue::settings().filter(|doc| section_of(doc) == section) {
            row(&mut page, doc.key, doc);
        }
    }
    page.push_str(
        "\n## `[[apps]]`: WeChat accounts\n\nOne block for each. A login that names no app means the first \
         mini-program. In the environment the name stands between: `WEIR_APPS__MINI__SECRET` is the secret of the app \
         `mini`; where there is no such app it makes one.\n\n| setting | takes | default | |\n| --- | --- | --- | --- |\n",
    );
    for doc in &APP {
        row(&mut page, doc.key, doc);
    }
    page.push_str(
        "\n## `[[templates]]`: templates of subscription messages\n\nOne block for each template that is not as the defaults \
         say; only in the file.\n\n| setting | takes | default | |\n| --- | --- | --- | --- |\n",
    );
    for doc in &TEMPLATE {
        row(&mut page, doc.key, doc);
    }
    page
}

fn row(page: &mut String, key: &str, doc: &SettingDoc) {
    let default = default_words(doc);
    let default = if default.is_empty() { String::new() } else { format!("`{default}`") };
    let _ = writeln!(
        page,
        "| `{key}` | {} | {default} | {} |",
        Kind::of(doc).words(),
        words(doc).replace('|', "\\|")
    );
}

/// `docs/reference/environment.md`
pub fn environment() -> String {
    let mut page = format!("{HEAD}# Environment\n\n");
    page.push_str(
        "Every setting has a name of its own in the environment; the published systems' names fill the same settings. \
         A `WEIR_` name beats a published one, and both beat `weir.toml`. A variable that is empty counts as not set. \
         Secrets have a `…_FILE` twin that names a file holding them.\n\n\
         ## Names of the published systems\n\n| name | fills |\n| --- | --- |\n",
    );
    for alias in &ALIASES {
        let _ = writeln!(page, "| `{}` | `{}` |", alias.name, alias.key);
    }
    let _ = writeln!(page, "| {} | `database.url` |", DATABASE.map(|name| format!("`{name}`")).join(", "));
    for alias in &APP_ALIASES {
        let _ =
            writeln!(page, "| `{}` | `apps.{}.{}` (`{}`) |", alias.name, alias.app, alias.field, alias.kind);
    }
    page.push_str(
        "\n`CORS_ORIGIN` is a list separated by commas, or `*`. `DB_HOST` makes a `postgres://` address, for which \
         `DB_NAME` and `DB_USERNAME` are needed; `DB_PORT` is 5432 unless set.\n\n\
         The names of an app's credentials change the app of that name; else, when the settings file has exactly one app \
         of that kind, that one; else they make a new one. `WX_…` beats `WECHAT_APPID` and `WECHAT_SECRET`. \
         `WECHAT_APP_ID` and `WECHAT_APP_SECRET` are an official account's and never make a mini-program, also when no \
         mini-program is configured: for that set `WX_APPID` and `WX_SECRET`.\n\n\
         Not read yet, and no error: ",
    );
    page.push_str(&NOT_READ.map(|name| format!("`{name}`")).join(", "));
    page.push_str(".\n\n## Every setting\n\n| name | setting |\n| --- | --- |\n");
    for doc in catalogue::settings() {
        let _ = writeln!(page, "| `{}` | `{}` |", variable(doc.key), doc.key);
    }
    for doc in APP.iter().filter(|doc| doc.key != "name") {
        let _ = writeln!(
            page,
            "| `{}` | `{}` of the app `mini` |",
            variable(&format!("apps.mini.{}", doc.key)),
            doc.key
        );
    }
    page
}

/// `deploy/weir.example.toml`: every setting with its default, commented out.
pub fn example() -> String {
    let mut page = String::from(
        "# Every setting of Weir with its default (… where there is none). Copy what you change into weir.toml and\n\
         # take the # away.\n\
         # Made by `weir config --reference example`. More in docs/reference/settings.md.\n",
    );
    for (section, _) in SECTIONS {
        if !section.is_empty() {
            let _ = write!(page, "\n[{section}]\n");
        }
        for doc in catalogue::settings().filter(|doc| section_of(doc) == section) {
            let name = doc.key.rsplit('.').next().unwrap_or_default();
            let _ = write!(page, "\n{}# {name} = {}\n", comment(words(doc)), toml_default(doc));
        }
    }
    page.push_str(
        "\n# A WeChat account. One block for each.\n# [[apps]]\n# name = \"mini\"\n# kind = \"mini_program\"\n\
         # appid = \"wx0123456789abcdef\"\n# secret = { file = \"/run/secrets/mini\" }\n# open_platform = \"default\"\n",
    );
    page.push_str(
        "\n# A template of subscription messages. One block for each that is not as the defaults say.\n# [[templates]]\n\
         # id = \"…\"\n# kind = \"long_term\"\n# fields = { thing1 = \"text\", time2 = \"time\", thing3 = \"phone\", thing7 = \"name\" }\n\
         # texts = { new_view_resume = \"…\" }\n",
    );
    page
}

fn toml_default(doc: &SettingDoc) -> String {
    let default = default_words(doc);
    match Kind::of(doc) {
        _ if doc.default == "None" => "\"…\"".to_owned(),
        Kind::Bool | Kind::Number | Kind::Table => default,
        Kind::Texts | Kind::Secrets => "[]".to_owned(),
        Kind::Text | Kind::Secret | Kind::Span => format!("{default:?}"),
    }
}

/// Lines of at most 110 characters that begin with `# `.
fn comment(text: &str) -> String {
    let mut lines = String::new();
    let mut line = String::from("#");
    for word in text.split_whitespace() {
        if line.chars().count() + 1 + word.chars().count() > 110 {
            lines.push_str(&line);
            lines.push('\n');
            line = String::from("#");
        }
        line.push(' ');
        line.push_str(word);
    }
    lines.push_str(&line);
    lines.push('\n');
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_is_on_every_page() {
        let (settings, environment, example) = (settings(), environment(), example());
        for doc in catalogue::settings() {
            assert!(SECTIONS.iter().any(|(section, _)| *section == section_of(doc)), "{}", doc.key);
            assert!(settings.contains(&format!("| `{}` |", doc.key)), "{}", doc.key);
            assert!(environment.contains(&variable(doc.key)), "{}", doc.key);
        }
        let line_of =
            |doc: &&SettingDoc| format!("\n# {} = ", doc.key.rsplit('.').next().unwrap_or_default());
        let missing: Vec<_> = catalogue::settings().filter(|doc| !example.contains(&line_of(doc))).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }

    #[test]
    fn the_example_file_is_right_once_the_comments_are_taken_away() {
        let uncommented: Vec<&str> = example_lines();
        let table: toml::Table = toml::from_str(&uncommented.join("\n")).expect("the example parses");
        assert_eq!(table["server"]["port"].as_integer(), Some(8080));
        assert_eq!(table["database"]["url"].as_str(), Some("sqlite:weir.db"));
    }

    fn example_lines() -> Vec<&'static str> {
        let page: &'static str = Box::leak(example().into_boxed_str());
        let is_setting = |line: &&str| {
            line.starts_with('[')
                || line
                    .strip_prefix("# ")
                    .is_some_and(|l| l.starts_with("[[") || l.split(' ').nth(1) == Some("="))
        };
        page.lines().filter(is_setting).map(|line| line.trim_start_matches("# ")).collect()
    }
}
