//! Which pages may be signed, and what a page needs for `wx.config`.

use serde::Serialize;
use url::Url;

use crate::{AppSettings, Code, Failure, Outcome};

/// Longer addresses are no page's.
pub const URL_MAX: usize = 4096;
pub(super) const NONCE: usize = 16;

/// What a page hands to `wx.config`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    pub appid: String,
    /// Seconds since the Unix epoch.
    pub timestamp: i64,
    pub nonce: String,
    pub signature: String,
}

/// How a page's address was signed, and what is wrong with it.
#[derive(Clone, Debug)]
pub struct Explanation {
    pub appid: String,
    /// The part of the address that is signed.
    pub url: String,
    /// The text that is signed, with dots for the ticket.
    pub string: String,
    /// None when the page may not be signed or there is no ticket.
    pub config: Option<Config>,
    pub findings: Vec<Finding>,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Worth knowing.
    Hint,
    /// The signature is likely not to fit.
    Warning,
    /// The page cannot use the JS-SDK like this.
    Error,
}

/// One thing to know about an address, and how to mend it.
#[derive(Clone, Debug)]
pub struct Finding {
    pub level: Level,
    /// A name for programs: `fragment`, `host_not_allowed`, …
    pub code: &'static str,
    pub english: String,
    pub chinese: String,
}

/// The address of a page, if it can be one: http or https, with a host and without a user.
pub(super) fn page(url: &str) -> Outcome<Url> {
    if url.is_empty() {
        return Err(Failure::invalid(
            "url",
            "is missing: send encodeURIComponent(location.href.split('#')[0])",
        ));
    }
    if url.len() > URL_MAX {
        return Err(Failure::invalid("url", format!("is longer than {URL_MAX} bytes")));
    }
    if url.contains(|c: char| c.is_control()) {
        return Err(Failure::invalid("url", "has control characters"));
    }
    let refused = || Failure::invalid("url", "is no http or https address of a page");
    let parsed = Url::parse(url).map_err(|_| refused())?;
    let is_page = matches!(parsed.scheme(), "http" | "https")
        && parsed.has_host()
        && parsed.username().is_empty()
        && parsed.password().is_none();
    if is_page { Ok(parsed) } else { Err(refused()) }
}

/// Whether pages of this host may be signed.
pub(super) fn is_allowed(app: &AppSettings, page: &Url) -> bool {
    let host = page.host_str().unwrap_or_default();
    app.jssdk_domains.is_empty()
        || app.jssdk_domains.iter().any(|domain| domain.trim().eq_ignore_ascii_case(host))
}

pub(super) fn not_allowed(app: &AppSettings, page: &Url) -> Failure {
    Failure::new(Code::Forbidden).detail(format!(
        "{} is none of the JS-SDK domains of {:?}: add it to JS接口安全域名 in WeChat's console and to \
         apps.jssdk_domains",
        page.host_str().unwrap_or_default(),
        app.name
    ))
}
