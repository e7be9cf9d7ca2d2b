//! The access token of an app, which most calls need (sections C1 and C2). One place must ask for it and share it: two
//! that ask by turns retire each other's tokens.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use weir_base::Secret;

use crate::{
    Credentials, Error, WeChat,
    answer::filled,
    query::Query,
    transport::{Call, Repeat, json},
};

const GRANT_TYPE: &str = "client_credential";

/// A token for calls of the `/cgi-bin` and `/wxa` families. Up to 512 characters.
#[derive(Clone, Debug)]
pub struct AccessToken {
    pub token: Secret,
    /// How long it lives from now on: 7200 s when new.
    pub expires_in: Duration,
}

#[derive(Deserialize)]
struct TokenAnswer {
    #[serde(deserialize_with = "filled")]
    access_token: String,
    expires_in: u32,
}

impl From<TokenAnswer> for AccessToken {
    fn from(answer: TokenAnswer) -> Self {
        Self {
            token: Secret::new(answer.access_token),
            expires_in: Duration::from_secs(u64::from(answer.expires_in)),
        }
    }
}

impl<'de> Deserialize<'de> for AccessToken {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        TokenAnswer::deserialize(deserializer).map(Self::from)
    }
}

#[derive(Serialize)]
struct StableTokenRequest<'a> {
    grant_type: &'static str,
    appid: &'a str,
    secret: &'a str,
    force_refresh: bool,
}

impl WeChat {
    /// `GET /cgi-bin/token` (section C1): a new token with each call; the one before lives up to five minutes more.
    /// 2000 a day. Never sent twice.
    ///
    /// # Errors
    /// Refused: 40001 and 40125 wrong AppSecret, 40013 wrong appid, 40164 address not in the whitelist, 40243 AppSecret
    /// frozen, 50007 account frozen, 89503 and its kin. Throttled: 45009.
    pub async fn token(&self, credentials: &Credentials) -> Result<AccessToken, Error> {
        let secret = credentials.secret.expose();
        let query = Query::new()
            .with("grant_type", GRANT_TYPE)
            .with("appid", &credentials.appid)
            .with("secret", secret);
        let call = Call {
            route: &self.routes().token,
            query: Some(query),
            body: None,
            repeat: Repeat::Never,
            sent: &[secret],
        };
        self.transport().call(call).await
    }

    /// `POST /cgi-bin/stable_token` (section C2): the same token with its remaining life (at least 300 s) until its last
    /// five minutes. With `force_refresh` the present token dies at once; 20 a day, 30 s apart, and then the call is
    /// never sent twice.
    ///
    /// # Errors
    /// As [`WeChat::token`], and 45011.
    pub async fn stable_token(
        &self,
        credentials: &Credentials,
        force_refresh: bool,
    ) -> Result<AccessToken, Error> {
        let secret = credentials.secret.expose();
        let request =
            StableTokenRequest { grant_type: GRANT_TYPE, appid: &credentials.appid, secret, force_refresh };
        let call = Call {
            route: &self.routes().stable_token,
            query: None,
            body: Some(json(&request)),
            repeat: if force_refresh { Repeat::Never } else { Repeat::Safe },
            sent: &[secret],
        };
        self.transport().call(call).await
    }
}
