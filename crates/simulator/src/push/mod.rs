//! Pushes to an app's address (wechat-protocol.md, section F): signed, sealed and written as the app is set up, tried three
//! times of five seconds.

mod outbox;
mod write;

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use serde::Serialize;
use serde_json::{Map, Value, json};
use url::Url;
use weir_base::{Dice, Secret, Timestamp};
use weir_wechat::{
    Error, Transport, TransportSettings,
    push::{AesKey, Body, Format, message_signature, open_reply, signature},
};

pub use outbox::{After, Outbox};
pub use write::WriteError;

use crate::{
    Simulator,
    world::{App, AppKey, PushAddress, PushFormat, PushMode, ident},
};

/// So often one push is tried.
const TRIES: usize = 3;
/// So long each try may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// So much of a reply is reported, in bytes.
const LONGEST_REPORTED: usize = 4096;

/// What came of a push.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Pushed {
    pub attempts: Vec<Attempt>,
    /// Whether the last try was answered as WeChat wants it.
    pub accepted: bool,
}

/// One try.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Attempt {
    /// `null` when no answer came.
    pub status: Option<u16>,
    pub body: Option<String>,
    /// How long it took, in milliseconds of the simulator's clock.
    pub ms: u64,
    /// Why it was not accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Sends pushes; its connections are opened by the first.
#[derive(Default)]
pub struct Courier {
    transport: std::sync::OnceLock<Option<Transport>>,
    count: AtomicU64,
}

impl Courier {
    fn transport(&self, simulator: &Simulator) -> Option<&Transport> {
        let made = self.transport.get_or_init(|| {
            let settings = TransportSettings {
                connect_timeout: PATIENCE,
                timeout: PATIENCE,
                user_agent: String::from("Mozilla/4.0"),
                ..TransportSettings::default()
            };
            // Nothing of a push is thrown: the transport throws only for waits between tries, and has none.
            Transport::new(settings, simulator.clock().clone(), Dice::seeded(0)).ok()
        });
        made.as_ref()
    }

    fn chance(&self, now: Timestamp) -> (String, [u8; 16]) {
        ident::push_chance(self.count.fetch_add(1, Ordering::Relaxed), now)
    }
}

/// `subscribe_msg_sent_event` of one message that arrived.
pub fn sent_event(openid: &str, template: &str, msgid: i64) -> Map<String, Value> {
    let item = json!({
        "TemplateId": template,
        "MsgID": msgid.to_string(),
        "ErrorCode": "0",
        "ErrorStatus": "success",
    });
    event("subscribe_msg_sent_event", openid, [("List", item)])
}

/// `subscribe_msg_popup_event` of one answer to a prompt in a page.
pub fn popup_event(openid: &str, template: &str, status: &str) -> Map<String, Value> {
    let item = json!({"TemplateId": template, "SubscribeStatusString": status, "PopupScene": "0"});
    event("subscribe_msg_popup_event", openid, [("List", item)])
}

/// `subscribe_msg_change_event`: messages of the template were turned off.
pub fn change_event(openid: &str, template: &str) -> Map<String, Value> {
    let item = json!({"TemplateId": template, "SubscribeStatusString": "reject"});
    event("subscribe_msg_change_event", openid, [("List", item)])
}

/// `TEMPLATESENDJOBFINISH` of a template message that arrived.
pub fn job_finished_event(openid: &str, msgid: i64) -> Map<String, Value> {
    event("TEMPLATESENDJOBFINISH", openid, [("MsgID", json!(msgid)), ("Status", json!("success"))])
}

fn event<const N: usize>(name: &str, openid: &str, fields: [(&str, Value); N]) -> Map<String, Value> {
    let own = [("Event", Value::from(name)), ("FromUserName", Value::from(openid))];
    own.into_iter().chain(fields).map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Adds what every push has, where it is not given.
fn complete(
    app: &App,
    format: PushFormat,
    mut fields: Map<String, Value>,
    now: Timestamp,
    msgid: i64,
) -> Map<String, Value> {
    let event = fields.get("Event").and_then(Value::as_str).unwrap_or_default().to_ascii_lowercase();
    let privacy = event.starts_with("user_authorization_") || event == "user_info_modified";
    let mut put = |name: &str, value: Value| {
        fields.entry(name).or_insert(value);
    };
    put("ToUserName", ident::original_id(&app.appid).into());
    // The sender of privacy events is WeChat's own account; whom they are about stands in `OpenID`.
    put("FromUserName", ident::push_account(&app.appid).into());
    let seconds = now.seconds();
    let as_text = format == PushFormat::Json && event.starts_with("subscribe_msg_");
    put("CreateTime", if as_text { json!(seconds.to_string()) } else { json!(seconds) });
    put("MsgType", if event.is_empty() { "text" } else { "event" }.into());
    if event.is_empty() {
        put("MsgId", msgid.into());
    }
    if privacy {
        put("AppID", app.appid.clone().into());
    }
    fields
}

/// A push ready to be tried.
struct Letter<'a> {
    app: &'a App,
    address: &'a PushAddress,
    url: Url,
    sender: String,
    fields: Map<String, Value>,
}

impl Letter<'_> {
    /// One try's address and body.
    fn sealed(
        &self,
        now: Timestamp,
        (nonce, random): (String, [u8; 16]),
    ) -> Result<(Url, String), WriteError> {
        let PushAddress { token, aes_key, format, mode, .. } = self.address;
        let (token, timestamp) = (Secret::new(token.as_str()), now.seconds().to_string());
        let mut url = self.url.clone();
        url.query_pairs_mut()
            .append_pair("signature", &signature(&token, &timestamp, &nonce))
            .append_pair("timestamp", &timestamp)
            .append_pair("nonce", &nonce)
            .append_pair("openid", &self.sender);
        let clear = write::body(*format, &self.fields)?;
        let key = aes_key.as_deref().and_then(|key| AesKey::parse(&Secret::new(key)));
        let (Some(key), PushMode::Compatible | PushMode::Safe) = (key, mode) else { return Ok((url, clear)) };
        let encrypted = key.encrypt(clear.as_bytes(), &self.app.appid, &random);
        let signed = message_signature(&token, &timestamp, &nonce, &encrypted);
        url.query_pairs_mut().append_pair("encrypt_type", "aes").append_pair("msg_signature", &signed);
        let mut fields = match mode {
            PushMode::Compatible => self.fields.clone(),
            PushMode::Safe | PushMode::Plain => {
                let to = self.fields.get("ToUserName").cloned().unwrap_or_default();
                Map::from_iter([(String::from("ToUserName"), to)])
            }
        };
        fields.insert(String::from("Encrypt"), encrypted.into());
        Ok((url, write::body(*format, &fields)?))
    }

    /// Why WeChat would not take a reply: it wants nothing, `success`, or something written as pushes are, and sealed where
    /// pushes are sealed only.
    fn refuses(&self, status: u16, body: &[u8]) -> Option<String> {
        if status != 200 {
            return Some(String::from("another status than 200"));
        }
        let text = body.trim_ascii();
        if text.is_empty() || text == b"success" {
            return None;
        }
        let reply = match Body::read(body) {
            Ok(reply) => reply,
            Err(error) => return Some(format!("neither success nor a reply: {error}")),
        };
        let wanted = match self.address.format {
            PushFormat::Xml => Format::Xml,
            PushFormat::Json => Format::Json,
        };
        if reply.format() != wanted {
            return Some(String::from("a reply in another format than the push"));
        }
        let key = self.address.aes_key.as_deref().and_then(|key| AesKey::parse(&Secret::new(key)));
        match (reply.encrypted(), key) {
            (Some(_), Some(key)) => {
                let token = Secret::new(self.address.token.as_str());
                let opened = open_reply(body, &self.app.appid, (&key, &token));
                opened.err().map(|error| error.to_string())
            }
            (Some(_), None) => Some(String::from("an encrypted reply, and the app has no aes_key")),
            (None, _) if self.address.mode == PushMode::Safe => {
                Some(String::from("a reply in clear text in safe mode"))
            }
            (None, _) => None,
        }
    }
}

impl Simulator {
    /// These fields with what every push has.
    pub(crate) fn completed(&self, key: AppKey, fields: Map<String, Value>) -> Map<String, Value> {
        let world = self.world();
        let Some(app) = world.app_at(key) else { return fields };
        let format = app.push.as_ref().map_or(PushFormat::Xml, |push| push.format);
        let now = self.clock().now();
        complete(app, format, fields, now, self.inbox().next_msgid(now))
    }

    /// Pushes an event or a message to the app's address as WeChat does, and tells what came of it. What every push has is
    /// added where `fields` do not have it. `None` when the app has no push address.
    pub(crate) async fn deliver(
        &self,
        key: AppKey,
        fields: Map<String, Value>,
    ) -> Result<Option<Pushed>, WriteError> {
        let app = match self.world().app_at(key) {
            Some(app) if app.push.is_some() => app.clone(),
            _ => return Ok(None),
        };
        let Some(address) = app.push.as_ref() else { return Ok(None) };
        let Ok(url) = Url::parse(&address.url) else { return Ok(None) };
        let fields = self.completed(key, fields);
        let sender = fields.get("FromUserName").and_then(Value::as_str).unwrap_or_default().to_owned();
        let letter = Letter { app: &app, address, url, sender, fields };
        let mut pushed = Pushed { attempts: Vec::new(), accepted: false };
        while pushed.attempts.len() < TRIES {
            let attempt = self.try_once(&letter).await?;
            // Only silence and other statuses are tried again: a bad reply was a reply.
            let again = attempt.status != Some(200);
            pushed.accepted = attempt.error.is_none();
            pushed.attempts.push(attempt);
            if !again {
                break;
            }
        }
        Ok(Some(pushed))
    }

    async fn try_once(&self, letter: &Letter<'_>) -> Result<Attempt, WriteError> {
        let began = self.clock().now();
        let (url, body) = letter.sealed(began, self.courier().chance(began))?;
        let content_type = match letter.address.format {
            PushFormat::Xml => "text/xml",
            PushFormat::Json => "application/json",
        };
        let answered = match self.courier().transport(self) {
            Some(transport) => transport.post(&url, content_type, body.into()).await,
            None => return Ok(failed(0, String::from("the HTTP client could not be made"))),
        };
        let ms = u64::try_from(self.clock().now().since(began).as_millis()).unwrap_or(u64::MAX);
        Ok(match answered {
            Ok((status, body)) => {
                let text = String::from_utf8_lossy(&body);
                let shown = &text[..text.floor_char_boundary(LONGEST_REPORTED)];
                let error = letter.refuses(status, &body);
                Attempt { status: Some(status), body: Some(shown.to_owned()), ms, error }
            }
            Err(error) => failed(ms, why(&error)),
        })
    }
}

fn failed(ms: u64, error: String) -> Attempt {
    Attempt { status: None, body: None, ms, error: Some(error) }
}

fn why(error: &Error) -> String {
    error.reason().to_owned()
}
