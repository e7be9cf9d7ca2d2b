//! One value, from a file or from the environment, in the type that its setting takes. No message quotes a value that
//! is or might be a secret.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use figment::value::{Dict, Value};
use weir_base::settings::SettingDoc;

use super::catalogue::Kind;

/// Where secrets that a value refers to are looked for.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// Relative paths are relative to this.
    pub directory: &'a Path,
    pub variable: &'a dyn Fn(&str) -> Option<String>,
}

/// A value, and where it is kept when it is a secret.
pub struct Read {
    pub value: Value,
    /// The files that it refers to.
    pub secret_files: Vec<PathBuf>,
    /// A secret written where others write its place.
    pub plain_secret: bool,
}

impl From<Value> for Read {
    fn from(value: Value) -> Self {
        Self { value, secret_files: Vec::new(), plain_secret: false }
    }
}

/// What a variable of the environment says.
pub fn from_text(doc: &SettingDoc, text: &str) -> Result<Value, String> {
    let kind = Kind::of(doc);
    let wrong = || format!("{text:?} is no {}", kind.words());
    Ok(match kind {
        Kind::Text | Kind::Secret | Kind::Span => Value::from(text),
        Kind::Texts | Kind::Secrets => list(text),
        Kind::Bool => match text.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" => Value::from(true),
            "false" | "0" | "no" | "off" => Value::from(false),
            _ => return Err(wrong()),
        },
        Kind::Number => Value::from(text.trim().parse::<u64>().map_err(|_| wrong())?),
        Kind::Table => return Err(wrong()),
    })
}

/// `a, b` → `["a", "b"]`
fn list(text: &str) -> Value {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    Value::from(parts.map(Value::from).collect::<Vec<_>>())
}

/// What a file of settings says.
pub fn from_toml(doc: &SettingDoc, value: &toml::Value, around: Surroundings<'_>) -> Result<Read, String> {
    let kind = Kind::of(doc);
    let wrong = || Err(format!("it must be a {}, not a {}", kind.words(), value.type_str()));
    match (kind, value) {
        (Kind::Secret, _) => secret(value, around),
        (Kind::Secrets, toml::Value::Array(values)) => {
            let read = values.iter().map(|value| secret(value, around)).collect::<Result<Vec<_>, _>>()?;
            let plain_secret = read.iter().any(|read| read.plain_secret);
            let (values, files): (Vec<_>, Vec<_>) =
                read.into_iter().map(|read| (read.value, read.secret_files)).unzip();
            Ok(Read { value: Value::from(values), secret_files: files.concat(), plain_secret })
        }
        (Kind::Texts, toml::Value::Array(values)) => {
            let texts =
                values.iter().map(|value| value.as_str().map(Value::from)).collect::<Option<Vec<_>>>();
            texts.map_or_else(wrong, |texts| Ok(Value::from(texts).into()))
        }
        (Kind::Texts, toml::Value::String(text)) => Ok(list(text).into()),
        (Kind::Text | Kind::Span, toml::Value::String(text)) => Ok(Value::from(text.as_str()).into()),
        (Kind::Table, toml::Value::Table(table)) => {
            let text =
                |(key, value): (&String, &toml::Value)| Some((key.clone(), Value::from(value.as_str()?)));
            let texts = table.iter().map(text).collect::<Option<Dict>>();
            texts.map_or_else(wrong, |texts| Ok(Value::from(texts).into()))
        }
        (Kind::Bool, toml::Value::Boolean(flag)) => Ok(Value::from(*flag).into()),
        (Kind::Number | Kind::Span, toml::Value::Integer(number)) => match u64::try_from(*number) {
            Ok(number) => Ok(Value::from(number).into()),
            Err(_) => Err(format!("{number} is negative")),
        },
        _ => wrong(),
    }
}

/// A secret as it is, or `{ file = "path" }`, or `{ env = "NAME" }`.
fn secret(value: &toml::Value, around: Surroundings<'_>) -> Result<Read, String> {
    const FORMS: &str = "a secret is a text, { file = \"path\" } or { env = \"NAME\" }";
    match value {
        toml::Value::String(text) => {
            Ok(Read { plain_secret: !text.is_empty(), ..Read::from(Value::from(text.as_str())) })
        }
        toml::Value::Table(table) if table.len() == 1 => {
            let text = |key| table.get(key).and_then(toml::Value::as_str);
            match (text("file"), text("env")) {
                (Some(path), _) => secret_file(&around.directory.join(path)),
                (_, Some(name)) => match (around.variable)(name) {
                    Some(text) => Ok(Value::from(text).into()),
                    None => Err(format!("the environment has no {name}; set it, or write the secret here")),
                },
                _ => Err(FORMS.to_owned()),
            }
        }
        _ => Err(FORMS.to_owned()),
    }
}

/// The secret in a file, without the line break that editors put at its end.
pub fn secret_file(path: &Path) -> Result<Read, String> {
    let text = fs::read_to_string(path)
        .map_err(|error| format!("the secret's file {} cannot be read: {error}", path.display()))?;
    let text = text.trim_end_matches(['\n', '\r']);
    if text.is_empty() {
        return Err(format!("the secret's file {} is empty", path.display()));
    }
    Ok(Read { value: Value::from(text), secret_files: vec![path.to_owned()], plain_secret: false })
}

/// The environment of this process, without what is not Unicode.
pub fn environment() -> Vec<(String, String)> {
    env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}
