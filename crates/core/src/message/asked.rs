//! A message as a service asks for it, before it is one.

use serde_json::{Map, Value, json};
use weir_wechat::template::{Kind, fit};

use super::{Draft, Origin, template};
use crate::{App, Failure, Outcome};

/// What a request may say.
#[derive(Clone, Debug)]
pub struct Asked {
    /// An appid or a name; the first mini-program when nothing is said.
    pub appid: Option<String>,
    pub touser: String,
    pub template_id: String,
    pub data: Map<String, Value>,
    pub page: Option<String>,
    pub miniprogram_state: Option<String>,
    pub lang: Option<String>,
}

const OPENID_MAX: usize = 128;
const TEMPLATE_ID_MAX: usize = 128;
const PAGE_MAX: usize = 1024;
const FIELDS_MAX: usize = 20;
const KEY_MAX: usize = 64;
const VALUE_MAX: usize = 1000;
const STATES: &[&str] = &["developer", "trial", "formal"];
const LANGUAGES: &[&str] = &["zh_CN", "en_US", "zh_HK", "zh_TW"];

impl Asked {
    /// The message, with values that are short enough.
    ///
    /// # Errors
    /// [`crate::Code::Invalid`] with the field that cannot be.
    pub fn draft(self, app: &App, origin: Origin) -> Outcome<Draft> {
        let of = app.mini_program(self.appid.as_deref())?;
        named("touser", &self.touser, OPENID_MAX)?;
        named("template_id", &self.template_id, TEMPLATE_ID_MAX)?;
        if self.page.as_deref().is_some_and(|page| page.chars().count() > PAGE_MAX) {
            return Err(Failure::invalid("page", "is longer than 1024 characters"));
        }
        one_of("miniprogram_state", self.miniprogram_state.as_deref(), STATES)?;
        one_of("lang", self.lang.as_deref(), LANGUAGES)?;
        if self.data.is_empty() || self.data.len() > FIELDS_MAX {
            return Err(Failure::invalid("data", "must have 1 to 20 fields"));
        }
        let strict = template(&app.settings, &of.appid, &self.template_id).strict;
        let fields = self.data.iter().map(|(key, value)| field(key, value, strict));
        Ok(Draft {
            appid: of.appid.clone(),
            openid: self.touser,
            template_id: self.template_id,
            data: fields.collect::<Outcome<_>>()?,
            page: self.page.filter(|page| !page.is_empty()),
            miniprogram_state: self.miniprogram_state,
            lang: self.lang,
            origin,
            advisor_id: None,
            action_id: None,
        })
    }
}

/// An id is short, printable ASCII.
fn named(field: &'static str, text: &str, most: usize) -> Outcome<()> {
    let is_id = (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    if is_id { Ok(()) } else { Err(Failure::invalid(field, "must be 1 to 128 visible ASCII characters")) }
}

fn one_of(field: &'static str, given: Option<&str>, known: &[&str]) -> Outcome<()> {
    match given {
        Some(word) if !known.contains(&word) => {
            Err(Failure::invalid(field, format!("must be one of {}", known.join(", "))))
        }
        _ => Ok(()),
    }
}

/// One field with its value cut to what WeChat takes, and checked when the template is `strict`.
fn field(key: &str, value: &Value, strict: bool) -> Outcome<(String, Value)> {
    if key.len() > KEY_MAX || !key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        return Err(Failure::invalid("data", "has a field that is none of a template's, such as thing1"));
    }
    let wrong = |detail: String| Failure::invalid(format!("data.{key}.value"), detail);
    let text = match value.get("value") {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        Some(_) => return Err(wrong("must be a text".to_owned())),
        None => return Err(wrong("is missing".to_owned())),
    };
    if text.chars().count() > VALUE_MAX || text.contains('\0') {
        return Err(wrong("is longer than 1000 characters, or has a NUL in it".to_owned()));
    }
    let short = fit(key, &text).into_owned();
    if strict && let Some(kind) = Kind::of(key) {
        kind.check(&short).map_err(|flaw| wrong(flaw.to_string()))?;
    }
    Ok((key.to_owned(), json!({ "value": short })))
}
