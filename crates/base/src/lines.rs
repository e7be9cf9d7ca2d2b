//! Log lines written off the request's path, many at a time: a line costs a copy under a short lock, and the thread
//! that writes wakes for the first line of a batch, not for each.

use std::{
    io::{self, Write},
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

/// Lines wait here so long for others to be written with them.
const GATHER: Duration = Duration::from_millis(20);
/// A batch of this size does not wait for more.
const ENOUGH: usize = 256 * 1024;
/// More than this may not wait: whoever cannot write fast enough loses lines, not requests.
const MOST: usize = 8 * 1024 * 1024;

/// At the end, what waits may take so long to be written.
const LAST_WRITE: Duration = Duration::from_millis(500);

/// A place to write lines to. Cloning gives another handle on the same one.
#[derive(Clone)]
pub struct Lines(Arc<Shared>);

/// Ends the writing: dropped, it waits until what waits is written, for half a second at the most.
pub struct LinesGuard {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    changed: Condvar,
    dropped: AtomicU64,
}

#[derive(Default)]
struct Waiting {
    bytes: Vec<u8>,
    closed: bool,
    /// Nothing is written any more.
    ended: bool,
}

impl Lines {
    /// Starts the thread that writes to `sink`.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn to(sink: impl Write + Send + 'static) -> io::Result<(Self, LinesGuard)> {
        let shared = Arc::new(Shared::default());
        let thread = thread::Builder::new().name("log-writer".to_owned()).spawn({
            let shared = Arc::clone(&shared);
            move || shared.run(sink)
        })?;
        Ok((Self(Arc::clone(&shared)), LinesGuard { shared, thread: Some(thread) }))
    }

    /// Lines lost because too many waited.
    pub fn dropped(&self) -> u64 {
        self.0.dropped.load(Ordering::Relaxed)
    }
}

/// One call is one line: it is kept whole or dropped whole.
impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut waiting = self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.closed || waiting.bytes.len() + line.len() > MOST {
            self.0.dropped.fetch_add(1, Ordering::Relaxed);
            return Ok(line.len());
        }
        let before = waiting.bytes.len();
        waiting.bytes.extend_from_slice(line);
        let after = waiting.bytes.len();
        drop(waiting);
        if before == 0 || (before < ENOUGH && after >= ENOUGH) {
            self.0.changed.notify_one();
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Shared {
    fn run(&self, mut sink: impl Write) {
        let mut batch = Vec::new();
        loop {
            let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            let empty = |waiting: &mut Waiting| waiting.bytes.is_empty() && !waiting.closed;
            let waiting = self.changed.wait_while(waiting, empty).unwrap_or_else(PoisonError::into_inner);
            let few = |waiting: &mut Waiting| waiting.bytes.len() < ENOUGH && !waiting.closed;
            let gathered = self.changed.wait_timeout_while(waiting, GATHER, few);
            let (mut waiting, _) = gathered.unwrap_or_else(PoisonError::into_inner);
            std::mem::swap(&mut waiting.bytes, &mut batch);
            let closed = waiting.closed;
            drop(waiting);
            // A log that cannot be written (a full disk, a closed pipe) must not end the server.
            let _ = sink.write_all(&batch).and_then(|()| sink.flush());
            batch.clear();
            if closed {
                self.waiting.lock().unwrap_or_else(PoisonError::into_inner).ended = true;
                self.changed.notify_one();
                return;
            }
        }
    }
}

impl Drop for LinesGuard {
    fn drop(&mut self) {
        let mut waiting = self.shared.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.closed = true;
        self.shared.changed.notify_one();
        // A pipe that nobody reads from must not keep the process from ending.
        let writing = |waiting: &mut Waiting| !waiting.ended;
        let ended = self.shared.changed.wait_timeout_while(waiting, LAST_WRITE, writing);
        let (waiting, timeout) = ended.unwrap_or_else(PoisonError::into_inner);
        drop(waiting);
        if !timeout.timed_out()
            && let Some(thread) = self.thread.take()
        {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_of_many_threads_come_whole_and_none_is_lost_at_the_end() {
        let sink = Sink::default();
        let (lines, guard) = Lines::to(sink.clone()).unwrap();
        let writers: Vec<_> = (0..4)
            .map(|writer| {
                let mut lines = lines.clone();
                thread::spawn(move || {
                    for line in 0..1000 {
                        lines.write_all(format!("{writer} {line}\n").as_bytes()).unwrap();
                    }
                })
            })
            .collect();
        writers.into_iter().for_each(|writer| writer.join().unwrap());
        drop(guard);
        let written = String::from_utf8(sink.0.lock().unwrap().clone()).unwrap();
        let mut found: Vec<&str> = written.lines().collect();
        found.sort_unstable();
        found.dedup();
        assert_eq!((found.len(), lines.dropped()), (4000, 0));
    }

    #[test]
    fn a_sink_that_takes_nothing_does_not_keep_us_from_ending() {
        struct Stuck(std::sync::mpsc::Receiver<()>);
        impl Write for Stuck {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                let _ = self.0.recv();
                Ok(bytes.len())
            }

            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let (release, stuck) = std::sync::mpsc::channel();
        let (mut lines, guard) = Lines::to(Stuck(stuck)).unwrap();
        lines.write_all(b"never written\n").unwrap();
        drop(guard);
        drop(release);
    }

    #[test]
    fn what_comes_after_the_end_is_counted_as_lost() {
        let (mut lines, guard) = Lines::to(io::sink()).unwrap();
        drop(guard);
        lines.write_all(b"late\n").unwrap();
        assert_eq!(lines.dropped(), 1);
    }
}
