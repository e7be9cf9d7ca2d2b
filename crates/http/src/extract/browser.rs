use std::convert::Infallible;

use axum::{
    extract::FromRequestParts,
    http::{HeaderName, header, request::Parts},
};
use weir_core::{Code, Failure, qr::flow::Browser};

use super::ClientAddress;
use crate::{Shared, problem::Refusal};

/// Anybody may come, but not without end, and not while they wait for refused logins: for endpoints that do something.
pub(crate) struct Guest;

impl FromRequestParts<Shared> for Guest {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, server: &Shared) -> Result<Self, Refusal> {
        let Ok(ClientAddress(address)) = ClientAddress::from_request_parts(parts, server).await;
        server.app.limits.request(address)?;
        Ok(Self)
    }
}

/// The browser that asks, as somebody is told of it on their phone.
pub(crate) struct Asking(pub(crate) Browser);

impl FromRequestParts<Shared> for Asking {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, server: &Shared) -> Result<Self, Infallible> {
        let ClientAddress(address) = ClientAddress::from_request_parts(parts, server).await?;
        let agent = parts.headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
        Ok(Self(Browser { name: name_of(agent.unwrap_or_default()), address: address.to_string() }))
    }
}

pub(crate) const POLL_TOKEN: HeaderName = HeaderName::from_static("x-poll-token");

/// What the browser of a sign-in asks with.
pub(crate) struct PollToken(pub(crate) String);

impl FromRequestParts<Shared> for PollToken {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &Shared) -> Result<Self, Refusal> {
        let token = parts.headers.get(POLL_TOKEN).and_then(|token| token.to_str().ok());
        let token = token.filter(|token| !token.is_empty());
        let missing = || Failure::new(Code::Unauthenticated).detail("X-Poll-Token is missing");
        Ok(Self(token.ok_or_else(missing)?.to_owned()))
    }
}

const BROWSERS: [(&str, &str); 9] = [
    ("MicroMessenger/", "WeChat"),
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("YaBrowser/", "Yandex"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];

const SYSTEMS: [(&str, &str); 7] = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
];

/// `Chrome, Windows`; an agent that we do not know is given as it is.
fn name_of(agent: &str) -> String {
    let find = |known: &[(&str, &'static str)]| {
        known.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name)
    };
    match (find(&BROWSERS), find(&SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser}, {system}"),
        (Some(browser), None) => browser.to_owned(),
        _ => agent.chars().take(60).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_recognise_their_browser() {
        let windows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36";
        assert_eq!(name_of(windows), "Chrome, Windows");
        assert_eq!(name_of(&format!("{windows} Edg/142.0")), "Edge, Windows");
        let iphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1";
        assert_eq!(name_of(iphone), "Safari, iPhone");
        assert_eq!(name_of("curl/8.9"), "curl/8.9");
        assert_eq!(name_of(""), "");
    }
}
