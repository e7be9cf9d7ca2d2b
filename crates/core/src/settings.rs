//! The settings that the product itself reads. The binary fills them from file, environment and flags.

use serde::Deserialize;
use weir_base::{Secret, settings::SettingDoc};

pub use crate::{
    account::settings::AccountSettings, apptoken::settings::AppTokenSettings, audit::settings::AuditSettings,
    authorization::settings::H5Settings, binding::settings::BindingSettings,
    engagement::settings::EngagementSettings, host::settings::HostSettings, limits::LimitSettings,
    message::TemplateSettings, push::PushSettings, session::settings::AuthSettings, web::WebSettings,
};

/// Everything the core reads.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Settings {
    pub apps: Vec<AppSettings>,
    pub auth: AuthSettings,
    pub accounts: AccountSettings,
    pub app_token: AppTokenSettings,
    pub limits: LimitSettings,
    pub web: WebSettings,
    pub audit: AuditSettings,
    pub binding: BindingSettings,
    pub host: HostSettings,
    pub h5: H5Settings,
    pub engagement: EngagementSettings,
    pub push: PushSettings,
    pub templates: Vec<TemplateSettings>,
    /// Development against the simulator: tokens may be made by hand and limits do not bite.
    pub sandbox: bool,
}

/// What kind of WeChat account an app is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AppKind {
    MiniProgram,
    OfficialAccount,
    Website,
}

impl AppKind {
    /// As settings write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MiniProgram => "mini_program",
            Self::OfficialAccount => "official_account",
            Self::Website => "website",
        }
    }

    /// As people say it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::MiniProgram => "mini-program",
            Self::OfficialAccount => "official account",
            Self::Website => "website app",
        }
    }
}

/// One `[[apps]]`: a WeChat account that we hold the credentials of.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppSettings {
    /// A short name of your own, used in addresses.
    pub name: String,
    pub kind: AppKind,
    /// `wx` and 16 hexadecimal digits.
    pub appid: String,
    /// The AppSecret.
    pub secret: Secret,
    /// Apps bound to the same open-platform account share unionids; give it the same name in each of them.
    #[serde(default = "default_platform")]
    pub open_platform: String,
    /// The OAuth domains (网页授权域名, 授权回调域) as typed into WeChat's console: bare hosts. Empty: not told, not checked.
    #[serde(default)]
    pub callback_domains: Vec<String>,
    /// The JS-SDK domains (JS接口安全域名) as typed into WeChat's console: bare hosts. Pages of other hosts get no
    /// signature. Empty: pages of any host get one.
    #[serde(default)]
    pub jssdk_domains: Vec<String>,
    /// The token of the message push, as typed into WeChat's console.
    #[serde(default)]
    pub token: Option<Secret>,
    /// The EncodingAESKey of the message push.
    #[serde(default)]
    pub aes_key: Option<Secret>,
}

fn default_platform() -> String {
    "default".to_owned()
}

impl AppSettings {
    pub fn credentials(&self) -> weir_wechat::Credentials {
        weir_wechat::Credentials { appid: self.appid.clone(), secret: self.secret.clone() }
    }

    /// What the message push needs, as WeChat's console takes it.
    fn validate_push(&self) -> Result<(), String> {
        let name = &self.name;
        let alphanumeric = |token: &Secret| token.expose().chars().all(|c| c.is_ascii_alphanumeric());
        if let Some(token) = &self.token
            && (!(3..=32).contains(&token.expose().len()) || !alphanumeric(token))
        {
            return Err(format!(
                "apps.{name}.token must be 3 to 32 letters and digits: the Token that you typed into WeChat's console \
                 (message push)"
            ));
        }
        match &self.aes_key {
            Some(key) if weir_wechat::push::AesKey::parse(key).is_none() => Err(format!(
                "apps.{name}.aes_key must be 43 letters and digits: the EncodingAESKey of WeChat's console (message push)"
            )),
            Some(_) if self.token.is_none() => Err(format!(
                "apps.{name}.aes_key needs apps.{name}.token too: the Token of WeChat's console (message push)"
            )),
            _ => Ok(()),
        }
    }
}

impl Settings {
    /// The documented settings of every section that the core reads.
    pub fn docs() -> impl Iterator<Item = &'static SettingDoc> {
        [
            WebSettings::DOCS,
            H5Settings::DOCS,
            AuthSettings::DOCS,
            AccountSettings::DOCS,
            AppTokenSettings::DOCS,
            LimitSettings::DOCS,
            AuditSettings::DOCS,
            BindingSettings::DOCS,
            HostSettings::DOCS,
            EngagementSettings::DOCS,
            PushSettings::DOCS,
        ]
        .into_iter()
        .flatten()
    }

    /// The first contradiction, with how to mend it.
    pub fn validate(&self) -> Result<(), String> {
        self.auth.validate()?;
        self.app_token.validate()?;
        self.binding.validate(self.sandbox)?;
        self.host.validate()?;
        self.engagement.validate()?;
        self.push.validate()?;
        self.templates.iter().try_for_each(|template| template.validate(self))?;
        for (at, app) in self.apps.iter().enumerate() {
            let twin =
                self.apps[..at].iter().find(|other| other.appid == app.appid || other.name == app.name);
            if let Some(twin) = twin {
                return Err(format!(
                    "apps: {:?} and {:?} have the same name or appid; give each app its own",
                    twin.name, app.name
                ));
            }
            let well_formed =
                app.appid.starts_with("wx") && app.appid[2..].chars().all(|c| c.is_ascii_alphanumeric());
            if !well_formed {
                return Err(format!(
                    "apps.{}.appid: {:?} is no appid (wx and 16 hexadecimal digits)",
                    app.name, app.appid
                ));
            }
            if app.secret.is_empty() {
                return Err(format!(
                    "apps.{}.secret is empty: set it in weir.toml, or WX_SECRET in the environment (WeChat console → \
                     development → development settings → AppSecret)",
                    app.name
                ));
            }
            app.validate_push()?;
        }
        Ok(())
    }
}
