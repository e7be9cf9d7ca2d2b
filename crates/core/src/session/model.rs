use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use weir_base::{Timestamp, text_id};
use weir_store::{text_enum, text_field};

use crate::{account::Profile, host::HostId};

text_id!(/// One session.
    SessionId, "ses");
text_field!(SessionId);

text_enum! {
    pub enum SessionState {
        Alive = "alive",
        Ended = "ended",
    }
}

text_enum! {
    /// Why a session ended.
    pub enum EndedBecause {
        Logout = "logout",
        /// A token that had been replaced was refreshed again: somebody has a copy.
        TokenReused = "token_reused",
        Erased = "erased",
        /// A scanned QR code had opened it, and what it was opened by is bound no more.
        Unbound = "unbound",
    }
}

/// The claims of our JWT (RFC 7519), as `contracts.md` D lists them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Claims {
    /// The user's id as text.
    pub sub: String,
    /// The same as a number, when it is one: ids of host users may be texts.
    pub user_id: ClaimedId,
    pub openid: String,
    pub nickname: String,
    pub iss: String,
    pub aud: String,
    /// Unix seconds.
    pub iat: i64,
    /// Unix seconds.
    pub exp: i64,
    pub jti: String,
    /// The session that this token dies with.
    pub sid: String,
    /// `host` when the id is one of the host application's. A host that checks tokens by itself must look: without it the
    /// id is one of ours.
    #[serde(default, skip_serializing_if = "ClaimedRealm::is_weir")]
    pub realm: ClaimedRealm,
}

/// Whose users an id in a claim counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClaimedRealm {
    #[default]
    Weir,
    Host,
}

/// An id in a claim: a number when it is all digits, and never a text of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ClaimedId {
    Number(u64),
    #[serde(deserialize_with = "no_number")]
    Text(String),
}

fn no_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    let id = HostId::parse(&text).ok_or_else(|| D::Error::custom("no id"))?;
    if id.number().is_some() { Err(D::Error::custom("a number as a text")) } else { Ok(text) }
}

impl ClaimedRealm {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde wants it")]
    fn is_weir(&self) -> bool {
        *self == Self::Weir
    }
}

impl From<&HostId> for ClaimedId {
    fn from(id: &HostId) -> Self {
        id.number().map_or_else(|| Self::Text(id.as_str().to_owned()), Self::Number)
    }
}

impl Claims {
    pub fn expired(&self, now: Timestamp) -> bool {
        now.seconds() >= self.exp
    }
}

/// What a login answers.
#[derive(Clone, Debug)]
pub struct Opened {
    pub session: SessionId,
    pub access_token: String,
    /// Seconds.
    pub expires_in: u64,
    pub openid: String,
    pub profile: Profile,
}

/// Who a good token belongs to.
#[derive(Clone, Debug)]
pub struct Caller {
    pub session: SessionId,
    pub appid: String,
    pub openid: String,
    /// When the session was opened.
    pub opened_at: Timestamp,
    /// The host user that a scanned QR code signed in.
    pub host_user: Option<HostId>,
    pub profile: Profile,
}

/// A session that a scanned QR code opens, once.
#[derive(Clone, Debug)]
pub struct Scanned {
    /// The QR code's session, whose token is handed out with this session.
    pub qr: String,
    /// Whom the WeChat account is bound to.
    pub bound_to: (crate::host::Realm, HostId),
    /// The binding that says so.
    pub binding: i64,
}
