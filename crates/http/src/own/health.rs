use std::time::Duration;

use axum::{extract::State, http::StatusCode, response::Response};
use serde::Serialize;
use tokio::sync::Mutex;
use utoipa::ToSchema;
use weir_base::Timestamp;
use weir_core::{App, job};

use crate::{Shared, extract::Stranger, json::json};

/// A database that has not answered by then is failing.
const PATIENCE: Duration = Duration::from_secs(2);
/// A verdict serves for so long, so that probes do not load the database that they ask about.
const FRESH: i64 = 1000;

/// The last verdict on the database and the queues, and when it was found. Who finds it old asks while the others wait for the answer.
#[derive(Default)]
pub(crate) struct Verdict(Mutex<Option<(Timestamp, Found)>>);

/// What was found of the database and of the queues in it.
#[derive(Clone, Copy)]
struct Found {
    database: &'static str,
    queue: &'static str,
}

impl Verdict {
    async fn find(&self, app: &App) -> Found {
        let mut last = self.0.lock().await;
        if let Some((at, verdict)) = *last
            && (0..FRESH).contains(&(app.clock.now().millis() - at.millis()))
        {
            return verdict;
        }
        let database = match app.clock.timeout(PATIENCE, app.store.ping()).await {
            Some(Ok(())) => "ok",
            Some(Err(error)) => {
                tracing::warn!(%error, "the database fails its health check");
                "failing"
            }
            None => "not answering",
        };
        let queue = match app.clock.timeout(PATIENCE, job::condition(app)).await {
            Some(Ok(condition)) => condition,
            _ => "unknown",
        };
        let verdict = Found { database, queue };
        *last = Some((app.clock.now(), verdict));
        verdict
    }
}

/// Whether Weir can serve.
#[derive(Serialize, ToSchema)]
pub(super) struct Health {
    /// `ok` or `failing`.
    #[schema(value_type = String, example = "ok")]
    status: &'static str,
    #[schema(value_type = String)]
    version: &'static str,
    uptime_s: u64,
    checks: Checks,
}

/// Each is `ok`, or says what is wrong.
#[derive(Serialize, ToSchema)]
pub(super) struct Checks {
    #[schema(value_type = String)]
    database: &'static str,
    /// What the last calls to WeChat came to: `ok`, `unknown` before the first, `failing`. WeChat being away does not
    /// make this server unfit to serve.
    #[schema(value_type = String)]
    wechat: &'static str,
    /// `ok`; `waiting`, because WeChat or the hour wants nothing to be sent now; `late`, when a message has been due for
    /// more than five minutes; `stopped`, when nothing is sent any more, which is the only one that makes this server unfit.
    #[schema(value_type = String)]
    queue: &'static str,
}

/// Whether Weir can serve: 200, or 503 with the check that fails.
#[utoipa::path(get, path = "/api/health", tag = "weir", operation_id = "health",
    responses((status = 200, description = "Fit to serve", body = Health), (status = 503, description = "Not fit to serve", body = Health)))]
pub(super) async fn health(_: Stranger, State(server): State<Shared>) -> Response {
    let app = &server.app;
    let Found { database, queue } = server.verdict.find(app).await;
    let fit = database == "ok" && queue != "stopped";
    let body = Health {
        status: if fit { "ok" } else { "failing" },
        version: env!("CARGO_PKG_VERSION"),
        uptime_s: server.started.elapsed().as_secs(),
        checks: Checks { database, wechat: app.wechat.condition(), queue },
    };
    json(if fit { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, &body)
}

/// Whether the process is alive.
#[derive(Serialize, ToSchema)]
pub(super) struct Live {
    #[schema(value_type = String, example = "ok")]
    status: &'static str,
}

/// Whether the process is alive.
#[utoipa::path(get, path = "/api/live", tag = "weir", operation_id = "live",
    responses((status = 200, description = "Alive", body = Live)))]
pub(super) async fn live(_: Stranger) -> Response {
    json(StatusCode::OK, &Live { status: "ok" })
}
