//! session_keys: one per person and app. `wx.login` may replace it; using it makes it live longer.

use std::{collections::HashMap, time::Duration};

use weir_base::{Dice, Timestamp};

use super::{App, AppKey, PersonKey, ident, shards::Shards};

/// A person's session with an app.
#[derive(Clone)]
pub struct Session {
    pub app: AppKey,
    pub person: PersonKey,
    /// 24 characters of base64.
    pub key: String,
    pub made: Timestamp,
    pub expires: Timestamp,
}

/// Sessions by openid, which names both the person and the app.
#[derive(Default)]
pub struct Sessions(Shards<HashMap<String, Session>>);

impl Sessions {
    /// What `wx.login` does: keeps a young session_key, makes a new one when it is older than the app's refresh
    /// interval, expired, or not there. Gives the key that is now valid.
    pub fn login(
        &self,
        openid: &str,
        (app_key, app): (AppKey, &App),
        person: PersonKey,
        now: Timestamp,
        dice: &Dice,
    ) -> String {
        let mut sessions = self.0.of(openid);
        if let Some(session) = sessions.get(openid)
            && now < session.expires
            && now < session.made.plus(Duration::from_secs(app.session_key_refresh_s))
        {
            return session.key.clone();
        }
        let session = fresh((app_key, app), person, now, dice);
        let key = session.key.clone();
        sessions.insert(openid.to_owned(), session);
        key
    }

    /// What a code exchange does: gives the current session_key, whose life begins again.
    pub fn exchange(
        &self,
        openid: &str,
        (app_key, app): (AppKey, &App),
        person: PersonKey,
        now: Timestamp,
        dice: &Dice,
    ) -> String {
        let mut sessions = self.0.of(openid);
        if let Some(session) = sessions.get_mut(openid).filter(|session| now < session.expires) {
            session.expires = now.plus(Duration::from_secs(app.session_key_lifetime_s));
            return session.key.clone();
        }
        let session = fresh((app_key, app), person, now, dice);
        let key = session.key.clone();
        sessions.insert(openid.to_owned(), session);
        key
    }

    /// Replaces the session_key whatever its age, as a later `wx.login` may.
    pub fn rotate(&self, openid: &str, app: (AppKey, &App), person: PersonKey, now: Timestamp, dice: &Dice) {
        let session = fresh(app, person, now, dice);
        self.0.of(openid).insert(openid.to_owned(), session);
    }

    /// What `/wxa/resetusersessionkey` does: a new key with the old one's end. `None` when there is none to replace.
    pub fn reset(&self, openid: &str, now: Timestamp, dice: &Dice) -> Option<String> {
        let mut sessions = self.0.of(openid);
        let session = sessions.get_mut(openid).filter(|session| now < session.expires)?;
        session.key = ident::session_key(dice);
        session.made = now;
        Some(session.key.clone())
    }

    /// The session that is valid now.
    pub fn current(&self, openid: &str, now: Timestamp) -> Option<Session> {
        self.0.of(openid).get(openid).filter(|session| now < session.expires).cloned()
    }

    /// Whose openid it is, when the person has ever had a session with the app.
    pub fn owner(&self, openid: &str) -> Option<(AppKey, PersonKey)> {
        self.0.of(openid).get(openid).map(|session| (session.app, session.person))
    }

    pub fn clear(&self) {
        self.0.clear();
    }

    pub fn snapshot(&self) -> Vec<Session> {
        self.0.each().flat_map(|sessions| sessions.values().cloned().collect::<Vec<_>>()).collect()
    }

    pub fn restore(&self, openid: &str, session: Session) {
        self.0.of(openid).insert(openid.to_owned(), session);
    }
}

fn fresh((app_key, app): (AppKey, &App), person: PersonKey, now: Timestamp, dice: &Dice) -> Session {
    Session {
        app: app_key,
        person,
        key: ident::session_key(dice),
        made: now,
        expires: now.plus(Duration::from_secs(app.session_key_lifetime_s)),
    }
}
