use weir_base::Secret;

use super::{ApiKey, KeyId, Scope, model, rows};
use crate::{
    App, Code, Failure, Outcome,
    audit::{Action, Entry},
};

/// Makes a key. This is the only time that it is seen.
pub async fn create(app: &App, name: &str, scopes: &[Scope]) -> Outcome<(KeyId, Secret)> {
    let now = app.clock.now();
    let id = KeyId::new(&app.dice, now);
    let key = Secret::new(format!("weir_{}", app.dice.token::<32>()));
    let (name, digest, scopes) = (name.to_owned(), model::digest_of(key.expose()), Scope::join(scopes));
    let entry = Entry::new(app, "operator", Action::KeyCreated, format!("key:{id}")).detail(scopes.clone());
    let stored = id.clone();
    app.store
        .transaction(move |tx| {
            Box::pin(async move {
                rows::insert(tx, &stored, &name, &digest, &scopes, now).await?;
                entry.write(tx).await?;
                Ok::<_, Failure>(())
            })
        })
        .await?;
    Ok((id, key))
}

/// Who a presented key is.
pub async fn authenticate(app: &App, key: &str) -> Outcome<ApiKey> {
    let refused = || Failure::new(Code::TokenInvalid);
    if !model::looks_like_key(key) {
        return Err(refused());
    }
    let row = rows::by_digest(&app.store, &model::digest_of(key)).await?.ok_or_else(refused)?;
    // A scope of a later release, read by an older one after a downgrade, allows nothing.
    let scopes = row.scopes.split(',').filter_map(Scope::parse).collect();
    Ok(ApiKey { id: row.id, scopes })
}

pub async fn list(app: &App) -> Outcome<Vec<rows::KeyRow>> {
    Ok(rows::all(&app.store).await?)
}

/// Revokes a key from now on, on every replica.
pub async fn revoke(app: &App, id: &KeyId) -> Outcome<()> {
    let now = app.clock.now();
    let entry = Entry::new(app, "operator", Action::KeyRevoked, format!("key:{id}"));
    let id = id.clone();
    app.store
        .transaction(move |tx| {
            Box::pin(async move {
                if rows::revoke(tx, &id, now).await? == 0 {
                    return Err(
                        Failure::new(Code::NotFound).detail("there is no such key, or it is revoked already")
                    );
                }
                entry.write(tx).await?;
                Ok(())
            })
        })
        .await
}
