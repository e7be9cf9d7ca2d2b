//! `open.weixin.qq.com`: the pages on which people agree (wechat-protocol.md, A1 and A2).

mod authorize;
mod confirm;
mod qrconnect;
mod request;

pub use authorize::authorize;
pub use confirm::confirm;
pub use qrconnect::{go_on, news, poll, qrcode, qrconnect};

use axum::http::{HeaderValue, header};

use super::Call;
use crate::{
    Simulator,
    answer::{Answer, Refusal},
    world::{
        AppKey, Person, PersonKey, World,
        codes::{Consent, Purpose},
    },
};

/// Remembers in a browser who was chosen last.
const COOKIE: &str = "_sim_user";
/// Says that it is the phone's browser, where nobody chooses who they are.
pub const PHONE: &str = "_sim_phone";

fn is_phone(call: &Call<'_>) -> bool {
    call.cookie(PHONE).is_some()
}

/// Whose phone it is: the person that the request names, else the one chosen last in this browser, else the first
/// ordinary one.
fn person<'w>(
    world: &'w World,
    call: &Call<'_>,
    named: Option<&str>,
) -> Result<(PersonKey, &'w Person), Refusal> {
    if let Some(named) = named {
        return world.person(named).ok_or_else(|| {
            Refusal::worded(-1, format!("_sim_user: no user `{named}`; /_sim/users lists them"))
        });
    }
    if let Some(found) = call.cookie(COOKIE).and_then(|id| world.person(&id)) {
        return Ok(found);
    }
    let ordinary = world.people().find(|person| !person.snapshot).or_else(|| world.people().next());
    ordinary
        .and_then(|person| world.person(&person.id))
        .ok_or_else(|| Refusal::worded(-1, "there are no people: POST /_sim/users adds one"))
}

/// The cookie that says whose browser it is, as a browser sends it.
pub fn owner_cookie(person: &str) -> String {
    let id: String = url::form_urlencoded::byte_serialize(person.as_bytes()).collect();
    format!("{COOKIE}={id}")
}

/// A cookie for the browser to keep, for the simulator's pages alone.
pub fn remembered(cookie: &str) -> Option<HeaderValue> {
    HeaderValue::from_str(&format!("{cookie}; Path=/; HttpOnly; SameSite=Lax")).ok()
}

/// Remembers the person for the browser's next visit.
fn remembering(answer: Answer, person: &Person) -> Answer {
    match remembered(&owner_cookie(&person.id)) {
        Some(cookie) => answer.with(header::SET_COOKIE, cookie),
        None => answer,
    }
}

/// A code for what the person agreed to.
fn code(
    simulator: &Simulator,
    call: &Call<'_>,
    app: AppKey,
    person: PersonKey,
    consent: Consent,
) -> Result<String, Refusal> {
    let code = simulator.codes().issue(app, person, Purpose::Web(consent), call.now, simulator.dice());
    code.ok_or_else(|| Refusal::of(10009))
}
