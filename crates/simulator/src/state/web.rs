//! What the state file keeps of pages: people's authorisations and apps' tickets.

use serde::{Deserialize, Serialize};
use weir_base::Timestamp;

use crate::{
    Simulator,
    world::{
        World,
        authorizations::{Allowed, Issued},
        codes::Consent,
        tickets::{Ticket, TicketKind},
    },
};

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Web {
    authorizations: Vec<KeptAuthorization>,
    tickets: Vec<KeptTicket>,
}

/// An access token, or a refresh token with the access token that it made last.
#[derive(Serialize, Deserialize)]
struct KeptAuthorization {
    token: String,
    appid: String,
    person: String,
    consent: Consent,
    ends: Timestamp,
    revoked: bool,
    access: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct KeptTicket {
    appid: String,
    kind: TicketKind,
    ticket: String,
    ends: Timestamp,
}

impl Web {
    pub fn of(simulator: &Simulator, world: &World) -> Self {
        let authorization = |(token, issued): (std::sync::Arc<str>, Issued)| {
            let Issued { allowed: Allowed { app, person, consent }, ends, revoked, access } = issued;
            Some(KeptAuthorization {
                token: token.to_string(),
                appid: world.app_at(app)?.appid.clone(),
                person: world.person_at(person)?.id.clone(),
                consent,
                ends,
                revoked,
                access: access.map(|access| access.to_string()),
            })
        };
        let ticket = |(app, kind, Ticket { text, ends })| {
            Some(KeptTicket { appid: world.app_at(app)?.appid.clone(), kind, ticket: text, ends })
        };
        Self {
            authorizations: simulator
                .authorizations()
                .snapshot()
                .into_iter()
                .filter_map(authorization)
                .collect(),
            tickets: simulator.tickets().snapshot().into_iter().filter_map(ticket).collect(),
        }
    }

    /// Puts everything where it was. What names an app or a person that is not there is dropped.
    pub fn restore(self, simulator: &Simulator, world: &World) {
        let app = |appid: &str| world.app_by_appid(appid).map(|(key, _)| key);
        for kept in self.authorizations {
            if let (Some(app), Some((person, _))) = (app(&kept.appid), world.person(&kept.person)) {
                let KeptAuthorization { token, consent, ends, revoked, access, .. } = kept;
                let allowed = Allowed { app, person, consent };
                let issued = Issued { allowed, ends, revoked, access: access.map(Into::into) };
                simulator.authorizations().restore(&token, issued);
            }
        }
        for kept in self.tickets {
            if let Some(app) = app(&kept.appid) {
                simulator.tickets().restore(app, kept.kind, Ticket { text: kept.ticket, ends: kept.ends });
            }
        }
    }
}
