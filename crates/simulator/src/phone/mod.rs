//! The phone (`simulator.md`): its page at `/`, and the web views in which it shows pages (decision 0033).

mod cookies;
mod headers;
mod languages;
mod names;
mod view;

use axum::{
    Json, Router,
    extract::{
        Path, Query, Request, State,
        rejection::{PathRejection, QueryRejection},
    },
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use serde::Deserialize;
use serde_json::json;
use url::Url;
use weir_pages::App as Page;

pub use languages::Languages;
pub use view::Jars;

use crate::{
    Simulator,
    control::origins,
    routes::{LANGUAGE, owner_cookie, remembered},
    words::Language,
};
use names::{Target, View};

/// Runs in every page of a view: see there.
const SCRIPT: &str = include_str!("view.js");
const SCRIPT_PATH: &str = "/_phone/view.js";
/// What the phone's page may load, run and show: its own files, and views. Who may frame it is said for it and for views.
const POLICY: &str = "default-src 'self'; connect-src 'self' http://*.weir.localhost:*; \
                      img-src 'self' data: blob: http: https:; frame-src http://*.weir.localhost:*; object-src 'none'; base-uri 'none'; form-action 'none'; ";

pub fn routes() -> Router<Simulator> {
    Router::new()
        .route("/", get(page))
        .route("/_phone/", get(async || Redirect::temporary("/")))
        .route("/_phone/open", get(open))
        .route("/_phone/tab", get(tab))
        .route("/_phone/{*path}", get(file))
}

/// Requests to a view are not for WeChat's paths.
pub fn with_views(router: Router, simulator: Simulator) -> Router {
    router.layer(middleware::from_fn_with_state(simulator, dispatch))
}

async fn dispatch(State(simulator): State<Simulator>, request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    match host.and_then(View::of_host) {
        None => next.run(request).await,
        Some((view, _)) if request.uri().path() == SCRIPT_PATH => {
            script(simulator.languages().of(&view.person))
        }
        Some((view, port)) => view::show(&simulator, &view, port, request).await,
    }
}

fn script(language: Option<Language>) -> Response {
    let kind = (header::CONTENT_TYPE, "text/javascript; charset=utf-8");
    let script = SCRIPT.replace("{language}", language.map_or("", Language::tag));
    ([kind, (header::CACHE_CONTROL, "no-cache")], script).into_response()
}

async fn page(asked: HeaderMap) -> Response {
    let mut answer = Page::Phone.page().answer(&asked);
    if let Ok(policy) = HeaderValue::from_str(&[POLICY, headers::ANCESTORS].concat()) {
        answer.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    answer
}

async fn file(path: Result<Path<String>, PathRejection>, asked: HeaderMap) -> Response {
    let asset = path.ok().and_then(|Path(path)| Page::Phone.file(&path));
    asset.map_or_else(|| StatusCode::NOT_FOUND.into_response(), |asset| asset.answer(&asked))
}

#[derive(Deserialize)]
struct Asked {
    user: Option<String>,
    url: Option<String>,
    lang: Option<String>,
}

/// A page that somebody's phone may show.
struct Opened {
    person: String,
    target: Target,
    url: Url,
    language: Option<Language>,
}

/// What is not opened, and why.
struct Refused(StatusCode, String);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let Self(status, why) = self;
        (status, Json(json!({ "error": why }))).into_response()
    }
}

/// Holds against the rules what is to be opened, and remembers the phone's language.
///
/// # Errors
/// 400 when a parameter is missing or wrong, 403 when no app allows the host, or the simulator is called by a website's name.
fn opened(
    simulator: &Simulator,
    headers: &HeaderMap,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Opened, Refused> {
    let wrong = |why: String| Refused(StatusCode::BAD_REQUEST, why);
    if !origins::is_no_websites_name(headers) {
        return Err(Refused(StatusCode::FORBIDDEN, origins::OTHER_NAME.to_owned()));
    }
    let Query(asked) = asked.map_err(|rejection| wrong(rejection.body_text()))?;
    let (Some(user), Some(text)) = (asked.user, asked.url) else {
        return Err(wrong("user and url are needed".to_owned()));
    };
    let world = simulator.world();
    let person = match world.person(&user) {
        Some((_, person)) => person.id.clone(),
        None => return Err(wrong(format!("user: no user `{user}`; /_sim/users lists them"))),
    };
    let named =
        |name: &str| Language::named(name).ok_or_else(|| wrong("lang: must be zh, en or ru".to_owned()));
    let language = asked.lang.as_deref().map(named).transpose()?;
    let Ok(url) = Url::parse(text.trim()) else {
        return Err(wrong("url: this is not an address".to_owned()));
    };
    let Some(target) = Target::of(&url).filter(|target| view::may_show(&world, target)) else {
        let why = "url: the phone opens http pages of this machine whose host is among an app's callback_domains or jssdk_domains";
        return Err(Refused(StatusCode::FORBIDDEN, why.to_owned()));
    };
    if let Some(language) = language {
        simulator.languages().set(&person, language);
    }
    Ok(Opened { person, target, url, language })
}

/// `GET /_phone/open?user&url&lang?` → `{view}`: where the phone shows `url`.
///
/// 400 when a parameter is missing or wrong, 403 when no app allows the host.
async fn open(
    State(simulator): State<Simulator>,
    headers: HeaderMap,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, Refused> {
    let Opened { person, target, url, .. } = opened(&simulator, &headers, asked)?;
    let port = headers.get(header::HOST).and_then(|host| host.to_str().ok()).and_then(|host| {
        let port = host.rsplit_once(':').map_or("80", |(_, port)| port);
        port.parse().ok()
    });
    let view = View { person: person.to_ascii_lowercase(), target };
    let mut address = format!("{}{}", view.origin(port.unwrap_or(80)), url.path());
    for (sign, part) in [('?', url.query()), ('#', url.fragment())] {
        if let Some(part) = part {
            address.push(sign);
            address.push_str(part);
        }
    }
    Ok(Json(json!({ "view": address })).into_response())
}

/// `GET /_phone/tab?user&url&lang?`: to the page itself, for browsers that find no views. WeChat's pages then know whose
/// phone it is, and its language.
///
/// 400 and 403 as [`open`].
async fn tab(
    State(simulator): State<Simulator>,
    headers: HeaderMap,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, Refused> {
    let Opened { person, url, language, .. } = opened(&simulator, &headers, asked)?;
    let mut answer = Redirect::to(url.as_str()).into_response();
    let language = language.map(|language| format!("{LANGUAGE}={}", language.name()));
    let cookies = [Some(owner_cookie(&person)), language];
    for cookie in cookies.iter().flatten().filter_map(|cookie| remembered(cookie)) {
        answer.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(answer)
}
