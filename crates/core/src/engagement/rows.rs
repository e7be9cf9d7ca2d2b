//! What an erasure, and time, leave of actions, leads, subscriptions and messages, and of their credits. Of a person: that
//! something was, and when, and nothing of whom.

use weir_base::Timestamp;
use weir_store::statements;

use crate::{action::ActionId, credit::EntryId, message::MessageId};

statements! {
    /// Messages that tell others of a customer: what they say goes, and what was not sent stays unsent.
    write fn forget_told(openid: &str, now: Timestamp) -> affected =
        "UPDATE messages SET data = '{}', page = NULL, updated_at = $2, reason = CASE WHEN state IN ('queued', 'sending') THEN 'erased' ELSE reason END,
            state = CASE WHEN state IN ('queued', 'sending') THEN 'dead' ELSE state END
         WHERE action_id IN (SELECT id FROM actions WHERE customer_id = $1)";
    /// Messages to a person.
    write fn forget_sent(appid: &str, openid: &str, now: Timestamp) -> affected =
        "UPDATE messages SET openid = '', data = '{}', page = NULL, updated_at = $3, reason = CASE WHEN state IN ('queued', 'sending') THEN 'erased' ELSE reason END,
            state = CASE WHEN state IN ('queued', 'sending') THEN 'dead' ELSE state END
         WHERE openid = $2 AND appid = $1";
    /// Nothing is sent to them any more, and a job's lane names them. Whoever works on one finds its lease gone.
    write fn forget_jobs(lane: &str) -> affected = "DELETE FROM jobs WHERE lane = $1";
    /// Before the actions lose their customer, and after the messages about them.
    write fn forget_actions(openid: &str) -> affected =
        "UPDATE actions SET customer_id = '', action_data = '{}', customer_name = '', customer_phone = '', resume_id = NULL, customer_info = NULL
         WHERE customer_id = $1";
    write fn forget_leads(openid: &str, now: Timestamp) -> affected =
        "UPDATE leads SET name = '', phone = NULL, openid = '', remarks = '', updated_at = $2 WHERE openid = $1";
    write fn forget_subscriptions(appid: &str, openid: &str) -> affected =
        "DELETE FROM subscriptions WHERE openid = $2 AND appid = $1";
    write fn forget_credits(appid: &str, openid: &str) -> affected =
        "DELETE FROM credits WHERE appid = $1 AND openid = $2";
    write fn forget_ledger(appid: &str, openid: &str) -> affected =
        "DELETE FROM credit_entries WHERE appid = $1 AND openid = $2";

    /// A name alone.
    write fn forget_names(openid: &str, now: Timestamp) -> affected =
        "UPDATE leads SET name = '', updated_at = $2 WHERE openid = $1";
    write fn forget_names_of_actions(openid: &str) -> affected =
        "UPDATE actions SET customer_name = '', customer_info = NULL WHERE customer_id = $1";
    /// A phone number alone.
    write fn forget_phones(openid: &str, now: Timestamp) -> affected =
        "UPDATE leads SET phone = NULL, updated_at = $2 WHERE openid = $1";
    write fn forget_phones_of_actions(openid: &str) -> affected =
        "UPDATE actions SET customer_phone = '', customer_info = NULL WHERE customer_id = $1";
    write fn delete_messages(after: &str, before: &MessageId, limit: i64) -> many String =
        "DELETE FROM messages WHERE id IN (SELECT id FROM messages
            WHERE id > $1 AND id < $2 AND state NOT IN ('queued', 'sending') ORDER BY id LIMIT $3)
         AND state NOT IN ('queued', 'sending') RETURNING id";
    /// Of messages that are gone.
    write fn delete_attempts(before: &MessageId, limit: i64) -> affected =
        "DELETE FROM attempts WHERE message_id IN (SELECT a.message_id FROM attempts a
            WHERE a.message_id < $1 AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.id = a.message_id)
            ORDER BY a.message_id LIMIT $2)";
    /// An erasure finds messages about a customer by their actions, so those of messages that are there stay.
    write fn delete_actions(after: &str, before: &ActionId, limit: i64) -> many String =
        "DELETE FROM actions WHERE id IN (SELECT a.id FROM actions a
            WHERE a.id > $1 AND a.id < $2 AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.action_id = a.id)
            ORDER BY a.id LIMIT $3) RETURNING id";
    /// The newest of a ledger is none of them.
    write fn delete_entries(after: &str, before: &EntryId, limit: i64) -> many String =
        "DELETE FROM credit_entries WHERE id IN (SELECT e.id FROM credit_entries e
            WHERE e.id > $1 AND e.id < $2 AND EXISTS (SELECT 1 FROM credit_entries n
                WHERE n.appid = e.appid AND n.openid = e.openid AND n.template_id = e.template_id AND n.id > e.id)
            ORDER BY e.id LIMIT $3) RETURNING id";
}
