//! The phone (`simulator.md`): its page at `/`, and the web views in which it shows pages (decision 0033).

mod headers;
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

pub use view::Jars;

use crate::{Simulator, control::origins};
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
        Some(_) if request.uri().path() == SCRIPT_PATH => script(),
        Some((view, port)) => view::show(&simulator, &view, port, request).await,
    }
}

fn script() -> Response {
    let kind = (header::CONTENT_TYPE, "text/javascript; charset=utf-8");
    ([kind, (header::CACHE_CONTROL, "no-cache")], SCRIPT).into_response()
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
struct Opened {
    user: Option<String>,
    url: Option<String>,
}

/// `GET /_phone/open?user&url` → `{view}`: where the phone shows `url`.
///
/// 400 when a parameter is missing or wrong, 403 when no app allows the host.
async fn open(
    State(simulator): State<Simulator>,
    asked: Result<Query<Opened>, QueryRejection>,
    headers: HeaderMap,
) -> Response {
    let refuse = |status: StatusCode, why: String| (status, Json(json!({ "error": why }))).into_response();
    if !origins::is_no_websites_name(&headers) {
        return refuse(StatusCode::FORBIDDEN, origins::OTHER_NAME.to_owned());
    }
    let Query(asked) = match asked {
        Ok(asked) => asked,
        Err(wrong) => return refuse(StatusCode::BAD_REQUEST, wrong.body_text()),
    };
    let (Some(user), Some(text)) = (asked.user, asked.url) else {
        return refuse(StatusCode::BAD_REQUEST, "user and url are needed".to_owned());
    };
    let world = simulator.world();
    let Some((_, person)) = world.person(&user) else {
        return refuse(StatusCode::BAD_REQUEST, format!("user: no user `{user}`; /_sim/users lists them"));
    };
    let Ok(url) = Url::parse(text.trim()) else {
        return refuse(StatusCode::BAD_REQUEST, "url: this is not an address".to_owned());
    };
    let Some(target) = Target::of(&url).filter(|target| view::may_show(&world, target)) else {
        let why = "url: the phone opens http pages of this machine whose host is among an app's callback_domains or jssdk_domains";
        return refuse(StatusCode::FORBIDDEN, why.to_owned());
    };
    let port = headers.get(header::HOST).and_then(|host| host.to_str().ok()).and_then(|host| {
        let port = host.rsplit_once(':').map_or("80", |(_, port)| port);
        port.parse().ok()
    });
    let view = View { person: person.id.to_ascii_lowercase(), target };
    let mut address = format!("{}{}", view.origin(port.unwrap_or(80)), url.path());
    for (sign, part) in [('?', url.query()), ('#', url.fragment())] {
        if let Some(part) = part {
            address.push(sign);
            address.push_str(part);
        }
    }
    Json(json!({ "view": address })).into_response()
}
