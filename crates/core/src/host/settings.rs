use weir_base::{Secret, settings};

settings! {
    /// Tokens of the host application, whose users bind their WeChat accounts.
    pub struct HostSettings in "host" {
        /// The secret that the host application signs its tokens with (HS256). Empty: auth.jwt_secret, unless jwks_url is
        /// set; then no shared secret is believed.
        jwt_secret: Option<Secret> = None,
        /// Where the host application publishes its keys (RFC 7517), for tokens signed with RS256, ES256 or EdDSA.
        jwks_url: String = String::new(),
        /// What the claim `iss` must be. Empty: anything.
        issuer: String = String::new(),
        /// What the claim `aud` must be or hold. Empty: anything.
        audience: String = String::new(),
    }
}

impl HostSettings {
    pub fn validate(&self) -> Result<(), String> {
        if let Some(secret) = self.jwt_secret.as_ref().filter(|secret| !secret.is_empty()) {
            crate::session::settings::strong("host.jwt_secret", secret)?;
        }
        if !self.jwks_url.is_empty() {
            let url = url::Url::parse(&self.jwks_url).ok();
            if !url.is_some_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host()) {
                return Err(
                    "host.jwks_url is no address such as https://app.example.com/.well-known/jwks.json"
                        .to_owned(),
                );
            }
            if self.issuer.is_empty() && self.audience.is_empty() {
                return Err(
                    "host.issuer and host.audience are both empty: with host.jwks_url set at least one of them, or a token \
                     that the same issuer made for another application is believed"
                        .to_owned(),
                );
            }
        }
        Ok(())
    }
}
