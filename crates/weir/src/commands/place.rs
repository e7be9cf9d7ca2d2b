//! Whose settings and data a command works on: a settings file's, or a demo's data directory.

use std::{
    fs,
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, anyhow, bail};
use weir_base::{Dice, Secret};
use weir_core::{
    AppKind, AppSettings,
    message::{TemplateKind, TemplateSettings},
};
use weir_simulator::World;

use crate::{
    cli::Place,
    config::{Config, File, Sources},
};

/// Where a demo keeps its things, unless told otherwise.
pub(super) const DATA: &str = "data";
const SECRET_FILE: &str = "jwt_secret";
/// What the demo's apps and the simulator agree on for pushes, as an operator types it into WeChat's console.
const PUSH_TOKEN_FILE: &str = "push_token";
const PUSH_KEY_FILE: &str = "push_aes_key";
const SIMULATOR_FILE: &str = "simulator_address";

/// The settings that a command works with: those of the data directory when one is named, else those of file and
/// environment; without a secret in them, those of the demo in `data`, if there was one.
pub(super) fn config(place: &Place) -> Result<Config> {
    if let Some(data) = &place.data {
        if !data.join(SECRET_FILE).exists() {
            bail!("{} holds no demo: run `weir demo --data {}` first", data.display(), data.display());
        }
        return demo_config(data, None);
    }
    let config =
        Config::load(&Sources::usual(place.config.as_deref())).map_err(|sentence| anyhow!(sentence))?;
    let demo = Path::new(DATA);
    if place.config.is_none() && config.core.auth.jwt_secret.is_empty() && demo.join(SECRET_FILE).exists() {
        return demo_config(demo, None);
    }
    Ok(config)
}

/// The demo's settings: the demo world's apps, a secret of its own, the simulator for WeChat. Without `simulator`, the
/// one that the demo had when it was started last: the real WeChat must never hear of the demo's apps.
pub(super) fn demo_config(data: &Path, simulator: Option<&str>) -> Result<Config> {
    let environment = std::env::vars().filter(|(name, _)| name.starts_with("WEIR_LOG__")).collect();
    let sources = Sources { file: File::None, environment, fixed: Vec::new() };
    let mut config = Config::load(&sources).map_err(|sentence| anyhow!(sentence))?;
    config.core.sandbox = true;
    config.core.auth.jwt_secret = kept(data, SECRET_FILE, |dice| dice.token::<32>())?;
    let token = kept(data, PUSH_TOKEN_FILE, |dice| dice.alphanumeric(32))?;
    // EncodingAESKey as the console makes it: 43 letters and digits.
    let aes_key = kept(data, PUSH_KEY_FILE, |dice| dice.alphanumeric(43))?;
    config.core.apps = demo_apps(&token, &aes_key);
    config.core.templates = demo_templates();
    config.database.url = Secret::new(format!("sqlite:{}", data.join("weir.db").display()));
    let noted = data.join(SIMULATOR_FILE);
    let simulator = match simulator {
        Some(address) => {
            fs::write(&noted, address).with_context(|| format!("{} cannot be written", noted.display()))?;
            address.to_owned()
        }
        None => fs::read_to_string(&noted).unwrap_or_else(|_| "http://127.0.0.1:7070".to_owned()),
    };
    simulator.clone_into(&mut config.wechat.open_base);
    config.wechat.api_base = simulator;
    Ok(config)
}

/// The demo's templates that are not as a template is when nothing is said of it.
fn demo_templates() -> Vec<TemplateSettings> {
    use weir_simulator::world::TemplateKind as Kind;
    let world = World::demo();
    let templates = world.apps().flat_map(|app| &app.templates);
    let long =
        templates.filter(|template| template.kind == Kind::LongTerm).map(|template| TemplateSettings {
            id: template.id.clone(),
            kind: TemplateKind::LongTerm,
            ..TemplateSettings::default()
        });
    long.collect()
}

fn demo_apps(token: &Secret, aes_key: &Secret) -> Vec<AppSettings> {
    use weir_simulator::world::AppKind as Kind;
    let world = World::demo();
    let apps = world.apps().map(|app| AppSettings {
        name: app.name.clone(),
        kind: match app.kind {
            Kind::MiniProgram => AppKind::MiniProgram,
            Kind::OfficialAccount => AppKind::OfficialAccount,
            Kind::Website => AppKind::Website,
        },
        appid: app.appid.clone(),
        secret: Secret::new(app.secret.as_str()),
        open_platform: "default".to_owned(),
        callback_domains: app.callback_domains.clone(),
        jssdk_domains: app.jssdk_domains.clone(),
        token: Some(token.clone()),
        aes_key: Some(aes_key.clone()),
    });
    apps.collect()
}

/// A secret of the demo's, made at its first start for its owner's eyes only.
fn kept(data: &Path, file: &str, make: fn(&Dice) -> String) -> Result<Secret> {
    let path: PathBuf = data.join(file);
    match fs::read_to_string(&path) {
        Ok(text) => return Ok(Secret::new(text.trim())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(error).with_context(|| format!("{} cannot be read", path.display())),
    }
    fs::create_dir_all(data)
        .with_context(|| format!("the data directory {} cannot be made", data.display()))?;
    let secret = make(&Dice::system());
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)
        .with_context(|| format!("{} cannot be written", path.display()))?;
    file.write_all(secret.as_bytes())?;
    file.sync_all()?;
    Ok(Secret::new(secret))
}
