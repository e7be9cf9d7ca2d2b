//! Several sites on the one OAuth domain that WeChat allows (pain 14): each gets a code of ours, good once and for a
//! minute, at no other site. WeChat's code is never handed on.

use std::time::Duration;

use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use url::Url;
use weir_base::secret::same;

use super::{flow::Login, model::StateRow, rows};
use crate::{
    App, Code, Failure, Outcome,
    exchange::{WebPerson, flow::person_digest},
    qr::model::digest_of,
    web::origin,
};

const BEGINNING: &str = "wr_";
const GOOD_FOR: Duration = Duration::from_secs(60);

/// What a code of ours stands for, sealed.
#[derive(Serialize, Deserialize)]
struct Handed {
    person: WebPerson,
    /// The site that it is for: scheme, host and port.
    site: String,
    challenge: Option<String>,
    /// The digest of the site's own state.
    state_digest: Option<String>,
}

fn context(digest: &str) -> String {
    format!("relay:{digest}")
}

/// The site's address with a code of ours and its own state.
pub(super) async fn hand_on(app: &App, person: WebPerson, address: &str, row: &StateRow) -> Outcome<String> {
    let code = format!("{BEGINNING}{}", app.dice.token::<32>());
    let digest = digest_of(&code);
    let whose = person_digest(app, &person.appid, &person.openid);
    let site = Url::parse(address).map_err(|error| Failure::new(Code::Internal).cause(error))?;
    let handed = Handed {
        person,
        site: origin(&site),
        challenge: row.code_challenge.clone(),
        state_digest: row.client_state.as_deref().map(digest_of),
    };
    let text = serde_json::to_string(&handed).map_err(|error| Failure::new(Code::Internal).cause(error))?;
    let sealed = app.sealer.seal(&text, &context(&digest));
    let until = app.clock.now().plus(GOOD_FOR);
    rows::insert_relay(&app.store, &digest, &sealed, &whose, until).await?;
    told(address, "code", &code, row.client_state.as_deref())
}

/// The site's address when its visitor did not consent (RFC 6749, 4.1.2.1).
pub(super) fn denied(address: &str, state: Option<&str>) -> Outcome<String> {
    told(address, "error", "access_denied", state)
}

fn told(address: &str, name: &str, value: &str, state: Option<&str>) -> Outcome<String> {
    let mut location = Url::parse(address).map_err(|error| Failure::new(Code::Internal).cause(error))?;
    location.query_pairs_mut().append_pair(name, value);
    if let Some(state) = state {
        location.query_pairs_mut().append_pair("state", state);
    }
    Ok(location.into())
}

/// Who stands behind a code of ours; `None` for a code of WeChat's. A code that comes from elsewhere than its site, or
/// without what the site bound it to, is spent all the same.
pub(super) async fn redeem(app: &App, login: &Login<'_>) -> Outcome<Option<WebPerson>> {
    if !login.code.starts_with(BEGINNING) {
        return Ok(None);
    }
    let refused = || Failure::invalid("code", "is unknown, used or expired, or is not for this site");
    let digest = digest_of(login.code);
    let sealed = rows::take_relay(&app.store, &digest, app.clock.now()).await?.ok_or_else(refused)?;
    let text = app.sealer.open(&sealed, &context(&digest));
    let text = text.map_err(|error| Failure::new(Code::Internal).cause(error))?;
    let handed: Handed =
        serde_json::from_str(text.expose()).map_err(|error| Failure::new(Code::Internal).cause(error))?;
    if !handed.is_for(login, app.settings.h5.require_state) {
        return Err(refused());
    }
    Ok(Some(handed.person))
}

impl Handed {
    fn is_for(&self, login: &Login<'_>, require_state: bool) -> bool {
        // A browser tells whose page asks; a site's own server tells nothing.
        let is_site = login.origin.is_none_or(|origin| origin == self.site);
        let is_verified =
            self.challenge.as_ref().is_none_or(|challenge| is_answered(challenge, login.verifier));
        let is_answer = match (&self.state_digest, login.state) {
            (Some(digest), Some(state)) => same(digest_of(state).as_bytes(), digest.as_bytes()),
            // The site compares its state by itself, unless it is to be made sure of.
            (_, None) | (None, _) => !require_state || self.challenge.is_some(),
        };
        is_site && is_verified && is_answer
    }
}

/// Whether whoever brings `verifier` is who gave `challenge` (RFC 7636, S256).
pub(super) fn is_answered(challenge: &str, verifier: Option<&str>) -> bool {
    let Some(verifier) = verifier else { return false };
    let digest = digest::digest(&digest::SHA256, verifier.as_bytes());
    same(URL_SAFE_NO_PAD.encode(digest).as_bytes(), challenge.as_bytes())
}
