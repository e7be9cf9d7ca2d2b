use weir_base::Timestamp;
use weir_store::{row, statements};

use super::AuditId;

row! {
    /// One entry of the trail as it is kept.
    pub struct AuditRow {
        pub at: Timestamp,
        pub actor: String,
        pub action: String,
        pub subject: String,
        pub detail: String,
    }
}

statements! {
    write fn insert(id: &AuditId, at: Timestamp, actor: &str, action: &str, subject: &str, detail: &str) -> affected =
        "INSERT INTO audit (id, at, actor, action, subject, detail) VALUES ($1, $2, $3, $4, $5, $6)";
    /// The trail of one subject, oldest first.
    read fn of(subject: &str, limit: i64) -> many AuditRow =
        "SELECT at, actor, action, subject, detail FROM audit WHERE subject = $1 ORDER BY at, id LIMIT $2";
    /// Ids sort by time: no index of the times is needed.
    write fn delete_before(first_kept: &AuditId, limit: i64) -> affected =
        "DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE id < $1 LIMIT $2)";
}
