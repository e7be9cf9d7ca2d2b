use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll},
};

use axum::body::HttpBody;
use hyper::body::{Frame, SizeHint};

/// Whose turn it is on a connection, and whether anything moves on it. HTTP/1 has one request under way at a time.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    /// A handler has a request…
    serving: AtomicBool,
    /// … and waits for more of its body.
    awaits_body: AtomicBool,
    requests: AtomicU64,
    /// Counts turns that change hands, what is written, and what comes of a body.
    steps: AtomicU64,
}

/// A request under way, until it is dropped.
pub(super) struct Serving(Arc<Traffic>);

impl Traffic {
    pub(super) fn serve(self: &Arc<Self>) -> Serving {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.serving.store(true, Ordering::Relaxed);
        self.step();
        Serving(Arc::clone(self))
    }

    pub(super) fn is_serving(&self) -> bool {
        self.serving.load(Ordering::Relaxed)
    }

    /// Whether we are at work and the peer can do nothing but wait.
    pub(super) fn is_our_turn(&self) -> bool {
        self.is_serving() && !self.awaits_body.load(Ordering::Relaxed)
    }

    /// How many requests have come so far.
    pub(super) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    pub(super) fn step(&self) {
        self.steps.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn steps(&self) -> u64 {
        self.steps.load(Ordering::Relaxed)
    }

    fn await_body(&self, awaits: bool) {
        if self.awaits_body.swap(awaits, Ordering::Relaxed) != awaits {
            self.step();
        }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.0.serving.store(false, Ordering::Relaxed);
        self.0.step();
    }
}

/// A request's body that tells when its reader waits for the peer.
pub(super) struct Awaited<B> {
    pub(super) body: B,
    pub(super) traffic: Arc<Traffic>,
}

impl<B: HttpBody + Unpin> HttpBody for Awaited<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        self.traffic.await_body(frame.is_pending());
        if frame.is_ready() {
            self.traffic.step();
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<B> Drop for Awaited<B> {
    fn drop(&mut self) {
        self.traffic.await_body(false);
    }
}
