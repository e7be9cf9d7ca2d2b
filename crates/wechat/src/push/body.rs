//! A push's body: fields, whether they came as XML or as JSON.

use serde_json::{Map, Value};

use super::xml;

/// The longest body that is read. WeChat's longest have a few kilobytes.
const LONGEST: usize = 1 << 20;
/// How deep fields may lie in one another. WeChat's lists lie in the third level.
pub(super) const DEEPEST: usize = 16;
/// The longest id, name of a kind or name of an event.
pub(super) const LONGEST_NAME: usize = 128;

/// How a body is written; its reply is written the same way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Xml,
    Json,
}

/// Why a body is no push.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    #[error("the body is longer than 1 MiB")]
    TooLong,
    #[error("the body is not UTF-8")]
    NotUtf8,
    /// Nobody needs one, and its entities could read files and fill memory.
    #[error("the body has a document type")]
    Doctype,
    #[error("the body uses an entity that XML does not define")]
    Entity,
    #[error("the body lies in more than 16 levels")]
    TooDeep,
    #[error("the body is neither XML nor a JSON object")]
    Malformed,
    /// A field is absent, empty or of another type.
    #[error("{field} is missing, or not what it must be")]
    Field { field: &'static str },
}

/// A body that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Body {
    format: Format,
    fields: Map<String, Value>,
}

impl Body {
    /// Reads XML or JSON, whichever it is, with nothing around it but blanks and a byte order mark.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub fn read(bytes: &[u8]) -> Result<Self, ReadError> {
        if bytes.len() > LONGEST {
            return Err(ReadError::TooLong);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| ReadError::NotUtf8)?;
        let text = text.trim_start_matches('\u{feff}').trim();
        let (format, fields) = if text.starts_with('<') {
            (Format::Xml, xml::read(text)?)
        } else {
            match serde_json::from_str(text) {
                Ok(Value::Object(fields)) => (Format::Json, fields),
                _ => return Err(ReadError::Malformed),
            }
        };
        // Repeated elements of XML are lists, which are levels too.
        if depth_of(&fields) > DEEPEST {
            return Err(ReadError::TooDeep);
        }
        Ok(Self { format, fields })
    }

    /// A body whose fields were read before.
    pub fn of(fields: Map<String, Value>) -> Self {
        Self { format: Format::Json, fields }
    }

    pub fn format(&self) -> Format {
        self.format
    }

    /// The ciphertext, in safe and compatible mode.
    pub fn encrypted(&self) -> Option<&str> {
        self.fields.get("Encrypt").and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    pub fn fields(&self) -> &Map<String, Value> {
        &self.fields
    }

    /// The message or event of a body that is not encrypted, or that was decrypted.
    ///
    /// # Errors
    /// [`ReadError::Field`] unless it tells who sends what, and when.
    pub fn push(self) -> Result<Push, ReadError> {
        let Self { format, fields } = self;
        let given = |field: &'static str| match clear_text(&fields, field) {
            Some(Ok(text)) if !text.is_empty() => Ok(Some(text)),
            None | Some(Ok(_)) => Ok(None),
            Some(Err(())) => Err(ReadError::Field { field }),
        };
        let needed = |field| given(field)?.ok_or(ReadError::Field { field });
        let created_at =
            needed("CreateTime")?.parse().map_err(|_| ReadError::Field { field: "CreateTime" })?;
        Ok(Push {
            format,
            to_user: given("ToUserName")?.unwrap_or_default(),
            from_user: needed("FromUserName")?,
            created_at,
            kind: needed("MsgType")?.to_ascii_lowercase(),
            event: given("Event")?,
            event_key: given("EventKey")?,
            msg_id: given("MsgId")?,
            fields,
        })
    }
}

/// A message or an event. `Debug` shows its kind only: the rest is people's own.
#[derive(Clone, PartialEq)]
pub struct Push {
    pub format: Format,
    /// The app, as `gh_` and 12 hex digits.
    pub to_user: String,
    /// Whoever caused it: a person's openid, but WeChat's own account in privacy events ([`super::Privacy`]).
    pub from_user: String,
    /// Seconds since the Unix epoch.
    pub created_at: i64,
    /// `text`, `event` and the like, in lower case.
    pub kind: String,
    /// An event's name as it came: some are in lower case, some in upper.
    pub event: Option<String>,
    pub event_key: Option<String>,
    /// A message's number, beyond 2^53; events have none.
    pub msg_id: Option<String>,
    /// Everything that was pushed. Leaves are texts in XML; texts, numbers and flags in JSON.
    pub fields: Map<String, Value>,
}

impl Push {
    pub fn is_event(&self) -> bool {
        self.kind == "event"
    }

    /// Whether it is this event, whatever the case of its name.
    pub fn is(&self, event: &str) -> bool {
        self.is_event() && self.event.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(event))
    }

    /// A field as text, whether it came as text or as number. Upper and lower case are one: WeChat writes both `OpenID`
    /// and `openid`.
    pub fn text(&self, field: &str) -> Option<String> {
        text_of(&self.fields, field)
    }
}

impl std::fmt::Debug for Push {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Push")
            .field("format", &self.format)
            .field("kind", &self.kind)
            .field("event", &self.event)
            .finish_non_exhaustive()
    }
}

/// A field as text; empty ones count as absent.
pub(super) fn text_of(fields: &Map<String, Value>, field: &str) -> Option<String> {
    let value = fields.get(field).or_else(|| {
        let (_, value) = fields.iter().find(|(name, _)| name.eq_ignore_ascii_case(field))?;
        Some(value)
    })?;
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A field of the envelope: no control characters, which no database needs to keep, and an end.
fn clear_text(fields: &Map<String, Value>, field: &str) -> Option<Result<String, ()>> {
    let longest = if field == "EventKey" { LONGEST } else { LONGEST_NAME };
    match fields.get(field)? {
        Value::Null => None,
        Value::String(text) if text.len() > longest || text.contains(char::is_control) => Some(Err(())),
        Value::String(text) => Some(Ok(text.clone())),
        Value::Number(number) => Some(Ok(number.to_string())),
        _ => Some(Err(())),
    }
}

/// How many levels of objects and lists there are. serde_json itself ends at 128.
fn depth_of(fields: &Map<String, Value>) -> usize {
    fn of(value: &Value) -> usize {
        match value {
            Value::Object(fields) => depth_of(fields),
            Value::Array(items) => 1 + items.iter().map(of).max().unwrap_or(0),
            _ => 0,
        }
    }
    1 + fields.values().map(of).max().unwrap_or(0)
}
