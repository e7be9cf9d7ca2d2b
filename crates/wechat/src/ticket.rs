//! The ticket of an app that signs its pages for the JS-SDK (section C4).

use std::time::Duration;

use serde::Deserialize;
use weir_base::Secret;

use crate::{
    Error, WeChat,
    answer::filled,
    query::Query,
    transport::{Call, Repeat},
};

/// A `jsapi_ticket`: 86 characters. Whoever has it can sign any page of the app's domains, so it stays on the server.
#[derive(Clone, Debug)]
pub struct Ticket {
    pub ticket: Secret,
    /// How long it lives from now on: 7200 s when new.
    pub expires_in: Duration,
}

#[derive(Deserialize)]
struct TicketAnswer {
    #[serde(deserialize_with = "filled")]
    ticket: String,
    expires_in: u32,
}

impl From<TicketAnswer> for Ticket {
    fn from(answer: TicketAnswer) -> Self {
        Self {
            ticket: Secret::new(answer.ticket),
            expires_in: Duration::from_secs(u64::from(answer.expires_in)),
        }
    }
}

impl WeChat {
    /// `GET /cgi-bin/ticket/getticket` with `type=jsapi`: the ticket of the token's app, the same one until it ends.
    ///
    /// # Errors
    /// Refused: token errors ([`Error::is_token_error`]), 48001 for an app without the JS-SDK. Throttled: 45009.
    pub async fn getticket(&self, access_token: &Secret) -> Result<Ticket, Error> {
        let call = Call {
            route: &self.routes().getticket,
            query: Some(Query::new().with("access_token", access_token.expose()).with("type", "jsapi")),
            body: None,
            repeat: Repeat::Safe,
            sent: &[access_token.expose()],
        };
        self.transport().call::<TicketAnswer>(call).await.map(Ticket::from)
    }
}
