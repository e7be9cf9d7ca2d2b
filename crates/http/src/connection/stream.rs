use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use futures_util::future::BoxFuture;
use metrics::counter;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{
    bare::{self, Line},
    traffic::Traffic,
};
use crate::Shared;

/// A peer that takes nothing of an answer for so long is not waiting for it. A stream of events that says nothing has
/// nothing to take.
const UNREAD: Duration = Duration::from_secs(30);

/// A peer's socket: counts what moves, cuts off who does not read, and says in our words what hyper says by itself.
pub(super) struct Stream<S> {
    socket: S,
    server: Shared,
    traffic: Arc<Traffic>,
    /// Runs while a write waits for the peer.
    unread: Option<BoxFuture<'static, ()>>,
    /// The request line that was read last, and of which request.
    line: Line,
    line_of: u64,
    /// What is still to be written of our answer in place of hyper's.
    instead: Vec<u8>,
}

impl<S: AsyncWrite + Unpin> Stream<S> {
    pub(super) fn new(socket: S, server: Shared, traffic: Arc<Traffic>) -> Self {
        let (line, instead) = (Line::default(), Vec::new());
        Self { socket, server, traffic, unread: None, line, line_of: 0, instead }
    }

    /// Writes our answer that stands in for hyper's, if there is one.
    fn poll_instead(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.instead.is_empty() {
            let wrote = Pin::new(&mut self.socket).poll_write(context, &self.instead);
            let count = ready!(self.in_time(context, wrote))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.instead.drain(..count);
        }
        Poll::Ready(Ok(()))
    }

    /// Answers whether all of `sent` is hyper's own and will be said in our words.
    fn replaces(&mut self, sent: &[u8]) -> bool {
        if self.traffic.is_serving() {
            return false;
        }
        let instead = bare::instead(&self.server, &self.line, sent);
        self.instead = instead.unwrap_or_default();
        !self.instead.is_empty()
    }

    /// A write that stays pending for too long is an error.
    fn in_time<T>(&mut self, context: &mut Context<'_>, wrote: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if wrote.is_ready() {
            self.unread = None;
            self.traffic.step();
            return wrote;
        }
        let clock = &self.server.app.clock;
        let unread = self.unread.get_or_insert_with(|| {
            let clock = clock.clone();
            Box::pin(async move { clock.sleep(UNREAD).await })
        });
        ready!(unread.as_mut().poll(context));
        counter!("weir_http_connections_cut_total", "why" => "unread").increment(1);
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Stream<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.socket).poll_read(context, buffer))?;
        if !this.traffic.is_serving() {
            let requests = this.traffic.requests();
            if this.line_of != requests {
                this.line.clear();
                this.line_of = requests;
            }
            this.line.read(&buffer.filled()[before..]);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Stream<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, sent: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        ready!(this.poll_instead(context))?;
        if this.replaces(sent) {
            // What does not go out at once goes with the flush.
            if let Poll::Ready(Err(error)) = this.poll_instead(context) {
                return Poll::Ready(Err(error));
            }
            return Poll::Ready(Ok(sent.len()));
        }
        let wrote = Pin::new(&mut this.socket).poll_write(context, sent);
        this.in_time(context, wrote)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        sent: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        // What hyper says by itself is one piece.
        if let [one] = sent {
            return self.poll_write(context, one);
        }
        let this = self.get_mut();
        ready!(this.poll_instead(context))?;
        let wrote = Pin::new(&mut this.socket).poll_write_vectored(context, sent);
        this.in_time(context, wrote)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_instead(context))?;
        Pin::new(&mut this.socket).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_instead(context))?;
        Pin::new(&mut this.socket).poll_shutdown(context)
    }
}
