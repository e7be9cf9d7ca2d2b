//! The page at `/demo`: a host's site and the simulator's phone side by side. Only a demo has it (decision 0034).

use std::sync::Arc;

use axum::{
    Router,
    extract::{Path, State, rejection::PathRejection},
    http::{HeaderMap, HeaderName, HeaderValue, Uri, header},
    response::{Redirect, Response},
    routing::{get, post},
};
use serde::Serialize;
use tokio::sync::OnceCell;
use weir_base::{Secret, here::is_page_here};
use weir_core::{
    App, Code, Failure, Outcome,
    apikey::{self, Scope},
};
use weir_pages::App as Page;

use crate::{Shared, extract::Stranger, json::Plain, own, problem::Refusal};

const KEY_NAME: &str = "demo page";
/// The page reads what the CRM and the host's back end would read.
const SCOPES: [Scope; 3] = [Scope::CrmRead, Scope::CrmWrite, Scope::UsersRead];

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What the page needs besides the API.
pub struct Demo {
    /// `http://127.0.0.1:7070`
    pub simulator: String,
    /// The user of the host's site.
    pub user: String,
    /// Makes a host token for them, as the host's back end does.
    pub sign: Box<dyn Fn() -> Result<String, String> + Send + Sync>,
}

struct Served {
    demo: Demo,
    /// Content security policy of the page: the phone is another origin, and has one for each page that it shows.
    policy: HeaderValue,
    /// One for as long as the demo runs.
    key: OnceCell<Secret>,
    server: Shared,
}

pub(crate) fn routes(demo: Demo, server: Shared) -> Result<Router, String> {
    let policy = policy(&demo.simulator)?;
    let served = Arc::new(Served { demo, policy, key: OnceCell::new(), server: Arc::clone(&server) });
    // The extractor that counts who asks wants the server for its state.
    let router = Router::new()
        .route("/", get(to_the_page))
        .route("/demo", get(to_the_page))
        .route("/demo/", get(page))
        .route("/demo/{*path}", get(file))
        .route("/demo/where", get(place))
        .route("/demo/session", post(session))
        .layer(axum::Extension(served))
        .with_state(server);
    Ok(router)
}

fn policy(simulator: &str) -> Result<HeaderValue, String> {
    let port = simulator.rsplit(':').next().unwrap_or_default();
    let text = format!(
        "default-src 'self'; script-src 'self' {simulator}; connect-src 'self' {simulator} http://demo.weir.localhost:*; \
         img-src 'self' data: blob: {simulator}; style-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; \
         frame-src {simulator} http://*.localhost:{port}; frame-ancestors 'none'"
    );
    HeaderValue::from_str(&text).map_err(|_| format!("the simulator's address is none: {simulator:?}"))
}

type Shown = axum::Extension<Arc<Served>>;

async fn to_the_page(uri: Uri) -> Redirect {
    let query = uri.query().map_or_else(String::new, |query| format!("?{query}"));
    Redirect::temporary(&format!("/demo/{query}"))
}

async fn page(_: Stranger, State(_): State<Shared>, shown: Shown, asked: HeaderMap) -> Response {
    let mut answer = Page::Demo.page().answer(&asked);
    answer.headers_mut().insert(header::CONTENT_SECURITY_POLICY, shown.policy.clone());
    answer
}

async fn file(
    _: Stranger,
    State(_): State<Shared>,
    path: Result<Path<String>, PathRejection>,
    asked: HeaderMap,
) -> Response {
    own::asset(path, |path| Page::Demo.file(path), &asked)
}

/// What the page works with. Secrets of a demo, for whoever is at this machine.
#[derive(Serialize)]
struct Session {
    user: String,
    /// The host token of `user`.
    token: String,
    /// An API key with `crm:read`, `crm:write` and `users:read`, as the host's back end has one.
    key: String,
    simulator: String,
    /// Where WeChat sends people back to: `web.public_url`.
    weir: String,
}

/// What a customer's page needs.
#[derive(Serialize)]
struct Place {
    simulator: String,
}

async fn place(_: Stranger, State(_): State<Shared>, shown: Shown) -> Plain<Place> {
    Plain(Place { simulator: shown.demo.simulator.clone() })
}

/// Said by whoever carries requests here from elsewhere.
const CARRIED: [HeaderName; 5] = [
    header::FORWARDED,
    header::VIA,
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-forwarded-host"),
    HeaderName::from_static("x-real-ip"),
];

/// For pages that were opened under a name of this machine: another name may be a website's that has made it lead here, and
/// a tunnel may give its visitors a name of this machine.
fn at_this_machine(headers: &HeaderMap) -> Result<(), Failure> {
    let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let host = text(header::HOST).unwrap_or_default();
    let is_websites = text(header::ORIGIN).is_some_and(|origin| !is_page_here(origin))
        || text(SEC_FETCH_SITE) == Some("cross-site");
    let is_carried = CARRIED.iter().any(|name| headers.contains_key(name));
    if is_page_here(&format!("http://{host}/")) && !is_websites && !is_carried {
        return Ok(());
    }
    let mend = "the demo's secrets are for pages of this machine: open http://127.0.0.1 with the demo's port";
    Err(Failure::new(Code::Forbidden).detail(mend))
}

async fn session(
    _: Stranger,
    State(_): State<Shared>,
    shown: Shown,
    headers: HeaderMap,
) -> Result<Plain<Session>, Refusal> {
    at_this_machine(&headers)?;
    let token = (shown.demo.sign)().map_err(|error| Failure::new(Code::Internal).detail(error))?;
    let key = shown.key.get_or_try_init(|| new_key(&shown.server.app)).await?;
    Ok(Plain(Session {
        user: shown.demo.user.clone(),
        token,
        key: key.expose().to_owned(),
        simulator: shown.demo.simulator.clone(),
        weir: shown.server.app.settings.web.public_url.clone(),
    }))
}

/// Those of earlier starts are revoked: nobody has them any more.
async fn new_key(app: &App) -> Outcome<Secret> {
    for old in apikey::flow::list(app).await? {
        if old.name == KEY_NAME && old.revoked_at.is_none() {
            apikey::flow::revoke(app, &old.id).await?;
        }
    }
    Ok(apikey::flow::create(app, KEY_NAME, &SCOPES).await?.1)
}
