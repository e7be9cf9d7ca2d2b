//! The phone's side: it opens the code, consents at WeChat, comes back, and is asked.

use std::sync::Arc;

use weir_base::secret::same;
use weir_wechat::Scope;

use super::{
    QrKind, QrStatus,
    model::{PhoneRow, digest_of},
    rows, watch,
};
use crate::{
    App, AppKind, Code, Failure, Outcome,
    binding::{
        self, Account,
        flow::{Written, made},
    },
    exchange,
};

/// WeChat takes no longer `state`; 32 letters and digits are far below.
const STATE_MAX: usize = 128;
const STATE_LENGTH: usize = 32;

/// Where the phone goes on, and the cookie that knows it again.
pub struct Opened {
    pub location: String,
    pub cookie: String,
}

/// The phone has opened the address in the code. The first one has it; every other is turned away.
pub async fn open(app: &App, token: &str, cookie: Option<&str>) -> Outcome<Opened> {
    let official = app.app_of(AppKind::OfficialAccount, "appid", None)?;
    let digest = digest_of(token);
    let cookie = cookie.filter(|cookie| is_cookie(cookie)).map(str::to_owned);
    let cookie = cookie.unwrap_or_else(|| app.dice.token::<32>());
    let (phone, state) = (digest_of(&cookie), app.dice.alphanumeric(STATE_LENGTH));
    let now = app.clock.now();
    let state_digest = digest_of(&state);
    if rows::scan(&app.store, &digest, &phone, &state_digest, now).await? == 1 {
        if let Some(row) = rows::by_token(&app.store, &digest).await? {
            watch::changed(app, &row.session_id).await;
        }
    } else if rows::scan_again(&app.store, &digest, &phone, &state_digest, now).await? == 0 {
        let row = rows::by_token(&app.store, &digest).await?;
        let row = row.ok_or_else(|| Failure::new(Code::QrUnknown))?;
        return Err(Failure::new(why_not(&row, &phone, app)));
    }
    let location = app.wechat.authorize_url(&official.appid, &app.web.redirect_uri, Scope::UserInfo, &state);
    Ok(Opened { location, cookie })
}

/// 43 characters of base64url, as we give them out.
fn is_cookie(text: &str) -> bool {
    text.len() == 43 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

/// Why a phone cannot go on with a code.
fn why_not(row: &PhoneRow, phone: &str, app: &App) -> Code {
    let is_ours = row.phone_digest.as_deref() == Some(phone);
    match row.status {
        QrStatus::Confirmed | QrStatus::Refused if is_ours => Code::QrUsed,
        _ if row.shown(app.clock.now()).is_end() => Code::QrExpired,
        _ if row.phone_digest.is_some() => Code::QrTaken,
        _ => Code::QrExpired,
    }
}

/// What the phone is shown.
pub enum Page {
    Ask(Box<Asking>),
    Done(Done),
}

/// What is done with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    Bound,
    SignedIn,
    Refused,
}

/// Everything that somebody must know before they tap.
pub struct Asking {
    pub row: PhoneRow,
    /// Proves that the form is ours and of this code.
    pub form_token: String,
    /// A new cookie, when signing in goes on without the one that was given.
    pub cookie: Option<String>,
}

/// The QR code that a state of WeChat's redirect belongs to; `None` for a state that is none of ours.
pub async fn find(app: &App, state: &str) -> Outcome<Option<PhoneRow>> {
    if state.is_empty() || state.len() > STATE_MAX {
        return Ok(None);
    }
    Ok(rows::by_state(&app.store, &digest_of(state)).await?)
}

/// WeChat has sent the phone back. The same code again gets the same page (pain 4).
pub async fn come_back(
    app: &Arc<App>,
    row: PhoneRow,
    state: &str,
    code: Option<&str>,
    cookie: Option<&str>,
) -> Outcome<Page> {
    let phone = cookie.filter(|cookie| is_cookie(cookie)).map(digest_of);
    match (&phone, &row.phone_digest) {
        (Some(phone), Some(known)) if same(phone.as_bytes(), known.as_bytes()) => {}
        // Some web views lose the cookie. Signing in asks before anything happens; binding is refused (pain 17).
        (None, _) if row.kind == QrKind::Login => {}
        (None, _) => return Err(Failure::new(Code::CookieMissing)),
        _ => return Err(Failure::new(Code::QrTaken)),
    }
    if let Some(done) = done(&row) {
        return Ok(Page::Done(done));
    }
    if row.shown(app.clock.now()).is_end() {
        return Err(Failure::new(Code::QrExpired));
    }
    let Some(code) = code.filter(|code| !code.is_empty()) else {
        let known = phone.as_deref().or(row.phone_digest.as_deref()).unwrap_or_default();
        if phone.is_some() {
            refuse(app, &row.session_id, known).await?;
        }
        return Err(Failure::new(Code::ConsentDenied));
    };
    let (state, code_digest) = (digest_of(state), digest_of(code));
    let taken = rows::take_code(&app.store, &state, &code_digest, app.clock.now()).await? == 1;
    let cookie = match &phone {
        Some(_) => None,
        None => Some(app.dice.token::<32>()),
    };
    if !taken {
        let row =
            rows::by_state(&app.store, &state).await?.ok_or_else(|| Failure::new(Code::StateUnknown))?;
        if row.code_digest.as_deref() != Some(&code_digest) {
            return Err(Failure::new(Code::StateUsed));
        }
    }
    if let Some(cookie) = &cookie {
        rows::adopt(&app.store, &state, &code_digest, &digest_of(cookie)).await?;
    }
    let account = proven(app, &row, code, &code_digest).await?;
    ask(app, &row.session_id, account, cookie).await
}

/// Exchanges the code and keeps whom it proves.
async fn proven(app: &Arc<App>, row: &PhoneRow, code: &str, code_digest: &str) -> Outcome<Account> {
    let official = app.app_of(AppKind::OfficialAccount, "appid", None)?;
    let person = exchange::exchange(app, official, code, None).await?;
    let account = Account::from(person);
    let Account { appid, platform, openid, unionid, nickname, avatar_url } = &account;
    let (unionid, nickname, avatar) = (unionid.as_deref(), nickname.as_deref(), avatar_url.as_deref());
    let (session, now) = (&row.session_id, app.clock.now());
    rows::prove(&app.store, session, code_digest, appid, platform, openid, unionid, nickname, avatar, now)
        .await?;
    Ok(account)
}

/// The confirmation page, or at once what a tap on it would do.
async fn ask(app: &App, session: &str, account: Account, cookie: Option<String>) -> Outcome<Page> {
    let mut row = by_session(app, session).await?;
    if let Some(done) = done(&row) {
        return Ok(Page::Done(done));
    }
    if row.shown(app.clock.now()).is_end() {
        return Err(Failure::new(Code::QrExpired));
    }
    let phone = row.phone_digest.clone().unwrap_or_default();
    if row.kind == QrKind::Login {
        let Some(bound) = binding::flow::bound_to(app, &account).await? else {
            refuse(app, session, &phone).await?;
            return Err(Failure::new(Code::NotBound));
        };
        // Whom the tap signs in: the page names them.
        row.user_id = Some(bound.user_id);
    }
    if row.kind == QrKind::Bind && !app.settings.binding.confirm {
        return confirm(app, row, account, &phone).await.map(Page::Done);
    }
    let form_token = form_token(app, &row);
    Ok(Page::Ask(Box::new(Asking { row, form_token, cookie })))
}

async fn by_session(app: &App, session: &str) -> Outcome<PhoneRow> {
    rows::by_session(&app.store, session).await?.ok_or_else(|| Failure::new(Code::QrUnknown))
}

fn done(row: &PhoneRow) -> Option<Done> {
    match (row.status, row.kind) {
        (QrStatus::Confirmed, QrKind::Bind) => Some(Done::Bound),
        (QrStatus::Confirmed, QrKind::Login) => Some(Done::SignedIn),
        (QrStatus::Refused, _) => Some(Done::Refused),
        _ => None,
    }
}

/// A form is good for one code of one QR code; a page loaded twice has the same form.
fn form_token(app: &App, row: &PhoneRow) -> String {
    let code = row.code_digest.as_deref().unwrap_or_default();
    app.sealer.digest(&format!("qr form:{}:{code}", row.session_id))
}

/// The tap on the confirmation page. Of many at once one does it, and all are told the same.
pub async fn decide(
    app: &App,
    session: &str,
    form: &str,
    confirmed: bool,
    cookie: Option<&str>,
) -> Outcome<Done> {
    if !super::flow::is_session(session) {
        return Err(Failure::new(Code::QrUnknown));
    }
    let row = by_session(app, session).await?;
    let phone = cookie.filter(|cookie| is_cookie(cookie)).map(digest_of);
    let phone = phone.ok_or_else(|| Failure::new(Code::CookieMissing))?;
    if !same(phone.as_bytes(), row.phone_digest.as_deref().unwrap_or_default().as_bytes()) {
        return Err(Failure::new(Code::QrTaken));
    }
    if row.code_digest.is_none() || !same(form.as_bytes(), form_token(app, &row).as_bytes()) {
        return Err(Failure::new(Code::StateUnknown));
    }
    if let Some(done) = done(&row) {
        return Ok(done);
    }
    if !confirmed {
        refuse(app, session, &phone).await?;
        return Ok(done_now(app, session).await?.unwrap_or(Done::Refused));
    }
    let account = row.account().ok_or_else(|| Failure::new(Code::StateUnknown))?;
    confirm(app, row, account, &phone).await
}

async fn done_now(app: &App, session: &str) -> Outcome<Option<Done>> {
    Ok(done(&by_session(app, session).await?))
}

async fn refuse(app: &App, session: &str, phone: &str) -> Outcome<()> {
    if rows::refuse(&app.store, session, phone, app.clock.now()).await? == 1 {
        watch::changed(app, session).await;
    }
    Ok(())
}

/// What came of the transaction of a confirmation.
enum Decided {
    Done,
    /// Somebody else has decided, or time has run out.
    Late,
    Conflict(Code),
}

/// scanned → confirmed and the binding, both or neither. A binding that cannot be refuses the QR code.
async fn confirm(app: &App, row: PhoneRow, account: Account, phone: &str) -> Outcome<Done> {
    let now = app.clock.now();
    let bind = match (row.kind, row.realm, row.user_id) {
        (QrKind::Bind, Some(realm), Some(user)) => Some((realm, user)),
        _ => None,
    };
    let entry = bind.as_ref().map(|(realm, user)| made(app, *realm, user));
    let (session, phone) = (row.session_id.clone(), phone.to_owned());
    let code = row.code_digest.unwrap_or_default();
    let decided = app
        .store
        .transaction(move |tx| {
            Box::pin(async move {
                if rows::confirm(tx, &session, &phone, &code, now).await? == 0 {
                    return Ok(Decided::Late);
                }
                let Some((realm, user)) = bind else { return Ok(Decided::Done) };
                match binding::flow::write(tx, realm, &user, &account, now).await? {
                    Written::Made(_) => {
                        if let Some(entry) = entry {
                            entry.write(tx).await?;
                        }
                        Ok(Decided::Done)
                    }
                    Written::Refused(code) => {
                        rows::take_back(tx, &session, now).await?;
                        Ok(Decided::Conflict(code))
                    }
                }
            })
        })
        .await
        .map_err(|error: weir_store::StoreError| Failure::from(error))?;
    match decided {
        Decided::Late => {
            let done = done_now(app, &row.session_id).await?;
            return done.ok_or_else(|| Failure::new(Code::QrExpired));
        }
        Decided::Done | Decided::Conflict(_) => watch::changed(app, &row.session_id).await,
    }
    match decided {
        Decided::Conflict(code) => Err(Failure::new(code)),
        _ => Ok(if row.kind == QrKind::Bind { Done::Bound } else { Done::SignedIn }),
    }
}
