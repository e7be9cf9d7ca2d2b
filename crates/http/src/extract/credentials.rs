use std::net::IpAddr;

use axum::{
    extract::{FromRequestParts, OptionalFromRequestParts},
    http::{HeaderMap, header, request::Parts},
};
use weir_core::{
    Code, Failure,
    apikey::{self, ApiKey, Scope},
    host::{self, HostUser},
    session::{self, Caller},
};

use super::ClientAddress;
use crate::{Shared, problem::Refusal};

/// The credential after `Authorization: Bearer` (RFC 6750).
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, credential) = value.split_once(' ')?;
    let credential = credential.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !credential.is_empty()).then_some(credential)
}

/// A token's text as it was sent: a user token, not an API key. Not yet checked.
pub(crate) struct UserToken(pub(crate) String);

impl FromRequestParts<Shared> for UserToken {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &Shared) -> Result<Self, Refusal> {
        match bearer(&parts.headers) {
            None => Err(Failure::new(Code::Unauthenticated).into()),
            Some(key) if apikey::model::looks_like_key(key) => Err(Failure::new(Code::Unauthenticated)
                .detail("a user token is needed here, not an API key")
                .into()),
            Some(token) => Ok(Self(token.to_owned())),
        }
    }
}

/// A signed-in person.
pub(crate) struct User(pub(crate) Caller);

impl FromRequestParts<Shared> for User {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, server: &Shared) -> Result<Self, Refusal> {
        let UserToken(token) = UserToken::from_request_parts(parts, server).await?;
        Ok(Self(session::flow::authenticate(&server.app, &token).await?))
    }
}

/// A user of the host application, or one of ours.
pub(crate) struct Host(pub(crate) HostUser);

impl FromRequestParts<Shared> for Host {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, server: &Shared) -> Result<Self, Refusal> {
        let UserToken(token) = UserToken::from_request_parts(parts, server).await?;
        Ok(Self(host::tokens::authenticate(&server.app, &token).await?))
    }
}

/// Another service with its key.
pub(crate) struct Key(ApiKey);

impl Key {
    pub(crate) fn with(self, scope: Scope) -> Result<ApiKey, Failure> {
        if self.0.allows(scope) {
            return Ok(self.0);
        }
        Err(Failure::new(Code::Forbidden).detail(format!("the API key lacks the scope {}", scope.as_str())))
    }
}

/// The key that is sent, if one is: with a wrong one nobody is let in as a stranger.
impl OptionalFromRequestParts<Shared> for Key {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, server: &Shared) -> Result<Option<Self>, Refusal> {
        match bearer(&parts.headers) {
            None => Ok(None),
            Some(_) => <Self as FromRequestParts<Shared>>::from_request_parts(parts, server).await.map(Some),
        }
    }
}

impl FromRequestParts<Shared> for Key {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, server: &Shared) -> Result<Self, Refusal> {
        let Some(credential) = bearer(&parts.headers) else {
            return Err(Failure::new(Code::Unauthenticated).detail("an API key is needed here").into());
        };
        if !apikey::model::looks_like_key(credential) {
            // A good token is a good credential that does not allow this; anything else is no credential.
            session::flow::authenticate(&server.app, credential).await?;
            return Err(Failure::new(Code::Forbidden)
                .detail("an API key is needed here, not a user token")
                .into());
        }
        let peer = parts.extensions.get::<crate::connection::Peer>().map(|peer| peer.0.ip());
        let ClientAddress(address) = ClientAddress::of(server, peer, &parts.headers);
        server.app.limits.request(address)?;
        Ok(authenticate(server, address, credential).await?)
    }
}

/// Whose key this is. A wrong one costs the address.
pub(crate) async fn authenticate(server: &Shared, address: IpAddr, key: &str) -> Result<Key, Failure> {
    let key = apikey::flow::authenticate(&server.app, key).await;
    key.map(Key).inspect_err(|failure| {
        if failure.code == Code::TokenInvalid {
            server.app.limits.failure(address);
        }
    })
}

/// Whoever the credentials show, for an endpoint that tells more to some: bad credentials show nobody.
pub(crate) enum Bearer {
    User(Box<Caller>),
    Key(ApiKey),
    Nobody,
}

impl FromRequestParts<Shared> for Bearer {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, server: &Shared) -> Result<Self, Refusal> {
        let Ok(ClientAddress(address)) = ClientAddress::from_request_parts(parts, server).await;
        let Some(credential) = bearer(&parts.headers) else { return Ok(Self::Nobody) };
        let shown = if apikey::model::looks_like_key(credential) {
            authenticate(server, address, credential).await.map(|Key(key)| Self::Key(key))
        } else {
            let caller = session::flow::authenticate(&server.app, credential).await;
            caller.map(|caller| Self::User(Box::new(caller)))
        };
        match shown {
            Err(failure) if matches!(failure.code, Code::Unavailable | Code::Internal) => Err(failure.into()),
            shown => Ok(shown.unwrap_or(Self::Nobody)),
        }
    }
}

/// The host's user who is signed in on a page that logs somebody in; nobody where no good token is sent.
pub(crate) struct SignedIn(pub(crate) Option<HostUser>);

impl FromRequestParts<Shared> for SignedIn {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, server: &Shared) -> Result<Self, Refusal> {
        let token = bearer(&parts.headers).filter(|token| !apikey::model::looks_like_key(token));
        let Some(token) = token else { return Ok(Self(None)) };
        match host::tokens::authenticate(&server.app, token).await {
            // A page may still send a token that is over, and is about to get another.
            Err(failure) if matches!(failure.code, Code::Unavailable | Code::Internal) => Err(failure.into()),
            shown => Ok(Self(shown.ok())),
        }
    }
}
