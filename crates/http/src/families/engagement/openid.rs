use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use weir_core::{Failure, account::ProfileChange, session};

use super::envelope::Success;
use crate::{
    Shared,
    extract::{Asker, Sent},
    problem::Refusal,
};

/// The code of `wx.login`.
#[derive(Deserialize, ToSchema)]
pub(super) struct OpenidBody {
    /// Good once, for five minutes.
    #[schema(required = true, max_length = 128, example = "081abc123")]
    code: Option<String>,
    /// Which mini-program, when this server serves several: its appid or its name. The first configured by default.
    appid: Option<String>,
}

/// Who it is.
#[derive(Serialize, ToSchema)]
pub(super) struct OpenidData {
    openid: String,
    /// A user token: with it a person may record actions and save subscriptions for themselves.
    token: String,
}

/// Who the code of `wx.login` is of.
#[utoipa::path(post, path = "/api/wechat/openid", tag = "engagement", operation_id = "getOpenid",
    request_body = OpenidBody, responses((status = 200, description = "The openid and a user token", body = Success<OpenidData>)))]
pub(super) async fn openid(
    asker: Asker,
    State(server): State<Shared>,
    Sent(body): Sent<OpenidBody>,
) -> Result<Success<OpenidData>, Refusal> {
    let app = &server.app;
    let code = body.code.ok_or_else(|| Failure::invalid("code", "is missing"))?;
    let opened = session::flow::login_mini(app, body.appid.as_deref(), &code, ProfileChange::default()).await;
    let opened = asker.charged(&server, opened)?;
    let data = OpenidData { openid: opened.openid, token: opened.access_token };
    Ok(Success::new(app.clock.now(), "获取openid成功", data))
}
