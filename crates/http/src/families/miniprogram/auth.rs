use axum::{extract::State, http::HeaderMap};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use weir_core::{
    Code, Failure,
    account::{
        ProfileChange,
        model::{AVATAR_MAX, NICKNAME_MAX, text},
    },
    apikey::Scope,
    identity::Proof,
    session::{self, Opened},
};

use super::envelope::Success;
use crate::{
    Shared,
    extract::{Asker, Key, Sent, User, UserToken},
    problem::Refusal,
};

/// What the mini-program sends to log in.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct LoginBody {
    /// From `wx.login`: good once, for five minutes.
    #[schema(required = true, max_length = 128, example = "081abc123")]
    code: Option<String>,
    /// Absent or empty: as it was.
    #[schema(max_length = 50)]
    nick_name: Option<String>,
    /// The same as `nickName`, as other published clients call it.
    #[schema(max_length = 50)]
    nickname: Option<String>,
    /// Absent or empty: as it was.
    #[schema(max_length = 255)]
    avatar_url: Option<String>,
    /// The same as `avatarUrl`.
    #[schema(max_length = 255)]
    avatar: Option<String>,
    /// Which mini-program, when this server serves several: its appid or its name. The first configured by default.
    appid: Option<String>,
}

/// A login's answer.
#[derive(Serialize, ToSchema)]
pub(super) struct LoginData {
    /// The user token: a JWT.
    access_token: String,
    #[schema(value_type = String, example = "Bearer")]
    token_type: &'static str,
    /// Seconds.
    #[schema(example = 604_800)]
    expires_in: u64,
    user: LoginUser,
}

#[derive(Serialize, ToSchema)]
pub(super) struct LoginUser {
    id: i64,
    openid: String,
    nickname: String,
    avatar: String,
    /// ISO 8601 in UTC with milliseconds.
    created_at: String,
}

impl From<Opened> for LoginData {
    fn from(opened: Opened) -> Self {
        let profile = opened.profile;
        Self {
            access_token: opened.access_token,
            token_type: "Bearer",
            expires_in: opened.expires_in,
            user: LoginUser {
                id: profile.id.0,
                openid: opened.openid,
                nickname: profile.nickname,
                avatar: profile.avatar,
                created_at: profile.created_at.iso(),
            },
        }
    }
}

/// Log in with the code of `wx.login`. The first login creates the user.
#[utoipa::path(post, path = "/api/v1/auth/wx-login", tag = "mini-program", operation_id = "wxLogin",
    request_body = LoginBody, responses((status = 200, description = "Logged in", body = Success<LoginData>)))]
pub(super) async fn wx_login(
    State(server): State<Shared>,
    asker: Asker,
    Sent(body): Sent<LoginBody>,
) -> Result<Success<LoginData>, Refusal> {
    login(&server, asker, body).await
}

/// The same as `wx-login`, under the name that older clients use.
#[utoipa::path(post, path = "/api/v1/auth/wechat-login", tag = "mini-program", operation_id = "wechatLogin",
    request_body = LoginBody, responses((status = 200, description = "Logged in", body = Success<LoginData>)))]
pub(super) async fn wechat_login(
    State(server): State<Shared>,
    asker: Asker,
    Sent(body): Sent<LoginBody>,
) -> Result<Success<LoginData>, Refusal> {
    login(&server, asker, body).await
}

async fn login(server: &Shared, asker: Asker, body: LoginBody) -> Result<Success<LoginData>, Refusal> {
    let app = &server.app;
    let code = body.code.ok_or_else(|| Failure::invalid("code", "is missing"))?;
    let change = ProfileChange {
        nickname: sent([("nickName", body.nick_name), ("nickname", body.nickname)], NICKNAME_MAX)?,
        avatar: sent([("avatarUrl", body.avatar_url), ("avatar", body.avatar)], AVATAR_MAX)?,
        bio: None,
    };
    let opened = session::flow::login_mini(app, body.appid.as_deref(), &code, change).await;
    Ok(Success::new(app.clock.now(), asker.charged(server, opened)?.into()))
}

/// What a login brings for one field under either of its names, refused under the name that the client used. A page
/// whose user gave nothing sends an empty text, which must not wipe out what they gave before.
fn sent<const N: usize>(
    names: [(&'static str, Option<String>); N],
    max: usize,
) -> Result<Option<String>, Failure> {
    let given = names.into_iter().find_map(|(name, value)| Some((name, value.filter(|v| !v.is_empty())?)));
    let Some((name, value)) = given else { return Ok(None) };
    text(name, Some(&value), max)?;
    Ok(Some(value))
}

/// What WeChat's cloud hosting knows of the caller; the openid may be in the body only with an API key.
#[derive(Deserialize, ToSchema)]
pub(super) struct CloudLoginBody {
    /// Only with an API key of the scope `users:write`.
    openid: Option<String>,
    unionid: Option<String>,
    #[schema(max_length = 50)]
    nickname: Option<String>,
    #[schema(max_length = 255)]
    avatar: Option<String>,
    /// With an API key: which mini-program. The first configured by default.
    appid: Option<String>,
}

/// Log in with the headers that WeChat's cloud hosting injects (`x-wx-openid`, `x-wx-unionid`, `x-wx-appid`), from
/// networks that are configured as trusted; or with an API key and the openid in the body.
#[utoipa::path(post, path = "/api/v1/auth/cloud-login", tag = "mini-program", operation_id = "cloudLogin",
    request_body = CloudLoginBody, responses((status = 200, description = "Logged in", body = Success<LoginData>)))]
pub(super) async fn cloud_login(
    State(server): State<Shared>,
    Asker(address): Asker,
    key: Option<Key>,
    headers: HeaderMap,
    Sent(body): Sent<CloudLoginBody>,
) -> Result<Success<LoginData>, Refusal> {
    let app = &server.app;
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let (openid, unionid, appid) = if let Some(key) = key {
        key.with(Scope::UsersWrite)?;
        let openid = body.openid.ok_or_else(|| Failure::invalid("openid", "is missing"))?;
        (openid, body.unionid, body.appid)
    } else {
        if !server.cloud_networks.contains(address) {
            return Err(Failure::new(Code::Forbidden)
                .detail("this address is not in auth.cloud_trusted_networks, and no API key was sent")
                .into());
        }
        let openid = header("x-wx-openid").ok_or_else(|| Failure::invalid("x-wx-openid", "is missing"))?;
        (openid, header("x-wx-unionid"), header("x-wx-appid"))
    };
    let openid_like =
        |text: &str| (1..=100).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    if !openid_like(&openid) {
        return Err(Failure::invalid("openid", "is no openid").into());
    }
    if unionid.as_deref().is_some_and(|unionid| !openid_like(unionid)) {
        return Err(Failure::invalid("unionid", "is no unionid").into());
    }
    let mini = app.mini_program(appid.as_deref())?;
    app.limits.login(&openid)?;
    let proof = Proof {
        appid: mini.appid.clone(),
        platform: mini.open_platform.clone(),
        openid,
        unionid,
        session_key: None,
    };
    let change = ProfileChange {
        nickname: sent([("nickname", body.nickname)], NICKNAME_MAX)?,
        avatar: sent([("avatar", body.avatar)], AVATAR_MAX)?,
        bio: None,
    };
    let opened = session::flow::open(app, proof, change).await?;
    Ok(Success::new(app.clock.now(), opened.into()))
}

/// A refresh's answer.
#[derive(Serialize, ToSchema)]
pub(super) struct RefreshData {
    access_token: String,
    /// Seconds.
    #[schema(example = 604_800)]
    expires_in: u64,
}

/// The next token for one that is good, or expired less than 30 days ago. The old one dies; used again, it ends the session.
#[utoipa::path(post, path = "/api/v1/auth/refresh", tag = "mini-program", operation_id = "refresh",
    responses((status = 200, description = "A new token", body = Success<RefreshData>)))]
pub(super) async fn refresh(
    State(server): State<Shared>,
    UserToken(token): UserToken,
) -> Result<Success<RefreshData>, Refusal> {
    let refreshed = session::refresh::refresh(&server.app, &token).await?;
    let data = RefreshData { access_token: refreshed.access_token, expires_in: refreshed.expires_in };
    Ok(Success::new(server.app.clock.now(), data))
}

/// A word of confirmation.
#[derive(Serialize, ToSchema)]
pub(super) struct Message {
    #[schema(value_type = String)]
    pub(super) message: &'static str,
}

/// End the session: its tokens are dead from now on, on every replica.
#[utoipa::path(post, path = "/api/v1/auth/logout", tag = "mini-program", operation_id = "logout",
    responses((status = 200, description = "Logged out", body = Success<Message>)))]
pub(super) async fn logout(
    State(server): State<Shared>,
    User(caller): User,
) -> Result<Success<Message>, Refusal> {
    session::flow::logout(&server.app, &caller).await?;
    let data = Message { message: "退出成功" };
    Ok(Success::new(server.app.clock.now(), data).message("退出成功"))
}
