//! Around every request: its id, the wording of refusals, security headers, one log line, metrics. A panic becomes an
//! answer like any other.

use std::{borrow::Cow, panic::AssertUnwindSafe, time::Duration};

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures_util::FutureExt;
use tracing::Instrument;
use weir_base::{Stopwatch, Timestamp, tally, tally::Tally};
use weir_core::Failure;

use crate::{
    Shared,
    connection::Peer,
    extract,
    families::Family,
    meters::METHODS,
    problem::{Reason, Refusal},
};

pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const REQUEST_ID_MAX: usize = 128;

/// What was asked, for the wording of a refusal and for the log.
pub(crate) struct Asked {
    pub(crate) id: HeaderValue,
    pub(crate) at: Timestamp,
    pub(crate) path: String,
    /// What the asker reads, for the pages of phones.
    pub(crate) language: Option<HeaderValue>,
    method: &'static str,
    /// The path as it is declared; paths may hold ids, which a log must not.
    route: Option<MatchedPath>,
}

impl Asked {
    pub(crate) fn id(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(self.id.as_bytes())
    }
}

pub(crate) async fn observe(State(server): State<Shared>, request: Request, next: Next) -> Response {
    let watch = Stopwatch::start();
    let at = server.app.clock.now();
    let asked = Asked {
        id: request_id(&server, request.headers(), at),
        at,
        path: request.uri().path().to_owned(),
        language: request.headers().get(header::ACCEPT_LANGUAGE).cloned(),
        method: method_name(request.method()),
        route: request.extensions().get::<MatchedPath>().cloned(),
    };
    let too_large = content_length(request.headers()).is_some_and(|length| length > server.body_limit as u64);
    let (response, tally) = if too_large {
        if is_worth_reading(&server, &request) {
            extract::discard(&server.app.clock, request.into_body()).await;
        }
        (Refusal(Reason::TooLarge { limit: server.body_limit }).into_response(), Tally::default())
    } else {
        let span = tracing::debug_span!(target: "weir::request", "request", request_id = &*asked.id());
        let work = AssertUnwindSafe(next.run(request)).catch_unwind().instrument(span);
        let (response, tally) = tally::scope(work).await;
        (response.unwrap_or_else(|_| Refusal(Reason::Panicked).into_response()), tally)
    };
    let (mut response, reason) = word(&asked, response);
    decorate(&asked, response.headers_mut());
    let elapsed = watch.elapsed();
    let route = asked.route.as_ref().map(MatchedPath::as_str);
    server.meters.record(asked.method, route, response.status().as_u16(), elapsed);
    log(&asked, response.status(), reason.as_ref(), elapsed, tally);
    response
}

/// The answer to a request whose head could not be read, which no handler has seen: with an id, in the envelope of its
/// path, counted and logged like any other.
pub(crate) fn unread(server: &Shared, path: &str, status: StatusCode, failure: Failure) -> Response {
    let at = server.app.clock.now();
    let id = request_id(server, &HeaderMap::new(), at);
    let asked = Asked { id, at, path: path.to_owned(), language: None, method: "OTHER", route: None };
    let mut response = Refusal::from(failure).into_response();
    *response.status_mut() = status;
    let (mut response, reason) = word(&asked, response);
    decorate(&asked, response.headers_mut());
    server.meters.record(asked.method, None, status.as_u16(), Duration::ZERO);
    log(&asked, status, reason.as_ref(), Duration::ZERO, Tally::default());
    response
}

/// Whether a body that is too large is read to its end, so that its sender sees why it is refused. Who waits for our
/// leave to send (`Expect: 100-continue`) is told before anything is sent, and who asks too much is not read from.
fn is_worth_reading(server: &Shared, request: &Request) -> bool {
    let peer = request.extensions().get::<Peer>().map(|peer| peer.0.ip());
    let extract::ClientAddress(address) = extract::ClientAddress::of(server, peer, request.headers());
    !request.headers().contains_key(header::EXPECT) && server.app.limits.request(address).is_ok()
}

/// The caller's id when it is sane, else a new UUIDv7.
fn request_id(server: &Shared, headers: &HeaderMap, at: Timestamp) -> HeaderValue {
    let sane = |value: &&HeaderValue| {
        let bytes = value.as_bytes();
        (1..=REQUEST_ID_MAX).contains(&bytes.len())
            && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
    };
    if let Some(value) = headers.get(REQUEST_ID).filter(sane) {
        return value.clone();
    }
    let mut buffer = [0; 36];
    let text = server.app.dice.uuid(at).hyphenated().encode_lower(&mut buffer).as_bytes();
    HeaderValue::from_bytes(text).unwrap_or_else(|_| HeaderValue::from_static("-"))
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn method_name(method: &axum::http::Method) -> &'static str {
    METHODS.into_iter().find(|name| *name == method.as_str()).unwrap_or("OTHER")
}

/// Words a refusal in its family's envelope; a bare 405 from the router is one too.
fn word(asked: &Asked, mut response: Response) -> (Response, Option<Refusal>) {
    let refusal = response.extensions_mut().remove::<Refusal>();
    let refusal = match refusal {
        None if response.status() == StatusCode::METHOD_NOT_ALLOWED => {
            Some(Refusal(Reason::MethodNotAllowed))
        }
        refusal => refusal,
    };
    match refusal {
        None => (response, None),
        Some(refusal) => (Family::of(&asked.path).word(&refusal, asked, response), Some(refusal)),
    }
}

fn decorate(asked: &Asked, headers: &mut HeaderMap) {
    headers.insert(REQUEST_ID, asked.id.clone());
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let kind = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    if kind.starts_with(b"application/json") || kind.starts_with(b"application/problem+json") {
        if !headers.contains_key(header::CACHE_CONTROL) {
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
    } else if kind.starts_with(b"text/html") {
        // No `form-action`: a form's answer may lead to a page of the host's.
        let policy = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; object-src 'none'; \
                      base-uri 'none'; frame-ancestors 'none'";
        // A page that shows pictures of WeChat's brings a policy of its own.
        if !headers.contains_key(header::CONTENT_SECURITY_POLICY) {
            headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
        }
        headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    }
}

/// One line for each request.
fn log(asked: &Asked, status: StatusCode, refusal: Option<&Refusal>, elapsed: Duration, tally: Tally) {
    let route = asked.route.as_ref().map_or("unmatched", MatchedPath::as_str);
    let (method, code) = (asked.method, status.as_u16());
    let reason = refusal.map_or("", |refusal| refusal.0.name());
    let cause = match refusal {
        Some(Refusal(Reason::Failure(failure))) => failure.chain(),
        _ => None,
    };
    let cause = cause.as_deref().unwrap_or_default();
    let (ms, query_ms, upstream_ms) =
        (millis(elapsed), millis(tally.query_time), millis(tally.upstream_time));
    let id = asked.id();
    let (queries, upstream_calls) = (tally.queries, tally.upstream_calls);
    macro_rules! line {
        ($level:ident) => {
            tracing::$level!(target: "weir::request", id = &*id, method, route, status = code, ms, queries, query_ms, upstream_calls, upstream_ms, reason, cause)
        };
    }
    match code {
        500.. => line!(error),
        _ => line!(info),
    }
}

/// Milliseconds with three decimals.
fn millis(duration: Duration) -> f64 {
    duration.as_micros() as f64 / 1000.0
}
