//! Who may call what, and how it may be refused: one line for each operation. The API description takes security and
//! refusals from here, and a test fails for an operation that is missing.

use weir_core::apikey::Scope;

/// Who may call an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anybody, within the rate limits.
    Anyone,
    /// Whoever has a good user token.
    User,
    /// Whoever has a good token of the host application, or a good user token.
    Host,
    /// Whoever holds the poll token of the sign-in.
    Poll,
    /// Whoever has an API key with this scope (or `admin`).
    Key(Scope),
    /// Whoever has an API key with this scope, a user for themselves, and anybody where `engagement.open` is set.
    Party(Scope),
}

/// One operation of the API.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    pub method: &'static str,
    pub path: &'static str,
    pub access: Access,
    /// Every status other than success that it may answer, apart from 405, 500 and 503 which any may.
    pub refusals: &'static [u16],
}

const fn operation(
    method: &'static str,
    path: &'static str,
    access: Access,
    refusals: &'static [u16],
) -> Operation {
    Operation { method, path, access, refusals }
}

const LOGIN: &[u16] = &[400, 401, 413, 415, 429, 502, 504];
const WEB_LOGIN: &[u16] = &[400, 401, 413, 415, 422, 429, 502, 504];
const JSCONFIG: &[u16] = &[400, 403, 429, 502, 504];
const TOKENS: Access = Access::Key(Scope::TokensRead);
const TOKEN: &[u16] = &[401, 403, 404, 429, 502, 504];
const REPORT: &[u16] = &[400, 401, 403, 404, 413, 415, 429];
/// What can go wrong between a phone and WeChat.
const PHONE: &[u16] = &[400, 401, 403, 404, 409, 410, 413, 415, 422, 429, 502, 504];
const SEND: &[u16] = &[400, 401, 403, 404, 409, 413, 415, 422, 429, 502, 504];
const CRM_READ: Access = Access::Key(Scope::CrmRead);
/// What can go wrong with what somebody reports for themselves.
const PARTY: &[u16] = &[400, 401, 403, 409, 413, 415, 422, 429];
const COUNTERS: Access = Access::Key(Scope::UsersWrite);

/// Every operation, in the order of `contracts.md`.
pub const OPERATIONS: &[Operation] = &[
    operation("post", "/api/v1/auth/wx-login", Access::Anyone, LOGIN),
    operation("post", "/api/v1/auth/wechat-login", Access::Anyone, LOGIN),
    operation("post", "/api/v1/auth/cloud-login", Access::Anyone, &[400, 401, 403, 413, 415, 429]),
    operation("post", "/api/v1/auth/refresh", Access::User, &[401, 413]),
    operation("post", "/api/v1/auth/logout", Access::User, &[401, 413]),
    operation("post", "/api/v1/auth/phone", Access::User, &[400, 401, 413, 415, 422, 429, 502, 504]),
    operation("post", "/api/v1/auth/decrypt", Access::User, &[400, 401, 409, 413, 415, 422, 429]),
    operation("get", "/api/v1/auth/session", Access::User, &[401, 429, 502, 504]),
    operation("get", "/api/v1/users/me", Access::User, &[401]),
    operation("get", "/api/v1/user/profile", Access::User, &[401]),
    operation("patch", "/api/v1/users/me", Access::User, &[400, 401, 413, 415]),
    operation("delete", "/api/v1/users/me", Access::User, &[401, 413]),
    operation("patch", "/api/v1/users/{id}/counters", COUNTERS, &[400, 401, 403, 404, 413, 415, 429]),
    operation("post", "/auth/wechat", Access::Anyone, WEB_LOGIN),
    operation("post", "/api/auth/wechat", Access::Anyone, WEB_LOGIN),
    operation("post", "/auth/wechat/mini", Access::Anyone, LOGIN),
    operation("post", "/api/auth/wechat/mini", Access::Anyone, LOGIN),
    operation("post", "/api/wechat/auth", Access::Anyone, &[400, 413, 415, 422, 429]),
    operation("get", "/api/wechat/authorize-url", Access::Anyone, &[400, 403, 429]),
    operation("get", "/api/user/{openid}", Access::Anyone, &[429]),
    operation("post", "/api/wechat/openid", Access::Anyone, LOGIN),
    operation("post", "/api/advisor/subscribe", Access::Party(Scope::CrmWrite), PARTY),
    operation("get", "/api/advisor/subscriptions", CRM_READ, &[400, 401, 403, 429]),
    operation("post", "/api/customer/action", Access::Party(Scope::CrmWrite), PARTY),
    operation("get", "/api/customer/actions", CRM_READ, &[400, 401, 403, 429]),
    operation("get", "/api/leads", CRM_READ, &[400, 401, 403, 429]),
    operation("get", "/api/leads.csv", CRM_READ, &[400, 401, 403, 429]),
    operation("get", "/api/leads/{id}", CRM_READ, &[401, 403, 404, 429]),
    operation("post", "/api/message/send", Access::Key(Scope::MessagesSend), SEND),
    operation("get", "/api/messages", CRM_READ, &[400, 401, 403, 429]),
    operation("get", "/api/messages/{id}", CRM_READ, &[401, 403, 404, 429]),
    operation(
        "post",
        "/api/messages/{id}/retry",
        Access::Key(Scope::MessagesSend),
        &[401, 403, 404, 409, 413, 429],
    ),
    operation("get", "/api/advisor/subscriptions/{id}/ledger", CRM_READ, &[400, 401, 403, 404, 429]),
    operation("get", "/wechat/jsconfig", Access::Anyone, JSCONFIG),
    operation("get", "/api/wechat/jsconfig", Access::Anyone, JSCONFIG),
    operation("get", "/wechat/jsconfig/explain", Access::Anyone, &[400, 429]),
    operation("get", "/api/wechat/jsconfig/explain", Access::Anyone, &[400, 429]),
    operation("get", "/api/apps/{app}/access-token", TOKENS, TOKEN),
    operation("post", "/api/apps/{app}/access-token/invalid", TOKENS, REPORT),
    operation("get", "/api/apps/{app}/jsapi-ticket", TOKENS, TOKEN),
    operation("post", "/api/apps/{app}/jsapi-ticket/invalid", TOKENS, REPORT),
    operation("get", "/wechat/push/{app}", Access::Anyone, &[400, 403, 404]),
    operation("post", "/wechat/push/{app}", Access::Anyone, &[400, 403, 404, 413]),
    operation("get", "/api/pushes", Access::Key(Scope::CrmRead), &[400, 401, 403, 429]),
    operation("get", "/api/pushes/{id}", Access::Key(Scope::CrmRead), &[401, 403, 404, 429]),
    operation("post", "/api/pushes/{id}/replay", Access::Key(Scope::Admin), &[401, 403, 404, 409, 413, 429]),
    operation("get", "/cgi-bin/token", Access::Anyone, &[]),
    operation("post", "/cgi-bin/stable_token", Access::Anyone, &[413]),
    operation("get", "/cgi-bin/ticket/getticket", Access::Anyone, &[]),
    operation("post", "/api/wechat/generate-qr", Access::Host, &[401, 413, 429]),
    operation("get", "/api/wechat/status/{session_id}", Access::Host, &[401, 404]),
    operation("get", "/api/wechat/status/{session_id}/events", Access::Host, &[401, 404]),
    operation("get", "/api/wechat/status/{session_id}/qr", Access::Host, &[401, 404]),
    operation("post", "/api/wechat/bind", Access::Host, &[400, 401, 403, 413, 415]),
    operation("delete", "/api/wechat/unbind", Access::Host, &[401, 404, 413]),
    operation("get", "/api/wechat/binding", Access::Host, &[401]),
    operation("get", "/api/wechat/callback", Access::Anyone, PHONE),
    operation("post", "/api/wechat/qr-login", Access::Anyone, &[413, 429]),
    operation("get", "/api/wechat/qr-login/{session_id}", Access::Poll, &[401, 404, 429]),
    operation("get", "/api/wechat/qr-login/{session_id}/events", Access::Poll, &[401, 404, 429]),
    operation("get", "/s/{token}", Access::Anyone, &[403, 404, 409, 410, 429]),
    operation("post", "/s/decision", Access::Anyone, PHONE),
    operation("post", "/s/continue", Access::Anyone, PHONE),
    operation("get", "/api/health", Access::Anyone, &[429]),
    operation("get", "/api/live", Access::Anyone, &[429]),
    operation("get", "/metrics", Access::Anyone, &[429]),
    operation("get", "/openapi.json", Access::Anyone, &[429]),
    operation("get", "/.well-known/jwks.json", Access::Anyone, &[429]),
];
