use weir_base::Timestamp;
use weir_store::{row, statements};

use super::{PushId, PushRow, PushState, model::BodyRow};

row! {
    /// What became of a push that came.
    pub struct StoredRow {
        pub id: PushId,
        /// 1: it is new.
        pub times: i64,
    }
}

statements! {
    /// Stores it, or counts it when it is there. Fails on `pushes__appid__nonce` when the nonce came with another push.
    write fn store(id: &PushId, appid: &str, duplicate_key: &str, nonce: Option<&str>, kind: &str, event: Option<&str>, openid: Option<&str>, body: &str, now: Timestamp) -> one StoredRow =
        "INSERT INTO pushes (id, appid, duplicate_key, nonce, kind, event, openid, body, state, times, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'stored', 1, $9)
         ON CONFLICT (appid, duplicate_key) DO UPDATE SET times = pushes.times + 1
         RETURNING id, times";
    read fn body(id: &PushId) -> optional BodyRow = "SELECT appid, body, state FROM pushes WHERE id = $1";
    write fn worked(id: &PushId, state: PushState, reason: Option<&str>, now: Timestamp) -> affected =
        "UPDATE pushes SET state = $2, reason = $3, worked_at = $4 WHERE id = $1 AND state = 'stored'";
    /// To be worked on once more.
    /// Only one that came to nothing: what was worked on would have its effect once more.
    write fn again(id: &PushId) -> affected =
        "UPDATE pushes SET state = 'stored', reason = NULL, worked_at = NULL
         WHERE id = $1 AND body <> '' AND (state IN ('unknown', 'failed') OR state = 'worked' AND reason = 'no such message')";
    read fn find(id: &PushId) -> optional PushRow =
        "SELECT id, appid, kind, event, openid, state, reason, times, created_at, worked_at FROM pushes WHERE id = $1";
    read fn page(appid: &str, before: &str, limit: i64) -> many PushRow =
        "SELECT id, appid, kind, event, openid, state, reason, times, created_at, worked_at FROM pushes
         WHERE ($1 = '' OR appid = $1) AND id < $2 ORDER BY id DESC LIMIT $3";
    read fn page_of_state(state: &str, appid: &str, before: &str, limit: i64) -> many PushRow =
        "SELECT id, appid, kind, event, openid, state, reason, times, created_at, worked_at FROM pushes
         WHERE state = $1 AND ($2 = '' OR appid = $2) AND id < $3 ORDER BY id DESC LIMIT $4";
    read fn page_of_event(event: &str, state: &str, appid: &str, before: &str, limit: i64) -> many PushRow =
        "SELECT id, appid, kind, event, openid, state, reason, times, created_at, worked_at FROM pushes
         WHERE event = $1 AND ($2 = '' OR state = $2) AND ($3 = '' OR appid = $3) AND id < $4 ORDER BY id DESC LIMIT $5";
    read fn page_of_openid(openid: &str, event: &str, state: &str, appid: &str, before: &str, limit: i64) -> many PushRow =
        "SELECT id, appid, kind, event, openid, state, reason, times, created_at, worked_at FROM pushes
         WHERE openid = $1 AND ($2 = '' OR event = $2) AND ($3 = '' OR state = $3) AND ($4 = '' OR appid = $4)
            AND id < $5 ORDER BY id DESC LIMIT $6";
    /// What a person's pushes say goes with them; that something came stays.
    write fn forget(appid: &str, openid: &str) -> affected =
        "UPDATE pushes SET openid = NULL, body = '' WHERE openid = $2 AND appid = $1";
    write fn delete_old(before: Timestamp, limit: i64) -> affected =
        "DELETE FROM pushes WHERE id IN (SELECT id FROM pushes WHERE created_at < $1 AND state <> 'stored' LIMIT $2)";
}
