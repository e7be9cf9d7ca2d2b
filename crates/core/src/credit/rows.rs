use weir_base::Timestamp;
use weir_store::{row, statements};

use super::{Cause, EntryId, Source};

row! {
    pub struct EntryRow {
        pub id: EntryId,
        pub cause: Cause,
        pub source: Source,
        pub change: i64,
        pub remaining: i64,
        pub message_id: Option<String>,
        pub paired: bool,
        pub created_at: Timestamp,
    }
}

row! {
    /// Whose ledger a subscription draws on.
    pub struct KeyRow {
        pub appid: String,
        pub openid: String,
        pub template_id: String,
    }
}

statements! {
    read fn of_subscription(id: &str) -> optional KeyRow =
        "SELECT appid, openid, template_id FROM subscriptions WHERE id = $1";
    read fn remaining(appid: &str, openid: &str, template_id: &str) -> optional i64 =
        "SELECT remaining FROM credits WHERE appid = $1 AND openid = $2 AND template_id = $3";
    /// Makes the ledger when there is none, and holds it until the transaction ends.
    write fn hold(appid: &str, openid: &str, template_id: &str, now: Timestamp) -> one i64 =
        "INSERT INTO credits (appid, openid, template_id, remaining, updated_at) VALUES ($1, $2, $3, 0, $4)
         ON CONFLICT (appid, openid, template_id) DO UPDATE SET updated_at = $4 RETURNING remaining";
    write fn give(appid: &str, openid: &str, template_id: &str, now: Timestamp) -> one i64 =
        "INSERT INTO credits (appid, openid, template_id, remaining, updated_at) VALUES ($1, $2, $3, 1, $4)
         ON CONFLICT (appid, openid, template_id) DO UPDATE SET remaining = credits.remaining + 1, updated_at = $4 RETURNING remaining";
    /// One, if there is one. Of many at once as many get one as there are.
    write fn take(appid: &str, openid: &str, template_id: &str, now: Timestamp) -> optional i64 =
        "UPDATE credits SET remaining = remaining - 1, updated_at = $4
         WHERE appid = $1 AND openid = $2 AND template_id = $3 AND remaining > 0 RETURNING remaining";
    write fn leave(appid: &str, openid: &str, template_id: &str, remaining: i64, now: Timestamp) -> affected =
        "UPDATE credits SET remaining = $4, updated_at = $5 WHERE appid = $1 AND openid = $2 AND template_id = $3";
    /// How many were accepted after a time.
    read fn accepted_since(appid: &str, openid: &str, template_id: &str, since: Timestamp) -> one i64 =
        "SELECT COUNT(*) FROM credit_entries
         WHERE appid = $1 AND openid = $2 AND template_id = $3 AND cause = 'accept' AND change = 1 AND created_at > $4";
    /// The accept of `source` that one told by somebody else is the same as: the oldest since then that is nobody's yet.
    write fn pair(appid: &str, openid: &str, template_id: &str, source: Source, since: Timestamp) -> affected =
        "UPDATE credit_entries SET paired = TRUE WHERE id = (SELECT id FROM credit_entries
            WHERE appid = $1 AND openid = $2 AND template_id = $3 AND cause = 'accept' AND source = $4 AND change = 1
                AND paired = FALSE AND created_at > $5
            ORDER BY id LIMIT 1) AND paired = FALSE";
    write fn enter(id: &EntryId, appid: &str, openid: &str, template_id: &str, cause: Cause, source: Source, change: i64, remaining: i64, message_id: Option<&str>, paired: bool, now: Timestamp) -> affected =
        "INSERT INTO credit_entries (id, appid, openid, template_id, cause, source, change, remaining, message_id, paired, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    /// An entry that changes nothing, with what remains.
    write fn note(id: &EntryId, appid: &str, openid: &str, template_id: &str, cause: Cause, source: Source, message_id: Option<&str>, now: Timestamp) -> affected =
        "INSERT INTO credit_entries (id, appid, openid, template_id, cause, source, change, remaining, message_id, paired, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, 0,
            COALESCE((SELECT remaining FROM credits WHERE appid = $2 AND openid = $3 AND template_id = $4), 0), $7, FALSE, $8)";
    /// Entries of a ledger between two, newest first.
    read fn entries(appid: &str, openid: &str, template_id: &str, first: &EntryId, end: &EntryId, limit: i64) -> many EntryRow =
        "SELECT id, cause, source, change, remaining, message_id, paired, created_at FROM credit_entries
         WHERE appid = $1 AND openid = $2 AND template_id = $3 AND id >= $4 AND id < $5 ORDER BY id DESC LIMIT $6";
}
