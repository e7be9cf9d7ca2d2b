use std::time::Duration;

use axum::{
    extract::{FromRequest, Request},
    http::header,
};
use http_body_util::{BodyExt, Limited};
use serde::de::DeserializeOwned;
use weir_core::Failure;

use crate::{
    Shared,
    problem::{Reason, Refusal},
};

/// A whole body must have come within this time.
const SLOWEST: Duration = Duration::from_secs(30);

/// A JSON body. Unknown fields are ignored; what is wrong is refused with the name of the field.
pub(crate) struct Sent<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<Shared> for Sent<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, server: &Shared) -> Result<Self, Refusal> {
        if !speaks_json(&request) {
            return Err(Refusal(Reason::UnsupportedMediaType));
        }
        let limit = server.body_limit;
        let body = Limited::new(request.into_body(), limit).collect();
        let body = server.app.clock.timeout(SLOWEST, body).await;
        let body = body.ok_or_else(|| Failure::invalid("body", "did not come within 30 seconds"))?;
        let body = body.map_err(|error| {
            if error.is::<http_body_util::LengthLimitError>() {
                Refusal(Reason::TooLarge { limit })
            } else {
                Failure::invalid("body", "was cut off").into()
            }
        })?;
        parse(&body.to_bytes()).map(Self).map_err(Refusal::from)
    }
}

/// No content type is taken for JSON: some clients send none.
fn speaks_json(request: &Request) -> bool {
    let Some(value) = request.headers().get(header::CONTENT_TYPE) else { return true };
    let essence = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    let essence = essence.to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Failure> {
    let mut json = serde_json::Deserializer::from_slice(body);
    let parsed = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        match inner.classify() {
            serde_json::error::Category::Data if path != "." => Failure::invalid(path, "has the wrong type"),
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
