//! Logging in, being recognised, logging out.

use std::{sync::Arc, time::Duration};

use weir_base::Timestamp;
use weir_store::{StoreError, Tx};

use super::{
    Caller, ClaimedId, Claims, Opened, Scanned, SessionId,
    model::{ClaimedRealm, EndedBecause, SessionState},
    rows::{self, SessionRow},
};
use crate::{
    App, Code, Failure, Outcome,
    account::{self, Profile, ProfileChange, UserId, merge, model::text},
    audit::{Action, Entry},
    authorization, binding,
    exchange::WebPerson,
    host::{HostId, Realm},
    identity::{self, IdentityId, Proof, model::seal_context, rows::KnownRow},
    qr,
};

const CODE_MAX: usize = 128;
/// Attempts to be first at creating an account. Who loses finds the account there the next time.
const ATTEMPTS: usize = 5;

/// `wx.login`'s code becomes a session (wechat-protocol.md B1).
pub async fn login_mini(
    app: &Arc<App>,
    appid: Option<&str>,
    code: &str,
    change: ProfileChange,
) -> Outcome<Opened> {
    if code.is_empty() {
        return Err(Failure::invalid("code", "must not be empty"));
    }
    text("code", Some(code), CODE_MAX)?;
    change.validate()?;
    let mini = app.mini_program(appid)?;
    let session = app.wechat.jscode2session(&mini.credentials(), code).await.map_err(login_refused)?;
    app.limits.login(&session.openid)?;
    let proof = Proof {
        appid: mini.appid.clone(),
        platform: mini.open_platform.clone(),
        openid: session.openid,
        unionid: session.unionid,
        session_key: Some(session.session_key),
    };
    open(app, proof, change).await
}

fn login_refused(error: weir_wechat::Error) -> Failure {
    let failure = Failure::from(error);
    if failure.code == Code::WeChatRefused {
        Failure { code: Code::LoginRefused, ..failure }
    } else {
        failure
    }
}

/// Finds or creates the account that `proof` is of and opens a session.
pub async fn open(app: &Arc<App>, proof: Proof, change: ProfileChange) -> Outcome<Opened> {
    open_for(app, proof, change, None, None).await
}

/// Opens a session for whoever consented on a web page, and keeps the consent with it. What WeChat tells of them fills
/// what is empty in their profile and overwrites nothing.
pub async fn open_web(
    app: &Arc<App>,
    proof: Proof,
    change: ProfileChange,
    consent: WebPerson,
) -> Outcome<Opened> {
    open_for(app, proof, change, None, Some(consent)).await
}

/// Opens a session for whoever the WeChat account of a scanned QR code is bound to: once for each code.
pub async fn open_scanned(app: &Arc<App>, proof: Proof, scanned: Scanned) -> Outcome<Opened> {
    open_for(app, proof, ProfileChange::default(), Some(scanned), None).await
}

async fn open_for(
    app: &Arc<App>,
    proof: Proof,
    change: ProfileChange,
    scanned: Option<Scanned>,
    consent: Option<WebPerson>,
) -> Outcome<Opened> {
    let now = app.clock.now();
    let login = Arc::new(Login {
        session: SessionId::new(&app.dice, now),
        token_id: app.dice.token::<16>(),
        sealed_key: proof.session_key.as_ref().map(|key| {
            let context = seal_context(&proof.appid, &proof.openid);
            (app.sealer.seal(key.expose(), &context), app.sealer.digest(key.expose()))
        }),
        app: Arc::clone(app),
        proof,
        change,
        scanned,
        consent,
        now,
    });
    for _ in 0..ATTEMPTS {
        let attempt = Arc::clone(&login);
        match app.store.transaction(move |tx| Box::pin(async move { attempt.write(tx).await })).await {
            Ok(profile) => return login.answer(profile),
            Err(Attempt::Failed(failure)) => return Err(failure),
            Err(Attempt::Raced) => {}
        }
    }
    Err(Failure::new(Code::Unavailable).retry_after(Duration::from_secs(1)))
}

/// Why a login's transaction was given up.
enum Attempt {
    /// Somebody created the same account at the same moment: look again.
    Raced,
    Failed(Failure),
}

impl From<StoreError> for Attempt {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<Failure> for Attempt {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// A login on its way into the database.
struct Login {
    app: Arc<App>,
    proof: Proof,
    change: ProfileChange,
    scanned: Option<Scanned>,
    consent: Option<WebPerson>,
    session: SessionId,
    token_id: String,
    /// The session_key sealed, and its digest.
    sealed_key: Option<(String, String)>,
    now: Timestamp,
}

impl Login {
    async fn write(&self, tx: &Tx<'_>) -> Result<Profile, Attempt> {
        if let Some(scanned) = &self.scanned
            && qr::rows::consume(tx, &scanned.qr, self.now).await? == 0
        {
            return Err(Failure::new(Code::QrUsed).into());
        }
        // Held, so that whoever unbinds now finds this session and ends it.
        if let Some(scanned) = &self.scanned
            && binding::rows::hold(tx, scanned.binding).await? == 0
        {
            return Err(Failure::new(Code::NotBound).into());
        }
        let bound_to = self.scanned.as_ref().map(|scanned| &scanned.bound_to);
        let Proof { appid, openid, .. } = &self.proof;
        let known = identity::rows::known(tx, appid, openid).await?;
        let identity =
            known.as_ref().map(|known| (known.identity_id.clone(), known.session_key_digest.clone()));
        let profile = match (bound_to, known) {
            // Bound to an account of ours, which may be another than the one that this WeChat account has made.
            (Some((Realm::Weir, id)), _) => {
                let user = id.number().and_then(|number| i64::try_from(number).ok()).unwrap_or_default();
                let user = account::UserId(user);
                let profile = account::rows::update_profile(tx, user, None, None, None, self.now).await?;
                profile.ok_or_else(|| Failure::new(Code::NotBound))?
            }
            (_, Some(known)) => self.come_back(tx, known).await?,
            (_, None) => self.create(tx).await?,
        };
        let expires_at = self.now.plus(self.app.settings.auth.expires_in.0);
        let user = format!("user:{}", profile.id);
        let entry = Entry::new(&self.app, user.clone(), Action::SessionOpened, user)
            .detail(format!("session:{}", self.session));
        let (session, token, host) = (&self.session, &self.token_id, self.host_user());
        // None of them needs to know of the others: PostgreSQL is sent all at once.
        tokio::try_join!(
            self.keep_session_key(tx, identity),
            self.keep_consent(tx),
            rows::insert(tx, session, profile.id, appid, openid, token, expires_at, host, self.now),
            entry.write(tx),
        )?;
        Ok(profile)
    }

    /// Keeps the session_key of somebody we know, if it is another than we have.
    async fn keep_session_key(
        &self,
        tx: &Tx<'_>,
        identity: Option<(IdentityId, Option<String>)>,
    ) -> Result<(), StoreError> {
        if let (Some((identity, known)), Some((sealed, digest))) = (identity, &self.sealed_key)
            && known.as_ref() != Some(digest)
        {
            identity::rows::replace_session_key(tx, &identity, sealed, digest, self.now).await?;
        }
        Ok(())
    }

    async fn keep_consent(&self, tx: &Tx<'_>) -> Result<(), StoreError> {
        match &self.consent {
            Some(person) => authorization::flow::write(&self.app, tx, person).await,
            None => Ok(()),
        }
    }

    /// Nickname and avatar as this login changes them.
    fn change_of(&self, known: &Profile) -> (Option<&str>, Option<&str>) {
        let ProfileChange { nickname, avatar, .. } = &self.change;
        let is_blank =
            known.nickname.is_empty() || known.nickname == self.app.settings.accounts.default_nickname;
        let (name, picture) =
            (self.consent.is_none() || is_blank, self.consent.is_none() || known.avatar.is_empty());
        (nickname.as_deref().filter(|_| name), avatar.as_deref().filter(|_| picture))
    }

    /// Somebody we know.
    async fn come_back(&self, tx: &Tx<'_>, known: KnownRow) -> Result<Profile, Attempt> {
        let identity = &known.identity_id;
        let mut user = known.profile.id;
        let appeared = self.proof.unionid.as_ref().filter(|unionid| known.unionid.as_ref() != Some(unionid));
        if let Some(unionid) = appeared {
            let platform = &self.proof.platform;
            let attached = merge::attach_unionid(&self.app, tx, identity, user, platform, unionid).await?;
            user = attached.ok_or(Attempt::Raced)?;
        }
        let (nickname, avatar) = self.change_of(&known.profile);
        let changed = nickname.is_some() || avatar.is_some();
        if !changed && user == known.profile.id {
            return Ok(known.profile);
        }
        let bio = self.change.bio.as_deref();
        let updated = account::rows::update_profile(tx, user, nickname, avatar, bio, self.now).await?;
        // The account was erased or merged between our look and our write (PostgreSQL): look again.
        updated.ok_or(Attempt::Raced)
    }

    /// Somebody new in this app, who may be known by their unionid from another.
    async fn create(&self, tx: &Tx<'_>) -> Result<Profile, Attempt> {
        let Proof { appid, platform, openid, unionid, .. } = &self.proof;
        let ProfileChange { nickname, avatar, .. } = &self.change;
        let owner = match unionid {
            Some(unionid) => account::rows::union_owner(tx, platform, unionid).await?,
            None => None,
        };
        let profile = match owner {
            Some(owner) => {
                let known = account::rows::update_profile(tx, owner, None, None, None, self.now).await?;
                let known = known.ok_or(Attempt::Raced)?;
                let (nickname, avatar) = self.change_of(&known);
                let changed =
                    account::rows::update_profile(tx, owner, nickname, avatar, None, self.now).await?;
                changed.ok_or(Attempt::Raced)?
            }
            None => {
                let nickname = nickname.as_deref().unwrap_or(&self.app.settings.accounts.default_nickname);
                let avatar = avatar.as_deref().unwrap_or_default();
                account::rows::insert(tx, nickname, avatar, self.now).await?
            }
        };
        let identity = IdentityId::new(&self.app.dice, self.now);
        let (sealed, digest) = self.sealed_key.as_ref().map(|(sealed, digest)| (sealed, digest)).unzip();
        let (sealed, digest) = (sealed.map(String::as_str), digest.map(String::as_str));
        let unionid = unionid.as_deref();
        let inserted = identity::rows::insert(
            tx, &identity, profile.id, appid, openid, platform, unionid, sealed, digest, self.now,
        );
        if inserted.await? == 0 {
            return Err(Attempt::Raced);
        }
        if let (None, Some(unionid)) = (owner, unionid)
            && account::rows::claim_union(tx, platform, unionid, profile.id, self.now).await? == 0
        {
            return Err(Attempt::Raced);
        }
        if owner.is_none() {
            Entry::new(&self.app, "system", Action::AccountCreated, format!("user:{}", profile.id))
                .write(tx)
                .await?;
        }
        Ok(profile)
    }

    fn host_user(&self) -> Option<&HostId> {
        let (realm, id) = &self.scanned.as_ref()?.bound_to;
        (*realm == Realm::Host).then_some(id)
    }

    fn answer(&self, profile: Profile) -> Outcome<Opened> {
        let openid = self.proof.openid.clone();
        let token_id = self.token_id.clone();
        let (user, host) = (profile.id, self.host_user());
        let claims = claims(&self.app, &self.session, token_id, &openid, user, &profile.nickname, host);
        let expires_in = self.app.settings.auth.expires_in.0.as_secs();
        let access_token = self.app.signer.sign(&claims)?;
        Ok(Opened { session: self.session.clone(), access_token, expires_in, openid, profile })
    }
}

/// The claims of a session's next token.
pub(super) fn claims(
    app: &App,
    session: &SessionId,
    token_id: String,
    openid: &str,
    user: UserId,
    nickname: &str,
    host_user: Option<&HostId>,
) -> Claims {
    let auth = &app.settings.auth;
    let now = app.clock.now();
    let own = || ClaimedId::Number(user.0.unsigned_abs());
    Claims {
        sub: host_user.map_or_else(|| user.to_string(), |id| id.as_str().to_owned()),
        user_id: host_user.map_or_else(own, ClaimedId::from),
        openid: openid.to_owned(),
        nickname: nickname.to_owned(),
        iss: auth.issuer.clone(),
        aud: auth.audience.clone(),
        iat: now.seconds(),
        exp: now.plus(auth.expires_in.0).seconds(),
        jti: token_id,
        sid: session.as_str().to_owned(),
        realm: if host_user.is_some() { ClaimedRealm::Host } else { ClaimedRealm::Weir },
    }
}

/// Who a token belongs to, if it is the good token of a session that is alive.
pub async fn authenticate(app: &App, token: &str) -> Outcome<Caller> {
    let claims = app.signer.check(token)?;
    if claims.expired(app.clock.now()) {
        return Err(Failure::new(Code::TokenExpired));
    }
    let session = SessionId::parse(&claims.sid).ok_or_else(|| Failure::new(Code::TokenInvalid))?;
    let row = rows::find(&app.store, &session).await?.ok_or_else(|| Failure::new(Code::TokenRevoked))?;
    if row.state != SessionState::Alive || row.token_id != claims.jti {
        return Err(Failure::new(Code::TokenRevoked));
    }
    Ok(caller(session, row))
}

/// Whose session it is, while it is alive.
pub(crate) async fn alive(app: &App, session: SessionId) -> Outcome<Option<Caller>> {
    let row = rows::find(&app.store, &session).await?;
    let row = row.filter(|row| row.state == SessionState::Alive);
    Ok(row.map(|row| caller(session, row)))
}

fn caller(session: SessionId, row: SessionRow) -> Caller {
    let SessionRow { appid, openid, opened_at, host_user, profile, .. } = row;
    Caller { session, appid, openid, opened_at, host_user, profile }
}

/// Ends the caller's session, on every replica at once.
pub async fn logout(app: &App, caller: &Caller) -> Outcome<()> {
    let now = app.clock.now();
    let user = format!("user:{}", caller.profile.id);
    let entry = Entry::new(app, user.clone(), Action::SessionEnded, user)
        .detail(format!("session:{}", caller.session));
    let session = caller.session.clone();
    app.store
        .transaction(move |tx| {
            Box::pin(async move {
                if rows::end(tx, &session, EndedBecause::Logout, now).await? == 0 {
                    return Err(Failure::new(Code::TokenRevoked));
                }
                entry.write(tx).await?;
                Ok(())
            })
        })
        .await
}

/// Deletes all sessions that nobody can come back to, a few at once so that others can write between. Answers how many.
pub async fn sweep(app: &App) -> Outcome<u64> {
    const AT_ONCE: i64 = 200;
    let before = app.clock.now().minus(app.settings.auth.refresh_grace.0);
    let mut all = 0;
    loop {
        let deleted = rows::delete_expired(&app.store, before, AT_ONCE).await?;
        all += deleted;
        if deleted == 0 {
            return Ok(all);
        }
    }
}
