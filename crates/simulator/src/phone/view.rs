//! A web view's way to the page: the request goes on as WeChat's browser would send it, and the answer comes back so that
//! it stays in the view.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use axum::{
    body::{Body, to_bytes},
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::TryStreamExt;
use reqwest::redirect::Policy;

use super::{
    SCRIPT_PATH,
    names::{Target, View, real},
};
use crate::{Simulator, answer::HTML, page, world::World};

/// The largest body that a page sends or gets and that is read for addresses.
const LONGEST_BODY: usize = 8 << 20;
/// Said to servers; pages' scripts hear the same from `view.js`.
const AGENT: &str = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 \
     Chrome/126.0 Mobile Safari/537.36 MicroMessenger/8.0.50 NetType/WIFI";

/// What belongs to one connection (RFC 9110, 7.6.1), and what is said anew here. Cookies are in the person's jar: a frame
/// of another site may keep none.
const NOT_SENT_ON: [HeaderName; 9] = [
    header::CONNECTION,
    header::HOST,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::COOKIE,
    header::USER_AGENT,
    header::ACCEPT_ENCODING,
    header::IF_NONE_MATCH,
];
/// The phone is the only frame, and it is told by the policy below.
const NOT_SENT_BACK: [HeaderName; 7] = [
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::SET_COOKIE,
    header::X_FRAME_OPTIONS,
    header::ETAG,
];
/// Who may frame a view: the phone, which may be framed by a page of this machine.
pub const ANCESTORS: &str = "frame-ancestors http://127.0.0.1:* http://localhost:* http://*.localhost:*";

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
        let client =
            browser.cookie_store(true).redirect(Policy::none()).no_proxy().user_agent(AGENT).build()?;
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
    // In a script, where no tag may be.
    let url = url.to_string().replace('<', "\\u003c");
    let refuse = |status: StatusCode, text: &str| {
        let page = page::notice("无法打开页面", text);
        // The phone says it in its own language.
        let told = format!(
            "parent.postMessage({{type: 'weir:view-failed', status: {}, url: {url}}}, '*')",
            status.as_u16()
        );
        let page = format!("{page}<script>{told}</script>");
        (status, [(header::CONTENT_TYPE, HTML)], page).into_response()
    };
    let is_simulator = simulator.listens_on(view.target.port());
    let person = {
        let world = simulator.world();
        if !is_simulator && !may_show(&world, &view.target) {
            return refuse(
                StatusCode::FORBIDDEN,
                "这个域名不在任何应用的 callback_domains 或 jssdk_domains 中。",
            );
        }
        world
            .people()
            .find(|person| person.id.eq_ignore_ascii_case(&view.person))
            .map(|found| found.id.clone())
    };
    let Some(person) = person else {
        return refuse(StatusCode::NOT_FOUND, "模拟器中没有这个用户。");
    };
    if is_of_elsewhere(request.headers()) {
        return refuse(StatusCode::FORBIDDEN, "只有手机中的页面可以这样请求。");
    }
    let shown = Shown { view, port, own: simulator.port().unwrap_or(port), with_script: is_page(&request) };
    match sent(simulator, view, &person, request).await {
        Ok(answer) => match answered(&shown, answer).await {
            Ok(response) => response,
            Err(error) => refuse(StatusCode::BAD_GATEWAY, &format!("页面没有读完：{error}")),
        },
        Err(Failed::TooLong) => refuse(StatusCode::PAYLOAD_TOO_LARGE, "请求超过 8 MiB。"),
        Err(Failed::Unreached(error)) => {
            tracing::debug!(%error, "a page that the phone was to show did not answer");
            refuse(StatusCode::BAD_GATEWAY, &format!("{} 没有响应，它在运行吗？", view.target.origin()))
        }
    }
}

/// Cookies are added to whatever comes, so nothing may come from a website: it would act as the person. Views are one
/// site to browsers (Fetch Metadata, 2.3), and a form of a page that hides where it is has the origin `null`.
fn is_of_elsewhere(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let site = text("sec-fetch-site");
    if matches!(site, Some("same-origin" | "same-site" | "none")) {
        return false;
    }
    match text("origin") {
        Some(origin) => origin.strip_prefix("http://").is_none_or(|host| View::of_host(host).is_none()),
        // A link to a page may come from anywhere; pictures and scripts of a website may not.
        None => {
            headers.contains_key(header::ORIGIN)
                || (site.is_some() && text("sec-fetch-mode") != Some("navigate"))
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
    TooLong,
    Unreached(reqwest::Error),
}

impl From<reqwest::Error> for Failed {
    fn from(error: reqwest::Error) -> Self {
        Self::Unreached(error)
    }
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
    let mut headers = HeaderMap::new();
    for (name, value) in &parts.headers {
        if NOT_SENT_ON.contains(name) || name.as_str().starts_with("sec-") {
            continue;
        }
        let value = value.to_str().ok().and_then(|text| HeaderValue::from_str(&real(text)).ok());
        if let Some(value) = value {
            headers.append(name, value);
        }
    }
    let body = to_bytes(body, LONGEST_BODY).await.map_err(|_| Failed::TooLong)?;
    let body = match std::str::from_utf8(&body) {
        Ok(text) if is_text(&parts.headers) => real(text).into(),
        _ => body,
    };
    let browser = simulator.jars().of(person)?;
    let mut request = browser.request(parts.method, &url).headers(headers).body(body);
    if simulator.listens_on(view.target.port()) {
        // WeChat knows whose phone it is.
        let id: String = url::form_urlencoded::byte_serialize(person.as_bytes()).collect();
        request = request.header(header::COOKIE, format!("_sim_user={id}"));
    }
    Ok(request.send().await?)
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
        "application/json",
        "application/x-www-form-urlencoded",
        "application/problem+json",
    ]
    .iter()
    .any(|text| kind.starts_with(text))
        || kind.contains("javascript")
}

async fn answered(shown: &Shown<'_>, answer: reqwest::Response) -> Result<Response, axum::Error> {
    let (status, from) = (answer.status(), answer.headers().clone());
    let mut headers = HeaderMap::new();
    for (name, value) in &from {
        if NOT_SENT_BACK.contains(name) || name == header::CONTENT_SECURITY_POLICY {
            continue;
        }
        let value = match value.to_str() {
            Ok(text) => HeaderValue::from_str(&shown.text(text)).unwrap_or_else(|_| value.clone()),
            Err(_) => value.clone(),
        };
        headers.append(name, value);
    }
    headers.append(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(ANCESTORS));
    for policy in
        from.get_all(header::CONTENT_SECURITY_POLICY).iter().filter_map(|policy| policy.to_str().ok())
    {
        let rest: Vec<_> =
            policy.split(';').filter(|part| !part.trim_start().starts_with("frame-ancestors")).collect();
        if let Ok(policy) = HeaderValue::from_str(&shown.text(&rest.join(";"))) {
            headers.append(header::CONTENT_SECURITY_POLICY, policy);
        }
    }
    let is_page = kind_of(&from).starts_with("text/html");
    let body = Body::from_stream(answer.bytes_stream().map_err(std::io::Error::other));
    let body = if is_text(&from) {
        let bytes = to_bytes(body, LONGEST_BODY).await?;
        match std::str::from_utf8(&bytes) {
            Ok(text) if is_page && shown.with_script => Body::from(with_script(&shown.text(text))),
            Ok(text) => Body::from(shown.text(text)),
            Err(_) => Body::from(bytes),
        }
    } else {
        // As it comes: events do not wait for their end.
        body
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
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
