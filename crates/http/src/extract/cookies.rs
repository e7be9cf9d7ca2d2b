//! The cookies that we set and read. Over HTTPS their names begin with `__Host-`, so that no page on a sibling domain and none
//! without HTTPS can plant one (RFC 6265bis, 4.1.3.2).

use std::borrow::Cow;

use axum::http::{HeaderMap, HeaderValue, header};

use crate::Shared;

/// One of our cookies, by its name.
pub(crate) struct Cookie(pub(crate) &'static str);

impl Cookie {
    /// Its value in a request.
    pub(crate) fn read<'h>(&self, server: &Shared, headers: &'h HeaderMap) -> Option<&'h str> {
        find(headers, &self.full_name(server.app.web.is_secure()))
    }

    /// Sets it for `age` seconds, so that no script can read it and no other site can send it.
    pub(crate) fn set(&self, server: &Shared, headers: &mut HeaderMap, value: &str, age: u64) {
        let is_secure = server.app.web.is_secure();
        let (name, secure) = (self.full_name(is_secure), if is_secure { "; Secure" } else { "" });
        let cookie = format!("{name}={value}; Path=/; Max-Age={age}; HttpOnly; SameSite=Lax{secure}");
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            headers.append(header::SET_COOKIE, cookie);
        }
    }

    fn full_name(&self, is_secure: bool) -> Cow<'static, str> {
        if is_secure { format!("__Host-{}", self.0).into() } else { self.0.into() }
    }
}

fn find<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(';')).find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_by_its_whole_name() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("a=1; weir_phonex=2; weir_phone=3"));
        assert_eq!(find(&headers, "weir_phone"), Some("3"));
        assert_eq!(find(&headers, "weir"), None);
        assert_eq!(find(&headers, "__Host-weir_phone"), None);
    }
}
