use std::{collections::BTreeMap, sync::OnceLock};

use serde::Deserialize;
use weir_base::settings::Span;

use crate::Settings;

/// How often a template may be sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TemplateKind {
    /// One message for each time the person accepts.
    #[default]
    OneTime,
    /// As many as there are, until the person turns it off. It has no ledger.
    LongTerm,
}

/// What a field of an action's message says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// What the customer did.
    Text,
    /// When.
    Time,
    /// The customer's phone number.
    Phone,
    /// The customer's name.
    Name,
}

/// One `[[templates]]`: a template of an app, as WeChat's console lists it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TemplateSettings {
    /// The app's name or appid. Empty: the template of this id of any app.
    #[serde(default)]
    pub app: String,
    pub id: String,
    #[serde(default)]
    pub kind: TemplateKind,
    /// Send a message again when WeChat's answer was lost: it may then come twice.
    #[serde(default)]
    pub at_least_once: bool,
    /// Refuse values that WeChat would refuse, instead of asking it.
    #[serde(default)]
    pub strict: bool,
    /// In place of engagement.expires_after.
    #[serde(default)]
    pub expires_after: Option<Span>,
    /// What each field of an action's message says.
    #[serde(default = "fields")]
    pub fields: BTreeMap<String, Source>,
    /// Texts in place of ours: `view_resume`, `new_view_resume`, … , `other`, `new_other`.
    #[serde(default)]
    pub texts: BTreeMap<String, String>,
    /// The page that a tap on an action's message opens; `{id}` is the customer.
    #[serde(default = "page")]
    pub page: String,
}

fn fields() -> BTreeMap<String, Source> {
    [("thing1", Source::Text), ("time2", Source::Time), ("thing3", Source::Phone), ("thing7", Source::Name)]
        .map(|(key, source)| (key.to_owned(), source))
        .into()
}

fn page() -> String {
    "pages/customer/detail?id={id}".to_owned()
}

/// What holds for a template that is not configured.
impl Default for TemplateSettings {
    fn default() -> Self {
        Self {
            app: String::new(),
            id: String::new(),
            kind: TemplateKind::default(),
            at_least_once: false,
            strict: false,
            expires_after: None,
            fields: fields(),
            texts: BTreeMap::new(),
            page: page(),
        }
    }
}

impl TemplateSettings {
    /// Whether each message needs an accept.
    pub fn needs_credit(&self) -> bool {
        self.kind == TemplateKind::OneTime
    }

    pub(crate) fn validate(&self, settings: &Settings) -> Result<(), String> {
        let known = |app: &str| settings.apps.iter().any(|known| known.name == app || known.appid == app);
        if !self.app.is_empty() && !known(&self.app) {
            return Err(format!("templates.{}.app: {:?} is no app of [[apps]]", self.id, self.app));
        }
        if self.expires_after.is_some_and(|span| span.0.is_zero()) {
            return Err(format!("templates.{}.expires_after must not be 0", self.id));
        }
        Ok(())
    }
}

/// The template as it is configured, else what holds for any.
pub fn template<'a>(settings: &'a Settings, appid: &str, id: &str) -> &'a TemplateSettings {
    static USUAL: OnceLock<TemplateSettings> = OnceLock::new();
    let name = settings.apps.iter().find(|app| app.appid == appid).map(|app| app.name.as_str());
    let is_of = |app: &str| app.is_empty() || app == appid || Some(app) == name;
    let found = settings.templates.iter().find(|template| template.id == id && is_of(&template.app));
    found.unwrap_or_else(|| USUAL.get_or_init(TemplateSettings::default))
}
