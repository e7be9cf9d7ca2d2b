//! One connection: HTTP/1.1 with limits on what a slow or silent peer may hold, and an end when the server stops.

mod bare;
mod stream;
mod traffic;

use std::{net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, HttpBody as _},
    extract::Request,
};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use metrics::counter;
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::Shared;
use stream::Stream;
use traffic::{Awaited, Traffic};

/// A peer has so long to send a request's head, and an idle connection to send the next.
const HEAD_LIMIT: Duration = Duration::from_secs(60);
const HEAD_BYTES: usize = 64 * 1024;
/// When the server stops, a peer has so long to send the rest of a head, more of a body, or to take more of an answer.
const PARTING: Duration = Duration::from_secs(2);

/// Who is at the other end of the connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// Serves one connection until it ends or, some time after `stop`, is cut.
pub(crate) async fn serve(
    socket: TcpStream,
    peer: SocketAddr,
    router: Router,
    server: Shared,
    stop: CancellationToken,
) {
    let clock = server.app.clock.clone();
    let traffic = Arc::new(Traffic::default());
    let counted = Arc::clone(&traffic);
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let serving = counted.serve();
        let mut request: Request = request.map(|body| {
            if body.is_end_stream() {
                return Body::empty();
            }
            Body::new(Awaited { body, traffic: Arc::clone(&counted) })
        });
        request.extensions_mut().insert(Peer(peer));
        let answer = router.clone().oneshot(request);
        async move {
            let answer = answer.await;
            drop(serving);
            answer
        }
    });
    let stream = TokioIo::new(Stream::new(socket, server, Arc::clone(&traffic)));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_LIMIT)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(stream, service);
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => Some(ended),
        () = stop.cancelled() => None,
    };
    let ended = match ended {
        Some(ended) => ended,
        None => {
            // An idle connection ends at once, one with a request after its answer.
            connection.as_mut().graceful_shutdown();
            loop {
                let before = traffic.steps();
                if let Some(ended) = clock.timeout(PARTING, connection.as_mut()).await {
                    break ended;
                }
                // Whoever waits for us is waited for; a peer that does nothing is not.
                if !traffic.is_our_turn() && traffic.steps() == before {
                    counter!("weir_http_connections_cut_total", "why" => "stopping").increment(1);
                    return;
                }
            }
        }
    };
    // A peer that goes away or speaks no HTTP is no news.
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}
