use aws_lc_rs::digest;
use weir_base::Timestamp;
use weir_store::{row, text_enum};

use crate::{
    binding::Account,
    host::{HostId, Realm},
};

text_enum! {
    /// What a scanned code is for.
    pub enum QrKind {
        Bind = "bind",
        Login = "login",
    }
}

text_enum! {
    /// pending → scanned → confirmed, or refused; each once, and none of them after the end of its time.
    pub enum QrStatus {
        Pending = "pending",
        /// One phone has opened it, and only that one may go on.
        Scanned = "scanned",
        Confirmed = "confirmed",
        Refused = "refused",
    }
}

/// What the browser is told: a refusal on the phone is none of its business.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    Pending,
    Scanned,
    Confirmed,
    Expired,
}

impl Shown {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Scanned => "scanned",
            Self::Confirmed => "confirmed",
            Self::Expired => "expired",
        }
    }

    /// Nothing comes after it.
    pub const fn is_end(self) -> bool {
        matches!(self, Self::Confirmed | Self::Expired)
    }

    fn of(status: QrStatus, expires_at: Timestamp, now: Timestamp) -> Self {
        match status {
            QrStatus::Confirmed => Self::Confirmed,
            QrStatus::Refused => Self::Expired,
            _ if now >= expires_at => Self::Expired,
            QrStatus::Pending => Self::Pending,
            QrStatus::Scanned => Self::Scanned,
        }
    }
}

row! {
    /// A QR code as its browser sees it.
    pub struct QrRow {
        pub id: i64,
        pub session_id: String,
        pub user_id: Option<HostId>,
        pub qr_code_data: String,
        pub status: QrStatus,
        pub version: i64,
        pub expires_at: Timestamp,
        pub created_at: Timestamp,
    }
}

impl QrRow {
    pub fn shown(&self, now: Timestamp) -> Shown {
        Shown::of(self.status, self.expires_at, now)
    }

    /// Counts the changes that the browser can see, the end of its time among them.
    pub fn news(&self, now: Timestamp) -> i64 {
        let ran_out = self.status != QrStatus::Refused && self.shown(now) == Shown::Expired;
        self.version + i64::from(ran_out)
    }
}

row! {
    /// A QR code as the phone that scanned it sees it.
    pub struct PhoneRow {
        pub session_id: String,
        pub kind: QrKind,
        pub realm: Option<Realm>,
        pub user_id: Option<HostId>,
        pub account_label: String,
        pub status: QrStatus,
        pub phone_digest: Option<String>,
        pub code_digest: Option<String>,
        pub appid: Option<String>,
        pub platform: Option<String>,
        pub openid: Option<String>,
        pub unionid: Option<String>,
        pub nickname: Option<String>,
        pub avatar_url: Option<String>,
        pub poll_digest: Option<String>,
        pub consumed_at: Option<Timestamp>,
        pub asked_browser: String,
        pub asked_address: String,
        pub expires_at: Timestamp,
        pub created_at: Timestamp,
    }
}

impl PhoneRow {
    pub fn shown(&self, now: Timestamp) -> Shown {
        Shown::of(self.status, self.expires_at, now)
    }

    /// The WeChat account that the phone has proven.
    pub fn account(&self) -> Option<Account> {
        Some(Account {
            appid: self.appid.clone()?,
            platform: self.platform.clone()?,
            openid: self.openid.clone()?,
            unionid: self.unionid.clone(),
            nickname: self.nickname.clone(),
            avatar_url: self.avatar_url.clone(),
        })
    }
}

/// SHA-256 in hex of something with at least 128 bits of chance in it.
pub(crate) fn digest_of(secret: &str) -> String {
    hex::encode(digest::digest(&digest::SHA256, secret.as_bytes()))
}
