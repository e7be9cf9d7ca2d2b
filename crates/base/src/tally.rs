//! What one request cost: counted where it happens, shown in the request's one log line.

use std::{cell::Cell, time::Duration};

tokio::task_local! {
    static TALLY: Cell<Tally>;
}

/// Counts and times of one request. Work done outside [`scope`] is not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Statements and transactions sent to the database.
    pub queries: u32,
    /// Time waited for the database.
    pub query_time: Duration,
    /// Calls made to WeChat, retries included.
    pub upstream_calls: u32,
    /// Time waited for WeChat.
    pub upstream_time: Duration,
}

/// Runs `future` and tells what it cost.
pub async fn scope<F: Future>(future: F) -> (F::Output, Tally) {
    TALLY
        .scope(Cell::default(), async move {
            let output = future.await;
            (output, TALLY.with(Cell::get))
        })
        .await
}

/// One more call to the database, which took `time`.
pub fn query(time: Duration) {
    add(|tally| {
        tally.queries += 1;
        tally.query_time += time;
    });
}

/// One more call to WeChat, which took `time`.
pub fn upstream(time: Duration) {
    add(|tally| {
        tally.upstream_calls += 1;
        tally.upstream_time += time;
    });
}

fn add(change: impl FnOnce(&mut Tally)) {
    // Outside a request there is nobody to tell.
    let _ = TALLY.try_with(|cell| {
        let mut tally = cell.get();
        change(&mut tally);
        cell.set(tally);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_scope_counts_what_happens_in_it() {
        query(Duration::from_secs(1));
        let ((), tally) = scope(async {
            query(Duration::from_millis(2));
            upstream(Duration::from_millis(3));
            query(Duration::from_millis(2));
        })
        .await;
        assert_eq!((tally.queries, tally.query_time), (2, Duration::from_millis(4)));
        assert_eq!((tally.upstream_calls, tally.upstream_time), (1, Duration::from_millis(3)));
    }
}
