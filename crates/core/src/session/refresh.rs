//! The next token of a session. The old one dies; whoever comes with it again is a thief or was robbed, and the session
//! ends for both.

use super::{
    SessionId,
    flow::claims,
    model::{EndedBecause, SessionState},
    rows,
};
use crate::{
    App, Code, Failure, Outcome,
    audit::{Action, Entry},
};

/// A refreshed token and its life in seconds.
#[derive(Clone, Debug)]
pub struct Refreshed {
    pub access_token: String,
    pub expires_in: u64,
}

/// Takes a token that is good, or expired less than `auth.refresh_grace` ago, while its session is alive.
pub async fn refresh(app: &App, token: &str) -> Outcome<Refreshed> {
    let auth = &app.settings.auth;
    let old = app.signer.check(token)?;
    let now = app.clock.now();
    let deadline = old.exp.saturating_add(i64::try_from(auth.refresh_grace.0.as_secs()).unwrap_or(i64::MAX));
    if now.seconds() >= deadline {
        return Err(Failure::new(Code::TokenExpired));
    }
    let session = SessionId::parse(&old.sid).ok_or_else(|| Failure::new(Code::TokenInvalid))?;
    let (token_id, expires_at) = (app.dice.token::<16>(), now.plus(auth.expires_in.0));
    let rotated = rows::rotate(&app.store, &session, &old.jti, &token_id, expires_at, now).await?;
    let Some(row) = rotated else { return Err(refused(app, session).await) };
    let (user, host) = (row.user_id, row.host_user.as_ref());
    let claims = claims(app, &session, token_id, &row.openid, user, &row.nickname, host);
    Ok(Refreshed { access_token: app.signer.sign(&claims)?, expires_in: auth.expires_in.0.as_secs() })
}

/// Why the session has no next token for this one.
async fn refused(app: &App, session: SessionId) -> Failure {
    match rows::find(&app.store, &session).await {
        Ok(Some(row)) if row.state == SessionState::Alive => reused(app, session, row.profile.id).await,
        Ok(_) => Failure::new(Code::TokenRevoked),
        Err(error) => error.into(),
    }
}

/// Ends the session whose old token came back.
async fn reused(app: &App, session: SessionId, user: crate::account::UserId) -> Failure {
    let now = app.clock.now();
    let entry = Entry::new(app, "system", Action::TokenReused, format!("user:{user}"))
        .detail(format!("session:{session}"));
    let ended = app
        .store
        .transaction(move |tx| {
            Box::pin(async move {
                if rows::end(tx, &session, EndedBecause::TokenReused, now).await? == 0 {
                    // A logout or an erasure came in between.
                    return Err(Failure::new(Code::TokenRevoked));
                }
                entry.write(tx).await?;
                Ok(())
            })
        })
        .await;
    ended.err().unwrap_or_else(|| Failure::new(Code::TokenReused))
}
