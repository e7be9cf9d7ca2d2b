use weir_base::Timestamp;
use weir_store::{row, statements};

use super::{MessageId, Origin, State};
use crate::job::JobId;

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
    /// From here on WeChat may have the message. Only for whoever holds the job, while the message is not too old.
    write fn begin(id: &MessageId, job: &JobId, lease: &str, now: Timestamp) -> optional SendRow =
        "UPDATE messages SET state = 'sending', updated_at = $4
         WHERE id = $1 AND state = 'queued' AND expires_at > $4 AND EXISTS (SELECT 1 FROM jobs WHERE id = $2 AND lease = $3)
         RETURNING id, appid, openid, template_id, data, page, miniprogram_state, lang, state, credit_taken, attempts, expires_at";
    /// A message goes on from the state that it is in.
    write fn moved(id: &MessageId, from: State, state: State, reason: Option<&str>, errcode: Option<i64>, msgid: Option<&str>, credit_taken: bool, attempts: i64, due_at: Option<Timestamp>, sent_at: Option<Timestamp>, now: Timestamp) -> affected =
        "UPDATE messages SET state = $3, reason = $4, errcode = $5, msgid = $6, credit_taken = $7, attempts = $8,
            due_at = COALESCE($9, due_at), sent_at = $10, updated_at = $11
         WHERE id = $1 AND state = $2";
    write fn insert_attempt(message_id: &MessageId, number: i64, outcome: &str, errcode: Option<i64>, ms: i64, at: Timestamp) -> affected =
        "INSERT INTO attempts (message_id, number, outcome, errcode, ms, created_at) VALUES ($1, $2, $3, $4, $5, $6)";
    /// Whoever was slow to say so has sent it.
    write fn sent_after_all(id: &MessageId, msgid: Option<&str>, now: Timestamp) -> affected =
        "UPDATE messages SET state = 'sent', reason = NULL, errcode = NULL, msgid = $2, sent_at = $3, updated_at = $3
         WHERE id = $1 AND state = 'uncertain' AND reason = 'interrupted'";
}
