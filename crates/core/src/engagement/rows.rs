//! What an erasure leaves of actions, leads, subscriptions and messages, and of their credits: that something was, and when,
//! and nothing of whom.

use weir_base::Timestamp;
use weir_store::statements;

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
}
