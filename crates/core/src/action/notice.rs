//! What an advisor is told of an action, as the template's settings have it.

use serde_json::{Map, Value, json};
use weir_base::Timestamp;
use weir_wechat::template::fit;

use super::Report;
use crate::message::{Source, TemplateSettings};

/// What is told of one action.
pub struct Notice<'a> {
    pub report: &'a Report,
    /// Whether the action has made a lead.
    pub is_new: bool,
    /// The lead, or the customer where there is none.
    pub customer: &'a str,
    pub at: Timestamp,
}

impl Notice<'_> {
    /// The template's fields. Each value is as long as its kind may be; one of which nothing is left says what it would say
    /// had nothing been told, for WeChat takes no empty ones.
    pub fn data(&self, template: &TemplateSettings) -> Map<String, Value> {
        let value = |key: &str, source: Source| {
            let (told, otherwise) = match source {
                Source::Text => (self.text(template), self.usual_text()),
                Source::Time => (self.at.in_china(), String::new()),
                Source::Phone => (self.phone(), "未提供".to_owned()),
                Source::Name => (self.report.name().to_owned(), self.somebody().to_owned()),
            };
            let short = fit(key, &told);
            if short.trim().is_empty() { fit(key, &otherwise).into_owned() } else { short.into_owned() }
        };
        let fields = template.fields.iter();
        fields.map(|(key, source)| (key.clone(), json!({ "value": value(key, *source) }))).collect()
    }

    /// The page that a tap opens.
    pub fn page(&self, template: &TemplateSettings) -> Option<String> {
        // Ids of other systems may hold what an address may not.
        let id: String = url::form_urlencoded::byte_serialize(self.customer.as_bytes()).collect();
        Some(template.page.replace("{id}", &id)).filter(|page| !page.is_empty())
    }

    fn text(&self, template: &TemplateSettings) -> String {
        let prefix = if self.is_new { "new_" } else { "" };
        let configured = template.texts.get(&format!("{prefix}{}", self.kind().0));
        configured.cloned().unwrap_or_else(|| self.usual_text())
    }

    fn usual_text(&self) -> String {
        format!("{}{}", self.somebody(), self.kind().1)
    }

    /// What the customer did: as settings name it, and in words.
    fn kind(&self) -> (&'static str, &'static str) {
        match self.report.action_type.as_str() {
            "view_resume" => ("view_resume", "查看了您的简历"),
            "contact_advisor" => ("contact_advisor", "想要联系您"),
            "book_service" => ("book_service", "预约了您的服务"),
            _ => ("other", "进行了操作"),
        }
    }

    fn somebody(&self) -> &'static str {
        if self.is_new { "新客户" } else { "客户" }
    }

    fn phone(&self) -> String {
        let told = || self.report.customer_phone.as_deref().unwrap_or_default().trim().to_owned();
        self.report.mobile().unwrap_or_else(told)
    }
}
