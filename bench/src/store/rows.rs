//! Tables and statements of the trial that the store was chosen by, in the store's three types.

use weir_store::{row, statements};

row! {
    pub struct User {
        pub id: String,
        pub openid: String,
        pub unionid: Option<String>,
        pub nickname: String,
        pub profile: String,
        pub created_at: i64,
        pub updated_at: i64,
    }
}

statements! {
    write fn create_users() -> affected =
        "CREATE TABLE users (id TEXT PRIMARY KEY, openid TEXT NOT NULL, unionid TEXT, nickname TEXT NOT NULL,
            profile TEXT NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL)";
    write fn create_openids() -> affected = "CREATE UNIQUE INDEX users__openid ON users (openid)";
    write fn create_bindings() -> affected =
        "CREATE TABLE bindings (id TEXT PRIMARY KEY, app_user TEXT NOT NULL, openid TEXT NOT NULL, bound_at BIGINT NOT NULL,
            released_at BIGINT)";
    write fn create_bound_users() -> affected =
        "CREATE UNIQUE INDEX bindings__app_user ON bindings (app_user) WHERE released_at IS NULL";
    write fn create_bound_openids() -> affected =
        "CREATE UNIQUE INDEX bindings__openid ON bindings (openid) WHERE released_at IS NULL";
    write fn create_outbox() -> affected =
        "CREATE TABLE outbox (id TEXT PRIMARY KEY, topic TEXT NOT NULL, payload TEXT NOT NULL, run_at BIGINT NOT NULL,
            attempts BIGINT NOT NULL DEFAULT 0)";
    write fn create_due() -> affected = "CREATE INDEX outbox_run_at ON outbox (run_at)";
    write fn fill_users(count: i64, profile: &str) -> affected =
        "WITH RECURSIVE n (i) AS (SELECT CAST(0 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i + 1 < $1)
         INSERT INTO users (id, openid, nickname, profile, created_at, updated_at)
         SELECT 'u' || CAST(i AS TEXT), 'o' || CAST(i AS TEXT), 'nickname', $2, 0, 0 FROM n";
    write fn fill_outbox(count: i64, payload: &str) -> affected =
        "WITH RECURSIVE n (i) AS (SELECT CAST(0 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i + 1 < $1)
         INSERT INTO outbox (id, topic, payload, run_at) SELECT 'j' || CAST(i AS TEXT), 'drain', $2, i FROM n";
    /// Dead rows of earlier rounds would be waded through by every claim.
    write fn clear_outbox() -> affected = sqlite "DELETE FROM outbox", postgres "TRUNCATE outbox";

    write fn put_user(id: &str, openid: &str, unionid: Option<&str>, nickname: &str, profile: &str, now: i64) -> one User =
        "INSERT INTO users (id, openid, unionid, nickname, profile, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $6)
         ON CONFLICT (openid) DO UPDATE SET unionid = COALESCE(excluded.unionid, users.unionid), nickname = excluded.nickname,
            profile = excluded.profile, updated_at = excluded.updated_at
         RETURNING id, openid, unionid, nickname, profile, created_at, updated_at";
    read fn user(openid: &str) -> optional User =
        "SELECT id, openid, unionid, nickname, profile, created_at, updated_at FROM users WHERE openid = $1";
    write fn put_binding(id: &str, app_user: &str, openid: &str, now: i64) -> affected =
        "INSERT INTO bindings (id, app_user, openid, bound_at) VALUES ($1, $2, $3, $4)";
    write fn put_job(id: &str, payload: &str, run_at: i64) -> affected =
        "INSERT INTO outbox (id, topic, payload, run_at) VALUES ($1, 'bound', $2, $3)";
    write fn claim(until: i64, now: i64, limit: i64) -> many String = sqlite
        "UPDATE outbox SET run_at = $1, attempts = attempts + 1
         WHERE id IN (SELECT id FROM outbox WHERE run_at <= $2 ORDER BY run_at LIMIT $3) RETURNING id",
        postgres
        "UPDATE outbox SET run_at = $1, attempts = attempts + 1
         WHERE id IN (SELECT id FROM outbox WHERE run_at <= $2 ORDER BY run_at LIMIT $3 FOR UPDATE SKIP LOCKED) RETURNING id";
    write fn done(ids: &str) -> affected = sqlite
        "DELETE FROM outbox WHERE id IN (SELECT value FROM json_each($1))",
        postgres
        "DELETE FROM outbox WHERE id IN (SELECT value FROM jsonb_array_elements_text(CAST(CAST($1 AS TEXT) AS JSONB)))";
}
