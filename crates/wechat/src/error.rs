//! What can go wrong between us and WeChat, in the classes that callers treat differently.

use std::time::Duration;

/// Where a call failed that got no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnreachableKind {
    /// No connection was opened (refused, no such host, TLS failed, connecting took too long): WeChat saw nothing.
    #[error("no connection could be opened")]
    Connect,
    /// No answer within the time limit. WeChat may have acted on the call.
    #[error("no answer within the time limit")]
    Timeout,
    /// The connection ended before the answer did. WeChat may have acted on the call.
    #[error("the connection was cut")]
    Cut,
}

/// Why a call to WeChat gave nothing usable. Classes follow section I of wechat-protocol.md; they depend on `errcode`
/// alone, never on the text.
///
/// `errmsg` is WeChat's text with its decoration (`rid`, hints), for logs; show people [`Error::reason`]. No variant
/// holds an address, a secret, a token, a code or a session key: what the call sent is blotted out of WeChat's text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No answer came.
    #[error("WeChat cannot be reached: {kind}")]
    Unreachable { kind: UnreachableKind },
    /// A quota is used up: 45011 and 44991 until the next minute, 44990 for a second, 45009 and 44993 until midnight
    /// in Beijing.
    #[error("WeChat asks to slow down: {} (errcode {errcode})", undecorated(errmsg))]
    Throttled { errcode: i64, errmsg: String },
    /// WeChat's own trouble (-1, 20001, 200001, 61450): the same call may succeed a little later.
    #[error("WeChat is busy: {} (errcode {errcode})", undecorated(errmsg))]
    Busy { errcode: i64, errmsg: String },
    /// Every other `errcode`: the same call will be refused again.
    #[error("WeChat refused: {} (errcode {errcode})", undecorated(errmsg))]
    Refused { errcode: i64, errmsg: String },
    /// An answer that WeChat does not give when it is well: another status than 200, no JSON, fields missing or of
    /// other types. `what` never quotes the answer.
    #[error("WeChat's answer makes no sense: {what} (HTTP {status})")]
    BadAnswer { what: &'static str, status: u16 },
    /// As many calls are under way as may be, because WeChat is slow: this one was not sent.
    #[error("too many calls are waiting for WeChat")]
    Overloaded,
}

/// The longest `errmsg` that is kept, in bytes. WeChat's own stay below 300.
const LONGEST_ERRMSG: usize = 1024;

/// Shorter values are not blotted out: WeChat's secrets, tokens and codes have at least 32 characters, and a made-up
/// code such as `invalid` must not mangle the text `invalid code`.
const SHORTEST_BLOTTED: usize = 16;

impl Error {
    /// Sorts an `errcode` other than 0 into its class.
    pub(crate) fn from_code(errcode: i64, errmsg: String) -> Self {
        match errcode {
            45009 | 45011 | 44990 | 44991 | 44993 => Self::Throttled { errcode, errmsg },
            -1 | 20001 | 200_001 | 61450 => Self::Busy { errcode, errmsg },
            _ => Self::Refused { errcode, errmsg },
        }
    }

    /// Blots `sent` out of WeChat's text, in case it quotes what it was sent, and keeps the text to one short line.
    pub(crate) fn without(mut self, sent: &[&str]) -> Self {
        if let Self::Throttled { errmsg, .. } | Self::Busy { errmsg, .. } | Self::Refused { errmsg, .. } =
            &mut self
        {
            for value in sent.iter().filter(|value| value.len() >= SHORTEST_BLOTTED) {
                if errmsg.contains(value) {
                    *errmsg = errmsg.replace(value, "••••");
                }
            }
            if errmsg.contains(char::is_control) {
                *errmsg = errmsg.replace(char::is_control, " ");
            }
            errmsg.truncate(errmsg.floor_char_boundary(LONGEST_ERRMSG));
        }
        self
    }

    /// Whether the same call may succeed later, unchanged: all but [`Error::Refused`]. A call that uses something up
    /// (a login code) may have done so all the same unless the error is [`UnreachableKind::Connect`] or [`Error::Overloaded`].
    pub fn is_retryable(&self) -> bool {
        !matches!(self, Self::Refused { .. })
    }

    /// How long to wait before the same call may succeed: a second for what passes by itself, a minute for quotas of a
    /// minute, and an hour for quotas of a day, which end at midnight in Beijing or when the operator clears them. Zero
    /// for [`Error::Refused`], where waiting does not help.
    pub fn retry_after(&self) -> Duration {
        match self {
            Self::Refused { .. } => Duration::ZERO,
            Self::Throttled { errcode: 45009 | 44993, .. } => Duration::from_secs(3600),
            Self::Throttled { errcode: 45011 | 44991, .. } => Duration::from_secs(60),
            _ => Duration::from_secs(1),
        }
    }

    /// WeChat's code, when WeChat gave one. Never 0.
    pub fn errcode(&self) -> Option<i64> {
        match self {
            Self::Throttled { errcode, .. } | Self::Busy { errcode, .. } | Self::Refused { errcode, .. } => {
                Some(*errcode)
            }
            Self::Unreachable { .. } | Self::BadAnswer { .. } | Self::Overloaded => None,
        }
    }

    /// Whether an access token given to the call is to be renewed, once (section C3): 40001, 40014 and 42001. Where a
    /// token is being asked for, 40001 says that the AppSecret is wrong instead.
    pub fn is_token_error(&self) -> bool {
        matches!(self.errcode(), Some(40001 | 40014 | 42001))
    }

    /// WeChat's text without `rid` and hints (section 0.1), or our own words where WeChat gave none.
    pub fn reason(&self) -> &str {
        match self {
            Self::Throttled { errmsg, .. } | Self::Busy { errmsg, .. } | Self::Refused { errmsg, .. } => {
                undecorated(errmsg)
            }
            Self::Unreachable { kind: UnreachableKind::Connect } => "no connection could be opened",
            Self::Unreachable { kind: UnreachableKind::Timeout } => "no answer within the time limit",
            Self::Unreachable { kind: UnreachableKind::Cut } => "the connection was cut",
            Self::BadAnswer { what, .. } => what,
            Self::Overloaded => "too many calls are waiting for WeChat",
        }
    }

    /// The id under which WeChat keeps the call for seven days (`/cgi-bin/openapi/rid/get`), when it gave one.
    pub fn rid(&self) -> Option<&str> {
        match self {
            Self::Throttled { errmsg, .. } | Self::Busy { errmsg, .. } | Self::Refused { errmsg, .. } => {
                split_rid(errmsg).map(|(_, rid)| rid)
            }
            Self::Unreachable { .. } | Self::BadAnswer { .. } | Self::Overloaded => None,
        }
    }

    /// The class as a word, for metrics: `unreachable`, `throttled`, `busy`, `refused`, `bad_answer`
    /// or `overloaded`.
    pub fn class(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => "unreachable",
            Self::Throttled { .. } => "throttled",
            Self::Busy { .. } => "busy",
            Self::Refused { .. } => "refused",
            Self::BadAnswer { .. } => "bad_answer",
            Self::Overloaded => "overloaded",
        }
    }
}

/// `errmsg` without what WeChat appends to it. Nothing that comes before the decoration is touched.
fn undecorated(errmsg: &str) -> &str {
    let mut text = errmsg.trim_end();
    while let Some(shorter) = split_rid(text).map(|(before, _)| before).or_else(|| before_hint(text)) {
        text = shorter;
    }
    text
}

/// Splits `<text>, rid: A-B-C` and `<text> rid: A-B-C`.
fn split_rid(text: &str) -> Option<(&str, &str)> {
    let (before, rid) = text.trim_end().rsplit_once(" rid: ")?;
    let is_rid = !rid.is_empty() && rid.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    is_rid.then(|| (without_comma(before), rid))
}

/// Cuts `<text>, hints: [ req_id: X ]` and `<text> hint: [X]`.
fn before_hint(text: &str) -> Option<&str> {
    let inner = text.trim_end().strip_suffix(']')?;
    let (before, _) = inner.rsplit_once(" hints: [").or_else(|| inner.rsplit_once(" hint: ["))?;
    Some(without_comma(before))
}

fn without_comma(text: &str) -> &str {
    text.strip_suffix(',').unwrap_or(text).trim_end()
}
