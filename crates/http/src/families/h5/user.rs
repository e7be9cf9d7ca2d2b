use axum::{
    extract::{Path, State, rejection::PathRejection},
    http::HeaderMap,
};
use serde::Serialize;
use utoipa::ToSchema;
use weir_core::{
    App, Failure, Outcome,
    apikey::Scope,
    authorization::{Authorization, flow},
};

use super::{LOGIN, envelope::Success};
use crate::{
    Shared,
    extract::{Asker, Bearer},
    problem::Refusal,
};

/// What somebody showed of themselves.
#[derive(Serialize, ToSchema)]
pub(super) struct UserInfo {
    openid: String,
    nickname: String,
    headimgurl: String,
    sex: i64,
    language: String,
    country: String,
    province: String,
    city: String,
    privilege: Vec<String>,
    /// Unix seconds.
    login_time: i64,
    /// Unix seconds; a day after the login.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<i64>,
}

impl UserInfo {
    /// As a login tells it.
    pub(super) fn at_login(authorization: Authorization) -> Self {
        Self { expires_at: None, ..Self::from(authorization) }
    }
}

impl From<Authorization> for UserInfo {
    fn from(told: Authorization) -> Self {
        Self {
            openid: told.openid,
            nickname: told.nickname,
            headimgurl: told.headimgurl,
            sex: told.sex,
            language: told.language,
            country: told.country,
            province: told.province,
            city: told.city,
            privilege: serde_json::from_str(&told.privilege).unwrap_or_default(),
            login_time: told.login_at.seconds(),
            expires_at: Some(told.expires_at.seconds()),
        }
    }
}

/// Whether somebody's consent is still good.
#[derive(Serialize, ToSchema)]
pub(super) struct UserData {
    exists: bool,
    need_auth: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "用户不存在，需要重新授权")]
    message: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_info: Option<UserInfo>,
}

/// Whether a person's consent is still good. An openid is no secret: only the person themselves (cookie or user token) and
/// API keys with `users:read` are told; for everybody else nobody exists.
#[utoipa::path(get, path = "/api/user/{openid}", tag = "h5", operation_id = "h5User",
    params(("openid" = String, Path, description = "The person")),
    responses((status = 200, description = "Good, over, or nobody", body = Success<UserData>)))]
pub(super) async fn user(
    _: Asker,
    State(server): State<Shared>,
    headers: HeaderMap,
    bearer: Bearer,
    openid: Result<Path<String>, PathRejection>,
) -> Result<Success<UserData>, Refusal> {
    let app = &server.app;
    let nobody = UserData {
        exists: false,
        need_auth: true,
        message: Some("用户不存在，需要重新授权"),
        user_info: None,
    };
    // What is no text is no openid.
    let Ok(Path(openid)) = openid else { return Ok(Success::new(nobody)) };
    if openid.contains('\0') || !may_know(app, &openid, LOGIN.read(&server, &headers), &bearer).await? {
        return Ok(Success::new(nobody));
    }
    let Some(told) = flow::find(app, &openid).await? else { return Ok(Success::new(nobody)) };
    let need_auth = app.clock.now() >= told.expires_at;
    Ok(Success::new(UserData { exists: true, need_auth, message: None, user_info: Some(told.into()) }))
}

async fn may_know(app: &App, openid: &str, cookie: Option<&str>, bearer: &Bearer) -> Outcome<bool> {
    let of_cookie = match cookie {
        Some(cookie) => flow::by_cookie(app, cookie).await?,
        None => None,
    };
    let caller = match bearer {
        Bearer::Key(key) if key.allows(Scope::UsersRead) => return Ok(true),
        Bearer::User(caller) => Some(&**caller),
        Bearer::Key(_) | Bearer::Nobody => None,
    };
    for caller in of_cookie.iter().chain(caller) {
        if flow::is_of(app, openid, caller).await? {
            return Ok(true);
        }
    }
    Ok::<_, Failure>(false)
}
