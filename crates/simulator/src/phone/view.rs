//! A web view's way to the page: the request goes on as WeChat's browser would send it, and the answer comes back so that
//! it stays in the view.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::{StreamExt, stream};
use reqwest::redirect::Policy;

use super::{
    SCRIPT_PATH, headers,
    names::{Target, View, real},
};
use crate::{
    Simulator,
    answer::HTML,
    page,
    routes::{LANGUAGE, PHONE, owner_cookie},
    words,
    world::World,
};

/// The largest body that a page sends, and the largest that it gets and that is read for addresses.
const LONGEST_BODY: usize = 8 << 20;
/// Said to servers; pages' scripts hear the same from `view.js`.
const AGENT: &str = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 \
     Chrome/126.0 Mobile Safari/537.36 MicroMessenger/8.0.50 NetType/WIFI";

/// How long a page may take to come. What a script asks for may be held as long as it likes.
const PATIENCE: Duration = Duration::from_secs(60);

/// The browsers of the people's phones, each with its own cookies.
#[derive(Default)]
pub struct Jars(Mutex<HashMap<String, reqwest::Client>>);

impl Jars {
    fn of(&self, person: &str) -> Result<reqwest::Client, reqwest::Error> {
        let mut jars = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = jars.get(person) {
            return Ok(client.clone());
        }
        #[expect(clippy::disallowed_methods, reason = "a browser, which calls pages and not WeChat")]
        let browser = reqwest::Client::builder();
        let client = browser.cookie_store(true).redirect(Policy::none()).no_proxy().build()?;
        jars.insert(person.to_owned(), client.clone());
        Ok(client)
    }

    /// All cookies are gone.
    pub fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// Whether an app has named the host as its own.
pub fn may_show(world: &World, target: &Target) -> bool {
    let names = |domains: &[String]| domains.iter().any(|domain| domain == target.host());
    world.apps().any(|app| names(&app.callback_domains) || names(&app.jssdk_domains))
}

pub async fn show(simulator: &Simulator, view: &View, port: u16, request: Request) -> Response {
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let url = serde_json::Value::from(format!("{}{}", view.target.origin(), real(path)));
    let language = simulator.languages().of(&view.person).unwrap_or_default();
    let say = |texts| language.of_three(texts);
    // In a script, where no tag may be.
    let url = url.to_string().replace('<', "\\u003c");
    let refuse = |status: StatusCode, text: &str| {
        let page = page::told(say(words::NOT_OPENED), text, language);
        // The phone says it in its own language.
        let told = format!(
            "parent.postMessage({{type: 'weir:view-failed', status: {}, url: {url}}}, '*')",
            status.as_u16()
        );
        let page = format!("{page}<script>{told}</script>");
        (status, [(header::CONTENT_TYPE, HTML)], page).into_response()
    };
    let is_simulator = simulator.listens_on(view.target.port());
    if matches!(*request.method(), Method::CONNECT | Method::TRACE) {
        return refuse(StatusCode::METHOD_NOT_ALLOWED, say(words::NO_BROWSER));
    }
    if !path.starts_with('/') {
        return refuse(StatusCode::BAD_REQUEST, say(words::NO_ADDRESS));
    }
    let person = {
        let world = simulator.world();
        if !is_simulator && !may_show(&world, &view.target) {
            return refuse(StatusCode::FORBIDDEN, say(words::NOT_NAMED));
        }
        world
            .people()
            .find(|person| person.id.eq_ignore_ascii_case(&view.person))
            .map(|found| found.id.clone())
    };
    let Some(person) = person else {
        return refuse(StatusCode::NOT_FOUND, say(words::NO_PERSON));
    };
    if headers::are_of_elsewhere(request.headers(), view) {
        return refuse(StatusCode::FORBIDDEN, say(words::ONLY_PAGES));
    }
    let shown = Shown { view, port, own: simulator.port().unwrap_or(port), with_script: is_page(&request) };
    let carried = async {
        let answer = sent(simulator, view, &person, request).await?;
        answered(&shown, answer).await
    };
    let carried = if shown.with_script {
        simulator.clock().timeout(PATIENCE, carried).await.unwrap_or(Err(Failed::TooLate))
    } else {
        carried.await
    };
    let origin = view.target.origin();
    match carried {
        Ok(response) => response,
        Err(Failed::TooLong) => refuse(StatusCode::PAYLOAD_TOO_LARGE, say(words::TOO_LONG)),
        Err(Failed::TooLate) => {
            refuse(StatusCode::GATEWAY_TIMEOUT, &format!("{origin}{}", say(words::TOO_LATE)))
        }
        Err(Failed::Cut(error)) => {
            refuse(StatusCode::BAD_GATEWAY, &format!("{}{error}", say(words::NOT_READ)))
        }
        Err(Failed::Unreached(error)) => {
            tracing::debug!(%error, "a page that the phone was to show did not answer");
            refuse(StatusCode::BAD_GATEWAY, &format!("{origin}{}", say(words::NO_ANSWER)))
        }
    }
}

/// Whether the answer may be a page of the view, and not a part of one that a script asks for.
fn is_page(request: &Request) -> bool {
    let into = request.headers().get("sec-fetch-dest").and_then(|into| into.to_str().ok());
    request.method() != Method::HEAD
        && into.is_none_or(|into| ["document", "iframe", "frame"].contains(&into))
}

/// How an answer is written for a view.
struct Shown<'v> {
    view: &'v View,
    /// Under which the browser finds the simulator, and on which it listens: not the same where ports are mapped.
    port: u16,
    own: u16,
    with_script: bool,
}

impl Shown<'_> {
    fn text(&self, text: &str) -> String {
        self.view.shown(text, self.port, self.own)
    }
}

enum Failed {
    /// What the page sends.
    TooLong,
    TooLate,
    Unreached(reqwest::Error),
    Cut(reqwest::Error),
}

async fn sent(
    simulator: &Simulator,
    view: &View,
    person: &str,
    request: Request,
) -> Result<reqwest::Response, Failed> {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let url = format!("{}{}", view.target.origin(), real(path));
    let body = to_bytes(body, LONGEST_BODY).await.map_err(|_| Failed::TooLong)?;
    let body = match std::str::from_utf8(&body) {
        Ok(text) if is_text(&parts.headers) => real(text).into(),
        _ => body,
    };
    let browser = simulator.jars().of(person).map_err(Failed::Unreached)?;
    let mut headers = headers::sent_on(&parts.headers);
    let spoken = simulator.languages().of(person);
    if let Some(language) = spoken {
        headers.insert(header::ACCEPT_LANGUAGE, HeaderValue::from_static(language.tag()));
    }
    let agent = format!("{AGENT} Language/{}", spoken.unwrap_or_default().locale());
    let mut request = browser.request(parts.method, &url).headers(headers).body(body);
    request = request.header(header::USER_AGENT, agent);
    if simulator.listens_on(view.target.port()) {
        // WeChat knows whose phone it is.
        let (owner, language) = (owner_cookie(person), spoken.unwrap_or_default().name());
        let cookies = format!("{owner}; {PHONE}=1; {LANGUAGE}={language}");
        request = request.header(header::COOKIE, cookies);
    }
    request.send().await.map_err(Failed::Unreached)
}

fn kind_of(headers: &HeaderMap) -> &str {
    headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default()
}

/// Whether addresses in a body mean something to the page or its server.
fn is_text(headers: &HeaderMap) -> bool {
    let kind = kind_of(headers);
    [
        "text/html",
        "text/plain",
        "text/css",
        "application/json",
        "application/x-www-form-urlencoded",
        "application/problem+json",
    ]
    .iter()
    .any(|text| kind.starts_with(text))
        || kind.contains("javascript")
}

async fn answered(shown: &Shown<'_>, mut answer: reqwest::Response) -> Result<Response, Failed> {
    let (status, from) = (answer.status(), answer.headers().clone());
    let is_page = kind_of(&from).starts_with("text/html");
    // Nothing but a whole text is one to write in.
    let is_whole =
        !matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED | StatusCode::PARTIAL_CONTENT);
    let is_plain = !from.contains_key(header::CONTENT_ENCODING);
    let body = if is_whole && is_plain && is_text(&from) {
        let mut read = Vec::new();
        let is_ended = loop {
            match answer.chunk().await.map_err(Failed::Cut)? {
                Some(chunk) => read.extend_from_slice(&chunk),
                None => break true,
            }
            if read.len() > LONGEST_BODY {
                break false;
            }
        };
        match std::str::from_utf8(&read) {
            Ok(text) if is_ended && is_page && shown.with_script => {
                Body::from(with_script(&shown.text(text)))
            }
            Ok(text) if is_ended => Body::from(shown.text(text)),
            _ if is_ended => Body::from(read),
            // Too long to be read: what was is followed by the rest.
            _ => {
                let read = stream::iter([Ok(Bytes::from(read))]);
                Body::from_stream(read.chain(answer.bytes_stream()))
            }
        }
    } else {
        // As it comes: events do not wait for their end.
        Body::from_stream(answer.bytes_stream())
    };
    let mut response = Response::new(body);
    *response.status_mut() =
        if status == StatusCode::SWITCHING_PROTOCOLS { StatusCode::BAD_GATEWAY } else { status };
    *response.headers_mut() = headers::sent_back(&from, |text| shown.text(text));
    Ok(response)
}

/// The page with the phone's script before its own.
fn with_script(page: &str) -> String {
    let tag = format!("<script src=\"{SCRIPT_PATH}\"></script>");
    let small = page.to_ascii_lowercase();
    // Where the tag ends; before the doctype a script would change how the page is laid out.
    let end = |name: &str| {
        let is_tag = |at: &usize| {
            small[at + name.len()..]
                .starts_with(|next: char| next == '>' || next == '/' || next.is_whitespace())
        };
        let begun = small.match_indices(name).map(|(at, _)| at).find(is_tag)?;
        Some(begun + small[begun..].find('>')? + 1)
    };
    let at = end("<head").or_else(|| end("<html")).or_else(|| end("<!doctype")).unwrap_or(0);
    format!("{}{tag}{}", &page[..at], &page[at..])
}
