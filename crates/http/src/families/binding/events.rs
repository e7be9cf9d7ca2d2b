//! News of a QR code as server-sent events: one for each change, until the last.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::stream;
use serde::Serialize;
use weir_base::Timestamp;
use weir_core::{
    App,
    limits::network,
    live::Watching,
    qr::{self, QrRow},
};

use super::qr::{SessionPath, StatusData, session_of};
use crate::{
    Shared,
    extract::{Asker, Host, PollToken},
    problem::Refusal,
};

/// A comment keeps proxies from taking a quiet line for a dead one.
const COMMENT_EVERY: Duration = Duration::from_secs(15);

/// News of my QR code: an event `status` for each change, its data as of `status`, until it is confirmed or expired.
#[utoipa::path(get, path = "/api/wechat/status/{session_id}/events", tag = "binding", operation_id = "qrEvents",
    params(("session_id" = String, Path, description = "From generate-qr"), ("Last-Event-ID" = Option<String>, Header, description = "The last event that was seen")),
    responses((status = 200, description = "Server-sent events", body = String, content_type = "text/event-stream"),
        (status = 204, description = "The last event that was seen is the last one that there is")))]
pub(super) async fn status_events(
    State(server): State<Shared>,
    Host(user): Host,
    path: SessionPath,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let app = &server.app;
    let session = session_of(path)?;
    // Before anything is held for a stranger's session.
    qr::flow::status(app, &user, &session).await?;
    let watching = qr::watch::subscribe(app, &session, &user.subject())?;
    let row = qr::flow::status(app, &user, &session).await?;
    let data = |row: &QrRow, now| serde_json::to_string(&StatusData::new(row, now)).unwrap_or_default();
    Ok(feed(app, watching, row, &headers, data))
}

/// What a browser that signs in is told: how far it is, never the token.
#[derive(Serialize)]
struct LoginNews<'a> {
    session_id: &'a str,
    status: &'static str,
    expires_at: String,
    created_at: String,
}

/// News of my sign-in: an event `status` for each change, until it is confirmed or expired. The token is not in it.
#[utoipa::path(get, path = "/api/wechat/qr-login/{session_id}/events", tag = "binding", operation_id = "qrLoginEvents",
    params(("session_id" = String, Path, description = "From qr-login"), ("X-Poll-Token" = String, Header, description = "From qr-login"),
        ("Last-Event-ID" = Option<String>, Header, description = "The last event that was seen")),
    responses((status = 200, description = "Server-sent events", body = String, content_type = "text/event-stream"),
        (status = 204, description = "The last event that was seen is the last one that there is")))]
pub(super) async fn login_events(
    Asker(address): Asker,
    State(server): State<Shared>,
    path: SessionPath,
    PollToken(poll): PollToken,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let app = &server.app;
    let session = session_of(path)?;
    qr::login::look(app, &session, &poll).await?;
    let watching = qr::watch::subscribe(app, &session, &network(address).to_string())?;
    let row = qr::login::look(app, &session, &poll).await?;
    let data = |row: &QrRow, now| {
        let (status, expires_at) = (row.shown(now).as_str(), row.expires_at.iso());
        let created_at = row.created_at.iso();
        let news = LoginNews { session_id: &row.session_id, status, expires_at, created_at };
        serde_json::to_string(&news).unwrap_or_default()
    };
    Ok(feed(app, watching, row, &headers, data))
}

/// One browser that waits.
struct Feed {
    app: Arc<App>,
    watching: Watching<QrRow>,
    row: Arc<QrRow>,
    /// The last news that it has.
    told: Option<i64>,
    ended: bool,
    comment_at: Timestamp,
    data: fn(&QrRow, Timestamp) -> String,
}

fn feed(
    app: &Arc<App>,
    watching: Watching<QrRow>,
    row: QrRow,
    headers: &HeaderMap,
    data: fn(&QrRow, Timestamp) -> String,
) -> Response {
    let now = app.clock.now();
    let seen = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.trim().parse::<i64>().ok());
    // A browser's EventSource comes back by itself after the end, until it is told that there is nothing more.
    if row.shown(now).is_end() && seen == Some(row.news(now)) {
        return StatusCode::NO_CONTENT.into_response();
    }
    let row = watching.share(row, qr::watch::is_newer);
    let feed = Feed {
        app: Arc::clone(app),
        watching,
        row,
        told: seen,
        ended: false,
        comment_at: now.plus(COMMENT_EVERY),
        data,
    };
    let body = Body::from_stream(stream::unfold(feed, async |mut feed| {
        let bytes = feed.next().await?;
        Some((Ok::<_, Infallible>(bytes), feed))
    }));
    let kind = (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    let kept = (header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // nginx would keep the events until it has a buffer full of them.
    let unbuffered = (header::HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    ([kind, kept, unbuffered], body).into_response()
}

impl Feed {
    /// The next event or comment; `None` after the last.
    async fn next(&mut self) -> Option<Bytes> {
        if self.ended {
            return None;
        }
        loop {
            let now = self.app.clock.now();
            let news = self.row.news(now);
            if self.told != Some(news) {
                self.told = Some(news);
                self.ended = self.row.shown(now).is_end();
                self.comment_at = now.plus(COMMENT_EVERY);
                let data = (self.data)(&self.row, now);
                return Some(format!("id: {news}\nevent: status\ndata: {data}\n\n").into());
            }
            if now >= self.comment_at {
                self.comment_at = now.plus(COMMENT_EVERY);
                return Some(Bytes::from_static(b": still here\n\n"));
            }
            tokio::select! {
                row = self.watching.next() => self.row = row?,
                () = self.app.clock.sleep_until(self.comment_at.min(self.row.expires_at)) => {}
            }
        }
    }
}
