//! Commands that work on the database beside a running server.

use std::sync::Arc;

use anyhow::{Result, anyhow};
use weir_core::{
    App, Failure,
    account::{UserId, merge},
    apikey::{self, KeyId, Scope},
};

use super::{place, say};
use crate::{
    cli::Place,
    wire::{self, Ground},
};

async fn open(place: &Place) -> Result<Arc<App>> {
    wire::build(&place::config(place)?, Ground::system()).await
}

fn told(failure: &Failure) -> anyhow::Error {
    let detail = failure.detail.as_deref().unwrap_or(failure.code.as_str());
    match failure.chain() {
        Some(cause) => anyhow!("{detail}: {cause}"),
        None => anyhow!("{detail}"),
    }
}

pub(super) async fn migrate(place: &Place) -> Result<()> {
    let store = wire::open_store(&place::config(place)?).await?;
    let applied = store.migrate().await?;
    store.close().await;
    match applied.as_slice() {
        [] => say("the database is up to date"),
        applied => say(&format!("applied: {}", applied.join(", "))),
    }
    Ok(())
}

pub(super) async fn create_key(scope: &str, name: &str, place: &Place) -> Result<()> {
    let scopes = Scope::parse_list(scope).map_err(|sentence| anyhow!("--scope: {sentence}"))?;
    if scopes.is_empty() {
        return Err(anyhow!("--scope: name at least one, as in --scope messages:send,crm:read"));
    }
    let app = open(place).await?;
    let (_, key) = apikey::flow::create(&app, name, &scopes).await.map_err(|failure| told(&failure))?;
    app.store.close().await;
    say(key.expose());
    Ok(())
}

pub(super) async fn list_keys(place: &Place) -> Result<()> {
    let app = open(place).await?;
    let keys = apikey::flow::list(&app).await.map_err(|failure| told(&failure))?;
    app.store.close().await;
    if keys.is_empty() {
        say("no keys yet: weir key create --scope …");
    }
    for key in keys {
        let state = key.revoked_at.map_or_else(|| "good".to_owned(), |at| format!("revoked {at}"));
        say(&format!("{}  {}  {state}  {}  {}", key.id, key.created_at, key.scopes, key.name));
    }
    Ok(())
}

pub(super) async fn revoke_key(id: &str, place: &Place) -> Result<()> {
    let id = KeyId::parse(id)
        .ok_or_else(|| anyhow!("{id:?} is no key's id; `weir key list` shows them (key_…)"))?;
    let app = open(place).await?;
    apikey::flow::revoke(&app, &id).await.map_err(|failure| told(&failure))?;
    app.store.close().await;
    say(&format!("{id} is revoked"));
    Ok(())
}

pub(super) async fn unmerge(id: i64, place: &Place) -> Result<()> {
    let app = open(place).await?;
    merge::undo(&app, UserId(id)).await.map_err(|failure| told(&failure))?;
    app.store.close().await;
    say(&format!("user {id} is an account of its own again"));
    Ok(())
}
