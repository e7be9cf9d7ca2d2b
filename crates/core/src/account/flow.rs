use std::sync::Arc;

use weir_store::{StoreError, Tx};

use super::{Counters, Profile, ProfileChange, UserId, rows};
use crate::{
    App, Code, Failure, Outcome,
    apikey::ApiKey,
    audit::{Action, Entry},
    binding, identity,
    push::privacy,
    session,
};

/// Changes what the person changed and tells what is there now.
pub async fn update_profile(app: &App, user: UserId, change: ProfileChange) -> Outcome<Profile> {
    change.validate()?;
    let now = app.clock.now();
    let (nickname, avatar, bio) =
        (change.nickname.as_deref(), change.avatar.as_deref(), change.bio.as_deref());
    let updated = rows::update_profile(&app.store, user, nickname, avatar, bio, now).await?;
    updated.ok_or_else(|| Failure::new(Code::TokenRevoked))
}

/// The host application's numbers, written with its key.
pub async fn write_counters(app: &App, key: &ApiKey, user: UserId, counters: Counters) -> Outcome<Profile> {
    counters.validate()?;
    let now = app.clock.now();
    let entry = Entry::new(app, format!("key:{}", key.id), Action::CountersWritten, format!("user:{user}"));
    app.store
        .transaction(move |tx| {
            Box::pin(async move {
                let Counters { recipe_count, follower_count, following_count, favorite_count } = counters;
                let profile = rows::update_counters(
                    tx,
                    user,
                    recipe_count,
                    follower_count,
                    following_count,
                    favorite_count,
                    now,
                )
                .await?
                .ok_or_else(|| Failure::new(Code::NotFound).detail("there is no such user"))?;
                entry.write(tx).await?;
                Ok(profile)
            })
        })
        .await
}

/// Cancels an account: personal data is gone, every token is dead. Whoever comes back later is somebody new.
pub async fn erase(app: &Arc<App>, user: UserId) -> Outcome<()> {
    let for_it = Arc::clone(app);
    app.store
        .transaction(move |tx| {
            Box::pin(async move {
                if !erase_in(tx, &for_it, &format!("user:{user}"), user).await? {
                    return Err(Failure::new(Code::TokenRevoked));
                }
                Ok(())
            })
        })
        .await
}

/// The same in the caller's transaction, as `by` wants it. `false`: there is no such account any more.
pub(crate) async fn erase_in(tx: &Tx<'_>, app: &App, by: &str, user: UserId) -> Result<bool, StoreError> {
    let now = app.clock.now();
    if rows::erase(tx, user, now).await? == 0 {
        return Ok(false);
    }
    let names = identity::rows::names_of(tx, user).await?;
    rows::erase_merged(tx, user, now).await?;
    rows::forget_merges(tx, user).await?;
    for name in &names {
        privacy::forget(tx, app, &name.appid, &name.openid).await?;
    }
    binding::flow::forget(tx, user, now).await?;
    rows::delete_unions(tx, user).await?;
    identity::rows::delete_of(tx, user).await?;
    session::rows::forget_user(tx, user, now).await?;
    Entry::new(app, by, Action::AccountErased, format!("user:{user}")).write(tx).await?;
    Ok(true)
}
