//! How WeChat words its answers: `errmsg` with its decoration, content types, and HTTP 200 whatever happens
//! (wechat-protocol.md, section 0).

use std::borrow::Cow;

use axum::{
    body::Body,
    http::{HeaderValue, Response, StatusCode, header::CONTENT_TYPE},
};
use weir_base::{Dice, Timestamp};

use crate::{
    wording,
    world::{ErrmsgStyle, ident},
};

/// An error as WeChat knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub code: i32,
    /// A text of its own in place of the code's usual one.
    pub text: Option<String>,
}

impl Refusal {
    pub fn of(code: i32) -> Self {
        Self { code, text: None }
    }

    pub fn worded(code: i32, text: impl Into<String>) -> Self {
        Self { code, text: Some(text.into()) }
    }
}

/// The two manners of answering.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// `/sns/*`: `text/plain`, decoration after a comma.
    Sns,
    /// `/cgi-bin/*` and `/wxa/*`: JSON, decoration after a blank.
    Api,
}

impl Family {
    pub fn of(path: &str) -> Self {
        if path.starts_with("/sns/") { Self::Sns } else { Self::Api }
    }

    pub fn content_type(self) -> &'static str {
        match self {
            Self::Sns => "text/plain",
            Self::Api => "application/json; encoding=utf-8",
        }
    }
}

/// An answer ready to be sent.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub content_type: &'static str,
    pub body: String,
    /// For the record of calls: 0 on success.
    pub errcode: i32,
}

impl Answer {
    pub fn success(family: Family, body: String) -> Self {
        Self { status: StatusCode::OK, content_type: family.content_type(), body, errcode: 0 }
    }

    pub fn refused(
        family: Family,
        style: ErrmsgStyle,
        refusal: &Refusal,
        now: Timestamp,
        dice: &Dice,
    ) -> Self {
        let text = match &refusal.text {
            Some(text) => Cow::Borrowed(text.as_str()),
            None => Cow::Borrowed(wording::of(refusal.code, family)),
        };
        let errmsg = match (style, family) {
            (ErrmsgStyle::Rid, Family::Sns) => format!("{text}, rid: {}", ident::rid(dice, now)),
            (ErrmsgStyle::Rid, Family::Api) => format!("{text} rid: {}", ident::rid(dice, now)),
            (ErrmsgStyle::Hints, Family::Sns) => {
                format!("{text}, hints: [ req_id: {} ]", dice.alphanumeric(14))
            }
            (ErrmsgStyle::Hints, Family::Api) => format!("{text} hint: [{}]", dice.alphanumeric(14)),
        };
        let body = format!(r#"{{"errcode":{},"errmsg":{}}}"#, refusal.code, json_text(&errmsg));
        Self { status: StatusCode::OK, content_type: family.content_type(), body, errcode: refusal.code }
    }

    /// What a path gets that WeChat does not know: its 40066, with HTTP 404.
    pub fn unknown_path(path: &str, now: Timestamp, dice: &Dice) -> Self {
        let family = Family::of(path);
        let refused = Self::refused(family, ErrmsgStyle::Rid, &Refusal::of(40066), now, dice);
        Self { status: StatusCode::NOT_FOUND, ..refused }
    }

    pub fn into_response(self) -> Response<Body> {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        response
    }
}

/// A string as JSON writes it, quotes included; Chinese stays as it is.
pub fn json_text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
