//! What people take back is erased (section F6): whom WeChat names by openid, whether they have an account here or not.

use weir_store::{StoreError, Tx};
use weir_wechat::push::{Privacy, PrivacyChange};

use super::rows;
use crate::{App, account, authorization, binding, engagement, exchange, identity};

/// What a person takes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    /// Nothing that is kept here.
    Nothing,
    Profile,
    Phone,
    Everything,
}

impl Scope {
    fn of(privacy: &Privacy) -> Self {
        match privacy.change {
            PrivacyChange::ProfileModified => Self::Profile,
            PrivacyChange::Cancelled => Self::Everything,
            PrivacyChange::Revoked => match privacy.revoked.as_deref().unwrap_or_default() {
                "6" | "19" | "20" | "205" => Self::Profile,
                "8" => Self::Phone,
                // Number plates, addresses, invoices, Bluetooth, microphones, cameras, steps, places, pictures, files, mail.
                "1" | "2" | "3" | "4" | "5" | "7" | "12" | "13" | "14" | "15" | "16" | "18" => Self::Nothing,
                "201" | "202" | "203" | "204" | "206" | "207" => Self::Nothing,
                _ => Self::Everything,
            },
        }
    }
}

/// Erases what a privacy event names. Doing it again does no harm.
pub(super) async fn honour(tx: &Tx<'_>, app: &App, appid: &str, privacy: &Privacy) -> Result<(), StoreError> {
    let now = app.clock.now();
    let openid = privacy.openid.as_str();
    match Scope::of(privacy) {
        Scope::Nothing => {}
        Scope::Profile => {
            if let Some(owner) = identity::rows::owner(tx, appid, openid).await? {
                account::rows::forget_looks(tx, owner, now).await?;
            }
            authorization::rows::forget_looks(tx, appid, openid).await?;
            binding::rows::forget_looks(tx, appid, openid, now).await?;
            exchange::rows::delete_of(tx, &exchange::flow::person_digest(app, appid, openid)).await?;
            engagement::forget_name(tx, openid, now).await?;
        }
        Scope::Phone => engagement::forget_phone(tx, openid, now).await?,
        Scope::Everything => {
            // The account has all that is kept of a person, in whatever app.
            if let Some(owner) = identity::rows::owner(tx, appid, openid).await? {
                account::flow::erase_in(tx, app, "wechat", owner).await?;
            }
            forget(tx, app, appid, openid).await?;
            let platform =
                app.settings.apps.iter().find(|app| app.appid == appid).map(|app| &app.open_platform);
            if let (Some(unionid), Some(platform)) = (&privacy.unionid, platform) {
                binding::flow::forget_union(tx, platform, unionid, now).await?;
            }
        }
    }
    Ok(())
}

/// Takes away what is kept of somebody by the name that an app knows them by.
pub(crate) async fn forget(tx: &Tx<'_>, app: &App, appid: &str, openid: &str) -> Result<(), StoreError> {
    let now = app.clock.now();
    let person = exchange::flow::person_digest(app, appid, openid);
    binding::flow::forget_openid(tx, appid, openid, now).await?;
    authorization::rows::delete_of_openid(tx, appid, openid).await?;
    authorization::rows::delete_relays_of(tx, &person).await?;
    exchange::rows::delete_of(tx, &person).await?;
    engagement::forget(tx, appid, openid, now).await?;
    rows::forget(tx, appid, openid).await?;
    Ok(())
}
