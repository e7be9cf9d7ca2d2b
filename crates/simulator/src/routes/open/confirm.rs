//! `/connect/confirm`: what the phone opens when it has scanned a website's QR code.

use axum::http::Method;

use super::{
    code, is_phone, person,
    qrconnect::LOGIN,
    remembering,
    request::{Asked, Decision, closed},
};
use crate::{
    Simulator,
    answer::{Answer, Refusal},
    page::{self, Question},
    routes::Call,
    words,
    world::scans::Status,
};

/// `GET ?uuid`: the consent sheet, whose form is posted here. The shortcut answers at once.
pub fn confirm(simulator: &Simulator, call: &Call<'_>) -> Result<Answer, Refusal> {
    let posted = call.method == Method::POST;
    let asked = if posted { Asked::parse(call.body()) } else { Asked::parse(call.query.as_bytes()) };
    let uuid = asked.get("uuid").unwrap_or_default();
    let world = simulator.world();
    let (opened, decision) = (simulator.scans().opened(uuid, call.now), asked.decision()?);
    let opened = opened.ok_or_else(gone)?;
    let app = world.app_at(opened.app).ok_or_else(|| closed(40013))?;
    let (key, found) = person(&world, call, asked.get("_sim_user"))?;
    let language = call.language();
    let page = match decision {
        None => {
            simulator.scans().scan(uuid, call.now);
            if matches!(simulator.scans().status(uuid, call.now), Status::Confirmed { .. }) {
                return Err(gone());
            }
            return Ok(Answer::html(page::consent(&Question {
                app,
                action: "/connect/confirm",
                hidden: &[("uuid", uuid)],
                world: &world,
                chosen: found,
                wants: words::LOGIN,
                language,
                is_phone: is_phone(call),
            })));
        }
        Some(Decision::Allow) => {
            let code = || code(simulator, call, opened.app, key, LOGIN);
            if !simulator.scans().confirm(uuid, call.now, code)? {
                return Err(gone());
            }
            page::notice(words::LOGGED_IN, words::GO_ON, language)
        }
        Some(Decision::Deny) => {
            if !simulator.scans().refuse(uuid, call.now) {
                return Err(gone());
            }
            page::notice(words::CANCELLED, words::CLOSE, language)
        }
    };
    Ok(remembering(Answer::html(page), found))
}

/// Unknown, expired, or answered already.
pub fn gone() -> Refusal {
    Refusal::shown(-1, words::GONE)
}
