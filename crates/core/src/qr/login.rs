//! Signing in by QR code, for whoever has bound their WeChat account. The browser that shows the code holds a token of its
//! own to ask with, other than what the code holds: whoever sees the screen does not get the session.

use std::{sync::Arc, time::Duration};

use weir_base::secret::same;

use super::{
    QrKind, QrRow, Shown,
    flow::{Browser, is_session, make, unknown},
    model::{PhoneRow, digest_of},
    rows,
};
use crate::{
    App, Code, Failure, Outcome, binding,
    identity::Proof,
    session::{self, Opened, Scanned},
};

/// The browser takes its token within this time after the phone's confirmation.
const COLLECT: Duration = Duration::from_secs(120);

/// A QR code to sign in with, and what its browser asks with.
pub struct Started {
    pub row: QrRow,
    pub poll_token: String,
}

pub async fn start(app: &App, browser: &Browser) -> Outcome<Started> {
    let poll_token = app.dice.token::<32>();
    let digest = digest_of(&poll_token);
    let row = make(app, QrKind::Login, None, "", Some(&digest), browser).await?;
    Ok(Started { row, poll_token })
}

/// What became of it, without taking the token.
pub async fn look(app: &App, session: &str, poll_token: &str) -> Outcome<QrRow> {
    asked_by_its_browser(app, session, poll_token).await?;
    rows::by_id(&app.store, session).await?.ok_or_else(unknown)
}

async fn asked_by_its_browser(app: &App, session: &str, poll_token: &str) -> Outcome<PhoneRow> {
    if !is_session(session) {
        return Err(unknown());
    }
    let row = rows::by_session(&app.store, session).await?.filter(|row| row.kind == QrKind::Login);
    let row = row.ok_or_else(unknown)?;
    let digest = digest_of(poll_token);
    if !same(row.poll_digest.as_deref().unwrap_or_default().as_bytes(), digest.as_bytes()) {
        return Err(unknown());
    }
    Ok(row)
}

/// What one look came to.
pub struct Collected {
    pub shown: Shown,
    pub row: QrRow,
    /// Once, for the first who asks after the confirmation.
    pub opened: Option<(Opened, Scanned)>,
}

/// Looks, and takes the token when the phone has confirmed: of many who ask at once, one gets it.
pub async fn collect(app: &Arc<App>, session: &str, poll_token: &str) -> Outcome<Collected> {
    let phone = asked_by_its_browser(app, session, poll_token).await?;
    let row = rows::by_id(&app.store, session).await?.ok_or_else(unknown)?;
    let now = app.clock.now();
    let shown = row.shown(now);
    if shown != Shown::Confirmed || phone.consumed_at.is_some() || now.since(phone.expires_at) > COLLECT {
        return Ok(Collected { shown, row, opened: None });
    }
    let account = phone.account().ok_or_else(|| Failure::new(Code::Internal))?;
    let bound = binding::flow::bound_to(app, &account).await?;
    let bound = bound.ok_or_else(|| Failure::new(Code::NotBound))?;
    let proof = Proof {
        appid: account.appid,
        platform: account.platform,
        openid: account.openid,
        unionid: account.unionid,
        session_key: None,
    };
    let scanned =
        Scanned { qr: session.to_owned(), bound_to: (bound.realm, bound.user_id), binding: bound.id };
    match session::flow::open_scanned(app, proof, scanned.clone()).await {
        Ok(opened) => Ok(Collected { shown, row, opened: Some((opened, scanned)) }),
        Err(failure) if failure.code == Code::QrUsed => Ok(Collected { shown, row, opened: None }),
        Err(failure) => Err(failure),
    }
}
