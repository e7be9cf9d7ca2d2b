//! Tokens for other services: one token for all who call WeChat for an app, so that nobody retires another's.

use std::sync::{Arc, PoisonError};

use weir_base::Secret;

use super::{AppToken, Kind, flow, refresh};
use crate::{
    App, AppKind, AppSettings, Code, Failure, Outcome,
    apikey::ApiKey,
    audit::{Action, Entry},
};

/// The app that `named` (a name or an appid) means, if it has what is asked for.
pub fn app_named<'a>(app: &'a App, kind: Kind, named: &str) -> Outcome<&'a AppSettings> {
    let found = app.settings.apps.iter().find(|app| app.name == named || app.appid == named);
    let found = found.ok_or_else(|| Failure::new(Code::NotFound).detail("there is no such app"))?;
    match (kind, found.kind) {
        (_, AppKind::Website) => Err(none(found, "a website app has no tokens of its own")),
        (Kind::JsapiTicket, AppKind::MiniProgram) => {
            Err(none(found, "only official accounts have a jsapi_ticket"))
        }
        _ => Ok(found),
    }
}

fn none(app: &AppSettings, why: &str) -> Failure {
    Failure::new(Code::NotFound).detail(format!("{:?} is a {}: {why}", app.name, app.kind.words()))
}

/// Gives the app's token or ticket to whoever holds the key. The trail says who got which version.
pub async fn give(app: &Arc<App>, key: &ApiKey, appid: &str, kind: Kind) -> Outcome<AppToken> {
    let token = flow::current(app, appid, kind).await?;
    if is_news(app, key, appid, kind, token.version)? {
        Entry::new(app, format!("key:{}", key.id), Action::AppTokenGiven, format!("app:{appid}"))
            .detail(flow::detail(kind, token.version))
            .write(&app.store)
            .await?;
    }
    Ok(token)
}

/// Whether this process has not given this version to this key before.
fn is_news(app: &App, key: &ApiKey, appid: &str, kind: Kind, version: i64) -> Outcome<bool> {
    let given = &flow::holder(app, appid, kind)?.given;
    let mut given = given.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(given.insert(key.id.clone(), version) != Some(version))
}

/// WeChat called this version invalid, says the holder of the key. Whether it was news.
pub async fn report(app: &App, key: &ApiKey, appid: &str, kind: Kind, version: i64) -> Outcome<bool> {
    flow::report(app, format!("key:{}", key.id), appid, kind, version).await
}

/// The appid of the official account whose access_token this is, or was until a few minutes ago.
pub async fn whose(app: &Arc<App>, access_token: &Secret) -> Outcome<Option<String>> {
    for settings in app.settings.apps.iter().filter(|app| app.kind == AppKind::OfficialAccount) {
        if refresh::is_known(app, &settings.appid, access_token).await? {
            return Ok(Some(settings.appid.clone()));
        }
    }
    Ok(None)
}
