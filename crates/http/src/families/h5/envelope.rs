//! Family C's envelope: `{code, message, data}`, and for errors `{code, message}`.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;
use weir_core::{Code, Failure};

use crate::{
    json::{json, worded},
    own,
    problem::{Reason, Refusal},
};

/// What a success looks like.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Success<T> {
    /// The HTTP status again.
    #[schema(example = 200)]
    code: u16,
    #[schema(value_type = String, example = "success")]
    message: &'static str,
    data: T,
}

impl<T: Serialize> Success<T> {
    pub(crate) fn new(data: T) -> Self {
        Self { code: 200, message: "success", data }
    }
}

impl<T: Serialize> IntoResponse for Success<T> {
    fn into_response(self) -> Response {
        json(StatusCode::OK, &self)
    }
}

/// What an error looks like.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = H5Error)]
pub(crate) struct ErrorBody {
    /// The HTTP status again.
    #[schema(example = 400)]
    code: u16,
    message: String,
}

/// The published page is told of WeChat's failures with 500, whatever they are.
fn is_wechats(code: Code) -> bool {
    matches!(
        code,
        Code::LoginRefused
            | Code::WeChatRefused
            | Code::WeChatBroken
            | Code::WeChatBusy
            | Code::WeChatTimeout
    )
}

pub(crate) fn refuse(refusal: &Refusal, mut response: Response) -> Response {
    let message = match &refusal.0 {
        Reason::Failure(failure) => {
            if is_wechats(failure.code) {
                *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            }
            words(failure, &refusal.0)
        }
        reason => own::detail(reason),
    };
    let body = ErrorBody { code: response.status().as_u16(), message };
    worded(response, &body)
}

fn words(failure: &Failure, reason: &Reason) -> String {
    match (failure.code, &failure.wechat) {
        (_, Some(wechat)) => format!("微信授权失败: {} (错误码: {})", wechat.reason, wechat.errcode),
        (Code::WeChatTimeout, _) => "微信授权失败: 微信服务器没有响应".to_owned(),
        (Code::WeChatBroken | Code::WeChatBusy, _) => "微信授权失败: 微信服务器暂时不可用".to_owned(),
        (Code::SnapshotUser, _) => "这是快照页，请点击页面底部的“使用完整服务”后重新授权".to_owned(),
        (Code::StateUnknown | Code::StateUsed, _) => "请求参数错误: state 无效、已使用或不属于此浏览器".to_owned(),
        // The words of the published server, which its clients show.
        (Code::Invalid, _) if failure.field.as_deref() == Some("code") && failure.detail.as_deref() == Some("is missing") => {
            "请求参数错误: Key: 'WechatAuthRequest.Code' Error:Field validation for 'Code' failed on the 'required' tag"
                .to_owned()
        }
        (Code::Invalid, _) => format!("请求参数错误: {}", own::detail(reason)),
        _ => own::detail(reason),
    }
}
