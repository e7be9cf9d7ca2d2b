use std::convert::Infallible;

use axum::{
    extract::FromRequestParts,
    http::{HeaderName, header, request::Parts},
};
use weir_core::{
    Code, Failure,
    apikey::{self, Scope},
    engagement::Party,
    session,
};

use super::{
    ClientAddress, Key,
    credentials::{authenticate, bearer},
};
use crate::{Shared, problem::Refusal};

/// Whoever calls an endpoint of the engagement family: another service, a person, or anybody where `engagement.open` is set.
/// Stands before the body among a handler's arguments: whoever asks too much is refused before their body is read.
pub(crate) struct Calling(Who);

enum Who {
    Service(Key),
    Person(Box<session::Caller>),
    Anyone,
}

impl FromRequestParts<Shared> for Calling {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, server: &Shared) -> Result<Self, Refusal> {
        let Ok(ClientAddress(address)) = ClientAddress::from_request_parts(parts, server).await;
        server.app.limits.request(address)?;
        let who = match bearer(&parts.headers) {
            // What cannot be read as a credential is not none.
            None if server.app.settings.engagement.open
                && !parts.headers.contains_key(header::AUTHORIZATION) =>
            {
                Who::Anyone
            }
            None => {
                return Err(Failure::new(Code::Unauthenticated)
                    .detail("an API key or a user token is needed here")
                    .into());
            }
            Some(key) if apikey::model::looks_like_key(key) => {
                Who::Service(authenticate(server, address, key).await?)
            }
            Some(token) => Who::Person(Box::new(session::flow::authenticate(&server.app, token).await?)),
        };
        Ok(Self(who))
    }
}

impl Calling {
    /// A key must have this scope. A person speaks for themselves only: [`Party::speaks_for`].
    pub(crate) fn with(self, scope: Scope) -> Result<Party, Failure> {
        Ok(match self.0 {
            Who::Service(key) => Party::Service(key.with(scope)?),
            Who::Person(caller) => Party::Person(caller),
            Who::Anyone => Party::Anyone,
        })
    }

    /// The same where persons may not call at all.
    pub(crate) fn without_persons(self, scope: Scope) -> Result<Party, Failure> {
        match self.with(scope)? {
            Party::Person(_) => {
                Err(Failure::new(Code::Forbidden).detail("an API key is needed here, not a user token"))
            }
            party => Ok(party),
        }
    }
}

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The header `Idempotency-Key` as it was sent; what is no text has a character that none may have.
pub(crate) struct IdempotencyKey(Option<String>);

impl FromRequestParts<Shared> for IdempotencyKey {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &Shared) -> Result<Self, Infallible> {
        let sent = parts.headers.get(IDEMPOTENCY_KEY);
        Ok(Self(sent.map(|key| String::from_utf8_lossy(key.as_bytes()).into_owned())))
    }
}

impl IdempotencyKey {
    pub(crate) fn as_deref(&self) -> Option<&str> {
        self.0.as_deref()
    }
}
