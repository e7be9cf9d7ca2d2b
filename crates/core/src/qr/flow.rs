//! A QR code is made and looked at by the browser that shows it.

use base64::{Engine, engine::general_purpose::STANDARD};

use super::{QrKind, QrRow, image, model::digest_of, rows};
use crate::{
    App, AppKind, Code, Failure, Outcome,
    host::{HostId, HostUser, Realm, model::label},
};

/// The browser that asks for a QR code, as people are told of it on their phone.
#[derive(Clone, Debug)]
pub struct Browser {
    /// `Chrome on Windows`
    pub name: String,
    pub address: String,
}

/// Makes a QR code that binds a WeChat account to `user`.
pub async fn generate(app: &App, user: &HostUser, browser: &Browser) -> Outcome<QrRow> {
    app.limits.qr(&user.subject())?;
    make(app, QrKind::Bind, Some((user.realm, &user.id)), &user.label, None, browser).await
}

pub(super) async fn make(
    app: &App,
    kind: QrKind,
    of: Option<(Realm, &HostId)>,
    account: &str,
    poll_digest: Option<&str>,
    browser: &Browser,
) -> Outcome<QrRow> {
    // Told now, not to the phone that scans.
    app.app_of(AppKind::OfficialAccount, "appid", None)?;
    let token = app.dice.token::<16>();
    let image = STANDARD.encode(image::png(&app.web.address(&format!("/s/{token}")))?);
    let session = app.dice.uuid_v4().to_string();
    let now = app.clock.now();
    let expires_at = now.plus(app.settings.binding.qr_timeout.0);
    let (realm, user) = of.unzip();
    let (token, browser, address) = (digest_of(&token), label(&browser.name), label(&browser.address));
    let row = rows::insert(
        &app.store,
        &session,
        kind,
        realm,
        user,
        account,
        &image,
        &token,
        poll_digest,
        &browser,
        &address,
        expires_at,
        now,
    );
    Ok(row.await?)
}

/// The user's own QR code. That of another, and one that never was, are the same to them.
pub async fn status(app: &App, user: &HostUser, session: &str) -> Outcome<QrRow> {
    if !is_session(session) {
        return Err(unknown());
    }
    rows::of_user(&app.store, session, user.realm, &user.id).await?.ok_or_else(unknown)
}

pub(super) fn unknown() -> Failure {
    Failure::new(Code::NotFound).detail("QR session not found")
}

/// Whether a text can be the id of a session: a UUID in lower case.
pub(super) fn is_session(text: &str) -> bool {
    text.len() == 36 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b'-'))
}
