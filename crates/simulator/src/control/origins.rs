//! Which pages may call the control interface from a browser: those of this machine, as a demo's page beside the phone.
//! The signature check is for everybody: the JS-SDK's stand-in runs in pages of any origin.

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header},
};
use url::{Host, Url};
use weir_base::here::is_page_here;

const FOR_EVERYBODY: &str = "/_sim/jsapi-check";

/// Under which nobody can register a name (RFC 6761 and 9476, ICANN on `internal`), and WeChat's own.
const NO_WEBSITES: [&str; 6] = [".localhost", ".internal", ".local", ".test", ".weixin.qq.com", ".wx.qq.com"];
pub const OTHER_NAME: &str =
    "Host: a website may have this name and make it lead here; ask 127.0.0.1 or localhost";

/// Whether what is asked for has a name that no website can have. A website whose name leads to this machine (DNS rebinding)
/// asks its own origin, so a browser says nothing of it but the name.
pub fn is_no_websites_name(asked: &HeaderMap) -> bool {
    let Some(host) = asked.get(header::HOST) else { return true };
    let url = host.to_str().ok().filter(|host| !host.contains('@')).map(|host| format!("http://{host}/"));
    match url.and_then(|url| Url::parse(&url).ok()).as_ref().and_then(Url::host) {
        Some(Host::Domain(name)) => {
            !name.contains('.') || NO_WEBSITES.iter().any(|ending| name.ends_with(ending))
        }
        Some(Host::Ipv4(_) | Host::Ipv6(_)) => true,
        None => false,
    }
}

/// What the answer to a page says of it, if it may read the answer.
pub struct Allowed(HeaderValue);

/// `None` for what is no browser's call to another origin, and for pages of elsewhere.
pub fn allowed(path: &str, asked: &HeaderMap) -> Option<Allowed> {
    if path == FOR_EVERYBODY {
        return Some(Allowed(HeaderValue::from_static("*")));
    }
    let origin = asked.get(header::ORIGIN)?;
    is_page_here(origin.to_str().ok()?).then(|| Allowed(origin.clone()))
}

/// Whether a browser says that a website asks. Some keep back which one.
pub fn is_of_a_website(asked: &HeaderMap) -> bool {
    asked.contains_key(header::ORIGIN)
        || asked.get("sec-fetch-site").is_some_and(|site| site.as_bytes() == b"cross-site")
}

impl Allowed {
    /// The answer to what a browser asks before it sends JSON (the Fetch standard's preflight).
    pub fn preflight(&self, method: &Method) -> Option<Response<Body>> {
        (method == Method::OPTIONS).then(|| {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::NO_CONTENT;
            self.mark(&mut response);
            let headers = response.headers_mut();
            let methods = HeaderValue::from_static("GET, POST, DELETE");
            headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
            headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("content-type"));
            response
        })
    }

    pub fn mark(&self, response: &mut Response<Body>) {
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, self.0.clone());
        headers.insert(header::VARY, HeaderValue::from_static("origin"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(origin: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(header::ORIGIN, HeaderValue::from_static(origin))])
    }

    #[test]
    fn pages_of_this_machine_may_call_and_no_others() {
        for here in [
            "http://127.0.0.1:8080",
            "http://localhost:3000",
            "https://[::1]:8443",
            "http://alice.weir.localhost:7070",
            "http://127.8.9.1",
        ] {
            let allowed = allowed("/_sim/users", &origin(here)).expect(here);
            let answer = allowed.preflight(&Method::OPTIONS).expect("an answer to a preflight");
            assert_eq!(answer.status(), StatusCode::NO_CONTENT);
            assert_eq!(answer.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN], here);
            assert!(allowed.preflight(&Method::POST).is_none());
        }
        for elsewhere in [
            "https://example.com",
            "http://localhost.example.com",
            "http://notlocalhost",
            "http://192.168.0.1",
            "null",
            "http://127.0.0.1.example.com",
        ] {
            assert!(allowed("/_sim/users", &origin(elsewhere)).is_none(), "{elsewhere}");
            assert!(allowed(FOR_EVERYBODY, &origin(elsewhere)).is_some(), "{elsewhere}");
        }
        assert!(allowed("/_sim/users", &HeaderMap::new()).is_none());
    }
}
