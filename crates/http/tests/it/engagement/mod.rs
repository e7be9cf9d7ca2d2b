//! What customers do, the leads that come of it, and what advisors are told.

mod access;
mod anything;
mod clients;
mod erasure;
mod input;
mod keeping;
mod lists;
mod notices;
mod phones;
mod races;

use serde_json::{Value, json};
use weir_core::apikey::Scope;
use weir_testkit::{Client, TestWeir};

pub const ACTION: &str = "/api/customer/action";
pub const SUBSCRIBE: &str = "/api/advisor/subscribe";
pub const PHONE: &str = "13800138000";

/// What a customer without a phone number did with the advisor `adv-1`.
pub fn action(customer: &str) -> Value {
    json!({ "customerId": customer, "advisorId": "adv-1", "actionType": "view_resume", "actionData": {} })
}

/// The same with a phone number.
pub fn told(customer: &str, phone: &str) -> Value {
    let mut body = action(customer);
    body["customerPhone"] = phone.into();
    body
}

/// The advisor `adv-1` accepts one message of this template, or says so.
pub fn accepted(openid: &str, template: &str) -> Value {
    json!({ "advisorId": "adv-1", "openid": openid, "templateId": template, "subscribed": true,
        "subscribeData": { "source": "miniprogram", "timestamp": "2024-01-01T12:00:00.000Z", "userAgent": {},
            "subscriptionStatus": "accept" } })
}

/// Another service, which may write and read.
pub async fn service(weir: &TestWeir) -> Client {
    weir.client.with_bearer(weir.api_key(&[Scope::CrmWrite, Scope::CrmRead]).await)
}

/// WeChat gives no tokens: what is queued stays so, and no refusal gives a credit back.
pub async fn nothing_is_sent(weir: &TestWeir) {
    weir.fault(&json!({"path": "/cgi-bin/stable_token", "kind": "errcode", "errcode": -1, "times": 100_000}))
        .await;
}
