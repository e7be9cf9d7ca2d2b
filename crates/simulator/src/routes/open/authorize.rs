//! `/connect/oauth2/authorize`: an official account asks a person inside WeChat.

use axum::http::Method;

use super::{
    code, is_phone, person, remembering,
    request::{Asked, Decision, with_code},
};
use crate::{
    Simulator,
    answer::{Answer, Refusal},
    page::{self, Question},
    routes::Call,
    words,
    world::{
        App, AppKey, AppKind, Person, PersonKey, World,
        codes::{Consent, Scope},
    },
};

/// `GET ?appid&redirect_uri&response_type&scope&state`: 302 for `snsapi_base`, else the consent sheet, whose form is
/// posted here.
pub fn authorize(simulator: &Simulator, call: &Call<'_>) -> Result<Answer, Refusal> {
    let posted = call.method == Method::POST;
    let asked = if posted { Asked::parse(call.body()) } else { Asked::parse(call.query.as_bytes()) };
    let world = simulator.world();
    let (key, app) = official_account(&world, &asked)?;
    let request = asked.check(app, app.strict && !posted)?;
    let scope = request.scope(&[Scope::Base, Scope::UserInfo])?;
    if scope == Scope::UserInfo && !app.certified {
        return Err(Refusal::of(10005));
    }
    simulator.quotas().take((key, app), call.path, call.now).map_err(|_| Refusal::of(10009))?;
    let found = person(&world, call, request.user)?;
    let decision = match request.decision()? {
        // Nobody is asked for `snsapi_base`, nor in a snapshot that the request itself chose.
        _ if scope == Scope::Base => Decision::Allow,
        None if request.user.is_some() && found.1.snapshot && !request.force_popup => Decision::Allow,
        None => return Ok(Answer::html(sheet(&world, call, app, &asked, found.1))),
        Some(decision) => decision,
    };
    match decision {
        Decision::Deny => {
            let page = page::notice(words::REFUSED, words::STAYS, call.language());
            Ok(remembering(Answer::html(page), found.1))
        }
        Decision::Allow => {
            let code = agreed(simulator, call, (key, app), found, scope)?;
            let answer = Answer::redirect(&with_code(&request.redirect_uri, &code, request.state));
            // Who a request names is not the browser's choice, but for the one that the sheet sends.
            Ok(if posted { remembering(answer, found.1) } else { answer })
        }
    }
}

/// The official account that asks, before anything else is looked at.
fn official_account<'w>(world: &'w World, asked: &Asked<'_>) -> Result<(AppKey, &'w App), Refusal> {
    let appid = asked.get("appid").ok_or_else(|| Refusal::of(10012))?;
    let (key, app) = world.app_by_appid(appid).ok_or_else(|| Refusal::of(40013))?;
    match app.kind {
        AppKind::OfficialAccount if app.banned => Err(Refusal::of(10004)),
        AppKind::OfficialAccount => Ok((key, app)),
        AppKind::MiniProgram | AppKind::Website => Err(Refusal::of(10016)),
    }
}

fn agreed(
    simulator: &Simulator,
    call: &Call<'_>,
    (key, app): (AppKey, &App),
    (person_key, person): (PersonKey, &Person),
    scope: Scope,
) -> Result<String, Refusal> {
    if app.test_account && !person.follows.contains(&app.appid) {
        return Err(Refusal::of(10006));
    }
    code(simulator, call, key, person_key, Consent { scope, snapshot: person.snapshot })
}

fn sheet(world: &World, call: &Call<'_>, app: &App, asked: &Asked<'_>, chosen: &Person) -> String {
    let hidden: Vec<(&str, &str)> = asked.carried().collect();
    page::consent(&Question {
        app,
        action: "/connect/oauth2/authorize",
        hidden: &hidden,
        world,
        chosen,
        wants: words::PROFILE,
        language: call.language(),
        is_phone: is_phone(call),
    })
}
