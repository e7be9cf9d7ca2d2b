//! Logging in with the code of WeChat's web pages, and who may see what was told then.

use std::sync::Arc;

use weir_store::{StoreError, Tx};
use weir_wechat::UserInfo;

use super::{
    Authorization,
    model::GOOD_FOR,
    relay, rows,
    state::{self, Proof as StateProof},
};
use crate::{
    App, AppKind, AppSettings, Code, Failure, Outcome,
    account::{
        ProfileChange,
        model::{AVATAR_MAX, NICKNAME_MAX},
    },
    binding,
    exchange::{self, Asker, WebPerson},
    host::HostUser,
    identity::Proof,
    session::{self, Caller, Opened, SessionId},
};

const COOKIE: &str = "h5 cookie";

/// What a login brings.
pub struct LoggedIn {
    pub opened: Opened,
    pub authorization: Authorization,
    /// Proves to us later that a browser is this person's. Dies with the session.
    pub cookie: String,
}

/// What a page sends to log somebody in.
pub struct Login<'a> {
    /// WeChat's code, or one of ours (`wr_…`).
    pub code: &'a str,
    pub state: Option<&'a str>,
    /// The app that the code is of, where no state of ours tells it. The first official account by default.
    pub app: Option<&'a str>,
    /// The browser's cookie.
    pub browser: Option<&'a str>,
    /// The secret behind the page's `code_challenge`.
    pub verifier: Option<&'a str>,
    /// The site whose page asks, as its browser says.
    pub origin: Option<&'a str>,
    /// Where it comes from.
    pub asker: Asker,
    /// The host's user who is signed in on the page, if one is.
    pub host: Option<HostUser>,
}

/// Somebody has consented on a page: finds or creates their account, the same as their mini-program's, and opens a
/// session. A state is looked at before the code is spent.
///
/// # Errors
/// As [`exchange::exchange`] and [`state::check`].
pub async fn login(app: &Arc<App>, login: &Login<'_>) -> Outcome<LoggedIn> {
    if login.code.is_empty() {
        return Err(Failure::invalid("code", "is missing"));
    }
    if let Some(person) = relay::redeem(app, login).await? {
        return open(app, person).await;
    }
    let (of, is_proof) = match state::check(app, login).await? {
        StateProof::Given(appid) => (app.app(&appid)?, true),
        StateProof::NotAsked => (web_app(app, login.app)?, false),
    };
    // A state of ours has bound the code to its browser already.
    let asker = (!is_proof).then_some(&login.asker);
    let person = exchange::exchange(app, of, login.code, asker).await?;
    // Only with a state of ours: without one the code may be one that somebody else slipped to the page.
    if let Some(host) = login.host.as_ref().filter(|_| is_proof) {
        binding::flow::record_proof(app, host, person.clone()).await?;
    }
    open(app, person).await
}

/// The app whose pages `named` means, by name or appid; else the first official account.
pub fn web_app<'a>(app: &'a App, named: Option<&str>) -> Outcome<&'a AppSettings> {
    match named {
        None => app.app_of(AppKind::OfficialAccount, "app", None),
        Some(named) => {
            let mut web = app.settings.apps.iter().filter(|app| app.kind != AppKind::MiniProgram);
            let found = web.find(|app| app.name == named || app.appid == named);
            match (found, named) {
                (Some(found), _) => Ok(found),
                // The word that the contract uses, whatever the operator calls the app.
                (None, "website") => app.app_of(AppKind::Website, "app", None),
                _ => Err(Failure::invalid("app", "names no official account or website app of this server")),
            }
        }
    }
}

/// Opens a session for whoever consented.
pub(super) async fn open(app: &Arc<App>, person: WebPerson) -> Outcome<LoggedIn> {
    app.limits.login(&person.openid)?;
    let proof = Proof {
        appid: person.appid.clone(),
        platform: person.platform.clone(),
        openid: person.openid.clone(),
        unionid: person.unionid.clone(),
        session_key: None,
    };
    let shown = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let nickname = person.info.as_ref().and_then(|info| shown(&info.nickname));
    let avatar = person.info.as_ref().and_then(|info| shown(&info.headimgurl));
    let change = ProfileChange {
        nickname: nickname.map(|name| name.chars().take(NICKNAME_MAX).collect()),
        avatar: avatar.filter(|avatar| avatar.chars().count() <= AVATAR_MAX),
        bio: None,
    };
    let told = person.info.as_ref().map(|info| as_told(app, info));
    let openid = person.openid.clone();
    let opened = session::flow::open_web(app, proof, change, person).await?;
    let cookie = app.sealer.seal(opened.session.as_str(), COOKIE);
    let authorization = match told {
        Some(told) => told,
        // A silent consent tells nothing: what was known before stands.
        None => rows::find(&app.store, &openid).await?.ok_or_else(|| Failure::new(Code::TokenRevoked))?,
    };
    Ok(LoggedIn { opened, authorization, cookie })
}

fn as_told(app: &App, info: &UserInfo) -> Authorization {
    let now = app.clock.now();
    Authorization {
        openid: info.openid.clone(),
        nickname: info.nickname.clone(),
        headimgurl: info.headimgurl.clone(),
        sex: info.sex,
        language: info.language.clone(),
        country: info.country.clone(),
        province: info.province.clone(),
        city: info.city.clone(),
        privilege: serde_json::Value::from(info.privilege.clone()).to_string(),
        login_at: now,
        expires_at: now.plus(GOOD_FOR),
    }
}

/// Writes the consent beside the session that it opens.
pub(crate) async fn write(app: &App, tx: &Tx<'_>, person: &WebPerson) -> Result<(), StoreError> {
    let now = app.clock.now();
    let (appid, openid, expires_at) = (&person.appid, &person.openid, now.plus(GOOD_FOR));
    let Some(info) = &person.info else {
        rows::renew(tx, appid, openid, now, expires_at).await?;
        return Ok(());
    };
    let told = as_told(app, info);
    rows::write(
        tx,
        appid,
        openid,
        &told.nickname,
        &told.headimgurl,
        told.sex,
        &told.language,
        &told.country,
        &told.province,
        &told.city,
        &told.privilege,
        told.login_at,
        told.expires_at,
    )
    .await?;
    Ok(())
}

/// The person whose browser this is, by the cookie of a login. `None` for a cookie of a session that is over.
pub async fn by_cookie(app: &App, cookie: &str) -> Outcome<Option<Caller>> {
    let Ok(text) = app.sealer.open(cookie, COOKIE) else { return Ok(None) };
    match SessionId::parse(text.expose()) {
        Some(session) => session::flow::alive(app, session).await,
        None => Ok(None),
    }
}

/// Whether an openid is this person's.
pub async fn is_of(app: &App, openid: &str, caller: &Caller) -> Outcome<bool> {
    Ok(caller.openid == openid || rows::is_of(&app.store, openid, caller.profile.id).await? > 0)
}

/// What was told with the last consent of this openid.
pub async fn find(app: &App, openid: &str) -> Outcome<Option<Authorization>> {
    Ok(rows::find(&app.store, openid).await?)
}

/// Deletes states and codes whose time is over, a few at once. Tells how many.
pub async fn sweep(app: &App) -> Outcome<u64> {
    const AT_ONCE: i64 = 500;
    let before = app.clock.now();
    let mut all = 0;
    loop {
        let states = rows::delete_states(&app.store, before, AT_ONCE).await?;
        let relays = rows::delete_relays(&app.store, before, AT_ONCE).await?;
        all += states + relays;
        if states + relays == 0 {
            return Ok(all);
        }
    }
}
