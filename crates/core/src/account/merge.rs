//! One person, many openids (pains 6 and 7): what happens when WeChat tells the unionid of somebody we know.

use weir_store::Tx;

use super::{MergeId, UserId, rows};
use crate::{
    App, Code, Failure, Outcome,
    audit::{Action, Entry},
    identity::{self, IdentityId},
};

/// Attaches the unionid that has appeared on `identity` and answers whose account the identity belongs to from now on:
/// the older of the two when two accounts turn out to be one person. `None` when another request is changing the same
/// accounts: nothing may be kept, look again.
pub async fn attach_unionid(
    app: &App,
    tx: &Tx<'_>,
    identity: &IdentityId,
    user: UserId,
    platform: &str,
    unionid: &str,
) -> Outcome<Option<UserId>> {
    let now = app.clock.now();
    let entry = |action| {
        Entry::new(app, "system", action, format!("user:{user}")).detail(format!("identity:{identity}"))
    };
    if identity::rows::with_other_unionid(tx, user, platform, unionid).await? > 0 {
        // The app was bound to another open-platform account, or WeChat says that one person is two. Nobody is moved
        // on such a word.
        entry(Action::UnionidConflict).write(tx).await?;
        return Ok(Some(user));
    }
    identity::rows::set_unionid(tx, identity, platform, unionid, now).await?;
    rows::claim_union(tx, platform, unionid, user, now).await?;
    let owner = rows::union_owner(tx, platform, unionid).await?.unwrap_or(user);
    entry(Action::UnionidAttached).write(tx).await?;
    if owner == user {
        return Ok(Some(user));
    }
    let (into, from) = (owner.min(user), owner.max(user));
    let different = identity::rows::with_other_unionid(tx, owner, platform, unionid).await?;
    let undone = rows::was_undone(tx, from).await?;
    if !app.settings.accounts.merge || different > 0 || undone > 0 {
        entry(Action::UnionidConflict).write(tx).await?;
        return Ok(Some(user));
    }
    Ok(merge(app, tx, from, into).await?.then_some(into))
}

/// Moves everything of `from` to `into`, and remembers what moved. False when `from` is not active any more.
async fn merge(app: &App, tx: &Tx<'_>, from: UserId, into: UserId) -> Outcome<bool> {
    let now = app.clock.now();
    if rows::set_merged(tx, from, into, now).await? == 0 {
        return Ok(false);
    }
    for identity in identity::rows::of_user(tx, from).await? {
        identity::rows::move_to(tx, &identity.id, from, into, now).await?;
        rows::insert_merge(tx, &MergeId::new(&app.dice, now), from, into, &identity.id, now).await?;
    }
    rows::move_unions(tx, from, into).await?;
    crate::session::rows::move_to(tx, from, into, now).await?;
    Entry::new(app, "system", Action::AccountMerged, format!("user:{into}"))
        .detail(format!("from user:{from}"))
        .write(tx)
        .await?;
    Ok(true)
}

/// Takes a merge back: the identities that moved go home, wherever later merges took them, and the sessions with them.
/// The account is not merged into another again.
pub async fn undo(app: &App, from: UserId) -> Outcome<()> {
    let now = app.clock.now();
    let entry = Entry::new(app, "operator", Action::MergeUndone, format!("user:{from}"));
    app.store
        .transaction(move |tx| {
            Box::pin(async move {
                let merges = rows::open_merges(tx, from).await?;
                if merges.is_empty() || rows::set_unmerged(tx, from, now).await? == 0 {
                    return Err(
                        Failure::new(Code::NotFound).detail("this account was not merged into another")
                    );
                }
                for merge in &merges {
                    identity::rows::send_home(tx, &merge.identity_id, from, now).await?;
                    crate::session::rows::follow_identity(tx, &merge.identity_id, from, now).await?;
                    rows::close_merges(tx, &merge.identity_id, from, merge.at, now).await?;
                }
                entry.write(tx).await?;
                Ok(())
            })
        })
        .await
}
