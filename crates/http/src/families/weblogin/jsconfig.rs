use axum::{
    extract::State,
    http::{HeaderMap, header},
};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use weir_core::{
    Failure,
    jssdk::{self, Asked, Config, Explanation, Finding, Level},
};

use super::envelope::Success;
use crate::{
    Shared,
    extract::{Query, Stranger},
    problem::Refusal,
};

/// The fields that these paths take; others were meant for the page.
const FIELDS: [&str; 2] = ["url", "app"];

/// What to sign.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the query, which is read as it came")]
struct JsConfigQuery {
    /// The page's address: `encodeURIComponent(location.href.split('#')[0])`. Signed without its fragment, otherwise byte for byte.
    url: String,
    /// The official account, by name or appid, where there are several. The first when it is not given.
    app: Option<String>,
}

/// What `wx.config` wants.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct JsConfigData {
    #[schema(example = "wx2000000000000002")]
    app_id: String,
    /// Seconds since the Unix epoch.
    timestamp: i64,
    /// 16 letters or digits.
    nonce_str: String,
    /// SHA-1 in hex.
    signature: String,
}

impl From<Config> for JsConfigData {
    fn from(config: Config) -> Self {
        Self {
            app_id: config.appid,
            timestamp: config.timestamp,
            nonce_str: config.nonce,
            signature: config.signature,
        }
    }
}

/// Sign a page's address for the JS-SDK.
#[utoipa::path(get, path = "/wechat/jsconfig", tag = "web-login", operation_id = "jsconfig", params(JsConfigQuery),
    responses((status = 200, description = "The page's signature", body = Success<JsConfigData>)))]
pub(super) async fn jsconfig(
    _: Stranger,
    State(server): State<Shared>,
    query: Query,
) -> Result<Success<JsConfigData>, Refusal> {
    let (app, url) = (query.get("app")?, query.get("url")?.unwrap_or_default());
    let config = jssdk::flow::config(&server.app, app.as_deref(), &url).await?;
    Ok(Success::new(server.app.clock.now(), config.into()))
}

/// The same as `/wechat/jsconfig`.
#[utoipa::path(get, path = "/api/wechat/jsconfig", tag = "web-login", operation_id = "apiJsconfig", params(JsConfigQuery),
    responses((status = 200, description = "The page's signature", body = Success<JsConfigData>)))]
pub(super) async fn api_jsconfig(
    stranger: Stranger,
    server: State<Shared>,
    query: Query,
) -> Result<Success<JsConfigData>, Refusal> {
    jsconfig(stranger, server, query).await
}

/// What is signed, to the letter, and what is wrong with it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ExplainData {
    app_id: String,
    /// Whether the page can be signed and nothing speaks against the signature.
    ok: bool,
    /// The part of the address that is signed.
    url: String,
    /// The text that is signed, with dots for the ticket.
    string: String,
    /// The signature of this very text; null when the page may not be signed.
    config: Option<JsConfigData>,
    /// What to know, the worst first.
    findings: Vec<FindingData>,
}

/// One thing to know, and how to mend it.
#[derive(Serialize, ToSchema)]
pub(super) struct FindingData {
    /// `error`, `warning` or `hint`.
    #[schema(value_type = String, example = "error")]
    level: Level,
    /// `not_a_page`, `encoded_twice`, `not_encoded`, `host_not_allowed`, `port`, `maybe_encoded_twice`, `code_left_in`,
    /// `not_as_the_browser_has_it`, `fragment`, `ios_first_address` or `no_ticket`.
    #[schema(value_type = String, example = "encoded_twice")]
    code: &'static str,
    message: String,
    /// The same in Chinese.
    message_zh: String,
}

impl From<Finding> for FindingData {
    fn from(finding: Finding) -> Self {
        Self {
            level: finding.level,
            code: finding.code,
            message: finding.english,
            message_zh: finding.chinese,
        }
    }
}

impl From<Explanation> for ExplainData {
    fn from(told: Explanation) -> Self {
        let worst = told.findings.iter().map(|finding| finding.level).max();
        Self {
            app_id: told.appid,
            ok: told.config.is_some() && worst.is_none_or(|worst| worst == Level::Hint),
            url: told.url,
            string: told.string,
            config: told.config.map(JsConfigData::from),
            findings: told.findings.into_iter().map(FindingData::from).collect(),
        }
    }
}

/// Why a signature does not fit: the exact text that is signed, and what is wrong with the address.
#[utoipa::path(get, path = "/wechat/jsconfig/explain", tag = "web-login", operation_id = "explainJsconfig", params(JsConfigQuery),
    responses((status = 200, description = "What is signed and what is wrong", body = Success<ExplainData>)))]
pub(super) async fn explain(
    _: Stranger,
    State(server): State<Shared>,
    query: Query,
    headers: HeaderMap,
) -> Result<Success<ExplainData>, Refusal> {
    let url = query.get("url")?.ok_or_else(|| Failure::invalid("url", "is missing"))?;
    let app = query.get("app")?;
    let user_agent =
        headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    let strays = query.names().filter(|name| !FIELDS.contains(name)).collect();
    let asked = Asked { url: &url, strays, user_agent };
    let told = jssdk::flow::explain(&server.app, app.as_deref(), &asked).await?;
    Ok(Success::new(server.app.clock.now(), told.into()))
}

/// The same as `/wechat/jsconfig/explain`.
#[utoipa::path(get, path = "/api/wechat/jsconfig/explain", tag = "web-login", operation_id = "apiExplainJsconfig", params(JsConfigQuery),
    responses((status = 200, description = "What is signed and what is wrong", body = Success<ExplainData>)))]
pub(super) async fn api_explain(
    stranger: Stranger,
    server: State<Shared>,
    query: Query,
    headers: HeaderMap,
) -> Result<Success<ExplainData>, Refusal> {
    explain(stranger, server, query, headers).await
}
