use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::{Shared, extract::Stranger, json::json};

/// A key set (RFC 7517).
#[derive(Serialize, ToSchema)]
pub(super) struct KeySet {
    /// Empty with HS256: a shared secret is not published.
    keys: Vec<Value>,
}

/// The public keys that our JWTs are signed with.
#[utoipa::path(get, path = "/.well-known/jwks.json", tag = "weir", operation_id = "jwks",
    responses((status = 200, description = "The key set", body = KeySet)))]
pub(super) async fn jwks(_: Stranger, State(server): State<Shared>) -> Response {
    let keys = server.app.signer.public_key().into_iter();
    let keys = keys.filter_map(|key| serde_json::to_value(key).ok()).collect();
    json(StatusCode::OK, &KeySet { keys })
}
