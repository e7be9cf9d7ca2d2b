//! jsapi_tickets and card tickets of apps (wechat-protocol.md, C4): one of each kind per app, the same while it lives.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use weir_base::{Dice, Timestamp};

use super::{AppKey, ident};

const LIFETIME: Duration = Duration::from_secs(7200);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TicketKind {
    Jsapi,
    WxCard,
}

#[derive(Clone)]
pub struct Ticket {
    pub text: String,
    pub ends: Timestamp,
}

/// The current ticket of every app and kind.
#[derive(Default)]
pub struct Tickets(Mutex<HashMap<(AppKey, TicketKind), Ticket>>);

impl Tickets {
    fn lock(&self) -> MutexGuard<'_, HashMap<(AppKey, TicketKind), Ticket>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The ticket that lives, or a new one.
    pub fn take(&self, app: AppKey, kind: TicketKind, now: Timestamp, dice: &Dice) -> Ticket {
        let mut tickets = self.lock();
        if let Some(ticket) = tickets.get(&(app, kind)).filter(|ticket| now < ticket.ends) {
            return ticket.clone();
        }
        let ticket = Ticket { text: ident::ticket(dice), ends: now.plus(LIFETIME) };
        tickets.insert((app, kind), ticket.clone());
        ticket
    }

    /// The last one that was made, living or not.
    pub fn last(&self, app: AppKey, kind: TicketKind) -> Option<Ticket> {
        self.lock().get(&(app, kind)).cloned()
    }

    /// Ends the app's tickets at once.
    pub fn invalidate(&self, app: AppKey, now: Timestamp) {
        for (_, ticket) in self.lock().iter_mut().filter(|((owner, _), _)| *owner == app) {
            ticket.ends = ticket.ends.min(now);
        }
    }

    pub fn clear(&self) {
        self.lock().clear();
    }

    pub fn snapshot(&self) -> Vec<(AppKey, TicketKind, Ticket)> {
        self.lock().iter().map(|((app, kind), ticket)| (*app, *kind, ticket.clone())).collect()
    }

    pub fn restore(&self, app: AppKey, kind: TicketKind, ticket: Ticket) {
        self.lock().insert((app, kind), ticket);
    }
}
