//! What a web view and a page's server hear of each other's headers.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

use super::{
    cookies::readable,
    names::{View, real},
};

/// What belongs to one connection (RFC 9110, 7.6.1), whoever says it.
const HOPS: [HeaderName; 9] = [
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    HeaderName::from_static("keep-alive"),
];
/// What is said anew here. Cookies are in the person's jar: a frame of another site may keep none.
const NOT_SENT_ON: [HeaderName; 6] = [
    header::HOST,
    header::COOKIE,
    header::USER_AGENT,
    header::ACCEPT_ENCODING,
    header::EXPECT,
    header::IF_NONE_MATCH,
];
/// The phone is the only frame, and it is told by the policy below.
const NOT_SENT_BACK: [HeaderName; 4] =
    [header::CONTENT_SECURITY_POLICY, header::ETAG, header::SET_COOKIE, header::X_FRAME_OPTIONS];
/// Who may frame a view: the phone, which may be framed by a page of this machine.
pub const ANCESTORS: &str = "frame-ancestors http://127.0.0.1:* http://localhost:* http://*.localhost:*";

/// What the server is told.
pub fn sent_on(from: &HeaderMap) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lasting(from) {
        if NOT_SENT_ON.contains(name) || name.as_str().starts_with("sec-") {
            continue;
        }
        let value = value.to_str().ok().and_then(|text| HeaderValue::from_str(&real(text)).ok());
        if let Some(value) = value {
            headers.append(name, value);
        }
    }
    headers
}

/// What the page is told.
pub fn sent_back(from: &HeaderMap, text: impl Fn(&str) -> String) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lasting(from) {
        if NOT_SENT_BACK.contains(name) {
            continue;
        }
        let value = match value.to_str() {
            Ok(said) => HeaderValue::from_str(&text(said)).unwrap_or_else(|_| value.clone()),
            Err(_) => value.clone(),
        };
        headers.append(name, value);
    }
    for cookie in from.get_all(header::SET_COOKIE).iter().filter_map(|set| readable(set.to_str().ok()?)) {
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            headers.append(header::SET_COOKIE, cookie);
        }
    }
    headers.append(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(ANCESTORS));
    let said = from.get_all(header::CONTENT_SECURITY_POLICY).iter().filter_map(|policy| policy.to_str().ok());
    for policy in said.flat_map(|policies| policies.split(',')) {
        if let Ok(policy) = HeaderValue::from_str(&text(&without_ancestors(policy))) {
            headers.append(header::CONTENT_SECURITY_POLICY, policy);
        }
    }
    headers
}

/// Those that are not of the connection, be it by what they are or by what `Connection` says of them.
fn lasting(from: &HeaderMap) -> impl Iterator<Item = (&HeaderName, &HeaderValue)> {
    let named = from.get_all(header::CONNECTION).iter().filter_map(|value| value.to_str().ok());
    let named: Vec<_> = named.flat_map(|names| names.split(',')).map(str::trim).collect();
    from.iter().filter(move |(name, _)| {
        !HOPS.contains(name) && !named.iter().any(|one| one.eq_ignore_ascii_case(name.as_str()))
    })
}

fn without_ancestors(policy: &str) -> String {
    let is_other = |part: &&str| {
        let directive = part.split_ascii_whitespace().next().unwrap_or_default();
        !directive.eq_ignore_ascii_case("frame-ancestors")
    };
    policy.split(';').filter(is_other).collect::<Vec<_>>().join(";")
}

/// Cookies are added to whatever comes, so nothing may come from a website or from another person's page: it would act as
/// this person. Views are one site to browsers (Fetch Metadata, 2.3), and a form of a page that hides where it is has the
/// origin `null`.
pub fn are_of_elsewhere(headers: &HeaderMap, view: &View) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let site = text("sec-fetch-site");
    let is_of_the_phone = matches!(site, Some("same-origin" | "same-site" | "none"));
    match text("origin") {
        Some("null") => !is_of_the_phone,
        Some(origin) => {
            let asking = origin.strip_prefix("http://").and_then(View::of_host);
            asking.is_none_or(|(asking, _)| asking.person != view.person)
        }
        // A link to a page may come from anywhere; pictures and scripts of a website may not.
        None => site.is_some() && !is_of_the_phone && text("sec-fetch-mode") != Some("navigate"),
    }
}
