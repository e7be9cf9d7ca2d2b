//! Signing in on the web (section A): the pages that people are sent to, and what their code becomes.

use std::{fmt, time::Duration};

use serde::{Deserialize, Deserializer, Serialize};
use weir_base::Secret;

use crate::{
    Credentials, Error, WeChat,
    answer::{filled, optional, optional_person_id, person_id},
    query::Query,
    transport::{Call, Repeat},
};

/// What a person is asked to consent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Silent: tells the openid and nothing else.
    Base,
    /// A dialog: nickname and avatar too.
    UserInfo,
}

impl Scope {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Base => "snsapi_base",
            Self::UserInfo => "snsapi_userinfo",
        }
    }
}

/// A person's consent, exchanged. Its token has nothing to do with the app's access token. `Debug` shows none of it.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "TokenFields")]
pub struct OAuthToken {
    pub access_token: Secret,
    /// How long it lives from now on: 7200 s when new.
    pub expires_in: Duration,
    /// Lives 30 days from the consent, and is not prolonged by use.
    pub refresh_token: Option<Secret>,
    /// The person, within this app.
    pub openid: String,
    /// What was consented to, separated by commas: `snsapi_base`, `snsapi_userinfo`, `snsapi_login`. Empty where WeChat
    /// does not say.
    pub scope: String,
    pub unionid: Option<String>,
    /// The person does not exist: the page was opened as a snapshot (section A1). Never make an account of it.
    pub is_snapshot: bool,
}

impl OAuthToken {
    /// Whether `/sns/userinfo` may be asked: see [`tells_profile`].
    pub fn tells_profile(&self) -> bool {
        tells_profile(&self.scope)
    }
}

impl fmt::Debug for OAuthToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuthToken")
            .field("scope", &self.scope)
            .field("has_unionid", &self.unionid.is_some())
            .field("is_snapshot", &self.is_snapshot)
            .finish_non_exhaustive()
    }
}

/// Whether a consent to `scope` lets us ask `/sns/userinfo`. Where WeChat does not say what was consented to, asking
/// tells.
pub fn tells_profile(scope: &str) -> bool {
    let mut scopes = scope.split(',').filter(|scope| !scope.is_empty()).peekable();
    scopes.peek().is_none() || scopes.any(|scope| scope != "snsapi_base")
}

#[derive(Deserialize)]
struct TokenFields {
    #[serde(deserialize_with = "filled")]
    access_token: String,
    expires_in: u32,
    #[serde(default, deserialize_with = "optional")]
    refresh_token: Option<String>,
    #[serde(deserialize_with = "person_id")]
    openid: String,
    #[serde(default, deserialize_with = "optional")]
    scope: Option<String>,
    #[serde(default, deserialize_with = "optional_person_id")]
    unionid: Option<String>,
    #[serde(default)]
    is_snapshotuser: Option<i64>,
}

impl From<TokenFields> for OAuthToken {
    fn from(fields: TokenFields) -> Self {
        Self {
            access_token: Secret::new(fields.access_token),
            expires_in: Duration::from_secs(u64::from(fields.expires_in)),
            refresh_token: fields.refresh_token.map(Secret::new),
            openid: fields.openid,
            scope: fields.scope.unwrap_or_default(),
            unionid: fields.unionid,
            is_snapshot: fields.is_snapshotuser == Some(1),
        }
    }
}

/// What a person shows of themselves (section A7). `Debug` shows none of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserInfo {
    #[serde(deserialize_with = "person_id")]
    pub openid: String,
    /// Any Unicode, emoji too; may be empty.
    #[serde(default, deserialize_with = "text")]
    pub nickname: String,
    /// Today always 0.
    #[serde(default)]
    pub sex: i64,
    #[serde(default, deserialize_with = "text")]
    pub language: String,
    /// Today always empty, as are province and country.
    #[serde(default, deserialize_with = "text")]
    pub city: String,
    #[serde(default, deserialize_with = "text")]
    pub province: String,
    #[serde(default, deserialize_with = "text")]
    pub country: String,
    /// Empty when the person has no avatar. Dies when they change it.
    #[serde(default, deserialize_with = "text")]
    pub headimgurl: String,
    #[serde(default)]
    pub privilege: Vec<String>,
    #[serde(default, deserialize_with = "optional_person_id")]
    pub unionid: Option<String>,
}

impl fmt::Debug for UserInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserInfo").field("has_unionid", &self.unionid.is_some()).finish_non_exhaustive()
    }
}

/// A text that may be left out or `null`. U+0000, which no database keeps, is taken out.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?.unwrap_or_default();
    Ok(if text.contains('\0') { text.replace('\0', "") } else { text })
}

/// An answer that says nothing but that all is well.
#[derive(Deserialize)]
struct Done {}

impl WeChat {
    /// The page that asks somebody in WeChat's browser for their consent (section A1), with its parameters in the order
    /// that WeChat insists on. `redirect_uri`'s host must be one of the app's OAuth domains; `state` is up to 128
    /// letters and digits and comes back unchanged.
    pub fn authorize_url(&self, appid: &str, redirect_uri: &str, scope: Scope, state: &str) -> String {
        self.page("/connect/oauth2/authorize", appid, redirect_uri, scope.as_str(), state)
    }

    /// The page that shows a desktop browser a QR code of WeChat's own (section A2), for website apps.
    pub fn qrconnect_url(&self, appid: &str, redirect_uri: &str, state: &str) -> String {
        self.page("/connect/qrconnect", appid, redirect_uri, "snsapi_login", state)
    }

    fn page(&self, path: &str, appid: &str, redirect_uri: &str, scope: &str, state: &str) -> String {
        let query = Query::new()
            .with("appid", appid)
            .with("redirect_uri", redirect_uri)
            .with("response_type", "code")
            .with("scope", scope)
            .with("state", state);
        let base = self.open_base().as_str().trim_end_matches('/');
        format!("{base}{path}?{}#wechat_redirect", query.as_str())
    }

    /// `GET /sns/oauth2/access_token` (section A4): exchanges the code of either page, which lives five minutes and works
    /// once. Never sent twice: when the answer is lost, the person must consent anew.
    ///
    /// # Errors
    /// Refused: 40029 code invalid, expired or of another app; 40163 code used before; 40013 and 40125 wrong credentials;
    /// 50002 the person is blocked. Throttled: 45011.
    pub async fn oauth2_access_token(
        &self,
        credentials: &Credentials,
        code: &str,
    ) -> Result<OAuthToken, Error> {
        let secret = credentials.secret.expose();
        let query = Query::new()
            .with("appid", &credentials.appid)
            .with("secret", secret)
            .with("code", code)
            .with("grant_type", "authorization_code");
        let call = Call {
            route: &self.routes().oauth2_access_token,
            query: Some(query),
            body: None,
            repeat: Repeat::Never,
            sent: &[secret, code],
        };
        self.transport().call(call).await
    }

    /// `GET /sns/oauth2/refresh_token` (section A5): prolongs the person's token or replaces a dead one.
    ///
    /// # Errors
    /// Refused: 40030 no such refresh token, 42002 it has expired, 42007 the person changed their password.
    pub async fn oauth2_refresh_token(
        &self,
        appid: &str,
        refresh_token: &Secret,
    ) -> Result<OAuthToken, Error> {
        let query = Query::new()
            .with("appid", appid)
            .with("grant_type", "refresh_token")
            .with("refresh_token", refresh_token.expose());
        let call = Call {
            route: &self.routes().oauth2_refresh_token,
            query: Some(query),
            body: None,
            repeat: Repeat::Safe,
            sent: &[refresh_token.expose()],
        };
        self.transport().call(call).await
    }

    /// `GET /sns/auth` (section A6): whether the person's token is still good for this openid.
    ///
    /// # Errors
    /// Those of the transport; a token that is not good is `false`.
    pub async fn sns_auth(&self, access_token: &Secret, openid: &str) -> Result<bool, Error> {
        let query = Query::new().with("access_token", access_token.expose()).with("openid", openid);
        let call = Call {
            route: &self.routes().sns_auth,
            query: Some(query),
            body: None,
            repeat: Repeat::Safe,
            sent: &[access_token.expose()],
        };
        match self.transport().call::<Done>(call).await {
            Ok(_) => Ok(true),
            Err(error) if error.is_token_error() || error.errcode() == Some(40003) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// `GET /sns/userinfo` (section A7), in Chinese.
    ///
    /// # Errors
    /// Refused: 48001 the consent was to `snsapi_base` only, or a snapshot's; token errors; 40003 an openid that the token
    /// is not of.
    pub async fn sns_userinfo(&self, access_token: &Secret, openid: &str) -> Result<UserInfo, Error> {
        let query = Query::new()
            .with("access_token", access_token.expose())
            .with("openid", openid)
            .with("lang", "zh_CN");
        let call = Call {
            route: &self.routes().sns_userinfo,
            query: Some(query),
            body: None,
            repeat: Repeat::Safe,
            sent: &[access_token.expose()],
        };
        self.transport().call(call).await
    }
}
