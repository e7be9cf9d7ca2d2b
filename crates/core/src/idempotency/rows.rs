use weir_base::Timestamp;
use weir_store::{row, statements};

row! {
    /// What was asked with a key, and what is kept of the answer once there is one.
    pub struct KeptRow {
        pub request_digest: String,
        pub answer: Option<String>,
    }
}

statements! {
    /// Of many at once one claims; on PostgreSQL the others wait for what becomes of it. A key that is too old is as good as
    /// new.
    write fn claim(caller: &str, operation: &str, key: &str, request: &str, now: Timestamp, too_old: Timestamp) -> affected =
        "INSERT INTO idempotency (caller, operation, key_digest, request_digest, answer, created_at) VALUES ($1, $2, $3, $4, NULL, $5)
         ON CONFLICT (caller, operation, key_digest) DO UPDATE SET request_digest = $4, answer = NULL, created_at = $5
         WHERE idempotency.created_at <= $6";
    read fn find(caller: &str, operation: &str, key: &str) -> optional KeptRow =
        "SELECT request_digest, answer FROM idempotency WHERE caller = $1 AND operation = $2 AND key_digest = $3";
    write fn answer(caller: &str, operation: &str, key: &str, answer: &str) -> affected =
        "UPDATE idempotency SET answer = $4 WHERE caller = $1 AND operation = $2 AND key_digest = $3 AND answer IS NULL";
    write fn release(caller: &str, operation: &str, key: &str) -> affected =
        "DELETE FROM idempotency WHERE caller = $1 AND operation = $2 AND key_digest = $3 AND answer IS NULL";
    write fn forget(caller: &str, operation: &str, key: &str) -> affected =
        "DELETE FROM idempotency WHERE caller = $1 AND operation = $2 AND key_digest = $3";
    write fn delete_old(too_old: Timestamp, limit: i64) -> affected =
        "DELETE FROM idempotency WHERE (caller, operation, key_digest) IN
            (SELECT caller, operation, key_digest FROM idempotency WHERE created_at <= $1 LIMIT $2)";
}
