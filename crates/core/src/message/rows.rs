use weir_base::Timestamp;
use weir_store::{row, statements};

use super::{MessageId, Origin, State};
use crate::{credit::Key, job::JobId};

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

row! {
    /// What was tried of a message before.
    pub struct History {
        /// Since it was queued, or queued again by hand.
        pub tries: i64,
        /// Those of them that count: in the others WeChat wanted nothing from the app, or could not be reached.
        pub counted: i64,
        /// Those, since it was made, after which WeChat may have it.
        pub lost: i64,
    }
}

row! {
    /// A message as it is shown.
    pub struct MessageRow {
        pub id: MessageId,
        pub appid: String,
        pub openid: String,
        pub template_id: String,
        pub data: String,
        pub page: Option<String>,
        pub origin: Origin,
        pub advisor_id: Option<String>,
        pub action_id: Option<String>,
        pub state: State,
        pub reason: Option<String>,
        pub errcode: Option<i64>,
        pub credit_taken: bool,
        pub attempts: i64,
        pub msgid: Option<String>,
        pub due_at: Timestamp,
        pub expires_at: Timestamp,
        pub sent_at: Option<Timestamp>,
        pub created_at: Timestamp,
        pub updated_at: Timestamp,
    }
}

row! {
    /// One try to send a message.
    pub struct AttemptRow {
        pub number: i64,
        pub outcome: String,
        pub errcode: Option<i64>,
        pub ms: i64,
        pub created_at: Timestamp,
    }
}

impl SendRow {
    /// The ledger that the message is paid from.
    pub fn key(&self) -> Key {
        Key { appid: self.appid.clone(), openid: self.openid.clone(), template_id: self.template_id.clone() }
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
    /// What the tries before this one came to.
    read fn history(id: &MessageId, job: &JobId) -> one History =
        "SELECT COUNT(CASE WHEN created_at >= (SELECT created_at FROM jobs WHERE id = $2) THEN 1 END) AS tries,
            COUNT(CASE WHEN outcome IN ('busy', 'concurrent', 'timeout', 'cut', 'bad_answer', 'interrupted')
                AND created_at >= (SELECT created_at FROM jobs WHERE id = $2) THEN 1 END) AS counted,
            COUNT(CASE WHEN outcome IN ('timeout', 'cut', 'bad_answer', 'interrupted') THEN 1 END) AS lost
         FROM attempts WHERE message_id = $1";
    /// Whoever was slow to say so has sent it, whether somebody else has taken the message over yet or not.
    write fn sent_after_all(id: &MessageId, msgid: Option<&str>, now: Timestamp) -> affected =
        "UPDATE messages SET state = 'sent', reason = NULL, errcode = NULL, msgid = $2, sent_at = $3, updated_at = $3
         WHERE id = $1 AND (state = 'sending' OR state IN ('uncertain', 'queued') AND reason = 'interrupted')";
    /// One to this person that is being sent. There are as many of those as workers, and a person may have thousands: the
    /// index of states is the one to use.
    read fn under_way(appid: &str, openid: &str, template_id: &str) -> optional String =
        "SELECT id FROM messages WHERE state = 'sending' AND openid || '' = $2 AND appid = $1 AND template_id = $3 LIMIT 1";
    /// WeChat tells of a message that it took. One that did not arrive has used up its credit.
    write fn arrived(appid: &str, msgid: &str, openid: &str, state: State, reason: Option<&str>, errcode: Option<i64>, now: Timestamp) -> affected =
        "UPDATE messages SET state = $4, reason = $5, errcode = $6, credit_taken = credit_taken AND $4 <> 'refused', updated_at = $7
         WHERE msgid = $2 AND appid = $1 AND openid = $3 AND state = 'sent'";
    read fn of_msgid(msgid: &str, appid: &str) -> optional String =
        "SELECT id FROM messages WHERE msgid = $1 AND appid = $2 LIMIT 1";
    /// WeChat tells of a message whose answer was lost, or had no msgid: the oldest to this person that may be it. It is
    /// not sent again, if that is what it waits for.
    write fn cleared_up(appid: &str, openid: &str, template_id: &str, msgid: &str, state: State, reason: Option<&str>, errcode: Option<i64>, now: Timestamp) -> affected =
        "UPDATE messages SET state = $5, reason = $6, errcode = $7, msgid = $4, credit_taken = credit_taken AND $5 <> 'refused',
            sent_at = COALESCE(sent_at, $8), updated_at = $8
         WHERE id = (SELECT id FROM messages WHERE openid = $2 AND appid = $1 AND template_id = $3 AND msgid IS NULL
                AND (state IN ('uncertain', 'sent') OR state = 'queued' AND reason IN ('timeout', 'cut', 'bad_answer', 'interrupted'))
            ORDER BY id LIMIT 1) AND state IN ('uncertain', 'sent', 'queued')";
    /// Nothing is left to be sent of one that was erased.
    write fn requeue(id: &MessageId, now: Timestamp) -> optional SendRow =
        "UPDATE messages SET state = 'queued', reason = NULL, errcode = NULL, due_at = $2, updated_at = $2
         WHERE id = $1 AND state IN ('refused', 'uncertain', 'dead') AND openid <> '' AND data <> '{}'
         RETURNING id, appid, openid, template_id, data, page, miniprogram_state, lang, state, credit_taken, attempts, expires_at";
    write fn renew(id: &MessageId, credit_taken: bool, expires_at: Timestamp) -> affected =
        "UPDATE messages SET credit_taken = $2, expires_at = $3 WHERE id = $1";
    /// How many there are in a state, `most` at the most.
    read fn count(state: State, most: i64) -> one i64 =
        "SELECT COUNT(*) FROM (SELECT id FROM messages WHERE state = $1 LIMIT $2) counted";
    /// When the oldest that is in a state was made.
    read fn oldest(state: State) -> optional i64 =
        "SELECT created_at FROM messages WHERE state = $1 ORDER BY id LIMIT 1";
    read fn get(id: &MessageId) -> optional MessageRow =
        "SELECT id, appid, openid, template_id, data, page, origin, advisor_id, action_id, state, reason, errcode, credit_taken, attempts, msgid,
            due_at, expires_at, sent_at, created_at, updated_at
         FROM messages WHERE id = $1";
    /// Messages between two, newest first.
    read fn list(first: &MessageId, end: &MessageId, limit: i64) -> many MessageRow =
        "SELECT id, appid, openid, template_id, data, page, origin, advisor_id, action_id, state, reason, errcode, credit_taken, attempts, msgid,
            due_at, expires_at, sent_at, created_at, updated_at
         FROM messages WHERE id >= $1 AND id < $2 ORDER BY id DESC LIMIT $3";
    read fn list_in(state: State, first: &MessageId, end: &MessageId, limit: i64) -> many MessageRow =
        "SELECT id, appid, openid, template_id, data, page, origin, advisor_id, action_id, state, reason, errcode, credit_taken, attempts, msgid,
            due_at, expires_at, sent_at, created_at, updated_at
         FROM messages WHERE state = $1 AND id >= $2 AND id < $3 ORDER BY id DESC LIMIT $4";
    read fn list_to(openid: &str, first: &MessageId, end: &MessageId, limit: i64) -> many MessageRow =
        "SELECT id, appid, openid, template_id, data, page, origin, advisor_id, action_id, state, reason, errcode, credit_taken, attempts, msgid,
            due_at, expires_at, sent_at, created_at, updated_at
         FROM messages WHERE openid = $1 AND id >= $2 AND id < $3 ORDER BY id DESC LIMIT $4";
    read fn list_to_in(openid: &str, state: State, first: &MessageId, end: &MessageId, limit: i64) -> many MessageRow =
        "SELECT id, appid, openid, template_id, data, page, origin, advisor_id, action_id, state, reason, errcode, credit_taken, attempts, msgid,
            due_at, expires_at, sent_at, created_at, updated_at
         FROM messages WHERE openid = $1 AND state = $2 AND id >= $3 AND id < $4 ORDER BY id DESC LIMIT $5";
    read fn attempts(message_id: &MessageId) -> many AttemptRow =
        "SELECT number, outcome, errcode, ms, created_at FROM attempts WHERE message_id = $1 ORDER BY number LIMIT 1000";
}
