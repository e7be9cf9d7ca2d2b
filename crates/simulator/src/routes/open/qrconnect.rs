//! `/connect/qrconnect` and its parts on the screen's side: a website asks a person who sits before a computer.

use std::{pin::Pin, time::Duration};

use axum::http::{StatusCode, header, request::Parts};

use super::{
    code,
    confirm::gone,
    person,
    request::{Asked, Decision, closed, with_code},
};
use crate::{
    Simulator,
    answer::{Answer, HTML, Refusal},
    page, qr,
    routes::{Call, stage},
    words::{self, Language},
    world::{
        App, AppKey, AppKind, World,
        codes::{Consent, Scope},
        scans::{Opened, Status},
    },
};

/// The longest that a poll is held.
const LONGEST_POLL: Duration = Duration::from_secs(25);

/// `GET ?appid&redirect_uri&scope&state`: a page with a QR code, which goes on by itself once a phone has agreed.
pub fn qrconnect(simulator: &Simulator, call: &Call<'_>) -> Result<Answer, Refusal> {
    let asked = Asked::parse(call.query.as_bytes());
    let world = simulator.world();
    let (key, app) = website(&world, &asked)?;
    let request = asked.check_website(app)?;
    simulator.quotas().take((key, app), call.path, call.now).map_err(|_| closed(10009))?;
    match request.decision()? {
        Some(Decision::Deny) => {
            Ok(Answer::html(page::notice(words::CANCELLED, words::STAYS, call.language())))
        }
        Some(Decision::Allow) => {
            let (person, _) = person(&world, call, request.user)?;
            let code = code(simulator, call, key, person, LOGIN)?;
            Ok(Answer::redirect(&with_code(&request.redirect_uri, &code, request.state)))
        }
        None => {
            let state = request.state.to_owned();
            let opened = Opened { app: key, redirect_uri: request.redirect_uri, state };
            let uuid = simulator.scans().open(opened, call.now, simulator.dice());
            let inside = asked.get("self_redirect") == Some("true");
            let white = asked.get("style") == Some("white");
            Ok(Answer::html(screen(app, &uuid, &Look { inside, white, language: call.language() })))
        }
    }
}

/// What a person agrees to at a website; there are no snapshots of it.
pub const LOGIN: Consent = Consent { scope: Scope::Login, snapshot: false };

fn website<'w>(world: &'w World, asked: &Asked<'_>) -> Result<(AppKey, &'w App), Refusal> {
    let appid = asked.get("appid").ok_or_else(|| closed(10012))?;
    let (key, app) = world.app_by_appid(appid).ok_or_else(|| closed(40013))?;
    if app.kind != AppKind::Website {
        return Err(closed(10016));
    }
    Ok((key, app))
}

/// `GET /connect/qrcode/{uuid}`: what a phone scans.
pub fn qrcode(simulator: &Simulator, call: &Call<'_>) -> Result<Answer, Refusal> {
    let uuid = call.variable();
    let image = match simulator.scans().opened(uuid, call.now) {
        Some(_) => qr::png(&format!("{}/connect/confirm?uuid={uuid}", call.origin())),
        None => None,
    };
    Ok(match image {
        Some(image) => Answer::of(StatusCode::OK, "image/png", image),
        None => Answer::of(StatusCode::NOT_FOUND, HTML, Vec::new()),
    })
}

/// What `/connect/l/qrconnect` waits for: something new, 25 seconds at most.
pub fn news<'a>(simulator: &'a Simulator, parts: &'a Parts) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
    let asked = Asked::parse(parts.uri.query().unwrap_or("").as_bytes());
    let uuid = asked.get("uuid").unwrap_or_default().to_owned();
    let last = asked.get("last").and_then(|last| last.parse().ok());
    Box::pin(async move {
        tokio::select! {
            () = simulator.scans().news(&uuid, last, simulator.clock()) => {}
            _ = stage::hold(simulator, parts, LONGEST_POLL) => {}
        }
    })
}

/// `GET /connect/l/qrconnect?uuid&last` → a script that tells what the phone has done.
pub fn poll(simulator: &Simulator, call: &Call<'_>) -> Result<Answer, Refusal> {
    let uuid = call.param("uuid").unwrap_or_default();
    let last = call.param("last").and_then(|last| last.parse().ok());
    let status = match simulator.scans().status(&uuid, call.now) {
        // Nothing new came while it was held.
        status @ (Status::Scanned | Status::Refused) if last == Some(status.number()) => Status::Waiting,
        status => status,
    };
    let code = if let Status::Confirmed { code } = &status { code.as_str() } else { "" };
    let script = format!("window.wx_errcode={};window.wx_code='{code}';", status.number());
    let answer = Answer::of(StatusCode::OK, "text/javascript", script.into_bytes());
    Ok(answer.with(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store")))
}

/// `GET /connect/continue?uuid`: back to the website once a phone has agreed. Also where a browser without script goes.
pub fn go_on(simulator: &Simulator, call: &Call<'_>) -> Result<Answer, Refusal> {
    let uuid = call.param("uuid").unwrap_or_default();
    let found = (simulator.scans().status(&uuid, call.now), simulator.scans().opened(&uuid, call.now));
    match found {
        (Status::Confirmed { code }, Some(opened)) => {
            Ok(Answer::redirect(&with_code(&opened.redirect_uri, &code, &opened.state)))
        }
        (Status::Expired, _) | (_, None) => Err(gone()),
        (_, Some(opened)) => {
            let world = simulator.world();
            let app = world.app_at(opened.app).ok_or_else(|| closed(40013))?;
            let look = Look { inside: true, white: false, language: call.language() };
            Ok(Answer::html(screen(app, &uuid, &look)))
        }
    }
}

/// How the page on the screen is asked for.
struct Look {
    /// The website has it in a frame, which goes on by itself.
    inside: bool,
    white: bool,
    language: Language,
}

/// The page on the screen; small enough for a frame of 300 × 400.
fn screen(app: &App, uuid: &str, look: &Look) -> String {
    let (uuid, name) = (page::escape(uuid), page::escape(&app.name));
    let colour = if look.white { " style=\"background:#333;color:#fff\"" } else { "" };
    let place = if look.inside { "window" } else { "window.top" };
    let say = |texts| look.language.of_three(texts);
    let (open, close) = match look.language {
        Language::Zh => ("“", "”"),
        Language::En => (" “", "”"),
        Language::Ru => (" «", "»"),
    };
    let body = format!(
        r#"<div class="middle screen"{colour}><h1>{title}</h1>
<img src="/connect/qrcode/{uuid}" width="200" height="200" alt="{code}">
<p id="status" aria-live="polite">{scan}{open}{name}{close}</p>
<small><a href="/connect/confirm?uuid={uuid}" target="_blank">{here}</a></small>
<noscript><p><a href="/connect/continue?uuid={uuid}" target="_top">{after}</a></p></noscript></div>
<script>{SCRIPT}watch("{uuid}", {place}, {{402: "{gone}", 404: "{scanned}", 403: "{cancelled}"}});</script>"#,
        title = say(words::WECHAT_LOGIN),
        code = say(words::QR_CODE),
        scan = say(words::SCAN_FOR),
        here = say(words::OPEN_HERE),
        after = say(words::AFTERWARDS),
        gone = say(words::SCREEN_GONE),
        scanned = say(words::SCREEN_SCANNED),
        cancelled = say(words::SCREEN_CANCELLED),
    );
    page::whole(&app.name, &body, look.language)
}

const SCRIPT: &str = r#"
function watch(uuid, place, words) {
  var last = "", status = document.getElementById("status");
  function poll() {
    var script = document.createElement("script");
    script.src = "/connect/l/qrconnect?uuid=" + uuid + (last ? "&last=" + last : "") + "&_=" + Date.now();
    script.onload = function () { script.remove(); told(window.wx_errcode); };
    script.onerror = function () { script.remove(); setTimeout(poll, 2000); };
    document.head.appendChild(script);
  }
  function told(errcode) {
    if (errcode === 405) { place.location.href = location.origin + "/connect/continue?uuid=" + uuid; return; }
    if (words[errcode]) status.textContent = words[errcode];
    if (errcode === 402) return;
    if (errcode === 404 || errcode === 403) last = errcode;
    setTimeout(poll, 100);
  }
  // Earlier, this page and whichever has it in a frame would not be loaded before the first answer.
  window.addEventListener("load", poll);
}
"#;
