//! `/cgi-bin/*`: tokens, quotas and network tools (wechat-protocol.md, section C).

use std::borrow::Cow;

use serde_json::Value;

use crate::{
    Simulator,
    answer::Refusal,
    world::{App, AppKey, AppKind, World, tokens::Handed},
};

use super::{Call, credentials};

const OK: &str = r#"{"errcode":0,"errmsg":"ok"}"#;

/// Daily limit that is told for a path without one.
const UNLIMITED: u64 = 1_000_000_000;

/// Kinds that have an access_token of their own; websites have only people's.
const WITH_TOKEN: &[AppKind] = &[AppKind::MiniProgram, AppKind::OfficialAccount];

/// `GET /cgi-bin/token?grant_type&appid&secret` → `{"access_token","expires_in"}`, no errcode.
pub fn token(simulator: &Simulator, call: &Call<'_>) -> Result<String, Refusal> {
    let world = simulator.world();
    let (appid, secret, grant_type) = (call.param("appid"), call.param("secret"), call.param("grant_type"));
    let app = token_app(&world, call, appid.as_deref(), secret.as_deref(), grant_type.as_deref())?;
    simulator.quotas().take(app, call.path, call.now)?;
    Ok(handed(&simulator.tokens().issue(app.0, call.now, simulator.dice())))
}

/// `POST /cgi-bin/stable_token {grant_type, appid, secret, force_refresh?}` → as [`token`].
pub fn stable_token(simulator: &Simulator, call: &Call<'_>) -> Result<String, Refusal> {
    let world = simulator.world();
    let (appid, secret) = (call.field("appid")?, call.field("secret")?);
    let app = token_app(&world, call, appid, secret, call.field("grant_type")?)?;
    let force = match call.json()?.get("force_refresh") {
        None | Some(Value::Null) => false,
        Some(Value::Bool(force)) => *force,
        Some(_) => return Err(Refusal::of(47001)),
    };
    simulator.quotas().take(app, call.path, call.now)?;
    Ok(handed(&simulator.tokens().stable(app.0, force, call.now, simulator.dice())?))
}

/// The app that asks for a token. The appid is looked at before the grant_type.
fn token_app<'w>(
    world: &'w World,
    call: &Call<'_>,
    appid: Option<&str>,
    secret: Option<&str>,
    grant_type: Option<&str>,
) -> Result<(AppKey, &'w App), Refusal> {
    let (key, app) = credentials::app(world, appid, WITH_TOKEN)?;
    if grant_type != Some("client_credential") {
        return Err(Refusal::of(40002));
    }
    credentials::check_secret(app, secret)?;
    credentials::check_address(app, call)?;
    Ok((key, app))
}

fn handed(handed: &Handed) -> String {
    format!(r#"{{"access_token":"{}","expires_in":{}}}"#, handed.token, handed.expires_in)
}

/// `POST /cgi-bin/clear_quota?access_token {appid}`: the day's counts of the app begin anew.
pub fn clear_quota(simulator: &Simulator, call: &Call<'_>) -> Result<String, Refusal> {
    let world = simulator.world();
    let (key, app) = credentials::bearer(simulator, &world, call)?;
    if call.field("appid")? != Some(app.appid.as_str()) {
        return Err(Refusal::of(40013));
    }
    clear(simulator, key, app, call)
}

/// `POST /cgi-bin/clear_quota/v2 {appid, appsecret}`, in the body or in the query: the same without a token.
pub fn clear_quota_v2(simulator: &Simulator, call: &Call<'_>) -> Result<String, Refusal> {
    let given = |name: &str| match call.param(name) {
        Some(value) => Some(value),
        None => call.field(name).ok().flatten().map(Cow::Borrowed),
    };
    let world = simulator.world();
    let (key, app) = credentials::app(&world, given("appid").as_deref(), WITH_TOKEN)?;
    credentials::check_secret(app, given("appsecret").as_deref())?;
    clear(simulator, key, app, call)
}

fn clear(simulator: &Simulator, key: AppKey, app: &App, call: &Call<'_>) -> Result<String, Refusal> {
    simulator.quotas().clear_app(key, call.now)?;
    simulator.faults().clear_quota(&app.appid);
    Ok(OK.to_owned())
}

/// `GET /cgi-bin/get_api_domain_ip?access_token` → `{"ip_list": […]}`: where this WeChat is, which is here.
pub fn get_api_domain_ip(simulator: &Simulator, call: &Call<'_>) -> Result<String, Refusal> {
    credentials::bearer(simulator, &simulator.world(), call)?;
    Ok(String::from(r#"{"ip_list":["127.0.0.1"]}"#))
}

/// `GET /cgi-bin/getcallbackip?access_token` → `{"ip_list": […]}`: where pushes come from, which is here too.
pub fn getcallbackip(simulator: &Simulator, call: &Call<'_>) -> Result<String, Refusal> {
    get_api_domain_ip(simulator, call)
}

/// `POST /cgi-bin/openapi/quota/get?access_token {cgi_path}` → the day's limit and count, and the minute's limit.
pub fn quota(simulator: &Simulator, call: &Call<'_>) -> Result<String, Refusal> {
    let world = simulator.world();
    let app = credentials::bearer(simulator, &world, call)?;
    let path = call.field("cgi_path")?.unwrap_or_default();
    if !path.starts_with('/') {
        return Err(Refusal::of(76003));
    }
    if path.starts_with("/sns/") {
        return Err(Refusal::of(76022));
    }
    let endpoint = super::ENDPOINTS.iter().find(|endpoint| endpoint.path == path);
    let path = endpoint.ok_or_else(|| Refusal::of(76021))?.path;
    let spent = simulator.quotas().spent(app, path, call.now);
    // What is not limited has a limit that nobody reaches.
    let daily = spent.per_day.unwrap_or(UNLIMITED);
    let minute = spent.per_minute.map_or(String::new(), |limit| {
        format!(r#","rate_limit":{{"call_count":{limit},"refresh_second":60}}"#)
    });
    Ok(format!(
        r#"{{"errcode":0,"errmsg":"ok","quota":{{"daily_limit":{daily},"used":{},"remain":{}}}{minute}}}"#,
        spent.used,
        daily.saturating_sub(spent.used),
    ))
}
