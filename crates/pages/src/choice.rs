//! Whether a client takes gzip (RFC 9110, 12.5.3).

use axum::http::{HeaderMap, header};

/// `gzip` or `*` with a weight above nothing; a named coding counts more than the star.
pub(crate) fn takes_gzip(asked: &HeaderMap) -> bool {
    let mut by_name = None;
    let mut by_star = None;
    let values = asked.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    for coding in values.flat_map(|value| value.split(',')) {
        let mut parts = coding.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        // A weight that is none is no leave to send it.
        let is_refused = parts.any(|part| {
            let (key, weight) = part.split_once('=').unwrap_or((part, ""));
            key.trim().eq_ignore_ascii_case("q")
                && !weight.trim().parse::<f32>().is_ok_and(|weight| weight > 0.0)
        });
        if name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip") {
            by_name = Some(!is_refused);
        } else if name == "*" {
            by_star = Some(!is_refused);
        }
    }
    by_name.or(by_star).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn asks(value: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_str(value).unwrap());
        takes_gzip(&headers)
    }

    #[test]
    fn the_codings_that_browsers_and_tools_send() {
        for yes in
            ["gzip", "gzip, deflate, br, zstd", "br;q=1.0, gzip;q=0.1", "*", "identity;q=0, *;q=0.5", "GZIP"]
        {
            assert!(asks(yes), "{yes}");
        }
        for no in [
            "",
            "identity",
            "br",
            "gzip;q=0",
            "gzip; q=0.0, *",
            "*;q=0",
            "gzipped",
            "gzip; q = 0",
            "gzip;q=\"0\"",
            "gzip;q=nan",
            "gzip;q",
        ] {
            assert!(!asks(no), "{no}");
        }
        assert!(!takes_gzip(&HeaderMap::new()));
    }

    proptest! {
        #[test]
        fn no_header_breaks_it(value in "[ -~]{0,64}") {
            asks(&value);
        }
    }
}
