//! QR codes of `/connect/qrconnect` on screens: opened by a browser, scanned and answered by a phone.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::Notify;
use url::Url;
use weir_base::{Clock, Dice, Timestamp};

use super::{AppKey, ident};
use crate::answer::Refusal;

/// How long a QR code can be scanned and answered.
const LIFETIME: Duration = Duration::from_secs(300);

/// How many are remembered; older ones are as if expired.
const MOST: usize = 8192;

/// What a phone has done with a QR code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    Waiting,
    Scanned,
    Confirmed {
        code: String,
    },
    Refused,
    /// Or never there.
    Expired,
}

impl Status {
    /// `window.wx_errcode` of the polling script.
    pub fn number(&self) -> u16 {
        match self {
            Self::Waiting => 408,
            Self::Scanned => 404,
            Self::Confirmed { .. } => 405,
            Self::Refused => 403,
            Self::Expired => 402,
        }
    }

    /// Whether a browser that was last told `last` learns something from it.
    fn is_news(&self, last: Option<u16>) -> bool {
        match self {
            Self::Waiting => false,
            Self::Confirmed { .. } | Self::Expired => true,
            Self::Scanned | Self::Refused => last != Some(self.number()),
        }
    }
}

/// What the QR code is for.
#[derive(Clone)]
pub struct Opened {
    pub app: AppKey,
    pub redirect_uri: Url,
    pub state: String,
}

struct Scan {
    opened: Opened,
    expires: Timestamp,
    status: Status,
    changed: Arc<Notify>,
}

impl Scan {
    fn status(&self, now: Timestamp) -> Status {
        match &self.status {
            Status::Confirmed { .. } => self.status.clone(),
            _ if now >= self.expires => Status::Expired,
            status => status.clone(),
        }
    }

    fn set(&mut self, status: Status) {
        self.status = status;
        self.changed.notify_waiters();
    }
}

#[derive(Default)]
struct Book {
    scans: HashMap<Arc<str>, Scan>,
    order: VecDeque<Arc<str>>,
}

/// Every QR code of late.
#[derive(Default)]
pub struct Scans(Mutex<Book>);

impl Scans {
    fn lock(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new QR code; gives its name.
    pub fn open(&self, opened: Opened, now: Timestamp, dice: &Dice) -> Arc<str> {
        let uuid: Arc<str> = ident::scan(dice).into();
        let changed = Arc::default();
        let scan = Scan { opened, expires: now.plus(LIFETIME), status: Status::Waiting, changed };
        let mut book = self.lock();
        book.scans.insert(uuid.clone(), scan);
        book.order.push_back(uuid.clone());
        if book.order.len() > MOST
            && let Some(oldest) = book.order.pop_front()
            && let Some(forgotten) = book.scans.remove(&oldest)
        {
            forgotten.changed.notify_waiters();
        }
        uuid
    }

    pub fn status(&self, uuid: &str, now: Timestamp) -> Status {
        self.lock().scans.get(uuid).map_or(Status::Expired, |scan| scan.status(now))
    }

    /// What it is for, unless it is expired.
    pub fn opened(&self, uuid: &str, now: Timestamp) -> Option<Opened> {
        let book = self.lock();
        let scan = book.scans.get(uuid)?;
        (scan.status(now) != Status::Expired).then(|| scan.opened.clone())
    }

    /// A phone has it before its camera. Changes nothing once it was confirmed.
    pub fn scan(&self, uuid: &str, now: Timestamp) {
        if let Some(scan) = self.lock().scans.get_mut(uuid)
            && matches!(scan.status(now), Status::Waiting | Status::Refused)
        {
            scan.set(Status::Scanned);
        }
    }

    /// The person agrees: of any number who do exactly one gets the code made. Whether it was this one.
    pub fn confirm(
        &self,
        uuid: &str,
        now: Timestamp,
        code: impl FnOnce() -> Result<String, Refusal>,
    ) -> Result<bool, Refusal> {
        match self.lock().scans.get_mut(uuid) {
            Some(scan) if !matches!(scan.status(now), Status::Confirmed { .. } | Status::Expired) => {
                scan.set(Status::Confirmed { code: code()? });
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// The person does not agree. Whether it was still to be answered.
    pub fn refuse(&self, uuid: &str, now: Timestamp) -> bool {
        match self.lock().scans.get_mut(uuid) {
            Some(scan) if !matches!(scan.status(now), Status::Confirmed { .. } | Status::Expired) => {
                scan.set(Status::Refused);
                true
            }
            _ => false,
        }
    }

    /// Waits until there is something that a browser does not know yet.
    pub async fn news(&self, uuid: &str, last: Option<u16>, clock: &Clock) {
        loop {
            let Some((changed, left)) = self.to_wait_for(uuid, last, clock.now()) else { return };
            let mut changed = std::pin::pin!(changed.notified_owned());
            changed.as_mut().enable();
            // It may have changed before this began to listen.
            if self.status(uuid, clock.now()).is_news(last) {
                return;
            }
            tokio::select! {
                () = changed => {}
                () = clock.sleep(left) => {}
            }
        }
    }

    /// Who tells of a change, and when it expires. `None` when there is nothing to wait for.
    fn to_wait_for(&self, uuid: &str, last: Option<u16>, now: Timestamp) -> Option<(Arc<Notify>, Duration)> {
        let book = self.lock();
        let scan = book.scans.get(uuid).filter(|scan| !scan.status(now).is_news(last))?;
        Some((scan.changed.clone(), scan.expires.since(now)))
    }

    pub fn clear(&self) {
        let forgotten = std::mem::take(&mut *self.lock());
        forgotten.scans.values().for_each(|scan| scan.changed.notify_waiters());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

    fn opened() -> Opened {
        let redirect_uri = Url::parse("http://127.0.0.1/").unwrap();
        Opened { app: AppKey(0), redirect_uri, state: String::new() }
    }

    #[test]
    fn the_oldest_are_forgotten_when_many_came_after_them() {
        let (scans, dice) = (Scans::default(), Dice::seeded(1));
        let first = scans.open(opened(), NOW, &dice);
        (0..MOST).for_each(|_| drop(scans.open(opened(), NOW, &dice)));
        assert_eq!(scans.status(&first, NOW), Status::Expired);
        assert_eq!(scans.lock().scans.len(), MOST);
    }

    #[test]
    fn one_confirmation_makes_one_code() {
        let (scans, dice) = (Scans::default(), Dice::seeded(1));
        let uuid = scans.open(opened(), NOW, &dice);
        scans.scan(&uuid, NOW);
        assert!(scans.refuse(&uuid, NOW));
        scans.scan(&uuid, NOW);
        assert!(scans.confirm(&uuid, NOW, || Err(Refusal::of(10009))).is_err());
        assert_eq!(scans.status(&uuid, NOW), Status::Scanned);
        assert!(scans.confirm(&uuid, NOW, || Ok(String::from("first"))).unwrap());
        assert!(!scans.confirm(&uuid, NOW, || Ok(String::from("second"))).unwrap());
        assert!(!scans.refuse(&uuid, NOW));
        assert_eq!(scans.status(&uuid, NOW), Status::Confirmed { code: String::from("first") });
    }
}
