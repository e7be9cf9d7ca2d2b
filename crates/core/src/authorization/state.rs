//! States: made by us, given to WeChat's pages, and good for one browser and one code. The page that WeChat sends people
//! back to stands on an allow-list, to the letter.

use std::{sync::Arc, time::Duration};

use url::Url;
use weir_base::secret::same;
use weir_wechat::Scope;

use super::{
    flow::{self, LoggedIn, Login},
    model::StateRow,
    relay, rows,
};
use crate::{
    App, AppKind, Code, Failure, Outcome, account::model::text, exchange, qr::model::digest_of, web::origin,
};

/// What every state of ours begins with, so that one that we do not know is told from a page's own.
const BEGINNING: &str = "weir";
const LENGTH: usize = 32;
/// WeChat takes no longer state.
const STATE_MAX: usize = 128;
const CLIENT_STATE_MAX: usize = 512;
const REDIRECT_MAX: usize = 2048;
/// How long somebody may take to consent.
const GOOD_FOR: Duration = Duration::from_secs(600);
/// Our own page, where somebody goes on who came without one.
pub const OWN_PAGE: &str = "/wechat/frontend-driven";
const CONTINUE: &str = "continue";

/// What a page asks for.
pub struct Asked<'a> {
    pub redirect: Option<&'a str>,
    pub scope: Option<&'a str>,
    pub app: Option<&'a str>,
    /// The site's own state, which a relay gives back to it.
    pub state: Option<&'a str>,
    /// What binds the state, or a relay's code, to the page: the SHA-256 of a secret of its own, in base64url (RFC 7636,
    /// S256).
    pub challenge: Option<&'a str>,
    /// The browser's cookie, if it has one.
    pub browser: Option<&'a str>,
    pub in_wechat: bool,
}

/// Where to send the browser.
pub struct Prepared {
    pub url: String,
    pub state: String,
    /// The cookie that knows the browser again.
    pub browser: String,
}

/// The address of WeChat's page for this browser, with a state of ours.
///
/// # Errors
/// [`Code::Forbidden`] for a page that is not on the list; [`Code::Invalid`] for a scope or an app that is none.
pub async fn prepare(app: &App, asked: &Asked<'_>) -> Outcome<Prepared> {
    let scope = match asked.scope {
        None | Some("snsapi_userinfo" | "snsapi_login") => Scope::UserInfo,
        Some("snsapi_base") => Scope::Base,
        Some(_) => {
            return Err(Failure::invalid("scope", "is none of snsapi_userinfo, snsapi_base, snsapi_login"));
        }
    };
    text("state", asked.state, CLIENT_STATE_MAX)?;
    if asked.challenge.is_some_and(|challenge| !is_browser(challenge)) {
        return Err(Failure::invalid("code_challenge", "is no SHA-256 in base64url: 43 characters"));
    }
    let has_website = app.settings.apps.iter().any(|app| app.kind == AppKind::Website);
    // WeChat's own pages open in WeChat only; its double opens in every browser.
    let elsewhere = !asked.in_wechat && !app.settings.sandbox;
    let of = match asked.app {
        None if has_website && (elsewhere || asked.scope == Some("snsapi_login")) => {
            app.app_of(AppKind::Website, "app", None)?
        }
        named => flow::web_app(app, named)?,
    };
    let (redirect_uri, relay) = match asked.redirect {
        None => (app.web.redirect_uri.clone(), None),
        Some(redirect) => allowed(app, redirect)?,
    };
    let browser = asked.browser.filter(|browser| is_browser(browser)).map(str::to_owned);
    let browser = browser.unwrap_or_else(|| app.dice.token::<32>());
    let state = format!("{BEGINNING}{}", app.dice.alphanumeric(LENGTH - BEGINNING.len()));
    let expires_at = app.clock.now().plus(GOOD_FOR);
    let (digest, of_browser) = (digest_of(&state), digest_of(&browser));
    let (redirect, relay) = (asked.redirect, relay.as_deref());
    let (of_app, given, challenge) = (&of.appid, asked.state, asked.challenge);
    rows::insert_state(
        &app.store,
        &digest,
        &of_browser,
        of_app,
        redirect,
        relay,
        given,
        challenge,
        expires_at,
    )
    .await?;
    let url = match of.kind {
        AppKind::Website => app.wechat.qrconnect_url(&of.appid, &redirect_uri, &state),
        _ => app.wechat.authorize_url(&of.appid, &redirect_uri, scope, &state),
    };
    Ok(Prepared { url, state, browser })
}

/// The address that WeChat is given for a page, and the name of the site when our callback stands in for it.
fn allowed(app: &App, redirect: &str) -> Outcome<(String, Option<String>)> {
    text("redirect", Some(redirect), REDIRECT_MAX)?;
    let settings = &app.settings.web;
    if settings.redirects.iter().any(|page| page == redirect) {
        return Ok((redirect.to_owned(), None));
    }
    let relays = settings.relays.iter().filter_map(|relay| relay.split_once('='));
    if let Some((name, _)) = relays.into_iter().find(|(_, address)| *address == redirect) {
        return Ok((app.web.redirect_uri.clone(), Some(name.to_owned())));
    }
    let own = Url::parse(redirect).is_ok_and(|url| {
        let bare = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
        // To the letter, so that no parser can see another host in it than we do.
        let is_under = |origin: &str| redirect.strip_prefix(origin).is_some_and(|rest| rest.starts_with('/'));
        let own = origin(&app.web.public_url);
        let local = || own.replace("//127.0.0.1", "//localhost");
        bare && (is_under(&own) || (app.settings.sandbox && is_under(&local())))
    });
    if own {
        return Ok((redirect.to_owned(), None));
    }
    Err(Failure::new(Code::Forbidden).detail(
        "redirect is not allowed: add the page, to the letter, to web.redirects (or to web.relays, as NAME=ADDRESS)",
    ))
}

/// 43 characters of base64url, as we give them out.
fn is_browser(text: &str) -> bool {
    text.len() == 43 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

/// What the state of a login proves.
pub(super) enum Proof {
    /// It is ours, was given to this browser, and for this app.
    Given(String),
    /// The page did not ask us for one.
    NotAsked,
}

/// Looks at the state of a login. A page that asked for one must bring it back, from the same browser, with one code: by
/// its cookie, or by the secret behind its challenge.
pub(super) async fn check(app: &App, login: &Login<'_>) -> Outcome<Proof> {
    let refused = || Failure::new(Code::StateUnknown);
    let state = login.state.filter(|state| !state.is_empty());
    let is_ours = state.is_some_and(|state| state.len() == LENGTH && state.starts_with(BEGINNING));
    if !is_ours && !app.settings.h5.require_state && !waits(app, login.browser).await? {
        return Ok(Proof::NotAsked);
    }
    let state = state.filter(|state| state.len() <= STATE_MAX).ok_or_else(refused)?;
    let digest = digest_of(state);
    let now = app.clock.now();
    let row = rows::find_state(&app.store, &digest, now).await?.ok_or_else(refused)?;
    // A page of another site has no cookies with us: its secret knows it again (decision 0037).
    let is_askers = match &row.code_challenge {
        Some(challenge) => relay::is_answered(challenge, login.verifier),
        None => is_of(&row, login.browser),
    };
    if !is_askers {
        return Err(refused());
    }
    if rows::take_state(&app.store, &digest, &digest_of(login.code), now).await? == 0 {
        return Err(refused());
    }
    Ok(Proof::Given(row.appid))
}

/// Whether the browser has asked us for a state that has not come back yet. Afterwards its pages may use their own.
async fn waits(app: &App, browser: Option<&str>) -> Outcome<bool> {
    let Some(browser) = browser.filter(|browser| is_browser(browser)) else { return Ok(false) };
    Ok(rows::waits(&app.store, &digest_of(browser), app.clock.now()).await? > 0)
}

fn is_of(row: &StateRow, browser: Option<&str>) -> bool {
    browser.is_some_and(|browser| same(digest_of(browser).as_bytes(), row.browser_digest.as_bytes()))
}

/// Where a browser goes on that WeChat has sent to our callback.
pub enum Back {
    To {
        location: String,
        login: Option<Box<LoggedIn>>,
    },
    /// It came without its cookie: it may be another's. Ask before anybody is logged in (pain 17).
    Ask {
        nickname: String,
        token: String,
        browser: String,
    },
}

/// WeChat has sent a browser to our callback with a state of ours. `None` for a state that is not.
pub async fn come_back(
    app: &Arc<App>,
    state: &str,
    code: Option<&str>,
    browser: Option<&str>,
) -> Outcome<Option<Back>> {
    if state.is_empty() || state.len() > STATE_MAX {
        return Ok(None);
    }
    let row = rows::find_state(&app.store, &digest_of(state), app.clock.now()).await?;
    let Some(row) = row else { return Ok(None) };
    let Some(code) = code.filter(|code| !code.is_empty()) else {
        return match (&row.relay, &row.redirect) {
            (Some(_), Some(address)) => {
                let location = relay::denied(address, row.client_state.as_deref())?;
                Ok(Some(Back::To { location, login: None }))
            }
            _ => Err(Failure::new(Code::ConsentDenied)),
        };
    };
    // A code that is bound to a page's secret is good for nobody else, whichever browser it comes to.
    if row.relay.is_some() && row.code_challenge.is_some() {
        return finish(app, &row, state, code).await.map(Some);
    }
    match browser.filter(|browser| is_browser(browser)) {
        Some(_) if is_of(&row, browser) => finish(app, &row, state, code).await.map(Some),
        Some(_) => Err(Failure::new(Code::StateUnknown)),
        None => {
            let person = person(app, &row, state, code).await?;
            let nickname = person.info.map(|info| info.nickname).unwrap_or_default();
            let browser = app.dice.token::<32>();
            let what = serde_json::to_string(&(state, code)).unwrap_or_default();
            let token = app.sealer.seal(&what, &format!("{CONTINUE}:{}", digest_of(&browser)));
            Ok(Some(Back::Ask { nickname, token, browser }))
        }
    }
}

/// The tap on "continue as …", from the browser that was asked.
pub async fn go_on(app: &Arc<App>, token: &str, browser: Option<&str>) -> Outcome<Back> {
    let browser = browser.ok_or_else(|| Failure::new(Code::CookieMissing))?;
    let refused = || Failure::new(Code::StateUnknown);
    let what = app.sealer.open(token, &format!("{CONTINUE}:{}", digest_of(browser)));
    let what = what.map_err(|_| refused())?;
    let (state, code): (String, String) = serde_json::from_str(what.expose()).map_err(|_| refused())?;
    let row = rows::find_state(&app.store, &digest_of(&state), app.clock.now()).await?;
    finish(app, &row.ok_or_else(refused)?, &state, &code).await
}

async fn person(app: &Arc<App>, row: &StateRow, state: &str, code: &str) -> Outcome<exchange::WebPerson> {
    let taken = rows::take_state(&app.store, &digest_of(state), &digest_of(code), app.clock.now()).await?;
    if taken == 0 {
        return Err(Failure::new(Code::StateUsed));
    }
    exchange::exchange(app, app.app(&row.appid)?, code, None).await
}

async fn finish(app: &Arc<App>, row: &StateRow, state: &str, code: &str) -> Outcome<Back> {
    let person = person(app, row, state, code).await?;
    if let (Some(_), Some(address)) = (&row.relay, &row.redirect) {
        let location = relay::hand_on(app, person, address, row).await?;
        return Ok(Back::To { location, login: None });
    }
    let login = flow::open(app, person).await?;
    // What follows the # does not leave the browser.
    let location = format!("{OWN_PAGE}#openid={}", login.authorization.openid);
    Ok(Back::To { location, login: Some(Box::new(login)) })
}
