use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use weir_core::{
    Failure,
    binding::{self, Binding, model::Asked},
};

use super::envelope::{Done, Success, UserIdJson};
use crate::{
    Shared,
    extract::{Host, Sent},
    problem::Refusal,
};

/// A WeChat account bound to a host user.
#[derive(Serialize, ToSchema)]
pub(super) struct BindingData {
    id: i64,
    user_id: UserIdJson,
    wechat_openid: String,
    wechat_unionid: Option<String>,
    nickname: Option<String>,
    avatar_url: Option<String>,
    is_active: bool,
    /// ISO 8601 in UTC with milliseconds.
    created_at: String,
    /// ISO 8601 in UTC with milliseconds.
    updated_at: String,
}

impl From<Binding> for BindingData {
    fn from(binding: Binding) -> Self {
        Self {
            id: binding.id,
            user_id: UserIdJson::from(&binding.user_id),
            wechat_openid: binding.wechat_openid,
            wechat_unionid: binding.wechat_unionid,
            nickname: binding.nickname,
            avatar_url: binding.avatar_url,
            is_active: binding.is_active,
            created_at: binding.created_at.iso(),
            updated_at: binding.updated_at.iso(),
        }
    }
}

/// The WeChat account bound to me, or `null`.
#[utoipa::path(get, path = "/api/wechat/binding", tag = "binding", operation_id = "getBinding",
    responses((status = 200, description = "The binding, or null", body = Success<Option<BindingData>>)))]
pub(super) async fn binding(
    State(server): State<Shared>,
    Host(user): Host,
) -> Result<Success<Option<BindingData>>, Refusal> {
    let found = binding::flow::get(&server.app, &user).await?.map(BindingData::from);
    let bound = found.is_some();
    let answer = Success::new(found);
    Ok(if bound { answer } else { answer.message("No WeChat account bound") })
}

/// A WeChat account that this user has proven to be theirs within the last ten minutes.
#[derive(Deserialize, ToSchema)]
pub(super) struct BindBody {
    #[schema(required = true, max_length = 100)]
    openid: Option<String>,
    #[schema(max_length = 100)]
    unionid: Option<String>,
    #[schema(max_length = 100)]
    nickname: Option<String>,
    #[schema(max_length = 500)]
    headimgurl: Option<String>,
}

/// Bind a WeChat account. Its openid must have been proven by this user within the last ten minutes: by a QR code confirmed
/// on the phone, or by an OAuth code. Otherwise 403.
#[utoipa::path(post, path = "/api/wechat/bind", tag = "binding", operation_id = "bindWeChat",
    request_body = BindBody, responses((status = 200, description = "Bound", body = Success<BindingData>)))]
pub(super) async fn bind(
    State(server): State<Shared>,
    Host(user): Host,
    Sent(body): Sent<BindBody>,
) -> Result<Success<BindingData>, Refusal> {
    // Pages send an empty text for what they do not know.
    let some = |text: Option<String>| text.filter(|text| !text.is_empty());
    let asked = Asked {
        openid: body.openid.ok_or_else(|| Failure::invalid("openid", "is missing"))?,
        unionid: some(body.unionid),
        nickname: some(body.nickname),
        avatar_url: some(body.headimgurl),
    };
    let bound = binding::flow::bind(&server.app, &user, asked).await?;
    Ok(Success::new(bound.into()))
}

/// End my binding. Its row stays, inactive.
#[utoipa::path(delete, path = "/api/wechat/unbind", tag = "binding", operation_id = "unbindWeChat",
    responses((status = 200, description = "Unbound", body = Done)))]
pub(super) async fn unbind(State(server): State<Shared>, Host(user): Host) -> Result<Done, Refusal> {
    binding::flow::unbind(&server.app, &user).await?;
    Ok(Done::new("WeChat account unbound successfully"))
}
