use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use weir_base::{Timestamp, text_id};
use weir_store::{row, text_field};

use crate::{
    Failure, Outcome,
    account::model::text,
    lead::{Lead, model::mobile},
};

text_id!(/// One action.
    ActionId, "act");
text_field!(ActionId);

/// Ids that other systems give: openids, advisors, résumés.
pub const ID_MAX: usize = 128;
const TYPE_MAX: usize = 64;
const NAME_MAX: usize = 100;
const PHONE_MAX: usize = 64;
/// Of JSON that is kept as it is, in bytes.
const JSON_MAX: usize = 64 * 1024;
/// In Unix milliseconds.
const YEAR_10000: i64 = 253_402_300_800_000;

/// What is told of an action.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The customer's openid.
    pub customer_id: String,
    pub advisor_id: String,
    pub action_type: String,
    pub action_data: Map<String, Value>,
    pub customer_name: Option<String>,
    pub customer_phone: Option<String>,
    pub resume_id: Option<String>,
    pub customer_info: Option<Value>,
    /// When it happened, as the client tells it.
    pub told_at: Option<Timestamp>,
}

impl Report {
    /// Refuses what cannot be kept. A phone number that is none is no fault of the action's.
    pub fn validate(&self) -> Outcome<()> {
        id("customerId", &self.customer_id)?;
        id("advisorId", &self.advisor_id)?;
        if self.action_type.trim().is_empty() {
            return Err(Failure::invalid("actionType", "must not be empty"));
        }
        text("actionType", Some(&self.action_type), TYPE_MAX)?;
        text("customerName", self.customer_name.as_deref(), NAME_MAX)?;
        text("customerPhone", self.customer_phone.as_deref(), PHONE_MAX)?;
        text("resumeId", self.resume_id.as_deref(), ID_MAX)?;
        match self.told_at {
            Some(told_at) if !(0..YEAR_10000).contains(&told_at.millis()) => {
                Err(Failure::invalid("timestamp", "lies outside the years 1970 to 9999"))
            }
            _ => Ok(()),
        }
    }

    /// The name without blanks around it; empty when none was told.
    pub fn name(&self) -> &str {
        self.customer_name.as_deref().unwrap_or_default().trim()
    }

    /// The phone number that makes a lead.
    pub fn mobile(&self) -> Option<String> {
        self.customer_phone.as_deref().and_then(mobile)
    }
}

/// An id of another system's: some text, and not a long one.
pub fn id(field: &'static str, value: &str) -> Outcome<()> {
    if value.trim().is_empty() {
        return Err(Failure::invalid(field, "must not be empty"));
    }
    text(field, Some(value), ID_MAX)
}

/// JSON as it is kept.
pub fn kept_json(field: &'static str, value: &impl Serialize) -> Outcome<String> {
    let json =
        serde_json::to_string(value).map_err(|error| Failure::new(crate::Code::Internal).cause(error))?;
    if json.len() > JSON_MAX {
        return Err(Failure::invalid(field, format!("must not be longer than {JSON_MAX} bytes")));
    }
    Ok(json)
}

/// What became of a report. Together with the report it is all that the answer tells, so that whoever sends the report
/// again can be told again from this; it holds nothing personal.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Made {
    pub action: String,
    pub at: Timestamp,
    /// The lead of the phone number, and its number if this action made it.
    pub lead: Option<String>,
    pub lead_number: Option<String>,
    pub notified: bool,
}

/// What whoever reported an action is told.
#[derive(Clone, Debug)]
pub struct Recorded {
    pub report: Report,
    pub made: Made,
    /// The lead as far as the caller may know it.
    pub lead: Option<Lead>,
}

impl Recorded {
    /// Whether this action made the lead.
    pub fn customer_created(&self) -> bool {
        self.made.lead_number.is_some()
    }
}

row! {
    /// An action as it is kept.
    pub struct ActionRow {
        pub id: ActionId,
        pub customer_id: String,
        pub advisor_id: String,
        pub action_type: String,
        pub action_data: String,
        pub customer_name: String,
        pub customer_phone: String,
        pub resume_id: Option<String>,
        pub customer_info: Option<String>,
        pub lead_id: Option<String>,
        pub notified: bool,
        pub told_at: Option<Timestamp>,
        pub created_at: Timestamp,
    }
}

/// Which actions of all are wanted.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub advisor_id: Option<String>,
    pub customer_id: Option<String>,
    pub action_type: Option<String>,
    pub lead_id: Option<String>,
    /// Recorded at this instant or later.
    pub from: Option<Timestamp>,
    /// Recorded before this instant.
    pub to: Option<Timestamp>,
}
