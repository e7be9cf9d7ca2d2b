use weir_base::Timestamp;
use weir_store::statements;

use super::{ActionId, ActionRow};

statements! {
    write fn insert(id: &ActionId, customer: &str, advisor: &str, kind: &str, data: &str, name: &str, phone: &str, resume: Option<&str>, info: Option<&str>, lead: Option<&str>, notified: bool, told_at: Option<Timestamp>, now: Timestamp) -> affected =
        "INSERT INTO actions (id, customer_id, advisor_id, action_type, action_data, customer_name, customer_phone, resume_id, customer_info, lead_id, notified, told_at, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    read fn page(kind: Option<&str>, first: &ActionId, end: &ActionId, limit: i64) -> many ActionRow =
        "SELECT id, customer_id, advisor_id, action_type, action_data, customer_name, customer_phone, resume_id, customer_info, lead_id, notified, told_at, created_at
         FROM actions WHERE COALESCE($1, action_type) = action_type AND id >= $2 AND id < $3 ORDER BY id DESC LIMIT $4";
    read fn page_of_advisor(advisor: &str, kind: Option<&str>, first: &ActionId, end: &ActionId, limit: i64) -> many ActionRow =
        "SELECT id, customer_id, advisor_id, action_type, action_data, customer_name, customer_phone, resume_id, customer_info, lead_id, notified, told_at, created_at
         FROM actions WHERE advisor_id = $1 AND COALESCE($2, action_type) = action_type AND id >= $3 AND id < $4 ORDER BY id DESC LIMIT $5";
    read fn page_of_customer(customer: &str, advisor: Option<&str>, kind: Option<&str>, first: &ActionId, end: &ActionId, limit: i64) -> many ActionRow =
        "SELECT id, customer_id, advisor_id, action_type, action_data, customer_name, customer_phone, resume_id, customer_info, lead_id, notified, told_at, created_at
         FROM actions WHERE customer_id = $1 AND COALESCE($2, advisor_id) = advisor_id AND COALESCE($3, action_type) = action_type
            AND id >= $4 AND id < $5 ORDER BY id DESC LIMIT $6";
    read fn page_of_lead(lead: &str, customer: Option<&str>, advisor: Option<&str>, kind: Option<&str>, first: &ActionId, end: &ActionId, limit: i64) -> many ActionRow =
        "SELECT id, customer_id, advisor_id, action_type, action_data, customer_name, customer_phone, resume_id, customer_info, lead_id, notified, told_at, created_at
         FROM actions WHERE lead_id = $1 AND COALESCE($2, customer_id) = customer_id AND COALESCE($3, advisor_id) = advisor_id
            AND COALESCE($4, action_type) = action_type AND id >= $5 AND id < $6 ORDER BY id DESC LIMIT $7";
}
