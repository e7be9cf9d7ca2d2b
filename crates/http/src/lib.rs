//! Weir over HTTP, and nothing but HTTP: the published families, each with its envelope, and Weir's own paths.

pub mod access;
mod connection;
mod demo;
mod extract;
mod families;
#[doc(hidden)]
pub mod fuzzing;
mod json;
mod meters;
mod observe;
mod openapi;
mod own;
mod problem;
mod serve;

use std::sync::Arc;

use axum::{Router, middleware};
use tower_http::cors::{AllowOrigin, CorsLayer};
use weir_base::{Stopwatch, settings, settings::Span};
use weir_core::App;

pub use demo::Demo;
pub use openapi::openapi_json;

settings! {
    /// Where and how Weir listens.
    pub struct ServerSettings in "server" {
        /// The address to listen on. Also `API_HOST`.
        address: String = "127.0.0.1".to_owned(),
        /// The port to listen on; 0 takes a free one. Also `API_PORT`.
        port: u16 = 8080,
        /// Proxies whose `X-Forwarded-For` is believed, as addresses or CIDR networks.
        trusted_proxies: Vec<String> = Vec::new(),
        /// Origins of pages that may call from a browser (CORS). Also `CORS_ORIGIN`. With `*` the pages of every website may,
        /// but without cookies: a page that sends them (`credentials: 'include'`, as H5 logins do) gets no answer that it can
        /// read. Name the origins.
        cors_origins: Vec<String> = Vec::new(),
        /// The largest request body in bytes.
        body_limit: usize = 1024 * 1024,
        /// Connections open at once at the most; more wait.
        max_connections: usize = 20_000,
        /// Connections open at once from one address (an IPv6 /64 counts as one) at the most; more are closed at once.
        /// Trusted proxies may have any number. 0: no limit.
        max_connections_per_address: usize = 1000,
        /// How long requests under way have to end when the server is told to stop. Supervisors commonly kill after ten
        /// seconds.
        shutdown_grace: Span = Span::seconds(9),
    }
}

/// The server without its socket.
pub struct Gateway {
    router: Router,
    server: Shared,
    max_connections: usize,
    max_connections_per_address: usize,
}

/// What every handler can reach.
pub(crate) struct Server {
    pub(crate) app: Arc<App>,
    pub(crate) body_limit: usize,
    pub(crate) trusted_proxies: extract::Networks,
    pub(crate) cloud_networks: extract::Networks,
    pub(crate) started: Stopwatch,
    pub(crate) meters: meters::Meters,
    pub(crate) verdict: own::Verdict,
    pub(crate) render_metrics: Arc<dyn Fn() -> String + Send + Sync>,
}

pub(crate) type Shared = Arc<Server>;

impl Gateway {
    /// `render_metrics` gives the page at `/metrics`; with `demo` there is one at `/demo` too. Fails with a sentence when a
    /// setting is no network or no origin.
    pub fn new(
        app: Arc<App>,
        settings: &ServerSettings,
        render_metrics: Arc<dyn Fn() -> String + Send + Sync>,
        demo: Option<Demo>,
    ) -> Result<Self, String> {
        let cloud = &app.settings.auth.cloud_trusted_networks;
        let server = Arc::new(Server {
            body_limit: settings.body_limit,
            trusted_proxies: extract::Networks::parse("server.trusted_proxies", &settings.trusted_proxies)?,
            cloud_networks: extract::Networks::parse("auth.cloud_trusted_networks", cloud)?,
            started: Stopwatch::start(),
            meters: meters::Meters::new(),
            verdict: own::Verdict::default(),
            render_metrics,
            app,
        });
        let (mut router, _) = openapi::routes().with_state(Arc::clone(&server)).split_for_parts();
        router = router
            .merge(own::docs())
            .merge(families::h5::pages(Arc::clone(&server)))
            .fallback(problem::no_such_path);
        if let Some(demo) = demo {
            router = router.merge(demo::routes(demo, Arc::clone(&server))?);
        }
        if !settings.cors_origins.is_empty() {
            router = router.layer(cors(&settings.cors_origins)?);
        }
        let router = router.layer(middleware::from_fn_with_state(Arc::clone(&server), observe::observe));
        // A load test comes from one address.
        let per_address = if server.app.settings.sandbox { 0 } else { settings.max_connections_per_address };
        let max_connections = settings.max_connections;
        Ok(Self { router, server, max_connections, max_connections_per_address: per_address })
    }

    /// The routes, for whoever brings their own socket.
    pub fn router(&self) -> Router {
        self.router.clone()
    }
}

fn cors(origins: &[String]) -> Result<CorsLayer, String> {
    use axum::http::{HeaderName, HeaderValue, Method, header};
    let layer = CorsLayer::new()
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::IF_NONE_MATCH,
            HeaderName::from_static("last-event-id"),
            extract::POLL_TOKEN,
            observe::REQUEST_ID,
        ])
        .expose_headers([observe::REQUEST_ID, header::RETRY_AFTER])
        .max_age(std::time::Duration::from_secs(3600));
    if origins.iter().any(|origin| origin == "*") {
        return Ok(layer.allow_origin(tower_http::cors::Any));
    }
    let parsed = origins.iter().map(|origin| {
        let well_formed = origin.starts_with("http://") || origin.starts_with("https://");
        let value = HeaderValue::from_str(origin.trim_end_matches('/')).ok().filter(|_| well_formed);
        value.ok_or_else(|| {
            format!(
                "server.cors_origins (CORS_ORIGIN): {origin:?} is no origin such as https://app.example.com"
            )
        })
    });
    Ok(layer.allow_origin(AllowOrigin::list(parsed.collect::<Result<Vec<_>, _>>()?)).allow_credentials(true))
}
