use weir_base::Timestamp;
use weir_store::{row, statements};

use super::{MessageId, Origin, State};

row! {
    /// A message, as far as sending it needs.
    pub struct SendRow {
        pub id: MessageId,
        pub appid: String,
        pub openid: String,
        pub template_id: String,
        pub data: String,
        pub page: Option<String>,
        pub miniprogram_state: Option<String>,
        pub lang: Option<String>,
        pub state: State,
        pub credit_taken: bool,
        pub attempts: i64,
        pub expires_at: Timestamp,
    }
}

statements! {
    write fn insert(id: &MessageId, appid: &str, openid: &str, template_id: &str, data: &str, page: Option<&str>, miniprogram_state: Option<&str>, lang: Option<&str>, origin: Origin, advisor_id: Option<&str>, action_id: Option<&str>, state: State, credit_taken: bool, expires_at: Timestamp, now: Timestamp) -> affected =
        "INSERT INTO messages (id, appid, openid, template_id, data, page, miniprogram_state, lang, origin, advisor_id, action_id,
            state, reason, errcode, credit_taken, attempts, msgid, due_at, expires_at, sent_at, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, NULL, NULL, $13, 0, NULL, $15, $14, NULL, $15, $15)";
    read fn find(id: &MessageId) -> optional SendRow =
        "SELECT id, appid, openid, template_id, data, page, miniprogram_state, lang, state, credit_taken, attempts, expires_at
         FROM messages WHERE id = $1";
}
