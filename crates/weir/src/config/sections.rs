//! The sections that only the binary reads.

use serde::Deserialize;
use weir_base::{
    Secret, settings,
    settings::{SettingDoc, Span},
};

settings! {
    /// Where the data lives.
    pub struct DatabaseSettings in "database" {
        /// `sqlite:FILE` or `postgres://USER:PASSWORD@HOST/NAME`. Also `DB_HOST` and its kin.
        url: Secret = Secret::new("sqlite:weir.db"),
        /// Connections to PostgreSQL at the most.
        pool_size: usize = 16,
    }
}

settings! {
    /// Where WeChat is, and how patiently it is called.
    pub struct WeChatSettings in "wechat" {
        /// The server API. A simulator has another address.
        api_base: String = "https://api.weixin.qq.com".to_owned(),
        /// The pages that people are sent to.
        open_base: String = "https://open.weixin.qq.com".to_owned(),
        /// How long one try of a call may take.
        timeout: Span = Span::seconds(5),
        /// How long opening a connection may take.
        connect_timeout: Span = Span::seconds(3),
        /// How often a call is sent at most, where sending it again is safe.
        tries: u32 = 2,
        /// Calls under way at once at the most. While WeChat stalls, each one more is refused at once (503) instead of
        /// waiting as well.
        max_calls: usize = 512,
    }
}

/// The form of log lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Pretty on a terminal, else JSON.
    #[default]
    Auto,
    Json,
    Pretty,
}

/// When a log file is closed and the next one begun, by UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Rotation {
    #[default]
    Daily,
    Hourly,
    Never,
}

settings! {
    /// What is written about what happens.
    pub struct LogSettings in "log" {
        /// `json`, `pretty` or `auto`: pretty on a terminal, else JSON.
        format: LogFormat = LogFormat::Auto,
        /// `error`, `warn`, `info`, `debug` or `off`; parts may have their own, as in `info,weir_wechat=debug`.
        level: String = "info".to_owned(),
        /// Also write JSON lines to files in this directory. None: no files.
        directory: Option<String> = None,
        /// `daily`, `hourly` or `never`: when the next file is begun.
        rotation: Rotation = Rotation::Daily,
        /// Files kept; older ones are deleted.
        keep: usize = 14,
    }
}

/// The setting outside all sections.
pub const SANDBOX: SettingDoc = SettingDoc {
    key: "sandbox",
    kind: "bool",
    default: "false",
    doc: " Development against the simulator: host tokens can be made by hand, and rate limits are ten thousand times \
          wider. Never in production.",
};

const fn app(key: &'static str, kind: &'static str, default: &'static str, doc: &'static str) -> SettingDoc {
    SettingDoc { key, kind, default, doc }
}

/// The fields of one `[[apps]]`.
pub const APP: [SettingDoc; 9] = [
    app(
        "name",
        "String",
        "",
        "A short name of your own (letters, digits, `-`, `_`), used in addresses and in the names of variables.",
    ),
    app("kind", "AppKind", "", "`mini_program`, `official_account` or `website`."),
    app("appid", "String", "", "`wx` and 16 hexadecimal digits."),
    app("secret", "Secret", "", "The AppSecret."),
    app(
        "open_platform",
        "String",
        "\"default\"",
        "Apps bound to one open-platform account share unionids: give each of them the same word.",
    ),
    app(
        "callback_domains",
        "Vec<String>",
        "Vec::new()",
        "The OAuth domains as typed into WeChat's console: bare hosts. `weir doctor` compares them with web.redirect_uri.",
    ),
    app(
        "jssdk_domains",
        "Vec<String>",
        "Vec::new()",
        "The JS-SDK domains as typed into WeChat's console: bare hosts. Pages of other hosts get no signature; with none \
         named, pages of any host get one.",
    ),
    app("token", "Option<Secret>", "None", "The token of the message push, as typed into WeChat's console."),
    app("aes_key", "Option<Secret>", "None", "The EncodingAESKey of the message push."),
];

/// The fields of one `[[templates]]`.
pub const TEMPLATE: [SettingDoc; 9] = [
    app(
        "app",
        "String",
        "String::new()",
        "The app's name or appid. Empty: the template of this id of any app.",
    ),
    app("id", "String", "", "The template's id, as WeChat's console lists it."),
    app(
        "kind",
        "TemplateKind",
        "\"one_time\"",
        "`one_time`: each message needs an accept, which a ledger counts; `long_term`: it needs none.",
    ),
    app(
        "at_least_once",
        "bool",
        "false",
        "Send a message again when WeChat's answer was lost. It may then come twice; otherwise it stays `uncertain`.",
    ),
    app("strict", "bool", "false", "Refuse values that WeChat would refuse, instead of asking it."),
    app("expires_after", "Option<Span>", "None", "In place of engagement.expires_after."),
    app(
        "fields",
        "BTreeMap<String, Source>",
        "{ thing1 = \"text\", time2 = \"time\", thing3 = \"phone\", thing7 = \"name\" }",
        "What each field of an action's message says: `text` (what the customer did), `time`, `phone`, `name`.",
    ),
    app(
        "texts",
        "BTreeMap<String, String>",
        "{}",
        "Texts in place of ours, by what the customer did: `view_resume`, `contact_advisor`, `book_service`, `other`, and \
         `new_view_resume` and so on for somebody new.",
    ),
    app(
        "page",
        "String",
        "\"pages/customer/detail?id={id}\"",
        "The page that a tap on an action's message opens; `{id}` is the customer.",
    ),
];
