//! What actions, leads, subscriptions and messages have in common: who may ask for them, their settings, and what an
//! erasure leaves of them.

pub mod model;
pub mod rows;
pub mod settings;
pub mod sweep;

pub use model::Party;

use weir_base::Timestamp;
use weir_store::{StoreError, Tx};

use crate::message;

/// Takes away what is kept of a person as a customer and as somebody who gets messages.
pub(crate) async fn forget(tx: &Tx<'_>, appid: &str, openid: &str, now: Timestamp) -> Result<(), StoreError> {
    rows::forget_told(tx, openid, now).await?;
    let lane = message::flow::lane(appid, openid);
    // None of them needs to know of the others: PostgreSQL is sent all at once.
    tokio::try_join!(
        rows::forget_sent(tx, appid, openid, now),
        rows::forget_jobs(tx, &lane),
        rows::forget_actions(tx, openid),
        rows::forget_leads(tx, openid, now),
        rows::forget_subscriptions(tx, appid, openid),
        rows::forget_credits(tx, appid, openid),
        rows::forget_ledger(tx, appid, openid),
    )?;
    Ok(())
}

/// Takes away a customer's name, which leads and actions were told.
pub(crate) async fn forget_name(tx: &Tx<'_>, openid: &str, now: Timestamp) -> Result<(), StoreError> {
    rows::forget_told(tx, openid, now).await?;
    rows::forget_names(tx, openid, now).await?;
    rows::forget_names_of_actions(tx, openid).await?;
    Ok(())
}

/// Takes away a customer's phone number.
pub(crate) async fn forget_phone(tx: &Tx<'_>, openid: &str, now: Timestamp) -> Result<(), StoreError> {
    rows::forget_told(tx, openid, now).await?;
    rows::forget_phones(tx, openid, now).await?;
    rows::forget_phones_of_actions(tx, openid).await?;
    Ok(())
}
