use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use weir_base::Secret;
use weir_store::text_enum;
use weir_wechat::UserInfo;

use crate::{App, AppSettings, Code, Failure, Outcome, WeChatRefusal, limits::network};

text_enum! {
    /// How far the exchange of a code has come.
    pub enum ExchangeState {
        /// Somebody is asking WeChat, or was when they died.
        Open = "open",
        /// WeChat has taken the code; the person's profile is still to be read.
        Exchanged = "exchanged",
        /// The person is known, or WeChat has refused for good.
        Done = "done",
        /// WeChat did not answer, or not with sense: who comes later may try again.
        Failed = "failed",
    }
}

/// Where a login comes from that no state of ours binds to a browser: keyed digests of its network and of its browser.
#[derive(Clone, Debug)]
pub struct Asker {
    network: String,
    browser: String,
}

impl Asker {
    /// `agent` is the browser's `User-Agent`.
    pub fn new(app: &App, address: IpAddr, agent: &str) -> Self {
        let digest = |what: &str| app.sealer.digest(&format!("asker:{what}"));
        Self { network: digest(&network(address).to_string()), browser: digest(agent) }
    }

    /// As the database keeps it.
    pub(super) fn text(&self) -> String {
        format!("{} {}", self.network, self.browser)
    }

    /// Whether whoever came first may be the same: phones change their network between two requests, and not their
    /// browser.
    pub(super) fn may_be(&self, first: &str) -> bool {
        first
            .split_once(' ')
            .is_none_or(|(network, browser)| network == self.network || browser == self.browser)
    }
}

/// Somebody who consented on one of WeChat's pages.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WebPerson {
    pub appid: String,
    /// The open-platform account that the app belongs to.
    pub platform: String,
    pub openid: String,
    pub unionid: Option<String>,
    /// What was consented to, as WeChat says it.
    pub scope: String,
    /// `None` for a silent consent (`snsapi_base`).
    pub info: Option<UserInfo>,
}

/// What is kept of an exchange, sealed.
#[derive(Serialize, Deserialize)]
pub(super) enum Kept {
    Token {
        access_token: String,
        openid: String,
        unionid: Option<String>,
        scope: String,
    },
    Person(Box<WebPerson>),
    /// The page was opened as a snapshot: there is nobody.
    Snapshot,
    Refused {
        errcode: i64,
        reason: String,
    },
    Failed(FailedBecause),
}

text_enum! {
    /// Why there was no answer to keep.
    #[derive(Serialize, Deserialize)]
    pub enum FailedBecause {
        Timeout = "timeout",
        Broken = "broken",
        Busy = "busy",
    }
}

impl FailedBecause {
    pub(super) fn of(error: &weir_wechat::Error) -> Self {
        match Failure::from(error.clone()).code {
            Code::WeChatTimeout => Self::Timeout,
            Code::WeChatBusy => Self::Busy,
            _ => Self::Broken,
        }
    }

    pub(super) fn failure(self) -> Failure {
        match self {
            Self::Timeout => Failure::new(Code::WeChatTimeout),
            Self::Broken => Failure::new(Code::WeChatBroken),
            Self::Busy => Failure::new(Code::WeChatBusy).retry_after(std::time::Duration::from_secs(1)),
        }
    }
}

impl Kept {
    pub(super) fn token(token: &Consent) -> Self {
        Self::Token {
            access_token: token.access_token.expose().to_owned(),
            openid: token.openid.clone(),
            unionid: token.unionid.clone(),
            scope: token.scope.clone(),
        }
    }

    /// Whose it is, so that it goes with them.
    pub(super) fn openid(&self) -> Option<&str> {
        match self {
            Self::Token { openid, .. } => Some(openid),
            Self::Person(person) => Some(&person.openid),
            Self::Snapshot | Self::Refused { .. } | Self::Failed(_) => None,
        }
    }

    /// What a call to WeChat that failed leaves behind.
    pub(super) fn failed(error: &weir_wechat::Error) -> (ExchangeState, Self) {
        if let weir_wechat::Error::Refused { errcode, .. } = error {
            let kept = Self::Refused { errcode: *errcode, reason: error.reason().to_owned() };
            let state = if is_operators(*errcode) { ExchangeState::Failed } else { ExchangeState::Done };
            return (state, kept);
        }
        (ExchangeState::Failed, Self::Failed(FailedBecause::of(error)))
    }

    /// What everybody who comes with the code is told.
    pub(super) fn answer(self) -> Outcome<WebPerson> {
        match self {
            Self::Person(person) => Ok(*person),
            Self::Snapshot => Err(Failure::new(Code::SnapshotUser)),
            Self::Refused { errcode, reason } => Err(refused(errcode, &reason)),
            Self::Failed(because) => Err(because.failure()),
            Self::Token { .. } => Err(Failure::new(Code::Internal).cause("an exchange ended halfway")),
        }
    }
}

/// WeChat refuses us, not the code: appid, AppSecret and whitelist are the operator's to mend, and nobody who logs in is
/// to blame.
fn is_operators(errcode: i64) -> bool {
    matches!(errcode, 40001 | 40013 | 40125 | 40164 | 40243 | 41002 | 41004 | 50004 | 50007 | 89503)
}

fn refused(errcode: i64, reason: &str) -> Failure {
    let wechat = WeChatRefusal { errcode, reason: reason.to_owned() };
    let code = if is_operators(errcode) { Code::WeChatRefused } else { Code::LoginRefused };
    Failure { wechat: Some(wechat), ..Failure::new(code) }
}

/// A consent whose profile is still to be read.
pub(super) struct Consent {
    pub(super) access_token: Secret,
    pub(super) openid: String,
    pub(super) unionid: Option<String>,
    pub(super) scope: String,
}

impl Consent {
    /// The person, when the profile (if it was to be had) is that person's.
    pub(super) fn person(self, of: &AppSettings, info: Option<UserInfo>) -> Option<WebPerson> {
        if info.as_ref().is_some_and(|info| info.openid != self.openid) {
            return None;
        }
        Some(WebPerson {
            appid: of.appid.clone(),
            platform: of.open_platform.clone(),
            unionid: self.unionid.or_else(|| info.as_ref()?.unionid.clone()),
            openid: self.openid,
            scope: self.scope,
            info,
        })
    }
}

/// What WeChat itself says to whoever comes second.
pub(super) fn used() -> Failure {
    refused(40163, "code been used")
}
