use std::sync::Arc;

use weir_wechat::jssdk::{masked_string, signature, without_fragment};

use super::{
    Asked, Config, Explanation,
    explain::{findings, no_ticket},
    model::{NONCE, is_allowed, not_allowed, page},
};
use crate::{App, AppKind, AppSettings, Outcome, apptoken};

/// The app whose pages are signed: the official account that is named, else the first.
fn signer<'a>(app: &'a App, named: Option<&str>) -> Outcome<&'a AppSettings> {
    app.app_of(AppKind::OfficialAccount, "app", named)
}

/// Signs a page's address: without its fragment, otherwise byte for byte as it was sent.
pub async fn config(app: &Arc<App>, named: Option<&str>, url: &str) -> Outcome<Config> {
    let settings = signer(app, named)?;
    let page = page(url)?;
    if !is_allowed(settings, &page) {
        return Err(not_allowed(settings, &page));
    }
    sign(app, settings, without_fragment(url)).await
}

async fn sign(app: &Arc<App>, settings: &AppSettings, url: &str) -> Outcome<Config> {
    let ticket = apptoken::flow::ticket(app, &settings.appid).await?;
    let (nonce, timestamp) = (app.dice.alphanumeric(NONCE), app.clock.now().seconds());
    let signature = signature(&ticket.token, &nonce, timestamp, url);
    Ok(Config { appid: settings.appid.clone(), timestamp, nonce, signature })
}

/// What is signed for this address, to the letter, and what is wrong with it. Signs nothing that [`config`] would not.
pub async fn explain(app: &Arc<App>, named: Option<&str>, asked: &Asked<'_>) -> Outcome<Explanation> {
    let settings = signer(app, named)?;
    let url = without_fragment(asked.url);
    let page = page(asked.url);
    let mut findings = findings(settings, asked, page.as_ref().ok());
    let mut config = None;
    if page.is_ok_and(|page| is_allowed(settings, &page)) {
        match sign(app, settings, url).await {
            Ok(signed) => config = Some(signed),
            Err(failure) => findings.insert(0, no_ticket(&failure)),
        }
    }
    let string = match &config {
        Some(config) => masked_string(&config.nonce, config.timestamp, url),
        None => masked_string("…", app.clock.now().seconds(), url),
    };
    Ok(Explanation { appid: settings.appid.clone(), url: url.to_owned(), string, config, findings })
}
