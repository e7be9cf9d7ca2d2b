//! `/sns/*`: code exchange (wechat-protocol.md, section B1).

use crate::{
    Simulator,
    answer::Refusal,
    world::{
        AppKind,
        codes::{Purpose, Spoiled},
    },
};

use super::{Call, credentials};

/// `GET /sns/jscode2session?appid&secret&js_code&grant_type` → `{"session_key","openid","unionid"?}`, no errcode.
pub fn jscode2session(simulator: &Simulator, call: &Call<'_>) -> Result<String, Refusal> {
    let world = simulator.world();
    let (key, app) = credentials::app(&world, call.param("appid").as_deref(), &[AppKind::MiniProgram])?;
    credentials::check_secret(app, call.param("secret").as_deref())?;
    let code = call.param("js_code").ok_or_else(|| Refusal::of(41008))?;
    if call.param("grant_type").as_deref() != Some("authorization_code") {
        return Err(Refusal::of(40002));
    }
    simulator.quotas().take((key, app), call.path, call.now)?;
    let grant = simulator
        .codes()
        .redeem(&code, Purpose::Login, key, call.now, |grant| {
            if world.person_at(grant.person).is_some_and(|person| person.risky) {
                return Err(Refusal::of(40226));
            }
            simulator.quotas().take_for((key, app), call.path, grant.person, call.now)
        })
        .map_err(|spoiled| match spoiled {
            Spoiled::Used => Refusal::of(40163),
            Spoiled::Unknown | Spoiled::Foreign => Refusal::of(40029),
            Spoiled::Refused(refusal) => refusal,
        })?;
    let person = world.person_at(grant.person).ok_or_else(|| Refusal::of(40029))?;
    let openid = person.openid(app);
    let session_key =
        simulator.sessions().exchange(&openid, (key, app), grant.person, call.now, simulator.dice());
    // Identifiers need no escaping: base64, letters, digits, `_` and `-`.
    Ok(match person.unionid(app) {
        Some(unionid) => {
            format!(r#"{{"session_key":"{session_key}","openid":"{openid}","unionid":"{unionid}"}}"#)
        }
        None => format!(r#"{{"session_key":"{session_key}","openid":"{openid}"}}"#),
    })
}
