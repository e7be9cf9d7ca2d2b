//! The messages that people got, as cards on their phones, and what tells one message from another.

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use weir_base::Timestamp;

use super::PersonKey;

/// How many messages are remembered in all; the oldest are forgotten.
const MOST: usize = 100_000;
/// For so long one `client_msg_id` sends one message.
const ONCE_WITHIN: Duration = Duration::from_secs(600);
/// How many of them are remembered.
const MOST_CLIENT_IDS: usize = 65_536;

/// One message that arrived.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Message {
    pub appid: String,
    pub touser: String,
    pub template_id: String,
    /// The fields as they were sent.
    pub data: Box<RawValue>,
    pub page: Option<String>,
    pub miniprogram_state: Option<String>,
    pub lang: Option<String>,
    /// Where a template message of an official account leads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub miniprogram: Option<Box<RawValue>>,
    pub msgid: i64,
    pub at: Timestamp,
}

#[derive(Default)]
struct Cards {
    of: HashMap<PersonKey, VecDeque<Message>>,
    /// Whose card came when, the oldest first.
    order: VecDeque<PersonKey>,
}

#[derive(Default)]
struct ClientIds {
    sent: HashMap<(String, String), (i64, Timestamp)>,
    order: VecDeque<(String, String)>,
}

/// Everybody's messages.
#[derive(Default)]
pub struct Inbox {
    cards: Mutex<Cards>,
    client_ids: Mutex<ClientIds>,
    count: AtomicU64,
}

impl Inbox {
    fn cards(&self) -> MutexGuard<'_, Cards> {
        self.cards.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn client_ids(&self) -> MutexGuard<'_, ClientIds> {
        self.client_ids.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A number for a message: 19 digits that grow with time.
    pub fn next_msgid(&self, now: Timestamp) -> i64 {
        const PER_MILLISECOND: u64 = 1_000_000;
        let count = self.count.fetch_add(1, Ordering::Relaxed) % PER_MILLISECOND;
        now.millis().saturating_mul(1_000_000).saturating_add(i64::try_from(count).unwrap_or_default())
    }

    pub fn add(&self, person: PersonKey, message: Message) {
        let mut cards = self.cards();
        if cards.order.len() == MOST
            && let Some(owner) = cards.order.pop_front()
            && let Some(oldest) = cards.of.get_mut(&owner)
        {
            oldest.pop_front();
        }
        cards.order.push_back(person);
        cards.of.entry(person).or_default().push_back(message);
    }

    /// A person's messages, the oldest first.
    pub fn of(&self, person: PersonKey) -> Vec<Message> {
        self.cards().of.get(&person).map(|cards| cards.iter().cloned().collect()).unwrap_or_default()
    }

    /// The message that this openid got under this `client_msg_id` in the last ten minutes; if there is none, `msgid` is
    /// its message from now on.
    pub fn once(&self, openid: &str, client_msg_id: &str, msgid: i64, now: Timestamp) -> Option<i64> {
        let mut ids = self.client_ids();
        let key = (openid.to_owned(), client_msg_id.to_owned());
        if let Some((sent, at)) = ids.sent.get(&key)
            && now.since(*at) < ONCE_WITHIN
        {
            return Some(*sent);
        }
        if ids.sent.insert(key.clone(), (msgid, now)).is_none() {
            ids.order.push_back(key);
        }
        if ids.order.len() > MOST_CLIENT_IDS
            && let Some(oldest) = ids.order.pop_front()
        {
            ids.sent.remove(&oldest);
        }
        None
    }

    pub fn clear(&self) {
        *self.cards() = Cards::default();
        *self.client_ids() = ClientIds::default();
    }

    /// Everybody's messages, each person's in their order.
    pub fn snapshot(&self) -> Vec<Message> {
        self.cards().of.values().flatten().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_messages_are_forgotten_whosever_they_are() {
        let inbox = Inbox::default();
        let (alice, bob) = (PersonKey(0), PersonKey(1));
        let at = Timestamp::from_seconds(1_800_000_000);
        let message = |msgid| Message {
            appid: String::new(),
            touser: String::new(),
            template_id: String::new(),
            data: serde_json::value::to_raw_value(&msgid).unwrap(),
            page: None,
            miniprogram_state: None,
            lang: None,
            url: None,
            miniprogram: None,
            msgid,
            at,
        };
        inbox.add(alice, message(1));
        inbox.add(bob, message(2));
        (0..MOST - 1).for_each(|_| inbox.add(bob, message(3)));
        assert!(inbox.of(alice).is_empty());
        assert_eq!((inbox.of(bob).len(), inbox.of(bob)[0].msgid), (MOST, 2));
        let first = inbox.next_msgid(at);
        assert_eq!(first.to_string().len(), 19);
        assert_eq!(inbox.next_msgid(at), first + 1);
    }
}
