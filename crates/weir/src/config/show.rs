//! Settings as people may see them.

use figment::{Figment, value::Value};
use weir_base::settings::SettingDoc;
use weir_core::{AppSettings, message::TemplateSettings};

use super::{
    Config,
    catalogue::{self, Kind},
    origin,
    sections::{APP, TEMPLATE},
};

const MASK: &str = "••••";

/// One setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub key: String,
    /// Secrets are masked; of an address only the password is.
    pub shown: String,
    /// `default`, the file's name, `environment NAME`, or a flag.
    pub origin: String,
}

/// All settings with their origins, one line each.
pub fn show(config: &Config) -> String {
    let wide = |length: fn(&Entry) -> usize| config.entries.iter().map(length).max().unwrap_or_default();
    let key_width = wide(|entry| entry.key.chars().count());
    let shown_width = wide(|entry| entry.shown.chars().count()).min(48);
    let line =
        |entry: &Entry| format!("{:key_width$}  {:shown_width$}  {}\n", entry.key, entry.shown, entry.origin);
    config.entries.iter().map(line).collect()
}

pub fn entries(figment: &Figment, apps: &[AppSettings], templates: &[TemplateSettings]) -> Vec<Entry> {
    let of_app = |app: &AppSettings| {
        let app = app.name.clone();
        APP.iter().filter(|doc| doc.key != "name").map(move |doc| (format!("apps.{app}.{}", doc.key), doc))
    };
    let of_template = |template: &TemplateSettings| {
        let id = template.id.clone();
        let fields = TEMPLATE.iter().filter(|doc| doc.key != "id");
        fields.map(move |doc| (format!("templates.{id}.{}", doc.key), doc))
    };
    let settings = catalogue::settings().map(|doc| (doc.key.to_owned(), doc));
    let all = settings.chain(apps.iter().flat_map(of_app)).chain(templates.iter().flat_map(of_template));
    all.map(|(key, doc)| entry(figment, key, doc)).collect()
}

fn entry(figment: &Figment, key: String, doc: &SettingDoc) -> Entry {
    match figment.find_value(&key) {
        Ok(value) => {
            let origin = origin(figment, &key).unwrap_or_default().to_owned();
            Entry { shown: shown(&key, doc, &value), key, origin }
        }
        Err(_) => {
            let default = catalogue::default_words(doc);
            let shown = if default.is_empty() { "(none)".to_owned() } else { default };
            Entry { key, shown, origin: "default".to_owned() }
        }
    }
}

fn shown(key: &str, doc: &SettingDoc, value: &Value) -> String {
    let text = words(value);
    match Kind::of(doc) {
        _ if key == "database.url" => without_password(&text),
        Kind::Secret if text.is_empty() => "(none)".to_owned(),
        Kind::Secret => MASK.to_owned(),
        Kind::Secrets => vec![MASK; value.as_array().map_or(0, <[Value]>::len)].join(", "),
        _ => text,
    }
}

fn words(value: &Value) -> String {
    match value {
        Value::String(_, text) => text.clone(),
        Value::Bool(_, flag) => flag.to_string(),
        Value::Num(..) => value.to_u128().map(|number| number.to_string()).unwrap_or_default(),
        Value::Dict(_, fields) => {
            let texts = fields.iter().map(|(key, value)| format!("{key} = {:?}", words(value)));
            format!("{{ {} }}", texts.collect::<Vec<_>>().join(", "))
        }
        Value::Array(_, values) => values.iter().map(words).collect::<Vec<_>>().join(", "),
        _ => String::new(),
    }
}

/// `postgres://user:secret@host/name?password=secret` with dots for the secrets.
fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (rest, query) = rest.split_once('?').map_or((rest, None), |(rest, query)| (rest, Some(query)));
    // The last one: a password may have been written with a bare @ in it.
    let rest = match rest.rsplit_once('@').map(|(user, host)| (user.split_once(':'), host)) {
        Some((Some((user, _)), host)) => format!("{user}:{MASK}@{host}"),
        _ => rest.to_owned(),
    };
    let query = query.map(|query| {
        let parts = query.split('&').map(|part| match part.split_once('=') {
            Some((name, _)) if name.contains("password") => format!("{name}={MASK}"),
            _ => part.to_owned(),
        });
        format!("?{}", parts.collect::<Vec<_>>().join("&"))
    });
    format!("{scheme}://{rest}{}", query.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    #[test]
    fn an_address_is_shown_without_its_password() {
        for (url, shown) in [
            ("sqlite:weir.db", "sqlite:weir.db"),
            ("postgres://weir:hunter2@db/weir", "postgres://weir:••••@db/weir"),
            ("postgres://weir:hun@ter2@db/weir", "postgres://weir:••••@db/weir"),
            ("postgres://weir@db/weir?sslmode=disable", "postgres://weir@db/weir?sslmode=disable"),
            ("postgres://db/weir?user=w&password=hunter2", "postgres://db/weir?user=w&password=••••"),
        ] {
            assert_eq!(super::without_password(url), shown);
        }
    }
}
