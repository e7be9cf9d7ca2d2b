//! Binding, looking and unbinding, for a host user who is signed in.

use std::time::Duration;

use weir_base::Timestamp;
use weir_store::{StoreError, Tx};

use super::{
    Account, Binding,
    model::Asked,
    rows::{self, BoundRow},
};
use crate::{
    App, AppKind, Code, Failure, Outcome,
    account::UserId,
    audit::{Action, Entry},
    exchange::WebPerson,
    host::{HostId, HostUser, Realm, model::subject},
    qr,
    session::{self, SessionId},
};

/// How long ago an openid may have been proven to be bound without a new proof.
pub const PROOF_AGE: Duration = Duration::from_secs(600);

/// The user's binding, if there is one.
pub async fn get(app: &App, user: &HostUser) -> Outcome<Option<Binding>> {
    Ok(rows::active(&app.store, user.realm, &user.id).await?)
}

/// Binds an openid that this user has proven to be theirs within [`PROOF_AGE`].
pub async fn bind(app: &App, user: &HostUser, asked: Asked) -> Outcome<Binding> {
    asked.validate()?;
    let account = proven(app, user, &asked).await?;
    let account = Account {
        nickname: asked.nickname.or(account.nickname),
        avatar_url: asked.avatar_url.or(account.avatar_url),
        ..account
    };
    let account = account.cut();
    let now = app.clock.now();
    let entry = made(app, user.realm, &user.id);
    let (realm, id) = (user.realm, user.id.clone());
    app.store
        .transaction(move |tx| {
            Box::pin(async move {
                match write(tx, realm, &id, &account, now).await? {
                    Written::Made(binding) => {
                        entry.write(tx).await?;
                        Ok(*binding)
                    }
                    Written::Refused(code) => Err(Failure::new(code)),
                }
            })
        })
        .await
}

/// An openid is no secret: what a page sends is believed only when WeChat has told the same of this user.
async fn proven(app: &App, user: &HostUser, asked: &Asked) -> Outcome<Account> {
    let now = app.clock.now();
    let since = now.minus(PROOF_AGE);
    let openid = asked.openid.as_str();
    let mut found = qr::rows::proven(&app.store, user.realm, &user.id, openid, since).await?;
    if found.is_none() {
        found = rows::proof(&app.store, user.realm, &user.id, openid, since).await?;
    }
    if let (None, Some(session)) = (&found, &user.session)
        && session.openid == openid
        && session.at > since
    {
        found = rows::identity(&app.store, &session.appid, openid).await?;
    }
    let agrees = |account: &Account| {
        asked.unionid.is_none() || asked.unionid == account.unionid || account.unionid.is_none()
    };
    if let Some(account) = found.filter(agrees) {
        return Ok(account);
    }
    if app.settings.binding.trust_client_openid {
        let official = app.app_of(AppKind::OfficialAccount, "appid", None)?;
        return Ok(Account {
            appid: official.appid.clone(),
            platform: official.open_platform.clone(),
            openid: openid.to_owned(),
            unionid: asked.unionid.clone(),
            nickname: None,
            avatar_url: None,
        });
    }
    Err(Failure::new(Code::Forbidden)
        .detail("this user has not proven this openid within the last 10 minutes: scan a QR code first"))
}

/// Notes that a code has proven the account to be this user's, so that a page may bind it.
pub async fn record_proof(app: &App, user: &HostUser, person: WebPerson) -> Outcome<()> {
    let Account { appid, platform, openid, unionid, nickname, avatar_url } = person.into();
    let (unionid, nickname, avatar) = (unionid.as_deref(), nickname.as_deref(), avatar_url.as_deref());
    let (realm, id, now) = (user.realm, &user.id, app.clock.now());
    rows::record_proof(&app.store, realm, id, &appid, &platform, &openid, unionid, nickname, avatar, now)
        .await?;
    Ok(())
}

/// What became of a binding.
pub(crate) enum Written {
    Made(Box<Binding>),
    Refused(Code),
}

/// Writes the binding, unless one of the two is bound already. The unique indexes decide between many at once.
pub(crate) async fn write(
    tx: &Tx<'_>,
    realm: Realm,
    user: &HostId,
    account: &Account,
    now: Timestamp,
) -> Result<Written, StoreError> {
    let Account { appid, platform, openid, unionid, nickname, avatar_url } = account;
    let (unionid, nickname, avatar) = (unionid.as_deref(), nickname.as_deref(), avatar_url.as_deref());
    let made = rows::insert(tx, realm, user, appid, platform, openid, unionid, nickname, avatar, now).await?;
    if let Some(binding) = made {
        return Ok(Written::Made(Box::new(binding)));
    }
    let bound = rows::active(tx, realm, user).await?.is_some();
    Ok(Written::Refused(if bound { Code::UserBound } else { Code::WeChatBound }))
}

/// Whom a WeChat account is bound to: found by unionid when both sides have one, else by openid.
pub async fn bound_to(app: &App, account: &Account) -> Outcome<Option<BoundRow>> {
    if let Some(unionid) = &account.unionid {
        let found = rows::by_unionid(&app.store, &account.platform, unionid).await?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(rows::by_openid(&app.store, &account.appid, &account.openid).await?)
}

/// Ends the user's binding; its row stays. The sessions that the WeChat account has opened by it end too, but not the one
/// that asks.
pub async fn unbind(app: &App, user: &HostUser) -> Outcome<()> {
    let now = app.clock.now();
    let entry = Entry::new(app, user.subject(), Action::BindingEnded, user.subject());
    let (realm, id) = (user.realm, user.id.clone());
    let kept = user.session.as_ref().map(|session| session.id.clone());
    app.store
        .transaction(move |tx| {
            Box::pin(async move {
                if rows::unbind(tx, realm, &id, now).await? == 0 {
                    return Err(Failure::new(Code::NotBound));
                }
                let kept = kept.as_ref().map_or("", SessionId::as_str);
                end_sessions(tx, realm, &id, kept, now).await?;
                entry.write(tx).await?;
                Ok(())
            })
        })
        .await
}

pub(crate) fn made(app: &App, realm: Realm, user: &HostId) -> Entry {
    Entry::new(app, subject(realm, user), Action::BindingMade, subject(realm, user))
}

/// Takes away what is kept of a person: their WeChat accounts are bound to nobody any more, and nothing tells whose they
/// were. Before the identities are.
pub(crate) async fn forget(tx: &Tx<'_>, user: UserId, now: Timestamp) -> Result<(), StoreError> {
    for bound in rows::by_unionids(tx, user).await? {
        end_sessions(tx, bound.realm, &bound.user_id, "", now).await?;
    }
    rows::forget_openids(tx, user, now).await?;
    rows::forget_unionids(tx, user, now).await?;
    rows::forget_proofs(tx, user).await?;
    rows::forget_proofs_by_unionid(tx, user).await?;
    qr::rows::forget_openids(tx, user).await?;
    qr::rows::forget_unionids(tx, user).await?;
    if let Some(own) = HostId::parse(&user.to_string()) {
        rows::forget_own(tx, Realm::Weir, &own, now).await?;
        rows::forget_own_proofs(tx, Realm::Weir, &own).await?;
        qr::rows::forget_own(tx, Realm::Weir, &own).await?;
    }
    Ok(())
}

/// Ends the sessions that a bound WeChat account has opened for a user, but not `kept`.
async fn end_sessions(
    tx: &Tx<'_>,
    realm: Realm,
    user: &HostId,
    kept: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    match (realm, user.number().and_then(|number| i64::try_from(number).ok())) {
        (Realm::Host, _) => session::rows::end_of_host(tx, user, kept, now).await?,
        (Realm::Weir, Some(user)) => session::rows::end_of_bound(tx, UserId(user), kept, now).await?,
        (Realm::Weir, None) => 0,
    };
    Ok(())
}

/// Takes away what is kept of a WeChat account by the name that an app knows it by, whether anybody has logged in with it
/// or not. Whoever it was bound to is signed in by it no more.
pub(crate) async fn forget_openid(
    tx: &Tx<'_>,
    appid: &str,
    openid: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    if let Some(bound) = rows::by_openid(tx, appid, openid).await? {
        end_sessions(tx, bound.realm, &bound.user_id, "", now).await?;
    }
    rows::forget_openid(tx, appid, openid, now).await?;
    rows::forget_proofs_of(tx, appid, openid).await?;
    qr::rows::forget_openid(tx, appid, openid).await?;
    Ok(())
}

/// The same by the name that an open-platform account knows it by.
pub(crate) async fn forget_union(
    tx: &Tx<'_>,
    platform: &str,
    unionid: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    if let Some(bound) = rows::by_unionid(tx, platform, unionid).await? {
        end_sessions(tx, bound.realm, &bound.user_id, "", now).await?;
    }
    rows::forget_unionid(tx, platform, unionid, now).await?;
    Ok(())
}

/// Deletes QR codes and proofs that are of no use any more. Answers how many.
pub async fn sweep(app: &App) -> Outcome<u64> {
    const AT_ONCE: i64 = 200;
    let now = app.clock.now();
    let mut all = rows::delete_old_proofs(&app.store, now.minus(PROOF_AGE)).await?;
    loop {
        let deleted = qr::rows::delete_expired(&app.store, now.minus(PROOF_AGE * 2), AT_ONCE).await?;
        all += deleted;
        if deleted == 0 {
            return Ok(all);
        }
    }
}
