//! Messages to people: a mini-program's subscription messages (section E2) and an official account's template messages
//! (section E6).

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use serde_json::{Map, Value};
use weir_base::Secret;

use crate::{
    Error, Route, WeChat,
    query::Query,
    transport::{Call, Repeat, json},
};

/// A subscription message. `Debug` shows neither who gets it nor what it says.
#[derive(Clone, Copy, Serialize)]
pub struct SubscribeMessage<'a> {
    /// The openid of whoever gets it.
    pub touser: &'a str,
    pub template_id: &'a str,
    /// The template's fields: `{"thing1": {"value": "…"}, …}`, every one of them ([`crate::template`] has their rules).
    pub data: &'a Map<String, Value>,
    /// The page that a tap opens, one of the app's own, with its query.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<&'a str>,
    /// `developer`, `trial` or `formal`, which is WeChat's default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub miniprogram_state: Option<&'a str>,
    /// `zh_CN`, WeChat's default, `en_US`, `zh_HK` or `zh_TW`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lang: Option<&'a str>,
}

impl fmt::Debug for SubscribeMessage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SubscribeMessage").field("template_id", &self.template_id).finish_non_exhaustive()
    }
}

/// A template message of an official account. `Debug` shows neither who gets it nor what it says.
#[derive(Clone, Copy, Serialize)]
pub struct TemplateMessage<'a> {
    pub touser: &'a str,
    pub template_id: &'a str,
    pub data: &'a Map<String, Value>,
    /// The page that a tap opens, unless `miniprogram` is opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub miniprogram: Option<MiniProgramPage<'a>>,
    /// Within ten minutes WeChat sends one openid one message with this id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_msg_id: Option<&'a str>,
}

impl fmt::Debug for TemplateMessage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TemplateMessage").field("template_id", &self.template_id).finish_non_exhaustive()
    }
}

/// A page of a mini-program that is bound to the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct MiniProgramPage<'a> {
    pub appid: &'a str,
    pub pagepath: &'a str,
}

/// WeChat took a message. Whether it arrives is told later, by an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Sent {
    /// Names the message in the event. Beyond 2^53; absent in answers as WeChat documents them.
    #[serde(default, deserialize_with = "msgid")]
    pub msgid: Option<i64>,
}

/// A number, a number as text, or none.
fn msgid<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    match Option::<Value>::deserialize(deserializer)? {
        None => Ok(None),
        Some(Value::String(text)) if text.is_empty() => Ok(None),
        Some(Value::String(text)) => text.parse().map(Some).map_err(|_| D::Error::custom("not a msgid")),
        Some(value) => value.as_i64().map(Some).ok_or_else(|| D::Error::custom("not a msgid")),
    }
}

impl WeChat {
    /// `POST /cgi-bin/message/subscribe/send` (section E2). Uses up one accept of a one-time template; never sent twice.
    ///
    /// # Errors
    /// Refused: token errors ([`Error::is_token_error`]), 40003 no such openid, 40036 and 40037 no such template, 41030 no
    /// such page, 43101 nothing accepted, 43107 banned, 43108 another send to the same person is under way, 45168 a
    /// sensitive word, 47003 a value that breaks its kind's rule. Throttled: 45009. [`Error::Unreachable`] (but for
    /// `Connect`) and [`Error::BadAnswer`] say that the message may have been sent.
    pub async fn send_subscribe_message(
        &self,
        access_token: &Secret,
        message: &SubscribeMessage<'_>,
    ) -> Result<Sent, Error> {
        self.send(&self.routes().subscribe_send, access_token, message.touser, message).await
    }

    /// `POST /cgi-bin/message/template/send` (section E6): 100,000 a day. Never sent twice.
    ///
    /// # Errors
    /// As [`WeChat::send_subscribe_message`], and 40013 and 40165 for the mini-program's page, 43004 the person does not
    /// follow the account, 43019, 43116, 48001 the account is not certified.
    pub async fn send_template_message(
        &self,
        access_token: &Secret,
        message: &TemplateMessage<'_>,
    ) -> Result<Sent, Error> {
        self.send(&self.routes().template_send, access_token, message.touser, message).await
    }

    async fn send(
        &self,
        route: &Route,
        access_token: &Secret,
        touser: &str,
        message: &impl Serialize,
    ) -> Result<Sent, Error> {
        let call = Call {
            route,
            query: Some(Query::new().with("access_token", access_token.expose())),
            body: Some(json(message)),
            repeat: Repeat::Never,
            sent: &[access_token.expose(), touser],
        };
        self.transport().call(call).await
    }
}
