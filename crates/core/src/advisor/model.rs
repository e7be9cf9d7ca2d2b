use serde::Serialize;
use weir_base::{Timestamp, text_id};
use weir_store::{row, text_field};

use crate::{Outcome, action::model::id, credit::Answer};

text_id!(/// One subscription.
    SubscriptionId, "sub");
text_field!(SubscriptionId);

row! {
    /// Whether an advisor wants messages of a template at an openid.
    pub struct Subscription {
        pub id: SubscriptionId,
        pub advisor_id: String,
        pub appid: String,
        pub openid: String,
        pub template_id: String,
        pub subscribed: bool,
        pub subscribed_at: Option<Timestamp>,
        pub unsubscribed_at: Option<Timestamp>,
        pub created_at: Timestamp,
    }
}

row! {
    /// Where an advisor is told.
    pub struct Wish {
        pub openid: String,
        pub template_id: String,
        /// What was accepted and not sent yet.
        pub remaining: i64,
    }
}

/// What an advisor's page tells.
#[derive(Clone, Debug, Serialize)]
pub struct Told {
    pub advisor_id: String,
    pub openid: String,
    pub template_id: String,
    pub subscribed: bool,
    /// What the person answered to the prompt, where the page says it.
    #[serde(skip)]
    pub answer: Option<Answer>,
    /// The same, as the page wrote it.
    pub status: Option<String>,
}

impl Told {
    pub fn validate(&self) -> Outcome<()> {
        id("advisorId", &self.advisor_id)?;
        id("openid", &self.openid)?;
        id("templateId", &self.template_id)
    }
}

/// Which subscriptions of all are wanted.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub advisor_id: Option<String>,
    pub openid: Option<String>,
    pub template_id: Option<String>,
    pub subscribed: Option<bool>,
}
