//! Several sites on the one OAuth domain that WeChat allows (pain 14): each gets a code of ours, good once and for a
//! minute. WeChat's code is never handed on.

use std::time::Duration;

use url::Url;

use super::rows;
use crate::{
    App, Code, Failure, Outcome,
    exchange::{WebPerson, flow::person_digest},
    qr::model::digest_of,
};

const BEGINNING: &str = "wr_";
const GOOD_FOR: Duration = Duration::from_secs(60);

fn context(digest: &str) -> String {
    format!("relay:{digest}")
}

/// The site's address with a code of ours and its own state.
pub(super) async fn hand_on(
    app: &App,
    person: &WebPerson,
    address: &str,
    state: Option<&str>,
) -> Outcome<String> {
    let code = format!("{BEGINNING}{}", app.dice.token::<32>());
    let digest = digest_of(&code);
    let text = serde_json::to_string(person).map_err(|error| Failure::new(Code::Internal).cause(error))?;
    let sealed = app.sealer.seal(&text, &context(&digest));
    let until = app.clock.now().plus(GOOD_FOR);
    let whose = person_digest(app, &person.appid, &person.openid);
    rows::insert_relay(&app.store, &digest, &sealed, &whose, until).await?;
    told(address, "code", &code, state)
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

/// Who stands behind a code of ours; `None` for a code of WeChat's.
pub(super) async fn redeem(app: &App, code: &str) -> Outcome<Option<WebPerson>> {
    if !code.starts_with(BEGINNING) {
        return Ok(None);
    }
    let digest = digest_of(code);
    let sealed = rows::take_relay(&app.store, &digest, app.clock.now()).await?;
    let sealed = sealed.ok_or_else(|| Failure::invalid("code", "is unknown, used or expired"))?;
    let text = app.sealer.open(&sealed, &context(&digest));
    let text = text.map_err(|error| Failure::new(Code::Internal).cause(error))?;
    let person =
        serde_json::from_str(text.expose()).map_err(|error| Failure::new(Code::Internal).cause(error))?;
    Ok(Some(person))
}
