//! `/cgi-bin/message/*`: messages to people (wechat-protocol.md, sections E2, E6 and E7).

use serde::Deserialize;
use serde_json::{Map, Value, value::to_raw_value};

use crate::{
    Simulator,
    answer::Refusal,
    push,
    world::{App, AppKey, AppKind, Message, PersonKey, Template, World},
};

use super::{Call, credentials, user, values};

/// The longest template id that is looked for.
const LONGEST_TEMPLATE_ID: usize = 64;
const STATES: &[&str] = &["developer", "trial", "formal"];
const LANGUAGES: &[&str] = &["zh_CN", "en_US", "zh_HK", "zh_TW"];

/// `POST /cgi-bin/message/subscribe/send?access_token {touser, template_id, data, page?, miniprogram_state?, lang?}` →
/// errcode 0 and msgid. Uses up one accept of a one-time template; a refused message uses up nothing.
pub fn subscribe_send(simulator: &Simulator, call: &Call<'_>) -> Result<String, Refusal> {
    let world = simulator.world();
    let (key, app) = credentials::mini_program_bearer(simulator, &world, call)?;
    let (openid, person) = recipient(&world, key, call)?;
    let template = template(app, call)?;
    let page = call.field("page")?;
    if page.is_some_and(|page| !app.has_page(page)) {
        return Err(Refusal::of(41030));
    }
    let state = one_of(call.field("miniprogram_state")?, STATES)?;
    let lang = one_of(call.field("lang")?, LANGUAGES)?;
    let extras = Extras { page, state, lang, ..Extras::default() };
    granted(simulator, call, (key, app), (openid, person), template, extras)
}

/// `POST /cgi-bin/message/subscribe/bizsend?access_token {touser, template_id, data, page?, miniprogram?}`: the same of an
/// official account; `page` is a web address.
pub fn bizsend(simulator: &Simulator, call: &Call<'_>) -> Result<String, Refusal> {
    let world = simulator.world();
    let (key, app) = credentials::certified_bearer(simulator, &world, call)?;
    let to = recipient(&world, key, call)?;
    let template = template(app, call)?;
    let extras = Extras {
        page: call.field("page")?,
        miniprogram: linked(&world, app, call.json()?.get("miniprogram"))?,
        ..Extras::default()
    };
    granted(simulator, call, (key, app), to, template, extras)
}

/// What a message may carry besides its data.
#[derive(Clone, Copy, Default)]
struct Extras<'c> {
    page: Option<&'c str>,
    state: Option<&'c str>,
    lang: Option<&'c str>,
    url: Option<&'c str>,
    miniprogram: Option<&'c Value>,
}

/// Sends a message that the person must have accepted.
fn granted(
    simulator: &Simulator,
    call: &Call<'_>,
    (key, app): (AppKey, &App),
    (openid, person): (&str, PersonKey),
    template: &Template,
    extras: Extras<'_>,
) -> Result<String, Refusal> {
    let data = values::check(app, template, call.json()?.get("data"))?;
    simulator.subscriptions().take(openid, &template.id, template.kind)?;
    if let Err(refusal) = simulator.quotas().take((key, app), call.path, call.now) {
        simulator.subscriptions().give_back(openid, &template.id, template.kind);
        return Err(refusal);
    }
    let msgid = simulator.inbox().next_msgid(call.now);
    simulator.inbox().add(person, message(app, openid, template, data, extras, msgid, call)?);
    if app.push.is_some() {
        call.then_push(key, push::sent_event(openid, &template.id, msgid));
    }
    Ok(sent(msgid))
}

/// `POST /cgi-bin/message/template/send?access_token {touser, template_id, data, url?, miniprogram?, client_msg_id?}` →
/// errcode 0 and msgid. A `client_msg_id` that came in the last ten minutes is answered again, and sends nothing.
pub fn template_send(simulator: &Simulator, call: &Call<'_>) -> Result<String, Refusal> {
    let world = simulator.world();
    let (key, app) = credentials::certified_bearer(simulator, &world, call)?;
    let (openid, person) = recipient(&world, key, call)?;
    let template = template(app, call)?;
    if !world.person_at(person).is_some_and(|person| user::follows(person, app)) {
        return Err(Refusal::of(43004));
    }
    let miniprogram = linked(&world, app, call.json()?.get("miniprogram"))?;
    let data = values::check(app, template, call.json()?.get("data"))?;
    simulator.quotas().take((key, app), call.path, call.now)?;
    let msgid = simulator.inbox().next_msgid(call.now);
    // Last, so that a message that is refused is not taken for sent.
    if let Some(id) = call.field("client_msg_id")?
        && let Some(before) = simulator.inbox().once(openid, id, msgid, call.now)
    {
        return Ok(sent(before));
    }
    let extras = Extras { url: call.field("url")?, miniprogram, ..Extras::default() };
    simulator.inbox().add(person, message(app, openid, template, data, extras, msgid, call)?);
    if app.push.is_some() {
        call.then_push(key, push::job_finished_event(openid, msgid));
    }
    Ok(sent(msgid))
}

/// To whom a send goes, if its body says so: what tells whether two are to the same person.
pub fn touser(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct To {
        touser: String,
    }
    serde_json::from_slice::<To>(body).ok().map(|to| to.touser)
}

fn sent(msgid: i64) -> String {
    format!(r#"{{"errcode":0,"errmsg":"ok","msgid":{msgid}}}"#)
}

/// # Errors
/// 40003 unless `touser` is somebody's openid in this app.
fn recipient<'c>(world: &World, app: AppKey, call: &'c Call<'_>) -> Result<(&'c str, PersonKey), Refusal> {
    let openid = call.field("touser")?.ok_or_else(|| Refusal::of(40003))?;
    let (person, _) = world.person_of(app, openid).ok_or_else(|| Refusal::of(40003))?;
    Ok((openid, person))
}

/// # Errors
/// 40037 for a template that the app does not have, 40036 for an id that none could have.
fn template<'w>(app: &'w App, call: &Call<'_>) -> Result<&'w Template, Refusal> {
    let id = call.field("template_id")?.unwrap_or_default();
    if id.len() > LONGEST_TEMPLATE_ID {
        return Err(Refusal::of(40036));
    }
    app.template(id).ok_or_else(|| Refusal::of(40037))
}

fn one_of<'c>(given: Option<&'c str>, known: &[&str]) -> Result<Option<&'c str>, Refusal> {
    match given {
        Some(word) if !known.contains(&word) => Err(Refusal::of(40097)),
        given => Ok(given),
    }
}

/// The page of a mini-program that belongs to the same open-platform account.
///
/// # Errors
/// 40013 for another mini-program, 40165 for a page that it does not have.
fn linked<'c>(world: &World, account: &App, page: Option<&'c Value>) -> Result<Option<&'c Value>, Refusal> {
    let Some(page) = page.filter(|page| !page.is_null()) else { return Ok(None) };
    let field = |name: &str| page.get(name).and_then(Value::as_str).unwrap_or_default();
    let (_, app) = world.app_by_appid(field("appid")).ok_or_else(|| Refusal::of(40013))?;
    if app.kind != AppKind::MiniProgram || app.open_platform != account.open_platform {
        return Err(Refusal::of(40013));
    }
    let path = field("pagepath");
    if !path.is_empty() && !app.has_page(path) {
        return Err(Refusal::of(40165));
    }
    Ok(Some(page))
}

fn message(
    app: &App,
    openid: &str,
    template: &Template,
    data: &Map<String, Value>,
    extras: Extras<'_>,
    msgid: i64,
    call: &Call<'_>,
) -> Result<Message, Refusal> {
    let Extras { page, state, lang, url, miniprogram } = extras;
    let raw = |value: &Value| to_raw_value(value).map_err(|_| Refusal::of(47001));
    Ok(Message {
        appid: app.appid.clone(),
        touser: openid.to_owned(),
        template_id: template.id.clone(),
        data: to_raw_value(data).map_err(|_| Refusal::of(47001))?,
        page: page.map(str::to_owned),
        miniprogram_state: state.map(str::to_owned),
        lang: lang.map(str::to_owned),
        url: url.map(str::to_owned),
        miniprogram: miniprogram.map(raw).transpose()?,
        msgid,
        at: call.now,
    })
}
