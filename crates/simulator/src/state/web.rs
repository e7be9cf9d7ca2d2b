//! What the state file keeps of pages: people's authorisations, apps' tickets and parametric QR codes. QR codes on
//! screens belong to the pages that show them and are not kept.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use weir_base::Timestamp;

use crate::{
    Simulator,
    world::{
        World,
        authorizations::{Allowed, Issued},
        codes::Consent,
        scenes::{Drawn, Scene},
        tickets::{Ticket, TicketKind},
    },
};

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Web {
    authorizations: Vec<KeptAuthorization>,
    tickets: Vec<KeptTicket>,
    scenes: Vec<KeptScene>,
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

/// A parametric QR code.
#[derive(Serialize, Deserialize)]
struct KeptScene {
    appid: String,
    ticket: String,
    url: String,
    scene: Scene,
    ends: Option<Timestamp>,
}

impl Web {
    pub fn of(simulator: &Simulator, world: &World) -> Self {
        let authorization = |(token, issued): (Arc<str>, Issued)| {
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
        let scene = |(ticket, drawn): (Arc<str>, Drawn)| {
            let (appid, ticket) = (world.app_at(drawn.app)?.appid.clone(), ticket.to_string());
            Some(KeptScene { appid, ticket, url: drawn.url, scene: drawn.scene, ends: drawn.ends })
        };
        Self {
            scenes: simulator.scenes().snapshot().into_iter().filter_map(scene).collect(),
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
        for kept in self.scenes {
            if let Some(app) = app(&kept.appid) {
                let KeptScene { ticket, url, scene, ends, .. } = kept;
                simulator.scenes().restore(&ticket, Drawn { app, scene, ends, url });
            }
        }
    }
}
