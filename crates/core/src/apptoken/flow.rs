//! Getting the token, using it, and reporting that WeChat called it invalid.

use std::sync::Arc;

use weir_base::Secret;

use super::{AppToken, Holder, Kind, refresh, rows};
use crate::{
    App, Code, Failure, Outcome,
    audit::{Action, Entry},
};

/// The app's access_token.
pub async fn token(app: &Arc<App>, appid: &str) -> Outcome<AppToken> {
    current(app, appid, Kind::AccessToken).await
}

/// The ticket that signs the app's pages for the JS-SDK.
pub async fn ticket(app: &Arc<App>, appid: &str) -> Outcome<AppToken> {
    current(app, appid, Kind::JsapiTicket).await
}

/// The app's token or ticket. While one is good it is answered at once, from memory; its successor is fetched beside.
pub async fn current(app: &Arc<App>, appid: &str, kind: Kind) -> Outcome<AppToken> {
    let holder = holder(app, appid, kind)?;
    let now = app.clock.now();
    let Some(token) = holder.good(now) else { return refresh::needed(app, appid, kind).await };
    let ahead = app.settings.app_token.refresh_ahead.0;
    // Whoever finds the refreshing taken leaves it to that task.
    if token.expires_at.since(now) <= ahead
        && holder.may_have_next(token.version)
        && let Ok(turn) = Arc::clone(&holder.refreshing).try_lock_owned()
    {
        let (app, appid) = (Arc::clone(app), appid.to_owned());
        tokio::spawn(async move {
            if let Err(failure) = refresh::ahead(&app, &appid, kind, turn).await {
                tracing::warn!(
                    appid,
                    kind = kind.as_str(),
                    code = failure.code.as_str(),
                    cause = failure.chain(),
                    "the app's token was not renewed ahead"
                );
            }
        });
    }
    Ok(token)
}

/// Calls WeChat with the app's token. A token that WeChat calls invalid is replaced, once.
pub async fn with_token<T, F, C>(app: &Arc<App>, appid: &str, call: C) -> Outcome<T>
where
    C: Fn(Secret) -> F,
    F: Future<Output = Result<T, weir_wechat::Error>>,
{
    let first = token(app, appid).await?;
    match call(first.token.clone()).await {
        Err(error) if error.is_token_error() => {
            report_invalid(app, appid, Kind::AccessToken, first.version).await?;
            let second = token(app, appid).await?;
            if second.version == first.version {
                return Err(error.into());
            }
            let result = call(second.token.clone()).await;
            if result.as_ref().is_err_and(weir_wechat::Error::is_token_error) {
                report_invalid(app, appid, Kind::AccessToken, second.version).await?;
            }
            Ok(result?)
        }
        result => Ok(result?),
    }
}

/// WeChat called this version invalid: it, and only it, is not used again. Whether this was the report that told us.
pub async fn report_invalid(app: &App, appid: &str, kind: Kind, version: i64) -> Outcome<bool> {
    report(app, "system".to_owned(), appid, kind, version).await
}

/// The same, told by whoever uses the token.
pub(super) async fn report(app: &App, by: String, appid: &str, kind: Kind, version: i64) -> Outcome<bool> {
    let holder = holder(app, appid, kind)?;
    let news = rows::report_invalid(&app.store, appid, kind, version, app.clock.now()).await? == 1;
    if news {
        Entry::new(app, by, Action::AppTokenInvalid, format!("app:{appid}"))
            .detail(detail(kind, version))
            .write(&app.store)
            .await?;
    }
    // Only now: while the database is away there is no other token to be had.
    holder.forget(version);
    Ok(news)
}

/// What the trail says of a version.
pub(super) fn detail(kind: Kind, version: i64) -> String {
    match kind {
        Kind::AccessToken => format!("version {version}"),
        Kind::JsapiTicket => format!("jsapi_ticket version {version}"),
    }
}

pub(super) fn holder<'a>(app: &'a App, appid: &str, kind: Kind) -> Outcome<&'a Arc<Holder>> {
    let holders = app.app_tokens.get(appid).ok_or_else(|| {
        Failure::new(Code::NotConfigured).detail("the app is not configured: add it to [[apps]]")
    })?;
    Ok(holders.of(kind))
}
