//! Settings: the file, then the environment, then flags; each value with where it came from (decision 0010).

mod catalogue;
mod layers;
mod names;
pub mod reference;
mod sections;
mod show;
#[cfg(test)]
mod tests;
mod value;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use figment::{
    Figment,
    value::{Dict, Value},
};
use serde::de::DeserializeOwned;
use tracing_subscriber::filter::LevelFilter;
use weir_core::{AppSettings, Settings, message::TemplateSettings};
use weir_http::ServerSettings;

pub use layers::Layer;
pub use sections::{DatabaseSettings, LogFormat, LogSettings, Rotation, WeChatSettings};
pub use show::{Entry, show};

/// The settings file that is read without being named.
pub const FILE: &str = "weir.toml";

/// Everything that can be set.
#[derive(Clone)]
pub struct Config {
    pub core: Settings,
    pub server: ServerSettings,
    pub database: DatabaseSettings,
    pub wechat: WeChatSettings,
    pub log: LogSettings,
    /// Every setting as people may see it, and where it came from.
    pub entries: Vec<Entry>,
    /// Files that hold secrets: the settings file when it has any in it, and those that it names.
    pub secret_files: Vec<PathBuf>,
}

/// Where settings are looked for.
#[derive(Clone, Default)]
pub struct Sources {
    pub file: File,
    pub environment: Vec<(String, String)>,
    /// On top of everything: flags, and what a command fixes.
    pub fixed: Vec<Layer>,
}

#[derive(Clone, Default)]
pub enum File {
    /// This one, which must be there.
    Named(PathBuf),
    /// [`FILE`] in the working directory, if it is there.
    #[default]
    Usual,
    None,
}

impl Sources {
    /// What `--config` and the process's environment say.
    pub fn usual(file: Option<&Path>) -> Self {
        let file = file.map_or(File::Usual, |path| File::Named(path.to_owned()));
        Self { file, environment: value::environment(), fixed: Vec::new() }
    }
}

impl Config {
    /// Reads everything, without judging whether it is enough to start with (`App::new` does). The error is a sentence
    /// that says where, what, and how to mend it; it quotes no secret.
    pub fn load(sources: &Sources) -> Result<Self, String> {
        let variable = |name: &str| {
            let found = sources.environment.iter().find(|(key, _)| key == name);
            found.map(|(_, value)| value.clone())
        };
        let file = match read(&sources.file)? {
            Some((path, text)) => Some(layers::of_file(&path, &text, &variable)?),
            None => None,
        };
        let mut all = layers::of_environment(&sources.environment, file.as_ref())?;
        all.splice(0..0, file);
        all.extend(sources.fixed.iter().cloned());

        let figment = all.iter().cloned().fold(Figment::new(), Figment::merge);
        let core = Settings {
            apps: apps(&figment, &all)?,
            auth: section(&figment, "auth")?,
            accounts: section(&figment, "accounts")?,
            app_token: section(&figment, "app_token")?,
            limits: section(&figment, "limits")?,
            web: section(&figment, "web")?,
            h5: section(&figment, "h5")?,
            engagement: section(&figment, "engagement")?,
            push: section(&figment, "push")?,
            templates: templates(&figment, &all)?,
            audit: section(&figment, "audit")?,
            binding: section(&figment, "binding")?,
            host: section(&figment, "host")?,
            sandbox: section(&figment, "sandbox")?,
        };
        let mut secret_files: Vec<PathBuf> =
            all.iter().flat_map(|layer| layer.secret_files.clone()).collect();
        secret_files.dedup();
        Ok(Self {
            server: section(&figment, "server")?,
            database: section(&figment, "database")?,
            wechat: section(&figment, "wechat")?,
            log: log(&figment)?,
            entries: show::entries(&figment, &core.apps, &core.templates),
            core,
            secret_files,
        })
    }
}

fn read(file: &File) -> Result<Option<(PathBuf, String)>, String> {
    let path = match file {
        File::Named(path) => path.clone(),
        File::Usual => PathBuf::from(FILE),
        File::None => return Ok(None),
    };
    match fs::read_to_string(&path) {
        Ok(text) => Ok(Some((path, text))),
        Err(error) if error.kind() == io::ErrorKind::NotFound && matches!(file, File::Usual) => Ok(None),
        Err(error) => Err(format!("{}: the settings file cannot be read: {error}", path.display())),
    }
}

/// Where the value of `key` came from; `None` for a default.
fn origin<'f>(figment: &'f Figment, key: &str) -> Option<&'f str> {
    figment.find_metadata(key).map(|metadata| &*metadata.name)
}

fn section<T: DeserializeOwned + Default>(figment: &Figment, name: &str) -> Result<T, String> {
    match figment.find_value(name) {
        Ok(value) => value.deserialize().map_err(|error| refused(figment, name, &error)),
        Err(_) => Ok(T::default()),
    }
}

/// A word that is no level would be taken for the name of a part, and everything else would fall silent.
fn log(figment: &Figment) -> Result<LogSettings, String> {
    let settings: LogSettings = section(figment, "log")?;
    let words = settings.level.split(',').map(str::trim).filter(|word| !word.contains('='));
    for word in words {
        if word.is_empty() || word.parse::<LevelFilter>().is_err() {
            let origin = origin(figment, "log.level").map(|origin| format!("{origin}: ")).unwrap_or_default();
            return Err(format!(
                "{origin}log.level: {word:?} is no level: write error, warn, info, debug, trace or off; parts may have \
                 their own, as in info,weir_wechat=debug"
            ));
        }
    }
    Ok(settings)
}

/// What serde says about a value, with its key and origin. Secrets cannot be refused here: any text is one.
fn refused(figment: &Figment, section: &str, error: &figment::Error) -> String {
    let path = std::iter::once(section).chain(error.path.iter().map(String::as_str));
    let key = path.collect::<Vec<_>>().join(".");
    match origin(figment, &key) {
        Some(origin) => format!("{origin}: {key}: {}", error.kind),
        None => format!("{key}: {}", error.kind),
    }
}

/// The apps in the order in which they were first named: the first mini-program is the one that a login means.
fn apps(figment: &Figment, layers: &[Layer]) -> Result<Vec<AppSettings>, String> {
    let mut names: Vec<&str> = Vec::new();
    for name in layers.iter().flat_map(Layer::apps) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.into_iter().map(|name| app(figment, name)).collect()
}

fn templates(figment: &Figment, layers: &[Layer]) -> Result<Vec<TemplateSettings>, String> {
    let mut ids: Vec<&str> = layers.iter().flat_map(Layer::templates).collect();
    ids.dedup();
    let template = |id: &str| {
        let key = format!("templates.{id}");
        let mut value = figment.find_value(&key).map_err(|error| format!("{key}: {}", error.kind))?;
        if let Value::Dict(_, fields) = &mut value {
            let fields: &mut Dict = fields;
            fields.insert("id".to_owned(), id.into());
        }
        value.deserialize().map_err(|error| refused(figment, &key, &error))
    };
    ids.into_iter().map(template).collect()
}

fn app(figment: &Figment, name: &str) -> Result<AppSettings, String> {
    let key = format!("apps.{name}");
    let mut value = figment.find_value(&key).map_err(|error| format!("{key}: {}", error.kind))?;
    for field in ["kind", "appid", "secret"] {
        if value.find_ref(field).is_none() {
            return Err(format!(
                "{key}.{field} is missing: set it in [[apps]] of {FILE}, or {}{} in the environment",
                catalogue::variable(&format!("{key}.{field}")),
                names::APP_ALIASES
                    .iter()
                    .rfind(|alias| alias.app == name && alias.field == field)
                    .map(|alias| format!(" or {}", alias.name))
                    .unwrap_or_default()
            ));
        }
    }
    if let Value::Dict(_, fields) = &mut value {
        let fields: &mut Dict = fields;
        fields.insert("name".to_owned(), name.into());
    }
    value.deserialize().map_err(|error| refused(figment, &key, &error))
}
