//! Getting the token, using it, and reporting that WeChat called it invalid.

use std::sync::Arc;

use weir_base::Secret;

use super::{AppToken, Holder, refresh, rows};
use crate::{
    App, Code, Failure, Outcome,
    audit::{Action, Entry},
};

/// The app's token. While one is good it is answered at once, from memory; its successor is fetched beside.
pub async fn token(app: &Arc<App>, appid: &str) -> Outcome<AppToken> {
    let holder = holder(app, appid)?;
    let now = app.clock.now();
    if let Some(token) = holder.good(now) {
        let ahead = app.settings.app_token.refresh_ahead.0;
        // Whoever finds the refreshing taken leaves it to that task.
        if token.expires_at.since(now) <= ahead
            && let Ok(turn) = Arc::clone(&holder.refreshing).try_lock_owned()
        {
            let (app, appid) = (Arc::clone(app), appid.to_owned());
            tokio::spawn(async move {
                if let Err(failure) = refresh::ahead(&app, &appid, turn).await {
                    tracing::warn!(
                        appid,
                        code = failure.code.as_str(),
                        cause = failure.chain(),
                        "the app's token was not renewed ahead"
                    );
                }
            });
        }
        return Ok(token);
    }
    refresh::needed(app, appid).await
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
            report_invalid(app, appid, first.version).await?;
            let second = token(app, appid).await?;
            if second.version == first.version {
                return Err(error.into());
            }
            let result = call(second.token.clone()).await;
            if result.as_ref().is_err_and(weir_wechat::Error::is_token_error) {
                report_invalid(app, appid, second.version).await?;
            }
            Ok(result?)
        }
        result => Ok(result?),
    }
}

/// WeChat called this version invalid: it, and only it, is not used again.
pub async fn report_invalid(app: &App, appid: &str, version: i64) -> Outcome<()> {
    let holder = holder(app, appid)?;
    if rows::report_invalid(&app.store, appid, version, app.clock.now()).await? == 1 {
        let detail = format!("version {version}");
        Entry::new(app, "system", Action::AppTokenInvalid, format!("app:{appid}"))
            .detail(detail)
            .write(&app.store)
            .await?;
    }
    // Only now: while the database is away there is no other token to be had.
    holder.forget(version);
    Ok(())
}

pub(super) fn holder<'a>(app: &'a App, appid: &str) -> Outcome<&'a Arc<Holder>> {
    app.app_tokens.get(appid).ok_or_else(|| {
        Failure::new(Code::NotConfigured).detail("the app is not configured: add it to [[apps]]")
    })
}
