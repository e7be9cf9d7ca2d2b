use weir_base::Timestamp;
use weir_store::statements;

use super::{Lead, LeadId};

statements! {
    /// Nothing is written when the phone has a lead already, or another lead has the number.
    write fn insert(id: &LeadId, number: &str, name: &str, phone: &str, openid: &str, source: &str, status: &str, level: &str, advisor: &str, remarks: &str, now: Timestamp) -> affected =
        "INSERT INTO leads (id, customer_number, name, phone, openid, lead_source, contract_status, lead_level, assigned_to, created_by, remarks, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $10, $11, $11) ON CONFLICT DO NOTHING";
    read fn by_phone(phone: &str) -> optional Lead =
        "SELECT id, customer_number, name, phone, openid, lead_source, contract_status, lead_level, assigned_to, created_by, remarks, created_at
         FROM leads WHERE phone = $1";
    read fn find(id: &LeadId) -> optional Lead =
        "SELECT id, customer_number, name, phone, openid, lead_source, contract_status, lead_level, assigned_to, created_by, remarks, created_at
         FROM leads WHERE id = $1";
    read fn page(first: &LeadId, end: &LeadId, limit: i64) -> many Lead =
        "SELECT id, customer_number, name, phone, openid, lead_source, contract_status, lead_level, assigned_to, created_by, remarks, created_at
         FROM leads WHERE id >= $1 AND id < $2 ORDER BY id DESC LIMIT $3";
    read fn page_of_advisor(advisor: &str, first: &LeadId, end: &LeadId, limit: i64) -> many Lead =
        "SELECT id, customer_number, name, phone, openid, lead_source, contract_status, lead_level, assigned_to, created_by, remarks, created_at
         FROM leads WHERE assigned_to = $1 AND id >= $2 AND id < $3 ORDER BY id DESC LIMIT $4";
    /// One person has few.
    read fn page_of_openid(openid: &str, advisor: Option<&str>, first: &LeadId, end: &LeadId, limit: i64) -> many Lead =
        "SELECT id, customer_number, name, phone, openid, lead_source, contract_status, lead_level, assigned_to, created_by, remarks, created_at
         FROM leads WHERE openid = $1 AND COALESCE($2, assigned_to) = assigned_to AND id >= $3 AND id < $4 ORDER BY id DESC LIMIT $5";
}
