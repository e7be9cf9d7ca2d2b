use std::time::Duration;

use axum::{
    Form,
    body::{Body, HttpBody as _},
    extract::{FromRequest, Request},
    http::header,
};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use serde::de::DeserializeOwned;
use weir_base::Clock;
use weir_core::Failure;

use crate::{
    Shared,
    problem::{Reason, Refusal},
};

/// A whole body must have come within this time.
const SLOWEST: Duration = Duration::from_secs(30);
/// So much of a body that is too large is read and thrown away: a peer that is still sending when the connection closes
/// never sees why.
const DISCARDED: usize = 16 * 1024 * 1024;

/// A JSON body. Unknown fields are ignored; what is wrong is refused with the name of the field.
pub(crate) struct Sent<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<Shared> for Sent<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, server: &Shared) -> Result<Self, Refusal> {
        if !speaks_json(&request) {
            return Err(Refusal(Reason::UnsupportedMediaType));
        }
        Posted::from_request(request, server).await.map(|Posted(body)| Self(body))
    }
}

/// The form of a page. A body that is none is refused by its content type.
pub(crate) struct Filled<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<Shared> for Filled<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, server: &Shared) -> Result<Self, Refusal> {
        if essence(&request).as_deref() != Some("application/x-www-form-urlencoded") {
            return Err(Refusal(Reason::UnsupportedMediaType));
        }
        let (parts, body) = request.into_parts();
        let bytes = whole(server, body).await?;
        let form = Form::from_request(Request::from_parts(parts, Body::from(bytes)), &()).await;
        let Form(form) = form.map_err(|_| Failure::invalid("form", "cannot be read"))?;
        Ok(Self(form))
    }
}

/// A JSON body whatever its content type says, as WeChat takes them.
pub(crate) struct Posted<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<Shared> for Posted<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, server: &Shared) -> Result<Self, Refusal> {
        let bytes = whole(server, request.into_body()).await?;
        // Nothing says as much as an object without fields: what is missing is then named.
        let bytes: &[u8] = if bytes.is_empty() { b"{}" } else { &bytes };
        parse(bytes).map(Self).map_err(Refusal::from)
    }
}

/// The whole body. One that is too long or too slow is refused.
async fn whole(server: &Shared, body: Body) -> Result<Bytes, Refusal> {
    up_to(server, body, server.body_limit).await
}

/// The whole body, of a limit of its own.
pub(crate) async fn up_to(server: &Shared, mut body: Body, limit: usize) -> Result<Bytes, Refusal> {
    let clock = &server.app.clock;
    let read = clock.timeout(SLOWEST, read(&mut body, limit)).await;
    let read = read.ok_or_else(|| Failure::invalid("body", "did not come within 30 seconds"))?;
    match read? {
        Some(bytes) => Ok(bytes),
        None => {
            discard(clock, body).await;
            Err(Refusal(Reason::TooLarge { limit }))
        }
    }
}

/// The whole body, or `None` when it is longer than `limit`.
async fn read(body: &mut Body, limit: usize) -> Result<Option<Bytes>, Failure> {
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| Failure::invalid("body", "was cut off").cause(error))?;
        let Ok(data) = frame.into_data() else { continue };
        if whole.len() + data.len() > limit {
            return Ok(None);
        }
        // Nearly every body comes in one piece, which needs no copy.
        if whole.is_empty() && body.is_end_stream() {
            return Ok(Some(data));
        }
        whole.extend_from_slice(&data);
    }
    Ok(Some(whole.freeze()))
}

/// Reads what is left of a body that nobody wants.
pub(crate) async fn discard(clock: &Clock, mut body: Body) {
    let reading = async {
        let mut left = DISCARDED;
        while let Some(Ok(frame)) = body.frame().await {
            left = left.saturating_sub(frame.data_ref().map_or(0, Bytes::len));
            if left == 0 {
                return;
            }
        }
    };
    // Who is slower than that is not waiting for an answer.
    let _ = clock.timeout(SLOWEST, reading).await;
}

/// The content type without its parameters.
fn essence(request: &Request) -> Option<String> {
    let value = request.headers().get(header::CONTENT_TYPE)?;
    let essence = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    Some(essence.to_ascii_lowercase())
}

/// No content type is taken for JSON: some clients send none.
fn speaks_json(request: &Request) -> bool {
    let Some(essence) = essence(request) else { return true };
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

/// A body's value, or which field is wrong and why.
pub(crate) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Failure> {
    // Serde would take an array of values for an object's fields in their order.
    if body.trim_ascii_start().first() == Some(&b'[') {
        return Err(Failure::invalid("body", "must be a JSON object"));
    }
    let mut json = serde_json::Deserializer::from_slice(body);
    let parsed = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        match inner.classify() {
            serde_json::error::Category::Data if path != "." => Failure::invalid(path, "has the wrong type"),
            // Every field may be absent, so an object as a whole is refused for one reason only.
            serde_json::error::Category::Data if body.trim_ascii_start().first() == Some(&b'{') => {
                Failure::invalid("body", "names a field twice")
            }
            serde_json::error::Category::Data => Failure::invalid("body", "must be a JSON object"),
            _ => Failure::invalid(
                "body",
                format!("is not valid JSON (line {}, column {})", inner.line(), inner.column()),
            ),
        }
    })?;
    json.end().map_err(|_| Failure::invalid("body", "must be one JSON object and nothing after it"))?;
    Ok(parsed)
}
