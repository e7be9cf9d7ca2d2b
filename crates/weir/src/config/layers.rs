//! Layers of settings, each of one origin: the file, one variable of the environment, one flag.

use std::path::{Path, PathBuf};

use figment::{
    Error, Metadata, Profile, Provider,
    value::{Dict, Map, Tag, Value},
};

use super::{
    catalogue::{self, Kind},
    names::{ALIASES, APP_ALIASES, AppAlias, database_url},
    value::{Surroundings, from_text, from_toml, secret_file},
};

/// Values that came from one place.
#[derive(Clone)]
pub struct Layer {
    /// For people: `weir.toml`, `environment JWT_SECRET`, `--port`.
    pub origin: String,
    values: Vec<(String, Value)>,
    pub secret_files: Vec<PathBuf>,
}

impl Layer {
    pub fn new(origin: impl Into<String>) -> Self {
        Self { origin: origin.into(), values: Vec::new(), secret_files: Vec::new() }
    }

    pub fn with(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.values.push((key.into(), value.into()));
        self
    }

    /// Names of the apps in it, in their order.
    pub fn apps(&self) -> impl Iterator<Item = &str> {
        self.named("apps.")
    }

    /// Ids of the templates in it, in their order.
    pub fn templates(&self) -> impl Iterator<Item = &str> {
        self.named("templates.")
    }

    fn named<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = &'a str> {
        self.values.iter().filter_map(move |(key, _)| Some(key.strip_prefix(prefix)?.split_once('.')?.0))
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.values.iter().find(|(at, _)| at == key)?.1.as_str()
    }
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.origin.clone())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, Error> {
        let mut dict = Dict::new();
        for (key, value) in &self.values {
            insert(&mut dict, key, value.clone());
        }
        Ok(Profile::Default.collect(dict))
    }
}

fn insert(dict: &mut Dict, key: &str, value: Value) {
    let Some((first, rest)) = key.split_once('.') else {
        dict.insert(key.to_owned(), value);
        return;
    };
    let inner = dict.entry(first.to_owned()).or_insert_with(|| Value::Dict(Tag::Default, Dict::new()));
    if let Value::Dict(_, inner) = inner {
        insert(inner, rest, value);
    }
}

/// The layer of a settings file.
pub fn of_file(path: &Path, text: &str, variable: &dyn Fn(&str) -> Option<String>) -> Result<Layer, String> {
    let origin = path.display().to_string();
    let table: toml::Table = toml::from_str(text).map_err(|error| {
        // Not the parser's own display, which quotes the line: there may be a secret in it.
        let before = error.span().map_or("", |span| text.get(..span.start).unwrap_or_default());
        let line = before.matches('\n').count() + 1;
        format!("{origin}, line {line}: {}", error.message().replace('\n', "; "))
    })?;
    let directory = path.parent().unwrap_or(Path::new("."));
    let around = Surroundings { directory, variable };
    let mut layer = Layer::new(origin.clone());
    let mut take = |key: String, value: &toml::Value| -> Result<(), String> {
        let doc = catalogue::find(&key).ok_or_else(|| format!("{origin}: {}", unknown(&key)))?;
        let read = from_toml(doc, value, around).map_err(|wrong| format!("{origin}: {key}: {wrong}"))?;
        if read.plain_secret && !read.value.as_str().is_some_and(|url| url.starts_with("sqlite:")) {
            layer.secret_files.push(path.to_owned());
        }
        layer.values.push((key, read.value));
        layer.secret_files.extend(read.secret_files);
        Ok(())
    };
    for (name, value) in &table {
        match value {
            toml::Value::Array(apps) if name == "apps" => {
                let named = named_apps(apps).map_err(|wrong| format!("{origin}: {wrong}"))?;
                for (app, field, value) in named {
                    take(format!("apps.{app}.{field}"), value)?;
                }
            }
            toml::Value::Array(templates) if name == "templates" => {
                let named = named_templates(templates).map_err(|wrong| format!("{origin}: {wrong}"))?;
                for (id, field, value) in named {
                    take(format!("templates.{id}.{field}"), value)?;
                }
            }
            _ if name == "apps" => {
                return Err(format!("{origin}: apps: begin each app with a line [[apps]]"));
            }
            _ if name == "templates" => {
                return Err(format!("{origin}: templates: begin each template with a line [[templates]]"));
            }
            toml::Value::Table(section) => {
                section.iter().try_for_each(|(field, value)| take(format!("{name}.{field}"), value))?;
            }
            _ => take(name.clone(), value)?,
        }
    }
    Ok(layer)
}

/// App, field and value of everything in `[[apps]]`.
fn named_apps(apps: &[toml::Value]) -> Result<Vec<(&str, &str, &toml::Value)>, String> {
    let mut named: Vec<(&str, &str, &toml::Value)> = Vec::new();
    for app in apps {
        let table = app.as_table().ok_or("apps: begin each app with a line [[apps]]")?;
        let name = table.get("name").and_then(toml::Value::as_str).unwrap_or_default();
        if !is_app_name(name) {
            return Err(
                "apps: each [[apps]] needs a name of letters, digits, - and _, as in name = \"mini\""
                    .to_owned(),
            );
        }
        if named.iter().any(|(other, ..)| *other == name) {
            return Err(format!("apps: {name:?} is there twice; give each app a name of its own"));
        }
        if table.len() == 1 {
            return Err(format!("apps.{name}: kind, appid and secret are missing"));
        }
        let fields = table.iter().filter(|(field, _)| *field != "name");
        named.extend(fields.map(|(field, value)| (name, field.as_str(), value)));
    }
    Ok(named)
}

/// Template, field and value of everything in `[[templates]]`.
fn named_templates(templates: &[toml::Value]) -> Result<Vec<(&str, &str, &toml::Value)>, String> {
    let mut named: Vec<(&str, &str, &toml::Value)> = Vec::new();
    for template in templates {
        let table = template.as_table().ok_or("templates: begin each template with a line [[templates]]")?;
        let id = table.get("id").and_then(toml::Value::as_str).unwrap_or_default();
        if !is_app_name(id) {
            return Err("templates: each [[templates]] needs its id, as WeChat's console lists it".to_owned());
        }
        if named.iter().any(|(other, ..)| *other == id) {
            return Err(format!("templates: {id:?} is there twice"));
        }
        let fields = table.iter().filter(|(field, _)| *field != "id");
        named.extend(fields.map(|(field, value)| (id, field.as_str(), value)));
    }
    Ok(named)
}

fn is_app_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

/// The sentence about a key that does not exist.
fn unknown(key: &str) -> String {
    match catalogue::nearest(key) {
        Some(nearest) => format!("there is no setting {key:?}; did you mean {nearest}?"),
        None => format!("there is no setting {key:?}; `weir config` lists those that there are"),
    }
}

/// The layers of the environment: published names first, for a `WEIR_` name beats them. `file` tells which apps the
/// settings file has.
pub fn of_environment(variables: &[(String, String)], file: Option<&Layer>) -> Result<Vec<Layer>, String> {
    let variable = |name: &str| find(variables, name);
    let mut layers = Vec::new();
    if let Some(url) = database_url(&variable)? {
        layers.push(Layer::new("environment DB_HOST").with("database.url", url));
    }
    for alias in &ALIASES {
        layers.extend(filled(variables, alias.name, alias.key)?);
    }
    for alias in &APP_ALIASES {
        let (app, known) = target(alias, file);
        if let Some(mut layer) = filled(variables, alias.name, &format!("apps.{app}.{}", alias.field))? {
            if !known {
                layer = layer.with(format!("apps.{app}.kind"), alias.kind);
            }
            layers.push(layer);
        }
    }
    for (name, _) in variables {
        if let Some(key) = setting_of(name)? {
            layers.extend(filled(
                variables,
                name.strip_suffix("_FILE").filter(|_| key.1).unwrap_or(name),
                &key.0,
            )?);
        }
    }
    Ok(layers)
}

/// The app that an alias changes: the one of its name, else the only one of its kind, else a new one.
fn target(alias: &AppAlias, file: Option<&Layer>) -> (String, bool) {
    let Some(file) = file else { return (alias.app.to_owned(), false) };
    if file.apps().any(|app| app == alias.app) {
        return (alias.app.to_owned(), true);
    }
    let mut of_kind: Vec<&str> =
        file.apps().filter(|app| file.text(&format!("apps.{app}.kind")) == Some(alias.kind)).collect();
    of_kind.dedup();
    match of_kind[..] {
        [only] => (only.to_owned(), true),
        _ => (alias.app.to_owned(), false),
    }
}

fn find(variables: &[(String, String)], name: &str) -> Option<String> {
    // What is empty counts as not there: that is how compose files leave things out.
    variables.iter().find(|(key, value)| key == name && !value.is_empty()).map(|(_, value)| value.clone())
}

/// The layer of `name`, or of `name` with `_FILE` when the setting is a secret.
fn filled(variables: &[(String, String)], name: &str, key: &str) -> Result<Option<Layer>, String> {
    let doc = catalogue::find(key).ok_or_else(|| format!("environment: {}", unknown(key)))?;
    let file_name = format!("{name}_FILE");
    let from_file = find(variables, &file_name).filter(|_| Kind::of(doc) == Kind::Secret);
    match (find(variables, name), from_file) {
        (Some(_), Some(_)) => Err(format!("{name} and {file_name} are both set; keep one of them")),
        (Some(text), None) => {
            let value = from_text(doc, &text).map_err(|wrong| format!("environment {name}: {wrong}"))?;
            Ok(Some(Layer::new(format!("environment {name}")).with(key, value)))
        }
        (None, Some(path)) => {
            let read =
                secret_file(Path::new(&path)).map_err(|wrong| format!("environment {file_name}: {wrong}"))?;
            let mut layer = Layer::new(format!("environment {file_name}")).with(key, read.value);
            layer.secret_files = read.secret_files;
            Ok(Some(layer))
        }
        (None, None) => Ok(None),
    }
}

/// The setting that a `WEIR_` name fills, and whether it names a file. Names that are none of ours are left alone
/// (orchestrators add `WEIR_SERVICE_HOST` and the like), unless they are meant to be.
fn setting_of(name: &str) -> Result<Option<(String, bool)>, String> {
    let Some(rest) = name.strip_prefix("WEIR_") else { return Ok(None) };
    let key = rest.replace("__", ".").to_lowercase();
    if key.starts_with("templates.") {
        return Err(format!(
            "environment {name}: templates are set in the file only, for their ids know small from large"
        ));
    }
    if catalogue::find(&key).is_some() {
        return Ok(Some((key, false)));
    }
    if let Some(key) = key.strip_suffix("_file")
        && catalogue::find(key).is_some_and(|doc| Kind::of(doc) == Kind::Secret)
    {
        return Ok(Some((key.to_owned(), true)));
    }
    if rest.contains("__") {
        return Err(match catalogue::nearest(&key) {
            Some(nearest) => format!(
                "environment {name}: there is no such setting; did you mean {}?",
                catalogue::variable(&nearest)
            ),
            None => {
                format!("environment {name}: there is no such setting; docs/reference/settings.md lists them")
            }
        });
    }
    let flat = |key: &str| key.replace('.', "_");
    match catalogue::settings().find(|doc| flat(doc.key) == key) {
        Some(doc) => Err(format!(
            "environment {name}: write {} (two underscores between the section and the name)",
            catalogue::variable(doc.key)
        )),
        None => Ok(None),
    }
}
