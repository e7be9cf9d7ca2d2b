use weir_base::Timestamp;
use weir_store::{row, statements};

use super::KeyId;

row! {
    pub struct KeyRow {
        pub id: KeyId,
        pub name: String,
        pub scopes: String,
        pub created_at: Timestamp,
        pub revoked_at: Option<Timestamp>,
    }
}

statements! {
    write fn insert(id: &KeyId, name: &str, digest: &str, scopes: &str, now: Timestamp) -> affected =
        "INSERT INTO api_keys (id, name, digest, scopes, created_at) VALUES ($1, $2, $3, $4, $5)";
    read fn by_digest(digest: &str) -> optional KeyRow =
        "SELECT id, name, scopes, created_at, revoked_at FROM api_keys WHERE digest = $1 AND revoked_at IS NULL";
    read fn all() -> many KeyRow =
        "SELECT id, name, scopes, created_at, revoked_at FROM api_keys ORDER BY created_at, id";
    write fn revoke(id: &KeyId, now: Timestamp) -> affected =
        "UPDATE api_keys SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL";
}
