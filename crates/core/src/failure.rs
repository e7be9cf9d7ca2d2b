use std::{borrow::Cow, error::Error, time::Duration};

use weir_store::StoreError;

use crate::Code;

/// What a flow answers.
pub type Outcome<T> = Result<T, Failure>;

/// A refusal: what the caller is told, and apart from it what the log is told.
#[derive(Debug)]
pub struct Failure {
    pub code: Code,
    /// The field that is wrong, for [`Code::Invalid`].
    pub field: Option<Cow<'static, str>>,
    /// More for the caller. Never a secret, a token or a value from the database.
    pub detail: Option<Cow<'static, str>>,
    pub wechat: Option<WeChatRefusal>,
    pub retry_after: Option<Duration>,
    /// For the log only.
    pub cause: Option<Box<dyn Error + Send + Sync>>,
}

/// WeChat's own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WeChatRefusal {
    pub errcode: i64,
    /// `errmsg` without its `rid` or `hints`.
    pub reason: String,
}

impl Failure {
    pub fn new(code: Code) -> Self {
        Self { code, field: None, detail: None, wechat: None, retry_after: None, cause: None }
    }

    /// `field` is wrong because it `detail`: "is missing", "is longer than 50 characters".
    pub fn invalid(field: impl Into<Cow<'static, str>>, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { field: Some(field.into()), detail: Some(detail.into()), ..Self::new(Code::Invalid) }
    }

    pub fn detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    pub fn cause(mut self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// The cause with all that it was caused by, for the log.
    pub fn chain(&self) -> Option<String> {
        let mut at: &(dyn Error + 'static) = self.cause.as_deref()?;
        let mut text = at.to_string();
        while let Some(source) = at.source() {
            text.push_str(": ");
            text.push_str(&source.to_string());
            at = source;
        }
        Some(text)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let code = match &error {
            StoreError::Unavailable(_)
            | StoreError::Collided(_)
            | StoreError::Closed
            | StoreError::CommitFailed => Code::Unavailable,
            _ => Code::Internal,
        };
        let failure = Self::new(code).cause(error);
        if code == Code::Unavailable { failure.retry_after(Duration::from_secs(1)) } else { failure }
    }
}

impl From<weir_wechat::Error> for Failure {
    /// The class of WeChat's answer; a login turns a plain refusal into [`Code::LoginRefused`].
    fn from(error: weir_wechat::Error) -> Self {
        use weir_wechat::{Error, UnreachableKind};
        let code = match &error {
            Error::Unreachable { kind: UnreachableKind::Timeout } => Code::WeChatTimeout,
            Error::Unreachable { .. } | Error::BadAnswer { .. } => Code::WeChatBroken,
            Error::Throttled { .. } | Error::Busy { .. } | Error::Overloaded => Code::WeChatBusy,
            Error::Refused { .. } => Code::WeChatRefused,
        };
        let wechat =
            error.errcode().map(|errcode| WeChatRefusal { errcode, reason: error.reason().to_owned() });
        let retry_after = (code == Code::WeChatBusy).then(|| error.retry_after());
        Self { wechat, retry_after, ..Self::new(code).cause(error) }
    }
}
