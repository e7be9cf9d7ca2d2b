//! A client that costs next to nothing: one keep-alive connection, prebuilt request bytes, and only as much of the
//! answer read as a measurement needs. Answers must carry Content-Length, as all of Weir's and the simulator's do.

use std::{io, net::SocketAddr};

use anyhow::{Result, bail};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// An answer that takes more than this is a mistake.
const LARGEST: usize = 1 << 20;

#[derive(Debug, PartialEq, Eq)]
pub struct Response<'a> {
    pub status: u16,
    pub body: &'a [u8],
    /// The server will close the connection after this answer.
    pub closing: bool,
}

pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    pub async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(16 << 10) })
    }

    /// Sends one request and reads its answer.
    ///
    /// # Errors
    /// When the connection breaks, or the answer is not one that [`head_of`] understands.
    pub async fn call(&mut self, request: &[u8]) -> Result<Response<'_>> {
        self.buffer.clear();
        self.stream.write_all(request).await?;
        let (head, end) = loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                bail!("the server closed the connection after {} bytes of the answer", self.buffer.len());
            }
            if let Some(head) = head_of(&self.buffer)? {
                let end = head.length + head.body;
                if self.buffer.len() >= end {
                    break (head, end);
                }
            }
            if self.buffer.len() > LARGEST {
                bail!("the answer is over {LARGEST} bytes");
            }
        };
        if self.buffer.len() > end {
            bail!("the server sent {} bytes more than it announced", self.buffer.len() - end);
        }
        Ok(Response { status: head.status, body: &self.buffer[head.length..end], closing: head.closing })
    }
}

/// Bytes of a request. A body is JSON.
pub fn request(method: &str, path: &str, bearer: Option<&str>, body: Option<&str>) -> Vec<u8> {
    let mut text = format!("{method} {path} HTTP/1.1\r\nhost: weir.test\r\naccept: application/json\r\n");
    if let Some(token) = bearer {
        text.push_str("authorization: Bearer ");
        text.push_str(token);
        text.push_str("\r\n");
    }
    if let Some(body) = body {
        text.push_str("content-type: application/json\r\n");
        text.push_str(&format!("content-length: {}\r\n\r\n{body}", body.len()));
    } else if method == "GET" {
        text.push_str("\r\n");
    } else {
        text.push_str("content-length: 0\r\n\r\n");
    }
    text.into_bytes()
}

#[derive(Debug, PartialEq, Eq)]
struct Head {
    status: u16,
    /// Bytes of the head, its empty line included.
    length: usize,
    /// Bytes of the body.
    body: usize,
    closing: bool,
}

/// The head at the start of `bytes`; `None` while it is incomplete.
fn head_of(bytes: &[u8]) -> Result<Option<Head>> {
    let mut lines = Lines { bytes, at: 0 };
    let Some(first) = lines.next() else { return Ok(None) };
    let status = match first {
        [b'H', b'T', b'T', b'P', b'/', b'1', b'.', _, b' ', status @ ..] => {
            number(status.get(..3).unwrap_or(&[]))
        }
        _ => None,
    };
    let Some(status) = status.and_then(|status| u16::try_from(status).ok()) else {
        bail!("not an HTTP/1 status line: {:?}", String::from_utf8_lossy(&first[..first.len().min(80)]));
    };
    let (mut body, mut closing) = (matches!(status, 204 | 304).then_some(0), false);
    while let Some(line) = lines.next() {
        if line.is_empty() {
            let Some(body) = body else { bail!("the answer has no Content-Length") };
            return Ok(Some(Head { status, length: lines.at, body, closing }));
        }
        if let Some(value) = header(line, b"content-length") {
            body = number(value);
        } else if let Some(value) = header(line, b"connection") {
            closing |= value.eq_ignore_ascii_case(b"close");
        }
    }
    Ok(None)
}

/// Complete lines, without their ends.
struct Lines<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Lines<'a> {
    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = &self.bytes[self.at..];
        let end = rest.iter().position(|&byte| byte == b'\n')?;
        self.at += end + 1;
        Some(rest[..end].strip_suffix(b"\r").unwrap_or(&rest[..end]))
    }
}

fn header<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let (found, value) = (line.get(..name.len())?, line.get(name.len() + 1..)?);
    (line[name.len()] == b':' && found.eq_ignore_ascii_case(name)).then(|| value.trim_ascii())
}

fn number(digits: &[u8]) -> Option<usize> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// The value of the first string field `name` in a JSON text, as it stands there. For fields whose values need no
/// escapes: codes, ids and tokens.
pub fn field<'a>(json: &'a [u8], name: &str) -> Option<&'a str> {
    let text = std::str::from_utf8(json).ok()?;
    let mut from = 0;
    loop {
        let start = from + text[from..].find(name)?;
        from = start + name.len();
        let Some(rest) = text[from..].strip_prefix('"') else { continue };
        let Some(rest) = rest.trim_start().strip_prefix(':') else { continue };
        let Some(value) = rest.trim_start().strip_prefix('"') else { continue };
        if text[..start].ends_with('"') {
            return value.split('"').next();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &[u8] =
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\ncontent-length:  9\r\n\r\n{\"a\":\"b\"}";

    #[test]
    fn a_head_is_read_whatever_the_letter_case_and_however_it_is_cut() {
        let length = ANSWER.len() - 9;
        for cut in 0..length {
            assert_eq!(head_of(&ANSWER[..cut]).unwrap(), None, "cut at {cut}");
        }
        for cut in length..=ANSWER.len() {
            let head = head_of(&ANSWER[..cut]).unwrap().unwrap();
            assert_eq!(head, Head { status: 200, length, body: 9, closing: false });
        }
    }

    #[test]
    fn closing_and_bodiless_answers_are_seen() {
        let head =
            head_of(b"HTTP/1.1 503 Busy\r\nConnection: Close\r\nContent-Length: 0\r\n\r\n").unwrap().unwrap();
        assert_eq!((head.status, head.body, head.closing), (503, 0, true));
        let head = head_of(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap().unwrap();
        assert_eq!((head.status, head.body), (204, 0));
    }

    #[test]
    fn what_cannot_be_measured_is_an_error() {
        for bad in [
            &b"SSH-2.0-nonsense\r\n"[..],
            b"HTTP/1.1 abc\r\n\r\n",
            b"HTTP/1.1 20\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
        ] {
            assert!(head_of(bad).is_err(), "{}", String::from_utf8_lossy(bad));
        }
    }

    #[test]
    fn requests_have_exactly_what_their_kind_needs() {
        let text = String::from_utf8(request("POST", "/a", Some("T"), Some("{}"))).unwrap();
        assert!(text.starts_with("POST /a HTTP/1.1\r\nhost: "), "{text}");
        assert!(text.contains("authorization: Bearer T\r\n"), "{text}");
        assert!(text.ends_with("content-type: application/json\r\ncontent-length: 2\r\n\r\n{}"), "{text}");
        let text = String::from_utf8(request("GET", "/b", None, None)).unwrap();
        assert!(
            !text.contains("content-") && !text.contains("authorization") && text.ends_with("\r\n\r\n"),
            "{text}"
        );
        let text = String::from_utf8(request("POST", "/c", None, None)).unwrap();
        assert!(text.ends_with("content-length: 0\r\n\r\n"), "{text}");
    }

    #[test]
    fn a_field_is_found_by_its_whole_name() {
        let json =
            br#"{"data":{"my_token":"x","token":"other_token","token_type": "B", "token" : "T.1-2_3"}}"#;
        assert_eq!(field(json, "token"), Some("other_token"));
        assert_eq!(field(json, "token_type"), Some("B"));
        assert_eq!(field(br#"{"token":1}"#, "token"), None);
        assert_eq!(field(br#"{"tokens":"a"}"#, "token"), None);
    }
}
