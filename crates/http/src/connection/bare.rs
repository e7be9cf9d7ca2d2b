//! What hyper answers by itself, before any service of ours is asked: a status and nothing else, when it cannot read a
//! request's head (decision 0015).

use std::borrow::Cow;

use axum::{
    body::Body,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use futures_util::FutureExt;
use http_body_util::BodyExt;
use weir_core::Failure;

use crate::{Shared, observe};

/// So much of a request line is kept for the answer to what is wrong with it.
const LINE: usize = 256;

/// The request line that was read last, as far as it is kept.
#[derive(Debug, Default)]
pub(super) struct Line {
    bytes: Vec<u8>,
    whole: bool,
}

impl Line {
    pub(super) fn read(&mut self, bytes: &[u8]) {
        if self.whole {
            return;
        }
        let end = bytes.iter().position(|byte| *byte == b'\n');
        let kept = end.unwrap_or(bytes.len()).min(LINE - self.bytes.len());
        self.bytes.extend_from_slice(&bytes[..kept]);
        self.whole = end.is_some() || self.bytes.len() == LINE;
    }

    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.whole = false;
    }

    /// The path that was asked for, when the line has the form of one.
    fn path(&self) -> Cow<'_, str> {
        let target = self.bytes.split(|byte| *byte == b' ').nth(1).unwrap_or_default();
        let path = target.split(|byte| *byte == b'?').next().unwrap_or_default();
        if path.starts_with(b"/") { String::from_utf8_lossy(path) } else { Cow::Borrowed("") }
    }
}

/// Our answer in place of what hyper would send, if that is one of its own.
pub(super) fn instead(server: &Shared, line: &Line, sent: &[u8]) -> Option<Vec<u8>> {
    let status = bare(sent)?;
    let detail = match status {
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => "has a head that is too large",
        StatusCode::URI_TOO_LONG => "has an address that is too long",
        _ => "is no HTTP/1.1 that can be read",
    };
    let response = observe::unread(server, &line.path(), status, Failure::invalid("request", detail));
    let (parts, body) = Response::into_parts(response);
    let body = whole(body);
    // A HEAD is answered as a GET is, without the body.
    let shown: &[u8] = if line.bytes.starts_with(b"HEAD ") { b"" } else { &body };
    Some(written(status, sent, &parts.headers, body.len(), shown))
}

/// The status of an answer that consists of nothing but what hyper puts into each.
fn bare(sent: &[u8]) -> Option<StatusCode> {
    let head = sent.strip_prefix(b"HTTP/1.1 4")?.strip_suffix(b"\r\n\r\n")?;
    let mut lines = std::str::from_utf8(head).ok()?.split("\r\n");
    let status = lines.next()?.get(..2)?.parse::<u16>().ok()?;
    let is_hypers = |line: &str| {
        let name = line.split(':').next().unwrap_or_default();
        ["connection", "content-length", "date"].iter().any(|own| name.eq_ignore_ascii_case(own))
    };
    lines.all(is_hypers).then(|| StatusCode::from_u16(400 + status).ok())?
}

/// A refusal is worded in one piece, which is there at once.
fn whole(body: Body) -> Vec<u8> {
    body.collect().now_or_never().and_then(Result::ok).map(|body| body.to_bytes().into()).unwrap_or_default()
}

/// hyper's date, our headers and our body.
fn written(status: StatusCode, sent: &[u8], headers: &HeaderMap, length: usize, body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("HTTP/1.1 {status}\r\n").into_bytes();
    let is_date = |line: &&[u8]| line.len() > 5 && line[..5].eq_ignore_ascii_case(b"date:");
    for line in sent.split(|byte| *byte == b'\n').filter(is_date) {
        bytes.extend_from_slice(line);
        bytes.push(b'\n');
    }
    for (name, value) in headers {
        bytes.extend_from_slice(name.as_str().as_bytes());
        bytes.extend_from_slice(b": ");
        bytes.extend_from_slice(value.as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(format!("content-length: {length}\r\nconnection: close\r\n\r\n").as_bytes());
    bytes.extend_from_slice(body);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hypers_own_answers_are_told_from_ours() {
        for (sent, status) in [
            ("HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n", Some(400)),
            (
                "HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\ndate: x\r\n\r\n",
                Some(431),
            ),
            ("HTTP/1.1 404 Not Found\r\nx-request-id: a\r\ncontent-length: 0\r\n\r\n", None),
            ("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", None),
            ("HTTP/1.1 400 Bad Request\r\ncontent-length: 2\r\n\r\n{}", None),
            ("HTTP/1.1 4\r\n\r\n", None),
            ("", None),
        ] {
            assert_eq!(bare(sent.as_bytes()).map(|status| status.as_u16()), status, "{sent:?}");
        }
    }

    #[test]
    fn a_request_line_is_kept_up_to_its_end_or_ours() {
        let path = |pieces: &[&str]| {
            let mut line = Line::default();
            pieces.iter().for_each(|piece| line.read(piece.as_bytes()));
            line.path().into_owned()
        };
        assert_eq!(path(&["GET /a", "/b?code=secret HTTP/1.1\r\n", "GET /c"]), "/a/b");
        assert_eq!(path(&["GET http://x/ HTTP/1.1\r\n"]), "");
        assert_eq!(path(&["nonsense\r\n"]), "");
        assert_eq!(path(&["GET /", &"x".repeat(70_000)]).len(), LINE - 4);
    }
}
