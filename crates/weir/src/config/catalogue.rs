//! Every setting that there is.

use weir_base::settings::{SettingDoc, Span};
use weir_core::Settings;
use weir_http::ServerSettings;

use super::sections::{APP, DatabaseSettings, LogSettings, SANDBOX, TEMPLATE, WeChatSettings};

/// What a setting takes, told from its Rust type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    Secret,
    Texts,
    Secrets,
    Bool,
    Number,
    Span,
    Table,
}

impl Kind {
    pub fn of(doc: &SettingDoc) -> Self {
        match doc.kind {
            "bool" => Self::Bool,
            "u16" | "u32" | "u64" | "usize" => Self::Number,
            "Span" | "Option<Span>" => Self::Span,
            "BTreeMap<String, Source>" | "BTreeMap<String, String>" => Self::Table,
            "Vec<String>" => Self::Texts,
            "Vec<Secret>" => Self::Secrets,
            "Secret" | "Option<Secret>" => Self::Secret,
            _ => Self::Text,
        }
    }

    /// For the reference and for sentences.
    pub fn words(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Secret => "secret text",
            Self::Texts => "list of texts",
            Self::Secrets => "list of secret texts",
            Self::Bool => "true or false",
            Self::Number => "whole number",
            Self::Span => "length of time",
            Self::Table => "table of texts",
        }
    }
}

/// All settings but those of apps and templates, in the order of the reference.
pub fn settings() -> impl Iterator<Item = &'static SettingDoc> {
    const TOP: &[SettingDoc] = &[SANDBOX];
    [TOP, DatabaseSettings::DOCS, ServerSettings::DOCS, WeChatSettings::DOCS]
        .into_iter()
        .flatten()
        .chain(Settings::docs())
        .chain(LogSettings::DOCS)
}

/// What `key` is: `auth.expires_in`, or `apps.NAME.secret`, or `templates.ID.kind`.
pub fn find(key: &str) -> Option<&'static SettingDoc> {
    if let Some(rest) = key.strip_prefix("templates.") {
        let (_, field) = rest.split_once('.')?;
        return TEMPLATE.iter().filter(|doc| doc.key != "id").find(|doc| doc.key == field);
    }
    if let Some(rest) = key.strip_prefix("apps.") {
        let (_, field) = rest.split_once('.')?;
        return APP.iter().filter(|doc| doc.key != "name").find(|doc| doc.key == field);
    }
    settings().find(|doc| doc.key == key)
}

/// The name of the environment variable that fills `key`.
pub fn variable(key: &str) -> String {
    format!("WEIR_{}", key.replace('.', "__").to_uppercase())
}

/// The known key that `wrong` was most likely meant to be.
pub fn nearest(wrong: &str) -> Option<String> {
    let named = |prefix: &str| wrong.strip_prefix(prefix)?.split_once('.').map(|(name, _)| name);
    let (app, template) = (named("apps."), named("templates."));
    let of_app = APP.iter().filter_map(|doc| app.map(|name| format!("apps.{name}.{}", doc.key)));
    let of_template =
        TEMPLATE.iter().filter_map(|doc| template.map(|id| format!("templates.{id}.{}", doc.key)));
    let known = settings().map(|doc| doc.key.to_owned()).chain(of_app).chain(of_template);
    // A right field in no or the wrong section is as near as a typing error.
    let field = |key: &str| key.rsplit('.').next().unwrap_or_default().to_owned();
    let distance = |key: &str| -> usize {
        let whole = strsim::damerau_levenshtein(key, wrong);
        if field(key) == field(wrong) { whole.min(2) } else { whole }
    };
    let (far, nearest) = known.map(|key: String| (distance(&key), key)).min()?;
    (far <= (wrong.len() / 3).max(2)).then_some(nearest)
}

/// The default as people write it: the code says `Span::seconds(30 * 86_400)`, the reference `30d`.
pub fn default_words(doc: &SettingDoc) -> String {
    let code = doc.default.trim();
    let inside = |prefix: &str| code.strip_prefix(prefix).and_then(|rest| rest.strip_suffix(')'));
    let unquoted = |text: &str| text.trim_matches('"').to_owned();
    if let Some(seconds) = inside("Span::seconds(").and_then(product) {
        return Span::seconds(seconds).to_string();
    }
    if let Some(millis) = inside("Span::millis(").and_then(product) {
        return Span::millis(millis).to_string();
    }
    if let Some(text) = inside("Secret::new(") {
        return unquoted(text);
    }
    if let Some(number) = product(code) {
        return number.to_string();
    }
    match code {
        "Vec::new()" | "None" | "String::new()" | "QuietHours::NONE" => String::new(),
        _ if code.starts_with('{') => code.to_owned(),
        _ if code.starts_with('"') => unquoted(code.trim_end_matches(".to_owned()")),
        // A variant of an enum; only JWT algorithms are written in capitals.
        _ => match code.rsplit_once("::") {
            Some(("JwtAlgorithm", variant)) => variant.to_owned(),
            Some((_, variant)) => variant.to_lowercase(),
            None => code.to_owned(),
        },
    }
}

/// `30 * 86_400`
fn product(code: &str) -> Option<u64> {
    let factors = code.split('*').map(|factor| factor.trim().replace('_', "").parse::<u64>().ok());
    factors.reduce(|left, right| left?.checked_mul(right?))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_reads_like_a_value_and_every_kind_is_known() {
        let texts =
            ["String", "Option<String>", "JwtAlgorithm", "LogFormat", "Rotation", "AppKind", "QuietHours"];
        for doc in settings() {
            let words = default_words(doc);
            assert!(!words.contains("::") && !words.contains('('), "{}: {words}", doc.key);
            assert!(Kind::of(doc) != Kind::Text || texts.contains(&doc.kind), "{}: {}", doc.key, doc.kind);
        }
        let of = |key| default_words(find(key).expect(key));
        assert_eq!(of("auth.refresh_grace"), "30d");
        assert_eq!(of("server.body_limit"), "1048576");
        assert_eq!(of("auth.jwt_algorithm"), "HS256");
        assert_eq!(of("log.format"), "auto");
        assert_eq!(of("database.url"), "sqlite:weir.db");
    }

    #[test]
    fn the_nearest_key_is_the_one_that_was_meant() {
        let nearest = |wrong| nearest(wrong).unwrap_or_default();
        assert_eq!(nearest("auth.jwt_secrt"), "auth.jwt_secret");
        assert_eq!(nearest("auth.expires"), "auth.expires_in");
        assert_eq!(nearest("port"), "server.port");
        assert_eq!(nearest("apps.mini.app_id"), "apps.mini.appid");
        assert_eq!(nearest("completely.different"), "");
    }
}
