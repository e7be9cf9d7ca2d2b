//! One file, and the answer that carries it.

use std::{borrow::Cow, io::Read};

use aws_lc_rs::digest::{SHA256, digest};
use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use bytes::Bytes;
use flate2::read::GzDecoder;
use rust_embed::EmbeddedFile;

use crate::choice::takes_gzip;

const PLACEHOLDER: &str = include_str!("placeholder.html");

/// A file of a page.
#[derive(Clone, Debug)]
pub struct Asset {
    content: Content,
    content_type: &'static str,
    /// Of the content; each form of it has a tag of its own.
    digest: String,
    /// The name holds a digest of what is in it, so it never changes.
    is_immutable: bool,
}

#[derive(Clone, Debug)]
enum Content {
    Gzip(Bytes),
    Plain(&'static str),
}

impl Asset {
    pub(crate) fn packed(path: &str, file: EmbeddedFile) -> Self {
        let sha256 = file.metadata.sha256_hash();
        let bytes = match file.data {
            Cow::Borrowed(embedded) => Bytes::from_static(embedded),
            Cow::Owned(read) => Bytes::from(read),
        };
        Self::new(path, Content::Gzip(bytes), &sha256)
    }

    pub(crate) fn embedded(path: &str, packed: &'static [u8]) -> Self {
        Self::new(path, Content::Gzip(Bytes::from_static(packed)), digest(&SHA256, packed).as_ref())
    }

    pub(crate) fn plain(path: &str, text: &'static str) -> Self {
        Self::new(path, Content::Plain(text), digest(&SHA256, text.as_bytes()).as_ref())
    }

    pub(crate) fn placeholder() -> Self {
        Self::plain("index.html", PLACEHOLDER)
    }

    fn new(path: &str, content: Content, sha256: &[u8]) -> Self {
        Self {
            content,
            content_type: content_type(path),
            digest: hex::encode(&sha256[..12]),
            is_immutable: path.starts_with("assets/"),
        }
    }

    /// What it holds, unpacked.
    pub fn text(&self) -> Vec<u8> {
        match &self.content {
            Content::Plain(text) => text.as_bytes().to_vec(),
            Content::Gzip(packed) => {
                let mut text = Vec::new();
                // What the build packed unpacks; an empty page tells of a tree that is being built right now.
                GzDecoder::new(packed.as_ref()).read_to_end(&mut text).map_or_else(|_| Vec::new(), |_| text)
            }
        }
    }

    /// The answer to a GET with these headers: 304 to whoever has it, gzip to whoever takes it (RFC 9110, 12.5.3).
    /// Policies (frames, content security) are the caller's.
    pub fn answer(&self, asked: &HeaderMap) -> Response {
        let packed = match &self.content {
            Content::Gzip(packed) if takes_gzip(asked) => Some(packed),
            _ => None,
        };
        let etag = self.etag(packed.is_some());
        let has_it = asked
            .get_all(header::IF_NONE_MATCH)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(|tag| tag.trim().trim_start_matches("W/"))
            .any(|tag| tag == etag || tag == "*");
        let mut answer = Response::new(Body::empty());
        let headers = answer.headers_mut();
        headers.insert(
            header::CACHE_CONTROL,
            HeaderValue::from_static(if self.is_immutable {
                "public, max-age=31536000, immutable"
            } else {
                "no-cache"
            }),
        );
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        if let Ok(etag) = HeaderValue::from_str(&etag) {
            headers.insert(header::ETAG, etag);
        }
        if has_it {
            *answer.status_mut() = StatusCode::NOT_MODIFIED;
            return answer;
        }
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        let body = match (packed, &self.content) {
            (Some(packed), _) => {
                headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
                Body::from(packed.clone())
            }
            (None, Content::Gzip(_)) => Body::from(self.text()),
            (None, Content::Plain(text)) => Body::from(*text),
        };
        *answer.body_mut() = body;
        answer
    }

    /// Quoted, as it goes on the wire. A strong tag is of one form's bytes (RFC 9110, 8.8.3).
    fn etag(&self, is_packed: bool) -> String {
        let form = if is_packed { "-gzip" } else { "" };
        format!("\"{}{form}\"", self.digest)
    }
}

/// By the endings that the build makes.
fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" => "image/jpeg",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "wasm" => "application/wasm",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
