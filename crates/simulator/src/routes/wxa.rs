//! `/wxa/*`: what a mini-program's server may ask (wechat-protocol.md, sections B2 to B4).

use weir_base::Secret;
use weir_wechat::crypto::session_signature;

use crate::{
    Simulator,
    answer::{Refusal, json_text},
    world::{
        World,
        codes::{Purpose, Spoiled},
        sessions::Session,
    },
};

use super::{Call, credentials};

/// `GET /wxa/checksession?access_token&openid&signature&sig_method` → errcode 0, or 87009.
pub fn checksession(simulator: &Simulator, call: &Call<'_>) -> Result<String, Refusal> {
    let world = simulator.world();
    signed_session(simulator, &world, call)?;
    Ok(String::from(r#"{"errcode":0,"errmsg":"ok"}"#))
}

/// `GET /wxa/resetusersessionkey`, same query → errcode 0, openid and the new session_key, which ends when the old one
/// would have.
pub fn resetusersessionkey(simulator: &Simulator, call: &Call<'_>) -> Result<String, Refusal> {
    let world = simulator.world();
    let (openid, session) = signed_session(simulator, &world, call)?;
    let app = world.app_at(session.app).ok_or_else(|| Refusal::of(40013))?;
    simulator.quotas().take((session.app, app), call.path, call.now)?;
    let session_key =
        simulator.sessions().reset(&openid, call.now, simulator.dice()).ok_or_else(|| Refusal::of(87007))?;
    Ok(format!(r#"{{"errcode":0,"errmsg":"ok","openid":"{openid}","session_key":"{session_key}"}}"#))
}

/// The session of the call's openid, once its signature has proven that the caller knows the session_key.
///
/// # Errors
/// 41009 and 40003 for the openid, 87008 for the method, 87007 without a session, 87009 for the signature.
fn signed_session(
    simulator: &Simulator,
    world: &World,
    call: &Call<'_>,
) -> Result<(String, Session), Refusal> {
    let (key, _) = credentials::mini_program_bearer(simulator, world, call)?;
    let openid = call.param("openid").ok_or_else(|| Refusal::of(41009))?.into_owned();
    match simulator.sessions().owner(&openid) {
        Some((app, _)) if app == key => {}
        _ => return Err(Refusal::of(40003)),
    }
    if call.param("sig_method").as_deref() != Some("hmac_sha256") {
        return Err(Refusal::of(87008));
    }
    let session = simulator.sessions().current(&openid, call.now).ok_or_else(|| Refusal::of(87007))?;
    let expected = session_signature(&Secret::new(session.key.as_str()), b"");
    let given = call.param("signature").unwrap_or_default();
    if !weir_base::secret::same(expected.as_bytes(), given.as_bytes()) {
        return Err(Refusal::of(87009));
    }
    Ok((openid, session))
}

/// `POST /wxa/business/getuserphonenumber?access_token {code, openid?}` → `phone_info` with its watermark.
pub fn getuserphonenumber(simulator: &Simulator, call: &Call<'_>) -> Result<String, Refusal> {
    let world = simulator.world();
    let (key, app) = credentials::mini_program_bearer(simulator, &world, call)?;
    let code = call.field("code")?.ok_or_else(|| Refusal::of(40029))?;
    let openid = call.field("openid")?;
    simulator.quotas().take((key, app), call.path, call.now)?;
    let grant = simulator
        .codes()
        .redeem(code, Purpose::Phone, key, call.now, |grant| {
            let owner = world.person_at(grant.person).map(|person| person.openid(app));
            match openid {
                Some(openid) if owner.as_deref() != Some(openid) => Err(Refusal::of(40003)),
                _ => Ok(()),
            }
        })
        .map_err(|spoiled| match spoiled {
            Spoiled::Foreign => Refusal::of(40013),
            Spoiled::Unknown | Spoiled::Used => Refusal::of(40029),
            Spoiled::Refused(refusal) => refusal,
        })?;
    let person = world.person_at(grant.person).ok_or_else(|| Refusal::of(40029))?;
    let pure = person.phone.as_deref().ok_or_else(|| Refusal::of(40029))?;
    let country = person.country_code.as_str();
    let whole = if country == "86" { pure.to_owned() } else { format!("+{country}{pure}") };
    Ok(format!(
        r#"{{"errcode":0,"errmsg":"ok","phone_info":{{"phoneNumber":{},"purePhoneNumber":{},"countryCode":{},"watermark":{{"timestamp":{},"appid":"{}"}}}}}}"#,
        json_text(&whole),
        json_text(pure),
        json_text(country),
        call.now.seconds(),
        app.appid,
    ))
}
