//! Family D's envelope: `{code, message, data, timestamp}`, and for errors `{code, message, error, timestamp, path}`.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;
use weir_base::Timestamp;
use weir_core::{Code, Failure};

use crate::{
    json::{json, worded},
    observe::Asked,
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
    /// ISO 8601 in UTC with milliseconds.
    #[schema(example = "2026-11-20T08:00:00.000Z")]
    timestamp: String,
}

impl<T: Serialize> Success<T> {
    pub(crate) fn new(now: Timestamp, data: T) -> Self {
        Self { code: 200, message: "success", data, timestamp: now.iso() }
    }

    pub(crate) fn message(mut self, message: &'static str) -> Self {
        self.message = message;
        self
    }
}

impl<T: Serialize> IntoResponse for Success<T> {
    fn into_response(self) -> Response {
        json(StatusCode::OK, &self)
    }
}

/// What an error looks like.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ErrorBody {
    /// The HTTP status again.
    #[schema(example = 401)]
    code: u16,
    /// What went wrong and, where the caller can mend it, how.
    message: String,
    /// The HTTP reason.
    #[schema(value_type = String, example = "Unauthorized")]
    error: &'static str,
    timestamp: String,
    path: String,
}

pub(crate) fn refuse(refusal: &Refusal, asked: &Asked, response: Response) -> Response {
    let status = response.status();
    let body = ErrorBody {
        code: status.as_u16(),
        message: message(&refusal.0),
        error: status.canonical_reason().unwrap_or("Error"),
        timestamp: asked.at.iso(),
        path: asked.path.clone(),
    };
    worded(response, &body)
}

/// The reason in Chinese.
pub(crate) fn message(reason: &Reason) -> String {
    match reason {
        Reason::Failure(failure) => failure_message(failure),
        Reason::NoSuchPath => "接口不存在".to_owned(),
        Reason::MethodNotAllowed => "不支持该请求方法".to_owned(),
        Reason::TooLarge { limit } => format!("请求体过大，上限为 {limit} 字节"),
        Reason::UnsupportedMediaType => "请求体必须是 JSON (Content-Type: application/json)".to_owned(),
        Reason::Panicked => "服务器内部错误".to_owned(),
    }
}

fn failure_message(failure: &Failure) -> String {
    let text = match failure.code {
        Code::Invalid => {
            let field = failure.field.as_deref().unwrap_or("body");
            return format!("参数错误: {field} {}", failure.detail.as_deref().unwrap_or("is wrong"));
        }
        Code::LoginRefused => "微信登录失败",
        Code::SnapshotUser => "这是快照页，请点击“使用完整服务”后重新登录",
        Code::Unauthenticated => "未登录: 请携带 Authorization: Bearer <token>",
        Code::TokenInvalid => "无效的令牌，请重新登录",
        Code::TokenExpired => "登录已过期，请重新登录",
        Code::TokenRevoked => "登录已失效，请重新登录",
        Code::TokenReused => "该令牌已被刷新过，为安全起见会话已结束，请重新登录",
        Code::Forbidden => "没有权限",
        Code::NotFound => "资源不存在",
        Code::SessionStale => "session_stale: session_key 已失效，请重新调用 wx.login 后再试",
        Code::Impossible => "数据无法使用",
        Code::Underway => "相同的请求正在处理，请稍后再试",
        Code::RateLimited => "请求过于频繁，请稍后再试",
        Code::WeChatRefused => "微信接口调用失败",
        Code::WeChatBusy => "微信服务繁忙，请稍后再试",
        Code::WeChatTimeout => "微信服务响应超时，请稍后再试",
        Code::WeChatBroken => "微信服务异常，请稍后再试",
        Code::UserBound => "该用户已绑定微信",
        Code::WeChatBound => "该微信已绑定其他用户",
        Code::NotBound => "未绑定微信",
        Code::QrUnknown => "二维码不存在",
        Code::QrExpired => "二维码已过期",
        Code::QrTaken => "二维码已被其他手机扫描",
        Code::QrUsed => "二维码已使用",
        Code::StateUnknown => "state 无效",
        Code::StateUsed => "state 已使用",
        Code::NotRetryable => "消息正在发送或已发送",
        Code::CookieMissing => "缺少 Cookie",
        Code::ConsentDenied => "用户未授权",
        Code::NotConfigured => "服务未配置",
        Code::Unavailable => "服务暂时不可用，请稍后再试",
        Code::Internal => "服务器内部错误",
    };
    if let Some(wechat) = &failure.wechat {
        return format!("{text}: {} (错误码: {})", wechat.reason, wechat.errcode);
    }
    match &failure.detail {
        Some(detail) => format!("{text}: {detail}"),
        None => text.to_owned(),
    }
}
