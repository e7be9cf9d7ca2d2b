use weir_base::Timestamp;
use weir_store::{row, statements};

use super::{Subscription, SubscriptionId, Wish};

row! {
    /// A subscription with what remains of its accepts.
    pub struct SubscriptionRow {
        /// Nothing where the template was never accepted.
        pub remaining: Option<i64>;
        pub subscription: Subscription
    }
}

statements! {
    /// Nothing is written when it is there.
    write fn insert(id: &SubscriptionId, advisor: &str, appid: &str, openid: &str, template: &str, subscribed: bool, subscribed_at: Option<Timestamp>, unsubscribed_at: Option<Timestamp>, now: Timestamp) -> affected =
        "INSERT INTO subscriptions (id, advisor_id, appid, openid, template_id, subscribed, subscribed_at, unsubscribed_at, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)
         ON CONFLICT (advisor_id, openid, template_id) DO NOTHING";
    /// It says something else than before.
    write fn turn(advisor: &str, openid: &str, template: &str, subscribed: bool, now: Timestamp) -> affected =
        "UPDATE subscriptions SET subscribed = $4, subscribed_at = CASE WHEN $4 THEN $5 ELSE subscribed_at END,
            unsubscribed_at = CASE WHEN $4 THEN unsubscribed_at ELSE $5 END, updated_at = $5
         WHERE advisor_id = $1 AND openid = $2 AND template_id = $3 AND subscribed <> $4";
    read fn find(advisor: &str, openid: &str, template: &str) -> optional Subscription =
        "SELECT id, advisor_id, appid, openid, template_id, subscribed, subscribed_at, unsubscribed_at, created_at
         FROM subscriptions WHERE advisor_id = $1 AND openid = $2 AND template_id = $3";
    /// Where an advisor is told, the longest unchanged wish first. Nobody reads messages in more places.
    read fn wants(advisor: &str, appid: &str) -> many Wish =
        "SELECT s.openid, s.template_id, COALESCE(c.remaining, 0) AS remaining FROM subscriptions s
         LEFT JOIN credits c ON c.appid = s.appid AND c.openid = s.openid AND c.template_id = s.template_id
         WHERE s.advisor_id = $1 AND s.appid = $2 AND s.subscribed ORDER BY s.updated_at, s.id LIMIT 200";
    /// A person has turned a template off in WeChat.
    write fn turn_off(appid: &str, openid: &str, template_id: &str, now: Timestamp) -> affected =
        "UPDATE subscriptions SET subscribed = FALSE, unsubscribed_at = $4, updated_at = $4
         WHERE openid = $2 AND template_id = $3 AND appid = $1 AND subscribed";
    read fn page(template: Option<&str>, subscribed: Option<bool>, first: &SubscriptionId, end: &SubscriptionId, limit: i64) -> many SubscriptionRow =
        "SELECT c.remaining, s.id, s.advisor_id, s.appid, s.openid, s.template_id, s.subscribed, s.subscribed_at, s.unsubscribed_at, s.created_at
         FROM subscriptions s LEFT JOIN credits c ON c.appid = s.appid AND c.openid = s.openid AND c.template_id = s.template_id
         WHERE COALESCE($1, s.template_id) = s.template_id AND COALESCE($2, s.subscribed) = s.subscribed AND s.id >= $3 AND s.id < $4
         ORDER BY s.id DESC LIMIT $5";
    read fn page_of_advisor(advisor: &str, template: Option<&str>, subscribed: Option<bool>, first: &SubscriptionId, end: &SubscriptionId, limit: i64) -> many SubscriptionRow =
        "SELECT c.remaining, s.id, s.advisor_id, s.appid, s.openid, s.template_id, s.subscribed, s.subscribed_at, s.unsubscribed_at, s.created_at
         FROM subscriptions s LEFT JOIN credits c ON c.appid = s.appid AND c.openid = s.openid AND c.template_id = s.template_id
         WHERE s.advisor_id = $1 AND COALESCE($2, s.template_id) = s.template_id AND COALESCE($3, s.subscribed) = s.subscribed AND s.id >= $4 AND s.id < $5
         ORDER BY s.id DESC LIMIT $6";
    read fn page_of_openid(openid: &str, advisor: Option<&str>, template: Option<&str>, subscribed: Option<bool>, first: &SubscriptionId, end: &SubscriptionId, limit: i64) -> many SubscriptionRow =
        "SELECT c.remaining, s.id, s.advisor_id, s.appid, s.openid, s.template_id, s.subscribed, s.subscribed_at, s.unsubscribed_at, s.created_at
         FROM subscriptions s LEFT JOIN credits c ON c.appid = s.appid AND c.openid = s.openid AND c.template_id = s.template_id
         WHERE s.openid = $1 AND COALESCE($2, s.advisor_id) = s.advisor_id AND COALESCE($3, s.template_id) = s.template_id
            AND COALESCE($4, s.subscribed) = s.subscribed AND s.id >= $5 AND s.id < $6
         ORDER BY s.id DESC LIMIT $7";
}
