//! What WeChat answered, read from bytes. Pure: no connection is needed to try it.

use serde::{Deserialize, Deserializer, de::DeserializeOwned, de::Error as _};
use serde_json::error::Category;

use crate::Error;

/// What every answer may carry. An answer is an error if and only if `errcode` is present and not 0 (section 0):
/// answers of the token family have none when all is well.
#[derive(Deserialize)]
struct Head {
    errcode: Option<i64>,
    errmsg: Option<String>,
}

/// Reads an answer: an error when WeChat says so, else `T`. The bytes are taken for UTF-8 JSON whatever the content
/// type says, because WeChat sends JSON as `text/plain`.
///
/// # Errors
/// [`Error::Throttled`], [`Error::Busy`] and [`Error::Refused`] by `errcode`; [`Error::BadAnswer`] for everything that
/// is not a JSON object of the expected shape with status 200.
pub fn parse<T: DeserializeOwned>(status: u16, body: &[u8]) -> Result<T, Error> {
    let bad = |what| Error::BadAnswer { what, status };
    if status != 200 {
        return Err(bad("a status other than 200"));
    }
    match body.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'{') => {}
        None => return Err(bad("an empty body")),
        Some(b'<') => return Err(bad("HTML or XML instead of JSON")),
        Some(_) => return Err(bad("not a JSON object")),
    }
    let head: Head = serde_json::from_slice(body).map_err(|error| bad(what_is_wrong(&error)))?;
    if let Some(errcode) = head.errcode.filter(|&errcode| errcode != 0) {
        return Err(Error::from_code(errcode, head.errmsg.unwrap_or_default()));
    }
    serde_json::from_slice(body).map_err(|error| bad(what_is_wrong(&error)))
}

fn what_is_wrong(error: &serde_json::Error) -> &'static str {
    match error.classify() {
        Category::Eof => "truncated JSON",
        Category::Data => "fields missing or of other types",
        Category::Syntax | Category::Io => "malformed JSON",
    }
}

/// A text that must say something.
pub(crate) fn filled<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() { Err(D::Error::custom("empty")) } else { Ok(text) }
}

/// A text that may be left out; `null` and the empty text mean the same.
pub(crate) fn optional<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.filter(|text| !text.is_empty()))
}

/// A text that WeChat also writes as a number.
pub(crate) fn text_or_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum TextOrNumber {
        Text(String),
        Number(u64),
    }
    Ok(match TextOrNumber::deserialize(deserializer)? {
        TextOrNumber::Text(text) => text,
        TextOrNumber::Number(number) => number.to_string(),
    })
}

/// Far more than WeChat's 28 or 29 characters.
const LONGEST_ID: usize = 128;

/// An id is printable ASCII. What is not comes from somebody who is not WeChat, and no database needs to keep it.
fn is_person_id(text: &str) -> bool {
    (1..=LONGEST_ID).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

pub(crate) fn person_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let id = String::deserialize(deserializer)?;
    if is_person_id(&id) { Ok(id) } else { Err(D::Error::custom("not an openid")) }
}

pub(crate) fn optional_person_id<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    let id = optional(deserializer)?;
    if id.as_deref().is_none_or(is_person_id) { Ok(id) } else { Err(D::Error::custom("not a unionid")) }
}
