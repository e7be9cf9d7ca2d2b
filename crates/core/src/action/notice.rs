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
    /// The template's fields. Each value is as long as its kind may be.
    pub fn data(&self, template: &TemplateSettings) -> Map<String, Value> {
        let value = |source: Source| match source {
            Source::Text => self.text(template),
            Source::Time => self.at.in_china(),
            Source::Phone => self.phone(),
            Source::Name => self.name(),
        };
        let fields = template.fields.iter();
        fields.map(|(key, source)| (key.clone(), json!({ "value": fit(key, &value(*source)) }))).collect()
    }

    /// The page that a tap opens.
    pub fn page(&self, template: &TemplateSettings) -> Option<String> {
        // Ids of other systems may hold what an address may not.
        let id: String = url::form_urlencoded::byte_serialize(self.customer.as_bytes()).collect();
        Some(template.page.replace("{id}", &id)).filter(|page| !page.is_empty())
    }

    fn text(&self, template: &TemplateSettings) -> String {
        let (word, known) = match self.report.action_type.as_str() {
            "view_resume" => ("view_resume", "查看了您的简历"),
            "contact_advisor" => ("contact_advisor", "想要联系您"),
            "book_service" => ("book_service", "预约了您的服务"),
            _ => ("other", "进行了操作"),
        };
        let (key, who) =
            if self.is_new { (format!("new_{word}"), "新客户") } else { (word.to_owned(), "客户") };
        template.texts.get(&key).cloned().unwrap_or_else(|| format!("{who}{known}"))
    }

    fn phone(&self) -> String {
        let told = self.report.customer_phone.as_deref().map(str::trim).filter(|phone| !phone.is_empty());
        self.report.mobile().or_else(|| told.map(str::to_owned)).unwrap_or_else(|| "未提供".to_owned())
    }

    fn name(&self) -> String {
        match self.report.name() {
            "" if self.is_new => "新客户".to_owned(),
            "" => "客户".to_owned(),
            name => name.to_owned(),
        }
    }
}
