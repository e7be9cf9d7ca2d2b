//! What a mini-program's server asks WeChat (section B).

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use weir_base::Secret;

use crate::{
    Credentials, Error, Route, WeChat,
    answer::{filled, optional_person_id, person_id, text_or_number},
    crypto,
    query::Query,
    transport::{Call, Repeat, json},
};

/// Who logged in. `Debug` shows none of it.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct CodeSession {
    /// The person, within this app: 28 characters, case-sensitive, never empty.
    #[serde(deserialize_with = "person_id")]
    pub openid: String,
    /// The key of the person's session: base64 of 16 bytes. It must never be sent to the mini-program.
    #[serde(deserialize_with = "session_key")]
    pub session_key: Secret,
    /// The person, within the open-platform account that the app is bound to, if it is bound to one.
    #[serde(default, deserialize_with = "optional_person_id")]
    pub unionid: Option<String>,
}

impl fmt::Debug for CodeSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CodeSession").field("has_unionid", &self.unionid.is_some()).finish_non_exhaustive()
    }
}

/// A phone number that its owner gave to the app. `Debug` shows neither number.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "PhoneFields")]
pub struct PhoneInfo {
    /// With the country's prefix when it is a foreign one.
    pub phone_number: String,
    /// Without the country's prefix.
    pub pure_phone_number: String,
    /// `86` and the like, without a plus sign.
    pub country_code: String,
    /// When the person gave it, in seconds since the Unix epoch.
    pub watermark_timestamp: i64,
    /// The app it was given to.
    pub watermark_appid: String,
}

impl fmt::Debug for PhoneInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PhoneInfo")
            .field("country_code", &self.country_code)
            .field("watermark_timestamp", &self.watermark_timestamp)
            .field("watermark_appid", &self.watermark_appid)
            .finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PhoneFields {
    #[serde(deserialize_with = "filled")]
    phone_number: String,
    #[serde(deserialize_with = "filled")]
    pure_phone_number: String,
    /// It was a number once and is a text now.
    #[serde(deserialize_with = "text_or_number")]
    country_code: String,
    watermark: crypto::Watermark,
}

impl From<PhoneFields> for PhoneInfo {
    fn from(fields: PhoneFields) -> Self {
        Self {
            phone_number: fields.phone_number,
            pure_phone_number: fields.pure_phone_number,
            country_code: fields.country_code,
            watermark_timestamp: fields.watermark.timestamp,
            watermark_appid: fields.watermark.appid,
        }
    }
}

#[derive(Deserialize)]
struct PhoneAnswer {
    phone_info: PhoneInfo,
}

#[derive(Serialize)]
struct PhoneRequest<'a> {
    code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    openid: Option<&'a str>,
}

/// An answer that says nothing but that all is well.
#[derive(Deserialize)]
struct Done {}

fn session_key<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
    let key = Secret::deserialize(deserializer)?;
    if crypto::is_session_key(&key) { Ok(key) } else { Err(D::Error::custom("not a session_key")) }
}

impl WeChat {
    /// `GET /sns/jscode2session` (section B1): exchanges the code of `wx.login`, which lives five minutes and works once.
    /// Never sent twice: when the answer is lost, the person must log in anew.
    ///
    /// # Errors
    /// Refused: 40029 code invalid or expired, 40163 code used before, 40226 WeChat deems the person a high risk, 40013
    /// and 40125 wrong credentials. Throttled: 45011. [`Error::BadAnswer`] also for an openid or unionid that is no short printable ASCII and a session_key
    /// that is not base64 of 16 bytes.
    pub async fn jscode2session(&self, credentials: &Credentials, code: &str) -> Result<CodeSession, Error> {
        let secret = credentials.secret.expose();
        let query = Query::new()
            .with("appid", &credentials.appid)
            .with("secret", secret)
            .with("js_code", code)
            .with("grant_type", "authorization_code");
        let call = Call {
            route: &self.routes().jscode2session,
            query: Some(query),
            body: None,
            repeat: Repeat::Never,
            sent: &[secret, code],
        };
        self.transport().call(call).await
    }

    /// `GET /wxa/checksession` (section B2): whether WeChat still takes `session_key` for the person's. `false` says
    /// that a later login replaced it or that it died of age.
    ///
    /// # Errors
    /// Refused: token errors ([`Error::is_token_error`]), 40003 no such openid. Throttled: 45011.
    pub async fn checksession(
        &self,
        access_token: &Secret,
        openid: &str,
        session_key: &Secret,
    ) -> Result<bool, Error> {
        let route = &self.routes().checksession;
        match self.signed::<Done>(route, Repeat::Safe, access_token, openid, session_key).await {
            Ok(_) => Ok(true),
            Err(Error::Refused { errcode: 87009, .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// `GET /wxa/resetusersessionkey` (section B3): replaces the person's session key; the old one dies and the new one
    /// inherits its age. The answer has no unionid. Never sent twice.
    ///
    /// # Errors
    /// Refused: token errors, 40097, 87007 no such session key, 87009 wrong signature. Throttled: 45011.
    pub async fn resetusersessionkey(
        &self,
        access_token: &Secret,
        openid: &str,
        session_key: &Secret,
    ) -> Result<CodeSession, Error> {
        let route = &self.routes().resetusersessionkey;
        self.signed(route, Repeat::Never, access_token, openid, session_key).await
    }

    async fn signed<T: serde::de::DeserializeOwned>(
        &self,
        route: &Route,
        repeat: Repeat,
        access_token: &Secret,
        openid: &str,
        session_key: &Secret,
    ) -> Result<T, Error> {
        let signature = crypto::session_signature(session_key, b"");
        let query = Query::new()
            .with("access_token", access_token.expose())
            .with("openid", openid)
            .with("signature", &signature)
            .with("sig_method", "hmac_sha256");
        let sent = &[access_token.expose(), session_key.expose(), &signature];
        self.transport().call(Call { route, query: Some(query), body: None, repeat, sent }).await
    }

    /// `POST /wxa/business/getuserphonenumber` (section B4): exchanges the code of the phone button, another code than
    /// `wx.login`'s, which lives five minutes and works once. WeChat checks `openid` against the code when it is given.
    /// Costs the operator money; never sent twice.
    ///
    /// # Errors
    /// Refused: token errors, 40029 code invalid, expired or used, 40013 the code is of another app. Throttled: 45011.
    pub async fn getuserphonenumber(
        &self,
        access_token: &Secret,
        code: &str,
        openid: Option<&str>,
    ) -> Result<PhoneInfo, Error> {
        let call = Call {
            route: &self.routes().getuserphonenumber,
            query: Some(Query::new().with("access_token", access_token.expose())),
            body: Some(json(&PhoneRequest { code, openid })),
            repeat: Repeat::Never,
            sent: &[access_token.expose(), code],
        };
        self.transport().call::<PhoneAnswer>(call).await.map(|answer| answer.phone_info)
    }
}
