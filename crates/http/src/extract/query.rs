use std::{borrow::Cow, convert::Infallible};

use axum::{
    extract::FromRequestParts,
    http::{Uri, request::Parts},
};
use weir_core::Failure;

use crate::Shared;

/// The fields of a query, as pairs of name and value, each decoded once. A `+` stays what it is: in an address that is
/// signed to the letter it is no space.
pub(crate) struct Query(Uri);

impl FromRequestParts<Shared> for Query {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &Shared) -> Result<Self, Infallible> {
        Ok(Self(parts.uri.clone()))
    }
}

impl Query {
    fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        let pairs = self.0.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
        pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")))
    }

    /// The names of all fields, as they were sent.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.pairs().map(|(name, _)| name)
    }

    /// The first field of this name; an empty one is none.
    pub(crate) fn get(&self, name: &'static str) -> Result<Option<Cow<'_, str>>, Failure> {
        let found = self.pairs().find(|(named, value)| *named == name && !value.is_empty());
        found
            .map(|(_, value)| decoded(value))
            .transpose()
            .map_err(|()| Failure::invalid(name, "is not UTF-8 in percent-encoding"))
    }
}

/// Undoes percent-encoding (RFC 3986, 2.1). A `%` without two digits stays as it is, as in browsers.
fn decoded(text: &str) -> Result<Cow<'_, str>, ()> {
    if !text.contains('%') {
        return Ok(Cow::Borrowed(text));
    }
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).and_then(|byte| char::from(*byte).to_digit(16));
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match (byte, digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                plain.push((high * 16 + low) as u8);
                at += 3;
            }
            _ => {
                plain.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8(plain).map(Cow::Owned).map_err(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(text: &str) -> Query {
        Query(format!("/x?{text}").parse().unwrap())
    }

    #[test]
    fn values_are_decoded_once_and_to_the_letter() {
        for (sent, meant) in [
            ("https%3A%2F%2Fa.com%2F%3Fx%3D1%26y%3D%2520", "https://a.com/?x=1&y=%20"),
            ("https://a.com/?x=a+b", "https://a.com/?x=a+b"),
            ("%E6%B1%89%2B", "汉+"),
            ("100%", "100%"),
            ("%zz%4", "%zz%4"),
        ] {
            assert_eq!(query(&format!("a=b&url={sent}&url=second")).get("url").unwrap().unwrap(), meant);
        }
        assert!(query("url=%ff").get("url").is_err());
    }

    #[test]
    fn what_is_missing_or_empty_is_none() {
        for text in ["", "&&", "url", "url=", "curl=x", "URL=x"] {
            assert_eq!(query(text).get("url").unwrap(), None, "{text}");
        }
        assert_eq!(query("a=1&&b").names().collect::<Vec<_>>(), ["a", "b"]);
    }
}
