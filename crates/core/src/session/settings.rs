use serde::Deserialize;
use weir_base::{Secret, settings, settings::Span};

/// How our JWTs are signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum JwtAlgorithm {
    #[default]
    HS256,
    ES256,
    #[serde(alias = "Ed25519")]
    EdDSA,
}

settings! {
    /// Tokens and what is sealed.
    pub struct AuthSettings in "auth" {
        /// The secret that tokens are signed with (HS256) and from which the key that seals session_keys is derived. At
        /// least 32 bytes. Also `JWT_SECRET`.
        jwt_secret: Secret = Secret::new(""),
        /// Secrets used before: tokens signed with them stay good until they expire.
        jwt_previous_secrets: Vec<Secret> = Vec::new(),
        /// HS256, ES256 or EdDSA. The public key of the last two is at /.well-known/jwks.json.
        jwt_algorithm: JwtAlgorithm = JwtAlgorithm::HS256,
        /// For ES256 and EdDSA: the private key, PEM in PKCS #8.
        jwt_private_key: Option<Secret> = None,
        /// How long a token is good. Also `JWT_EXPIRES_IN`.
        expires_in: Span = Span::seconds(604_800),
        /// How long after its expiry a token can still be refreshed.
        refresh_grace: Span = Span::seconds(30 * 86_400),
        /// The claim `iss`.
        issuer: String = "weir".to_owned(),
        /// The claim `aud`.
        audience: String = "weir".to_owned(),
        /// Seals session_keys and app tokens at rest instead of a key derived from jwt_secret. At least 32 bytes.
        seal_secret: Option<Secret> = None,
        /// Secrets that sealed before: what they sealed still opens.
        seal_previous: Vec<Secret> = Vec::new(),
        /// How old the watermark of decrypted data may be.
        watermark_max_age: Span = Span::seconds(3600),
        /// Networks whose `x-wx-openid` header is believed (WeChat's cloud hosting), as CIDR. Empty: none. Anybody can
        /// forge the header, so name only networks that nobody else can send from.
        cloud_trusted_networks: Vec<String> = Vec::new(),
    }
}

/// Secrets seen in examples all over the world.
const WELL_KNOWN: [&str; 6] = ["secret", "changeme", "change-me", "your-secret", "your_secret", "password"];
const MIN_BYTES: usize = 32;

impl AuthSettings {
    pub fn validate(&self) -> Result<(), String> {
        strong("auth.jwt_secret (JWT_SECRET)", &self.jwt_secret)?;
        for secret in &self.jwt_previous_secrets {
            strong("auth.jwt_previous_secrets", secret)?;
        }
        if let Some(secret) = self.seal_secret.as_ref().filter(|secret| !secret.is_empty()) {
            strong("auth.seal_secret", secret)?;
        }
        if self.jwt_algorithm != JwtAlgorithm::HS256 && self.jwt_private_key.is_none() {
            return Err(format!(
                "auth.jwt_private_key is missing: {:?} signs with a private key (PEM, PKCS #8); make one with \
                 `openssl genpkey -algorithm ed25519`, or use auth.jwt_algorithm = \"HS256\"",
                self.jwt_algorithm
            ));
        }
        if self.expires_in.0.as_secs() == 0 {
            return Err("auth.expires_in (JWT_EXPIRES_IN) must be at least a second, as in 7d".to_owned());
        }
        Ok(())
    }
}

pub(crate) fn strong(name: &str, secret: &Secret) -> Result<(), String> {
    let text = secret.expose();
    let mend = "make one with `openssl rand -base64 48`";
    if text.is_empty() {
        return Err(format!("{name} is missing: {mend}"));
    }
    if text.len() < MIN_BYTES {
        return Err(format!("{name} has {} bytes and needs at least {MIN_BYTES}: {mend}", text.len()));
    }
    let mut bytes: Vec<u8> = text.bytes().collect();
    bytes.sort_unstable();
    bytes.dedup();
    let lower = text.to_lowercase();
    if bytes.len() < 8 || WELL_KNOWN.iter().any(|known| lower.replace(known, "").len() < 8) {
        return Err(format!("{name} is too easy to guess: {mend}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_secret(secret: &str) -> Result<(), String> {
        AuthSettings { jwt_secret: Secret::new(secret), ..AuthSettings::default() }.validate()
    }

    #[test]
    fn missing_short_and_guessable_secrets_are_refused_with_a_way_to_mend_it() {
        for weak in ["", "short", &"a".repeat(64), &"changeme".repeat(5), &"secret".repeat(8)] {
            assert!(with_secret(weak).is_err_and(|error| error.contains("openssl rand")), "{weak}");
        }
        assert_eq!(with_secret("Zk3vQ9sWm2Xc7Lr8Td1Yb6Nh4Gp5Jf0U"), Ok(()));
    }

    #[test]
    fn a_weak_secret_of_before_would_let_forgers_in_as_well() {
        for weak in ["", "short"] {
            let settings = AuthSettings {
                jwt_secret: Secret::new("Zk3vQ9sWm2Xc7Lr8Td1Yb6Nh4Gp5Jf0U"),
                jwt_previous_secrets: vec![Secret::new(weak)],
                ..AuthSettings::default()
            };
            assert!(settings.validate().is_err_and(|error| error.contains("jwt_previous_secrets")), "{weak}");
        }
    }
}
