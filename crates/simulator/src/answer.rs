//! How WeChat words its answers: `errmsg` with its decoration, content types, and HTTP 200 whatever happens
//! (wechat-protocol.md, section 0).

use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, Response, StatusCode, header},
};
use weir_base::{Dice, Timestamp};

use crate::{
    page,
    push::After,
    wording,
    words::{self, Language, Three},
    world::{ErrmsgStyle, ident},
};

/// An error as WeChat knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub code: i32,
    /// A text of its own in place of the code's usual one.
    pub text: Option<String>,
    /// The same for pages, which speak the phone's language.
    pub shown: Option<Three>,
}

impl Refusal {
    pub fn of(code: i32) -> Self {
        Self { code, text: None, shown: None }
    }

    pub fn worded(code: i32, text: impl Into<String>) -> Self {
        Self { code, text: Some(text.into()), shown: None }
    }

    /// What a page says that is not opened.
    pub fn shown(code: i32, texts: Three) -> Self {
        Self { code, text: None, shown: Some(texts) }
    }
}

/// The manners of answering.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// `/sns/*`: `text/plain`, decoration after a comma.
    Sns,
    /// `/cgi-bin/*` and `/wxa/*`: JSON, decoration after a blank.
    Api,
    /// What a browser opens: errors are pages that show the code.
    Page,
}

impl Family {
    pub fn of(path: &str) -> Self {
        match path {
            _ if path.starts_with("/sns/") => Self::Sns,
            "/cgi-bin/showqrcode" => Self::Page,
            _ if path.starts_with("/connect/") || path.starts_with("/open/") => Self::Page,
            _ => Self::Api,
        }
    }

    pub fn content_type(self) -> &'static str {
        match self {
            Self::Sns => "text/plain",
            Self::Api => "application/json; encoding=utf-8",
            Self::Page => HTML,
        }
    }
}

pub const HTML: &str = "text/html; charset=utf-8";

/// An answer ready to be sent.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub content_type: &'static str,
    pub body: Vec<u8>,
    /// For the record of calls: 0 on success.
    pub errcode: i32,
    /// Other headers; nearly always none.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// What is pushed once it is out.
    pub after: Option<After>,
}

impl Answer {
    pub fn success(family: Family, body: String) -> Self {
        Self::of(StatusCode::OK, family.content_type(), body.into_bytes())
    }

    /// An answer of any kind that is no refusal.
    pub fn of(status: StatusCode, content_type: &'static str, body: Vec<u8>) -> Self {
        Self { status, content_type, body, errcode: 0, headers: Vec::new(), after: None }
    }

    pub fn html(page: String) -> Self {
        Self::of(StatusCode::OK, HTML, page.into_bytes())
    }

    /// 302. What cannot stand in a header leads nowhere: callers give addresses that a URL parser has written.
    pub fn redirect(to: &str) -> Self {
        let location = HeaderValue::from_str(to).unwrap_or(HeaderValue::from_static("/"));
        Self::of(StatusCode::FOUND, HTML, Vec::new()).with(header::LOCATION, location)
    }

    pub fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    pub fn refused(
        family: Family,
        style: ErrmsgStyle,
        refusal: &Refusal,
        now: Timestamp,
        dice: &Dice,
    ) -> Self {
        let text = refusal.text.as_deref().unwrap_or_else(|| wording::of(refusal.code, family));
        let errmsg = match (style, family) {
            (ErrmsgStyle::Rid, Family::Sns) => format!("{text}, rid: {}", ident::rid(dice, now)),
            (ErrmsgStyle::Rid, _) => format!("{text} rid: {}", ident::rid(dice, now)),
            (ErrmsgStyle::Hints, Family::Sns) => {
                format!("{text}, hints: [ req_id: {} ]", dice.alphanumeric(14))
            }
            (ErrmsgStyle::Hints, _) => format!("{text} hint: [{}]", dice.alphanumeric(14)),
        };
        let body = format!(r#"{{"errcode":{},"errmsg":{}}}"#, refusal.code, json_text(&errmsg));
        Self { errcode: refusal.code, ..Self::success(family, body) }
    }

    /// The page that is shown in place of one that is not opened.
    pub fn not_opened(refusal: &Refusal, language: Language) -> Self {
        let own =
            refusal.shown.or_else(|| words::of_code(refusal.code)).map(|texts| language.of_three(texts));
        let text = refusal.text.as_deref().or(own).unwrap_or_else(|| wording::of(refusal.code, Family::Page));
        Self { errcode: refusal.code, ..Self::html(page::error(text, refusal.code, language)) }
    }

    /// What a path gets that WeChat does not know: its 40066, with HTTP 404.
    pub fn unknown_path(path: &str, now: Timestamp, dice: &Dice) -> Self {
        let family = if path.starts_with("/sns/") { Family::Sns } else { Family::Api };
        let refused = Self::refused(family, ErrmsgStyle::Rid, &Refusal::of(40066), now, dice);
        Self { status: StatusCode::NOT_FOUND, ..refused }
    }

    pub fn into_response(self) -> Response<Body> {
        let length = self.body.len();
        let body = match self.after {
            None => Body::from(self.body),
            Some(after) => after.body(self.body),
        };
        let mut response = Response::new(body);
        response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        *response.status_mut() = self.status;
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        response.headers_mut().extend(self.headers);
        response
    }
}

/// A string as JSON writes it, quotes included; Chinese stays as it is.
pub fn json_text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
