//! The only place that sends HTTP.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use reqwest::{
    Method, Request, Response,
    header::{CONTENT_TYPE, HeaderValue},
};
use serde::{Serialize, de::DeserializeOwned};
use tokio::sync::Semaphore;
use tracing::Instrument;
use weir_base::{Clock, Dice, Stopwatch, tally};

use crate::{Error, Route, UnreachableKind, answer, query::Query};

/// The longest body that is read, in bytes. WeChat's longest answers here have a few hundred.
const LONGEST_BODY: usize = 1024 * 1024;

/// How WeChat is called.
#[derive(Clone, Debug)]
pub struct TransportSettings {
    /// How long opening a connection may take, TLS included. Default 3 s, in real time.
    pub connect_timeout: Duration,
    /// How long one try may take, from the first byte sent to the last one read. Default 5 s, on the given clock.
    pub timeout: Duration,
    /// How often a call is sent at most where sending it again is safe. Default 2; 0 counts as 1.
    pub tries: u32,
    /// The middle of the jittered wait before the second try; grows with each further one. Default 100 ms.
    pub backoff: Duration,
    /// How many calls may be under way at once. Default 512; 0 counts as 1. While WeChat stalls, each caller more is
    /// told [`Error::Overloaded`] at once instead of waiting as well.
    pub max_calls: usize,
    /// How long an unused connection is kept. Default 30 s: a call over a connection that WeChat is just closing is
    /// lost, and most calls may not be sent twice.
    pub pool_idle: Duration,
    pub user_agent: String,
}

impl Default for TransportSettings {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(3),
            timeout: Duration::from_secs(5),
            tries: 2,
            backoff: Duration::from_millis(100),
            max_calls: 512,
            pool_idle: Duration::from_secs(30),
            user_agent: String::from(concat!("weir-wechat/", env!("CARGO_PKG_VERSION"))),
        }
    }
}

/// The HTTP client could not be made: a user agent with line breaks, or a machine without root certificates.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client for WeChat could not be made")]
pub struct StartError(#[source] reqwest::Error);

/// Sends calls to WeChat. Cloning gives another handle on the same connections.
#[derive(Clone)]
pub struct Transport(Arc<Inner>);

struct Inner {
    http: reqwest::Client,
    clock: Clock,
    dice: Dice,
    timeout: Duration,
    tries: u32,
    backoff: Duration,
    /// Room for calls that are under way.
    room: Semaphore,
    /// [`ANSWERED`], [`SILENT`], or 0 before the first call.
    condition: AtomicU8,
}

const ANSWERED: u8 = 1;
const SILENT: u8 = 2;

/// Whether a call may be sent again when nobody knows whether WeChat acted on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// Sending it twice does what sending it once does.
    Safe,
    /// It uses something up or replaces something: sent again only when no connection was opened.
    Never,
}

/// One call, as it is sent.
pub(crate) struct Call<'a> {
    pub(crate) route: &'a Route,
    pub(crate) query: Option<Query>,
    /// A JSON body makes the call a POST, else it is a GET.
    pub(crate) body: Option<Bytes>,
    pub(crate) repeat: Repeat,
    /// What the call sends that no error may show.
    pub(crate) sent: &'a [&'a str],
}

impl Transport {
    /// Opens no connection yet. Redirects are not followed (WeChat's API has none, and one would carry the query to
    /// somewhere else) and proxies in the environment are ignored.
    ///
    /// # Errors
    /// See [`StartError`].
    #[expect(clippy::disallowed_methods, reason = "the one place that sends HTTP")]
    pub fn new(settings: TransportSettings, clock: Clock, dice: Dice) -> Result<Self, StartError> {
        let http = reqwest::Client::builder()
            .user_agent(settings.user_agent)
            .connect_timeout(settings.connect_timeout)
            .pool_idle_timeout(settings.pool_idle)
            .tcp_nodelay(true)
            // One call per connection: a cut connection costs one call, and there is no second protocol to pay for.
            .http1_only()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .build()
            .map_err(StartError)?;
        let TransportSettings { timeout, tries, backoff, max_calls, .. } = settings;
        let room = Semaphore::new(max_calls.clamp(1, Semaphore::MAX_PERMITS));
        let condition = AtomicU8::new(0);
        Ok(Self(Arc::new(Inner { http, clock, dice, timeout, tries, backoff, room, condition })))
    }

    /// Sends a call, again where that is safe, and reads its answer.
    pub(crate) async fn call<T: DeserializeOwned>(&self, call: Call<'_>) -> Result<T, Error> {
        // Held until the last try is over, the waits between them included.
        let Ok(_place) = self.0.room.try_acquire() else { return Err(overloaded(call.route.path)) };
        let mut tried = 1;
        loop {
            let outcome = self.send(&call).await;
            match outcome {
                Err(error) if tried < self.0.tries && may_repeat(call.repeat, &error) => {
                    self.0.clock.sleep(self.0.dice.jitter(self.0.backoff * tried)).await;
                    tried += 1;
                }
                outcome => return outcome,
            }
        }
    }

    /// A document of somebody else than WeChat, such as a key set, over the same connections and limits. Tells whether it
    /// came with 200; its address and body are in no error.
    pub(crate) async fn document(&self, url: &reqwest::Url) -> Result<Bytes, Error> {
        let get = async {
            let request = Request::new(Method::GET, url.clone());
            let mut response = self.0.http.execute(request).await.map_err(|error| unreachable(&error))?;
            let status = response.status().as_u16();
            if status != 200 {
                return Err(Error::BadAnswer { what: "another status than 200", status });
            }
            read_body(&mut response, status).await
        };
        let timeout = Error::Unreachable { kind: UnreachableKind::Timeout };
        self.0.clock.timeout(self.0.timeout, get).await.ok_or(timeout)?
    }

    /// Posts a body as it is and reads whatever is answered, at any status: how a double of WeChat pushes to an app.
    /// Sent once; neither counted nor logged. Redirects are answers.
    ///
    /// # Errors
    /// [`Error::Unreachable`], and [`Error::BadAnswer`] for a body of more than 1 MiB.
    pub async fn post(
        &self,
        url: &reqwest::Url,
        content_type: &'static str,
        body: Bytes,
    ) -> Result<(u16, Bytes), Error> {
        let exchange = async {
            let mut request = Request::new(Method::POST, url.clone());
            request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
            *request.body_mut() = Some(body.into());
            let mut response = self.0.http.execute(request).await.map_err(|error| unreachable(&error))?;
            let status = response.status().as_u16();
            let body = read_body(&mut response, status).await?;
            Ok((status, body))
        };
        let timeout = Error::Unreachable { kind: UnreachableKind::Timeout };
        self.0.clock.timeout(self.0.timeout, exchange).await.ok_or(timeout)?
    }

    /// One try, counted and logged.
    async fn send<T: DeserializeOwned>(&self, call: &Call<'_>) -> Result<T, Error> {
        let watch = Stopwatch::start();
        let span = tracing::debug_span!("wechat.call", endpoint = call.route.path);
        let outcome = match self.0.clock.timeout(self.0.timeout, self.exchange(call)).instrument(span).await {
            None => Err(Error::Unreachable { kind: UnreachableKind::Timeout }),
            Some(Err(error)) => Err(error),
            Some(Ok((status, body))) => {
                answer::parse(status, &body).map_err(|error: Error| error.without(call.sent))
            }
        };
        let error = outcome.as_ref().err();
        account(call.route.path, error, watch.elapsed());
        let answered = error.is_none_or(|error| error.errcode().is_some());
        self.0.condition.store(if answered { ANSWERED } else { SILENT }, Ordering::Relaxed);
        outcome
    }

    /// What the last call came to: `ok` when WeChat answered sense (a refusal is an answer), `failing`, or `unknown`
    /// before the first call.
    pub(crate) fn condition(&self) -> &'static str {
        match self.0.condition.load(Ordering::Relaxed) {
            ANSWERED => "ok",
            SILENT => "failing",
            _ => "unknown",
        }
    }

    async fn exchange(&self, call: &Call<'_>) -> Result<(u16, Bytes), Error> {
        let mut response = self.0.http.execute(call.request()).await.map_err(|error| unreachable(&error))?;
        let status = response.status().as_u16();
        let body = read_body(&mut response, status).await?;
        Ok((status, body))
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport")
            .field("timeout", &self.0.timeout)
            .field("tries", &self.0.tries)
            .field("backoff", &self.0.backoff)
            .finish_non_exhaustive()
    }
}

impl Call<'_> {
    fn request(&self) -> Request {
        let mut url = self.route.url.clone();
        url.set_query(self.query.as_ref().map(Query::as_str));
        let Some(body) = &self.body else { return Request::new(Method::GET, url) };
        let mut request = Request::new(Method::POST, url);
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        *request.body_mut() = Some(body.clone().into());
        request
    }
}

/// A body as WeChat wants it: UTF-8 as it is, because `\uXXXX` is refused by some calls (section 0).
pub(crate) fn json(request: &impl Serialize) -> Bytes {
    // Requests are structs of texts and flags, which always serialise.
    serde_json::to_vec(request).unwrap_or_default().into()
}

fn may_repeat(repeat: Repeat, error: &Error) -> bool {
    match error {
        Error::Unreachable { kind: UnreachableKind::Connect } => true,
        Error::Unreachable { .. } | Error::Busy { .. } => repeat == Repeat::Safe,
        Error::Throttled { .. } | Error::Refused { .. } | Error::BadAnswer { .. } | Error::Overloaded => {
            false
        }
    }
}

/// Keeps nothing of reqwest's error: it holds the address, whose query holds the secret.
fn unreachable(error: &reqwest::Error) -> Error {
    let kind = if error.is_connect() { UnreachableKind::Connect } else { UnreachableKind::Cut };
    Error::Unreachable { kind }
}

async fn read_body(response: &mut Response, status: u16) -> Result<Bytes, Error> {
    let mut next = async || response.chunk().await.map_err(|error| unreachable(&error));
    let within_limit = |length: usize| {
        let too_long = Error::BadAnswer { what: "a body of more than 1 MiB", status };
        if length <= LONGEST_BODY { Ok(()) } else { Err(too_long) }
    };
    let Some(first) = next().await? else { return Ok(Bytes::new()) };
    within_limit(first.len())?;
    // Most answers come in one piece, which is then read where it lies.
    let Some(second) = next().await? else { return Ok(first) };
    let mut whole = BytesMut::from(first);
    let mut more = Some(second);
    while let Some(chunk) = more {
        within_limit(whole.len() + chunk.len())?;
        whole.extend_from_slice(&chunk);
        more = next().await?;
    }
    Ok(whole.freeze())
}

/// Counted, but not as time that WeChat took: it was not asked.
fn overloaded(endpoint: &'static str) -> Error {
    let error = Error::Overloaded;
    metrics::counter!("weir_wechat_calls_total", "endpoint" => endpoint, "outcome" => error.class())
        .increment(1);
    tracing::debug!(endpoint, outcome = error.class(), "did not call WeChat");
    error
}

/// Metrics, the request's tally and one log event per try. The path names the call; the query is never shown.
fn account(endpoint: &'static str, error: Option<&Error>, elapsed: Duration) {
    tally::upstream(elapsed);
    let outcome = error.map_or("ok", Error::class);
    metrics::counter!("weir_wechat_calls_total", "endpoint" => endpoint, "outcome" => outcome).increment(1);
    metrics::histogram!("weir_wechat_call_seconds", "endpoint" => endpoint).record(elapsed);
    tracing::debug!(
        endpoint,
        outcome,
        errcode = error.and_then(Error::errcode),
        rid = error.and_then(Error::rid),
        ms = elapsed.as_secs_f64() * 1000.0,
        "called WeChat"
    );
}
