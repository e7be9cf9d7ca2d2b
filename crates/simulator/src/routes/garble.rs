//! Answers as they must not be.

use axum::http::StatusCode;
use serde_json::{Number, Value};

use crate::{
    answer::{Answer, HTML},
    faults::Garbage,
};

pub fn garbled(form: Garbage, mut answer: Answer) -> Answer {
    // A redirect that is garbled leads nowhere.
    answer.headers.clear();
    if answer.status.is_redirection() {
        answer.status = StatusCode::OK;
    }
    match form {
        Garbage::Truncated => {
            let mut half = answer.body.len() / 2;
            if let Ok(text) = std::str::from_utf8(&answer.body) {
                half = text.floor_char_boundary(half);
            }
            answer.body.truncate(half);
        }
        Garbage::Html => {
            answer.content_type = HTML;
            answer.body = Vec::from(
                "<!DOCTYPE html><html><head><title>系统繁忙</title></head><body>系统繁忙，请稍后再试</body></html>",
            );
        }
        Garbage::WrongType => {
            let other = match serde_json::from_slice::<Value>(&answer.body) {
                Ok(Value::Object(fields)) => Value::Object(
                    fields.into_iter().map(|(name, value)| (name, of_another_type(&value))).collect(),
                )
                .to_string(),
                _ => String::from("[]"),
            };
            answer.body = other.into_bytes();
        }
        Garbage::Empty => answer.body.clear(),
    }
    answer
}

fn of_another_type(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::Number(Number::from(text.len())),
        Value::Number(number) => Value::String(format!("{number}x")),
        Value::Array(_) => Value::Object(serde_json::Map::new()),
        Value::Object(_) => Value::Array(Vec::new()),
        Value::Bool(_) | Value::Null => Value::String(String::from("x")),
    }
}

/// The page of a proxy that stands before WeChat.
pub fn proxy_page(status: StatusCode) -> Answer {
    let title = format!("{} {}", status.as_u16(), status.canonical_reason().unwrap_or("Error"));
    let page = format!(
        "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n</body>\r\n</html>\r\n"
    );
    Answer::of(status, "text/html", page.into_bytes())
}
