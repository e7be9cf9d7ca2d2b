//! `/cgi-bin/ticket/getticket` (wechat-protocol.md, C4).

use crate::{Simulator, answer::Refusal, world::tickets::TicketKind};

use super::{Call, credentials};

/// `GET /cgi-bin/ticket/getticket?access_token&type` → the ticket and the life that is left to it.
pub fn getticket(simulator: &Simulator, call: &Call<'_>) -> Result<String, Refusal> {
    let world = simulator.world();
    let (key, app) = credentials::official_account_bearer(simulator, &world, call)?;
    let kind = match call.param("type").as_deref() {
        Some("jsapi") => TicketKind::Jsapi,
        Some("wx_card") => TicketKind::WxCard,
        _ => return Err(Refusal::of(40097)),
    };
    simulator.quotas().take((key, app), call.path, call.now)?;
    let ticket = simulator.tickets().take(key, kind, call.now, simulator.dice());
    let left = ticket.ends.since(call.now).as_secs();
    Ok(format!(r#"{{"errcode":0,"errmsg":"ok","ticket":"{}","expires_in":{left}}}"#, ticket.text))
}
