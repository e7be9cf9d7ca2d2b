//! Tokens of the host application. The algorithms are pinned: HS256 with the shared secret, RS256, ES256 and EdDSA with
//! published keys, and nothing else.

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, Validation};
use serde::Deserialize;
use serde_json::Value;
use url::Url;
use weir_base::Timestamp;

use super::{
    HostUser, Realm,
    keys::Keys,
    model::{Proven, id_of, label},
};
use crate::{App, Code, Failure, Outcome, Settings, session};

/// How far the host's clock may be ahead of ours.
const AHEAD: i64 = 60;
/// A token has a few hundred bytes; nothing longer is read.
const TOKEN_MAX: usize = 8192;

/// Checks tokens of the host application.
pub struct HostTokens {
    secrets: Vec<hmac::Key>,
    keys: Option<Keys>,
    issuer: Option<String>,
    audience: Option<String>,
}

#[derive(Deserialize)]
struct Head {
    alg: String,
    #[serde(default)]
    kid: Option<String>,
}

/// What a host's token may say; whatever else it says is its own affair.
#[derive(Deserialize)]
struct Claims {
    user_id: Option<Value>,
    sub: Option<Value>,
    iss: Option<String>,
    aud: Option<Value>,
    exp: Option<f64>,
    nbf: Option<f64>,
    name: Option<Value>,
    nickname: Option<Value>,
    preferred_username: Option<Value>,
    email: Option<Value>,
    sid: Option<Value>,
    openid: Option<Value>,
}

impl HostTokens {
    pub fn new(settings: &Settings) -> Self {
        let (host, auth) = (&settings.host, &settings.auth);
        let own = host.jwt_secret.as_ref().filter(|secret| !secret.is_empty());
        let key = |secret: &weir_base::Secret| hmac::Key::new(hmac::HMAC_SHA256, secret.expose().as_bytes());
        let secrets = match own {
            Some(secret) => vec![key(secret)],
            None if host.jwks_url.is_empty() => {
                std::iter::once(&auth.jwt_secret).chain(&auth.jwt_previous_secrets).map(key).collect()
            }
            None => Vec::new(),
        };
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Self {
            secrets,
            keys: Url::parse(&host.jwks_url).ok().map(Keys::new),
            issuer: some(&host.issuer),
            audience: some(&host.audience),
        }
    }
}

/// Who a token belongs to: a user of the host application, or one of ours. A token that says it is ours is never taken
/// for the host's, whose secret may be the same.
pub async fn authenticate(app: &App, token: &str) -> Outcome<HostUser> {
    let parts = Parts::of(token).ok_or_else(|| Failure::new(Code::TokenInvalid))?;
    let auth = &app.settings.auth;
    // By its form too, unless the host's issuer is named: another Weir with the same secret, or this one under its name of
    // before, made it of its own users.
    let is_ours = app.settings.host.issuer.is_empty()
        && parts.claims.sid.as_ref().is_some_and(Value::is_string)
        && parts.claims.openid.is_some();
    if is_ours || (parts.claims.iss.as_deref() == Some(&auth.issuer) && parts.claims.is_for(&auth.audience)) {
        return ours(app, token).await;
    }
    let now = app.clock.now();
    parts.verify(app, token).await?;
    parts.claims.check(&app.host, now)?;
    parts.claims.user()
}

/// A user token of our own. One that a scanned QR code opened acts as the host user it was opened for.
async fn ours(app: &App, token: &str) -> Outcome<HostUser> {
    let caller = session::flow::authenticate(app, token).await?;
    let proven =
        Proven { id: caller.session, appid: caller.appid, openid: caller.openid, at: caller.opened_at };
    let nickname = label(&caller.profile.nickname);
    let (realm, id) = match caller.host_user {
        Some(id) => (Realm::Host, id),
        None => (Realm::Weir, id_of(&caller.profile.id.to_string())?),
    };
    let label = if realm == Realm::Host || nickname.is_empty() { id.as_str().to_owned() } else { nickname };
    Ok(HostUser { realm, id, label, session: Some(proven) })
}

/// A token taken apart, with nothing believed yet.
struct Parts<'t> {
    head: Head,
    claims: Claims,
    signed: &'t str,
    signature: Vec<u8>,
}

impl<'t> Parts<'t> {
    fn of(token: &'t str) -> Option<Self> {
        if token.len() > TOKEN_MAX {
            return None;
        }
        let (signed, signature) = token.rsplit_once('.')?;
        let (head, claims) = signed.split_once('.')?;
        let decoded = |part: &str| URL_SAFE_NO_PAD.decode(part).ok();
        Some(Self {
            head: serde_json::from_slice(&decoded(head)?).ok()?,
            claims: serde_json::from_slice(&decoded(claims)?).ok()?,
            signed,
            signature: decoded(signature)?,
        })
    }

    async fn verify(&self, app: &App, token: &str) -> Outcome<()> {
        let refused = || Failure::new(Code::TokenInvalid);
        let algorithm = match self.head.alg.as_str() {
            "HS256" => {
                let signed = self.signed.as_bytes();
                let mut keys = app.host.secrets.iter();
                let good = keys.any(|key| hmac::verify(key, signed, &self.signature).is_ok());
                return if good { Ok(()) } else { Err(refused()) };
            }
            "RS256" => Algorithm::RS256,
            "ES256" => Algorithm::ES256,
            "EdDSA" => Algorithm::EdDSA,
            _ => return Err(refused()),
        };
        let keys = app.host.keys.as_ref().ok_or_else(refused)?;
        let mut validation = Validation::new(algorithm);
        validation.required_spec_claims.clear();
        // Times and names are judged by our own clock and settings.
        validation.validate_exp = false;
        validation.validate_aud = false;
        for key in keys.of(app, algorithm, self.head.kid.as_deref()).await? {
            if jsonwebtoken::decode::<Value>(token, &key, &validation).is_ok() {
                return Ok(());
            }
        }
        Err(refused())
    }
}

impl Claims {
    fn is_for(&self, audience: &str) -> bool {
        match &self.aud {
            Some(Value::String(one)) => one == audience,
            Some(Value::Array(several)) => several.iter().any(|one| one.as_str() == Some(audience)),
            _ => false,
        }
    }

    fn check(&self, host: &HostTokens, now: Timestamp) -> Outcome<()> {
        let invalid = |detail| Err(Failure::new(Code::TokenInvalid).detail(detail));
        let now = now.millis() as f64 / 1000.0;
        match self.exp {
            Some(exp) if exp <= now => return Err(Failure::new(Code::TokenExpired)),
            Some(_) => {}
            None => return invalid("it has no exp: tokens must expire"),
        }
        if self.nbf.is_some_and(|nbf| nbf > now + AHEAD as f64) {
            return invalid("it is not good yet");
        }
        if host.issuer.as_ref().is_some_and(|issuer| self.iss.as_ref() != Some(issuer)) {
            return invalid("its iss is not host.issuer");
        }
        if host.audience.as_ref().is_some_and(|audience| !self.is_for(audience)) {
            return invalid("its aud is not host.audience");
        }
        Ok(())
    }

    fn user(&self) -> Outcome<HostUser> {
        let claim = [&self.user_id, &self.sub].into_iter().flatten().find(|claim| !claim.is_null());
        let id = match claim {
            Some(Value::String(text)) => id_of(text)?,
            Some(Value::Number(number)) if number.is_u64() => id_of(&number.to_string())?,
            Some(_) => {
                return Err(
                    Failure::new(Code::TokenInvalid).detail("its user id is neither a number nor a text")
                );
            }
            None => return Err(Failure::new(Code::TokenInvalid).detail("it has neither user_id nor sub")),
        };
        let names = [&self.name, &self.nickname, &self.preferred_username, &self.email];
        let mut named = names.into_iter().flatten().filter_map(Value::as_str).map(label);
        let label = named.find(|name| !name.is_empty()).unwrap_or_else(|| label(id.as_str()));
        Ok(HostUser { realm: Realm::Host, id, label, session: None })
    }
}
