//! Query strings, percent-encoded so that any server decodes them alike (a space is `%20`, never `+`).

/// A query string being written: `name=value&name=value`.
pub(crate) struct Query(String);

impl Query {
    pub(crate) fn new() -> Self {
        // Holds every query of this crate but those with the longest access tokens without growing.
        Self(String::with_capacity(256))
    }

    /// `name` is written as it is: the names are ours and need no encoding.
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        if !self.0.is_empty() {
            self.0.push('&');
        }
        self.0.push_str(name);
        self.0.push('=');
        encode_into(&mut self.0, value);
        self
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// RFC 3986: everything but the unreserved characters is encoded.
fn encode_into(text: &mut String, value: &str) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for &byte in value.as_bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            text.push(char::from(byte));
        } else {
            text.push('%');
            text.push(char::from(HEX[usize::from(byte >> 4)]));
            text.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use reqwest::Url;

    use super::*;

    #[test]
    fn values_are_encoded_and_separated() {
        let query = Query::new().with("js_code", "a b&c=d+é/%").with("appid", "wx4f4bc4dec97d474b");
        assert_eq!(query.as_str(), "js_code=a%20b%26c%3Dd%2B%C3%A9%2F%25&appid=wx4f4bc4dec97d474b");
    }

    proptest! {
        #[test]
        fn any_value_comes_back(value in any::<String>()) {
            let mut url = Url::parse("http://localhost/").expect("parses");
            url.set_query(Some(Query::new().with("code", &value).with("last", "x").as_str()));
            let pairs: Vec<_> = url.query_pairs().into_owned().collect();
            prop_assert_eq!(pairs, vec![("code".to_owned(), value), ("last".to_owned(), "x".to_owned())]);
        }
    }
}
