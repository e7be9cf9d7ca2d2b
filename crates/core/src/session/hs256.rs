//! Our own HS256 tokens, without asking what they are: a token whose header is ours to the letter was signed by us or by
//! nobody. Any other goes the long way through the JWT library. This is a third of the work of a recognised request.

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use weir_base::Secret;

use super::Claims;

/// The header of every token that we sign, with its dot (RFC 7515, section 3).
const HEADER: &str = r#"{"typ":"JWT","alg":"HS256"}"#;

pub(super) struct Hs256 {
    head: String,
    /// The first signs.
    keys: Vec<hmac::Key>,
    issuer: String,
    audience: String,
}

/// What became of a token.
pub(super) enum Checked {
    Good(Box<Claims>),
    Bad,
    /// The header is not ours to the letter.
    Foreign,
}

impl Hs256 {
    pub(super) fn new<'s>(secrets: impl Iterator<Item = &'s Secret>, issuer: &str, audience: &str) -> Self {
        let key = |secret: &Secret| hmac::Key::new(hmac::HMAC_SHA256, secret.expose().as_bytes());
        Self {
            head: URL_SAFE_NO_PAD.encode(HEADER) + ".",
            keys: secrets.map(key).collect(),
            issuer: issuer.to_owned(),
            audience: audience.to_owned(),
        }
    }

    pub(super) fn sign(&self, claims: &Claims) -> Result<String, serde_json::Error> {
        let body = serde_json::to_vec(claims)?;
        let mut token = String::with_capacity(self.head.len() + body.len() * 4 / 3 + 48);
        token.push_str(&self.head);
        URL_SAFE_NO_PAD.encode_string(&body, &mut token);
        let tag = hmac::sign(&self.keys[0], token.as_bytes());
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(tag.as_ref(), &mut token);
        Ok(token)
    }

    pub(super) fn check(&self, token: &str) -> Checked {
        let Some(rest) = token.strip_prefix(&self.head) else { return Checked::Foreign };
        self.claims(token, rest).map_or(Checked::Bad, |claims| Checked::Good(Box::new(claims)))
    }

    fn claims(&self, token: &str, rest: &str) -> Option<Claims> {
        let (body, tag) = rest.split_once('.')?;
        let signed = &token.as_bytes()[..self.head.len() + body.len()];
        let tag = URL_SAFE_NO_PAD.decode(tag).ok()?;
        self.keys.iter().find(|key| hmac::verify(key, signed, &tag).is_ok())?;
        let claims: Claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body).ok()?).ok()?;
        (claims.iss == self.issuer && claims.aud == self.audience).then_some(claims)
    }
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
    use proptest::prelude::*;

    use super::*;
    use crate::session::model::ClaimedId;

    const SECRET: &str = "Zk3vQ9sWm2Xc7Lr8Td1Yb6Nh4Gp5Jf0U";

    fn own() -> Hs256 {
        Hs256::new([Secret::new(SECRET), Secret::new("the secret before")].iter(), "weir", "weir")
    }

    fn claims() -> Claims {
        Claims {
            sub: "7".to_owned(),
            user_id: ClaimedId::Number(7),
            openid: "oGZUI0egBJY1zhBYw2KhdUfwVJJE".to_owned(),
            nickname: "爱丽丝 🌸".to_owned(),
            iss: "weir".to_owned(),
            aud: "weir".to_owned(),
            iat: 1_795_161_600,
            exp: 1_795_766_400,
            jti: "j".to_owned(),
            sid: "s".to_owned(),
            realm: crate::session::model::ClaimedRealm::Weir,
        }
    }

    #[test]
    fn the_library_and_we_understand_each_other() {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.validate_exp = false;
        validation.set_audience(&["weir"]);
        let token = own().sign(&claims()).unwrap();
        let read =
            decode::<Claims>(&token, &DecodingKey::from_secret(SECRET.as_bytes()), &validation).unwrap();
        assert_eq!((read.claims.user_id, read.claims.nickname), (ClaimedId::Number(7), claims().nickname));
        let theirs =
            encode(&Header::default(), &claims(), &EncodingKey::from_secret(SECRET.as_bytes())).unwrap();
        assert!(
            matches!(own().check(&theirs), Checked::Good(claims) if claims.user_id == ClaimedId::Number(7))
        );
    }

    #[test]
    fn tokens_of_the_secret_before_and_only_ours_are_good() {
        let before = Hs256::new([Secret::new("the secret before")].iter(), "weir", "weir");
        assert!(matches!(own().check(&before.sign(&claims()).unwrap()), Checked::Good(_)));
        let other = Hs256::new([Secret::new("another secret")].iter(), "weir", "weir");
        assert!(matches!(own().check(&other.sign(&claims()).unwrap()), Checked::Bad));
        let foreign = Hs256::new([Secret::new(SECRET)].iter(), "weir", "somebody else");
        assert!(matches!(foreign.check(&own().sign(&claims()).unwrap()), Checked::Bad));
        let none = format!("{}.{}.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#), "e30");
        assert!(matches!(own().check(&none), Checked::Foreign));
    }

    proptest! {
        #[test]
        fn any_change_makes_a_token_bad(at in any::<prop::sample::Index>(), to in "[A-Za-z0-9_.-]") {
            let token = own().sign(&claims()).unwrap();
            let at = at.index(token.len());
            let changed = format!("{}{to}{}", &token[..at], &token[at + 1..]);
            prop_assume!(changed != token);
            // The last character of the signature carries two bits that say nothing: only their zero is let through.
            prop_assert!(!matches!(own().check(&changed), Checked::Good(_)));
        }

        #[test]
        fn garbage_is_refused_without_a_panic(text in ".{0,200}") {
            prop_assert!(!matches!(own().check(&text), Checked::Good(_)));
        }
    }
}
