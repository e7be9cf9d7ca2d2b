//! What events say: subscriptions (section E5), template messages (section E6), privacy (section F6).

use aws_lc_rs::digest::{SHA256, digest};
use serde_json::{Map, Value};

use super::{
    Push, ReadError,
    body::{LONGEST_NAME, text_of},
};

/// The longest part of a [`Push::repeat_key`] behind its sender.
const LONGEST_KEY: usize = 128;

/// What an event says, as far as this crate knows events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// `subscribe_msg_popup_event`: the person answered the prompt.
    SubscribeAnswers(Vec<SubscribeAnswer>),
    /// `subscribe_msg_change_event`: the person changed their mind in the settings or on a message.
    SubscribeChanges(Vec<SubscribeAnswer>),
    /// `subscribe_msg_sent_event`: messages arrived, or did not.
    SubscribeSent(Vec<SubscribeSent>),
    /// `TEMPLATESENDJOBFINISH`: a template message arrived, or did not.
    TemplateSent(TemplateSent),
    /// The person's data must be erased or fetched anew.
    Privacy(Privacy),
    /// Every other event, and what is no event.
    Other,
}

/// What a person said about one template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscribeAnswer {
    pub template_id: String,
    /// `accept` or `reject`, in lower case.
    pub status: String,
    /// Where the prompt was: `0` is a page of a mini-program.
    pub scene: Option<String>,
}

/// What became of one subscription message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscribeSent {
    pub template_id: String,
    /// That of [`crate::Sent`].
    pub msgid: String,
    /// 0 when it arrived.
    pub error_code: i64,
    /// `success` when it arrived.
    pub error_status: String,
}

/// What became of one template message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateSent {
    /// That of [`crate::Sent`].
    pub msgid: String,
    /// `success`, or `failed:` and why, with or without a blank.
    pub status: String,
}

impl TemplateSent {
    pub fn arrived(&self) -> bool {
        self.status.starts_with("success")
    }
}

/// What a person's data is to undergo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrivacyChange {
    /// `user_info_modified`: WeChat cleaned a risky profile; nickname and avatar are to be erased or fetched anew.
    ProfileModified,
    /// `user_authorization_revoke`: what `revoked` names is to be erased.
    Revoked,
    /// `user_authorization_cancellation`: the person left WeChat; everything is to be erased.
    Cancelled,
}

/// A privacy event. Its sender is WeChat's own account; `openid` is the person.
#[derive(Clone, PartialEq, Eq)]
pub struct Privacy {
    pub change: PrivacyChange,
    pub openid: String,
    pub unionid: Option<String>,
    pub appid: Option<String>,
    /// `RevokeInfo`: a number of section F6; unknown ones mean everything.
    pub revoked: Option<String>,
    pub plugin_id: Option<String>,
    pub openpid: Option<String>,
}

impl std::fmt::Debug for Privacy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Privacy")
            .field("change", &self.change)
            .field("revoked", &self.revoked)
            .finish_non_exhaustive()
    }
}

impl Push {
    /// What it says, if it is an event that this crate knows.
    ///
    /// # Errors
    /// [`ReadError::Field`] when a known event does not say what it must.
    pub fn event(&self) -> Result<Event, ReadError> {
        let name = self.event.as_deref().filter(|_| self.is_event()).unwrap_or("").to_ascii_lowercase();
        Ok(match name.as_str() {
            "subscribe_msg_popup_event" => Event::SubscribeAnswers(self.items(answer)?),
            "subscribe_msg_change_event" => Event::SubscribeChanges(self.items(answer)?),
            "subscribe_msg_sent_event" => Event::SubscribeSent(self.items(sent)?),
            "templatesendjobfinish" => Event::TemplateSent(TemplateSent {
                msgid: needed(&self.fields, "MsgID")?,
                status: needed(&self.fields, "Status")?,
            }),
            "user_info_modified" => Event::Privacy(self.privacy(PrivacyChange::ProfileModified)?),
            "user_authorization_revoke" => Event::Privacy(self.privacy(PrivacyChange::Revoked)?),
            "user_authorization_cancellation" => Event::Privacy(self.privacy(PrivacyChange::Cancelled)?),
            _ => Event::Other,
        })
    }

    /// What the same push has in common with its repeats, and with nothing else of the same app: `MsgId` of a message;
    /// sender, time, event and key of an event, and whom or which message it is about, because two events of one second
    /// may differ in nothing else. Short and without control characters: long keys end as a digest.
    pub fn repeat_key(&self) -> String {
        let rest = match &self.msg_id {
            Some(msg_id) => msg_id.clone(),
            None => self.what_and_when(),
        };
        if rest.len() <= LONGEST_KEY && !rest.contains(char::is_control) {
            return format!("{}:{rest}", self.from_user);
        }
        let digest = digest(&SHA256, rest.as_bytes());
        format!("{}:{}", self.from_user, hex::encode(digest))
    }

    fn what_and_when(&self) -> String {
        let mut parts = vec![
            self.created_at.to_string(),
            self.event.as_deref().unwrap_or(&self.kind).to_ascii_lowercase(),
            self.event_key.clone().unwrap_or_default(),
        ];
        parts.extend(self.text("OpenID"));
        parts.extend(self.text("MsgID"));
        // Several things may be taken back at once.
        parts.extend(["RevokeInfo", "PluginID", "OpenPID"].iter().filter_map(|field| self.text(field)));
        for item in self.list() {
            parts.extend(text_of(item, "TemplateId"));
            parts.extend(text_of(item, "MsgID"));
        }
        parts.join(":")
    }

    /// A field that may be left out, and that counts as left out when no database would keep it.
    pub fn id(&self, field: &str) -> Option<String> {
        self.text(field).filter(|text| is_kept(text))
    }

    fn privacy(&self, change: PrivacyChange) -> Result<Privacy, ReadError> {
        Ok(Privacy {
            change,
            openid: needed(&self.fields, "OpenID")?,
            unionid: self.id("UnionID"),
            appid: self.id("AppID"),
            revoked: self.id("RevokeInfo"),
            plugin_id: self.id("PluginID"),
            openpid: self.id("OpenPID"),
        })
    }

    fn items<T>(&self, read: fn(&Map<String, Value>) -> Result<T, ReadError>) -> Result<Vec<T>, ReadError> {
        let items = self.list().into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
        if items.is_empty() { Err(ReadError::Field { field: "List" }) } else { Ok(items) }
    }

    /// The items of `List`: in XML it stands in a wrapper named like the event, in JSON by itself; one item may come
    /// without a list around it.
    fn list(&self) -> Vec<&Map<String, Value>> {
        let wrapped =
            || self.fields.values().filter_map(Value::as_object).find_map(|field| field.get("List"));
        match self.fields.get("List").or_else(wrapped) {
            Some(Value::Object(item)) => vec![item],
            Some(Value::Array(items)) => items.iter().filter_map(Value::as_object).collect(),
            _ => Vec::new(),
        }
    }
}

fn answer(item: &Map<String, Value>) -> Result<SubscribeAnswer, ReadError> {
    Ok(SubscribeAnswer {
        template_id: needed(item, "TemplateId")?,
        status: needed(item, "SubscribeStatusString")?.to_ascii_lowercase(),
        scene: text_of(item, "PopupScene"),
    })
}

fn sent(item: &Map<String, Value>) -> Result<SubscribeSent, ReadError> {
    let error_code = needed(item, "ErrorCode")?;
    Ok(SubscribeSent {
        template_id: needed(item, "TemplateId")?,
        msgid: needed(item, "MsgID")?,
        error_code: error_code.parse().map_err(|_| ReadError::Field { field: "ErrorCode" })?,
        error_status: text_of(item, "ErrorStatus").unwrap_or_default(),
    })
}

fn needed(fields: &Map<String, Value>, field: &'static str) -> Result<String, ReadError> {
    text_of(fields, field).filter(|text| is_kept(text)).ok_or(ReadError::Field { field })
}

/// An id or a word: short, and without control characters.
fn is_kept(text: &str) -> bool {
    text.len() <= LONGEST_NAME && !text.contains(char::is_control)
}
