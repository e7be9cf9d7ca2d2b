/// Every refusal that a caller can be told. A family's envelope words it; `http::problem` gives it a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    /// A field is missing, has the wrong type or a value that cannot be.
    Invalid,
    /// There are no credentials, or not of the kind that is wanted here.
    Unauthenticated,
    /// The token is not one of ours, was altered, or is no token at all.
    TokenInvalid,
    TokenExpired,
    /// The token was replaced by a refresh, or its session has ended.
    TokenRevoked,
    /// A token was refreshed that had been refreshed before: the session is ended.
    TokenReused,
    /// The credentials are good but do not allow this.
    Forbidden,
    NotFound,
    /// WeChat's session_key is not the one the data was made with: `wx.login` again.
    SessionStale,
    /// Understood, but it cannot be: a watermark of another app, say.
    Impossible,
    /// The same request is being worked on.
    Underway,
    RateLimited,
    /// The message is under way or has been sent.
    NotRetryable,
    /// WeChat refused the code of a login.
    LoginRefused,
    /// WeChat opened the page as a snapshot: nobody stands behind the code.
    SnapshotUser,
    /// WeChat refused something else.
    WeChatRefused,
    /// WeChat is busy, our quota is used up, or too many calls wait for it already.
    WeChatBusy,
    WeChatTimeout,
    /// WeChat could not be reached or answered nonsense.
    WeChatBroken,
    /// This user already has a WeChat account bound.
    UserBound,
    /// This WeChat account is bound to somebody else.
    WeChatBound,
    /// No WeChat account is bound to this user, or nobody to this WeChat account.
    NotBound,
    /// No QR code has this address.
    QrUnknown,
    /// The QR code's time is over.
    QrExpired,
    /// Another phone has the QR code.
    QrTaken,
    /// The QR code was confirmed or refused already.
    QrUsed,
    /// The `state` that WeChat brings back is not ours, or the form is not.
    StateUnknown,
    /// The `state` was used already, with another code.
    StateUsed,
    /// The phone comes back without its cookie.
    CookieMissing,
    /// WeChat sends back no code: the person did not consent.
    ConsentDenied,
    /// The settings lack what this needs.
    NotConfigured,
    /// The database cannot answer now.
    Unavailable,
    Internal,
}

impl Code {
    /// The name in logs and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::Unauthenticated => "unauthenticated",
            Self::TokenInvalid => "token_invalid",
            Self::TokenExpired => "token_expired",
            Self::TokenRevoked => "token_revoked",
            Self::TokenReused => "token_reused",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::SessionStale => "session_stale",
            Self::Impossible => "impossible",
            Self::Underway => "underway",
            Self::RateLimited => "rate_limited",
            Self::NotRetryable => "not_retryable",
            Self::LoginRefused => "login_refused",
            Self::SnapshotUser => "snapshot_user",
            Self::WeChatRefused => "wechat_refused",
            Self::WeChatBusy => "wechat_busy",
            Self::WeChatTimeout => "wechat_timeout",
            Self::WeChatBroken => "wechat_broken",
            Self::UserBound => "user_bound",
            Self::WeChatBound => "wechat_bound",
            Self::NotBound => "not_bound",
            Self::QrUnknown => "qr_unknown",
            Self::QrExpired => "qr_expired",
            Self::QrTaken => "qr_taken",
            Self::QrUsed => "qr_used",
            Self::StateUnknown => "state_unknown",
            Self::StateUsed => "state_used",
            Self::CookieMissing => "cookie_missing",
            Self::ConsentDenied => "consent_denied",
            Self::NotConfigured => "not_configured",
            Self::Unavailable => "unavailable",
            Self::Internal => "internal",
        }
    }
}
