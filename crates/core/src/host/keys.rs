//! The host application's public keys: fetched when a token names one that we do not have, and kept. While the address
//! is down the keys that we have serve on.

use std::sync::{Arc, PoisonError, RwLock};

use jsonwebtoken::{
    Algorithm, DecodingKey,
    jwk::{Jwk, JwkSet},
};
use tokio::sync::Mutex;
use url::Url;
use weir_base::Timestamp;

use crate::{App, Code, Failure, Outcome};

/// A token with an unknown key makes us look again, but not more often than this.
const LOOK_EVERY: std::time::Duration = std::time::Duration::from_secs(30);
/// A key that was withdrawn must not be believed for ever.
const KEEP: std::time::Duration = std::time::Duration::from_secs(3600);

pub(super) struct Keys {
    url: Url,
    known: RwLock<Known>,
    /// One request at a time asks.
    fetching: Mutex<()>,
}

#[derive(Clone, Default)]
struct Known {
    keys: Arc<Vec<Key>>,
    /// When somebody last asked, with or without success, and when it last went well.
    asked_at: Option<Timestamp>,
    fetched_at: Option<Timestamp>,
}

struct Key {
    id: Option<String>,
    algorithm: Algorithm,
    key: DecodingKey,
}

impl Keys {
    pub(super) fn new(url: Url) -> Self {
        Self { url, known: RwLock::default(), fetching: Mutex::default() }
    }

    /// The keys that may have signed a token with this algorithm and key id.
    pub(super) async fn of(
        &self,
        app: &App,
        algorithm: Algorithm,
        id: Option<&str>,
    ) -> Outcome<Vec<DecodingKey>> {
        let fresh = |known: &Known| {
            let fetched = known.fetched_at;
            fetched.is_some_and(|at| app.clock.now().since(at) < KEEP)
        };
        let known = self.known();
        let found = known.fitting(algorithm, id);
        if !found.is_empty() && fresh(&known) {
            return Ok(found);
        }
        let _one_at_a_time = self.fetching.lock().await;
        let known = self.known();
        let may_ask = known.asked_at.is_none_or(|at| app.clock.now().since(at) >= LOOK_EVERY);
        let known = if may_ask { self.fetch(app).await } else { known };
        if known.fetched_at.is_none() {
            return Err(unreadable());
        }
        Ok(known.fitting(algorithm, id))
    }

    fn known(&self) -> Known {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn fetch(&self, app: &App) -> Known {
        let answer = app.wechat.document(&self.url).await;
        let now = app.clock.now();
        let set = answer.map_err(|error| error.to_string()).and_then(|body| {
            serde_json::from_slice::<JwkSet>(&body).map_err(|error| format!("no key set: {error}"))
        });
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.asked_at = Some(now);
        match set {
            Ok(set) => {
                known.keys = Arc::new(set.keys.iter().filter_map(usable).collect());
                known.fetched_at = Some(now);
            }
            Err(error) => {
                tracing::warn!(error, "the host application's keys (host.jwks_url) cannot be read");
            }
        }
        known.clone()
    }
}

/// A token that cannot be checked is not a wrong one.
fn unreadable() -> Failure {
    Failure::new(Code::Unavailable)
        .detail("the host application's keys cannot be read")
        .retry_after(LOOK_EVERY)
}

impl Known {
    fn fitting(&self, algorithm: Algorithm, id: Option<&str>) -> Vec<DecodingKey> {
        let fits = |key: &&Key| {
            key.algorithm == algorithm && (id.is_none() || key.id.is_none() || key.id.as_deref() == id)
        };
        self.keys.iter().filter(fits).map(|key| key.key.clone()).collect()
    }
}

/// A public key for signatures; a shared secret in a public document is none.
fn usable(jwk: &Jwk) -> Option<Key> {
    use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, KeyAlgorithm, PublicKeyUse};
    let algorithm = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => Algorithm::RS256,
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => Algorithm::ES256,
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => Algorithm::EdDSA,
        _ => return None,
    };
    let named = match algorithm {
        Algorithm::RS256 => KeyAlgorithm::RS256,
        Algorithm::ES256 => KeyAlgorithm::ES256,
        _ => KeyAlgorithm::EdDSA,
    };
    let common = &jwk.common;
    if common.key_algorithm.is_some_and(|other| other != named)
        || common.public_key_use.as_ref().is_some_and(|it| *it != PublicKeyUse::Signature)
    {
        return None;
    }
    Some(Key { id: common.key_id.clone(), algorithm, key: DecodingKey::from_jwk(jwk).ok()? })
}
