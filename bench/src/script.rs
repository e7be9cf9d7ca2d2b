//! What connections say: one-use requests from a shared pool, the same few requests over and over, or a session that
//! refreshes itself.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use crate::{
    client::{Response, field, request},
    load::{Script, Scripts},
};

/// Requests that are sent once each, by whichever connection is free.
pub struct Pool {
    requests: Vec<Vec<u8>>,
    next: AtomicUsize,
    collected: Mutex<Vec<String>>,
}

impl Pool {
    pub fn new(requests: Vec<Vec<u8>>) -> Arc<Self> {
        Arc::new(Self { requests, next: AtomicUsize::new(0), collected: Mutex::default() })
    }

    /// The field values that the scripts collected, in the order of the answers. They are taken out.
    pub fn collected(&self) -> Vec<String> {
        std::mem::take(&mut self.collected.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Scripts that send the pool's requests. With `field`, each answer must have that string field; its value is collected.
pub fn drain(pool: &Arc<Pool>, connections: usize, field: Option<&'static str>) -> Scripts {
    let script = || Box::new(Drain { pool: Arc::clone(pool), field, keep: true }) as Box<dyn Script>;
    (0..connections).map(|_| script()).collect()
}

/// Like [`drain`], but the field is only looked for: for answers that nobody needs afterwards.
pub fn drain_checked(pool: &Arc<Pool>, connections: usize, field: &'static str) -> Scripts {
    let script =
        || Box::new(Drain { pool: Arc::clone(pool), field: Some(field), keep: false }) as Box<dyn Script>;
    (0..connections).map(|_| script()).collect()
}

struct Drain {
    pool: Arc<Pool>,
    field: Option<&'static str>,
    keep: bool,
}

impl Script for Drain {
    fn next(&mut self) -> Option<&[u8]> {
        let index = self.pool.next.fetch_add(1, Ordering::Relaxed);
        self.pool.requests.get(index).map(Vec::as_slice)
    }

    fn answered(&mut self, response: &Response<'_>) -> Result<(), String> {
        let Some(name) = self.field else { return Ok(()) };
        let Some(value) = field(response.body, name) else {
            return Err(format!("no {name:?} in the answer"));
        };
        if self.keep {
            self.pool.collected.lock().unwrap_or_else(PoisonError::into_inner).push(value.to_owned());
        }
        Ok(())
    }
}

/// Scripts that send `requests` in turn, each connection beginning at another one.
pub fn cycle(requests: Vec<Vec<u8>>, connections: usize) -> Scripts {
    let requests = Arc::new(requests);
    let script = |connection| Cycle { requests: Arc::clone(&requests), at: connection };
    (0..connections).map(|connection| Box::new(script(connection)) as Box<dyn Script>).collect()
}

struct Cycle {
    requests: Arc<Vec<Vec<u8>>>,
    at: usize,
}

impl Script for Cycle {
    fn next(&mut self) -> Option<&[u8]> {
        self.at += 1;
        self.requests.get(self.at % self.requests.len().max(1)).map(Vec::as_slice)
    }
}

/// One script for each session: it refreshes its token with the token that the last refresh gave.
pub fn refreshing(tokens: &[String]) -> Scripts {
    tokens.iter().map(|token| Box::new(Refresh { request: refresh(token) }) as Box<dyn Script>).collect()
}

struct Refresh {
    request: Vec<u8>,
}

fn refresh(token: &str) -> Vec<u8> {
    request("POST", "/api/v1/auth/refresh", Some(token), None)
}

impl Script for Refresh {
    fn next(&mut self) -> Option<&[u8]> {
        Some(&self.request)
    }

    fn answered(&mut self, response: &Response<'_>) -> Result<(), String> {
        let token = field(response.body, "access_token").ok_or("no \"access_token\" in the answer")?;
        self.request = refresh(token);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(body: &str) -> Response<'_> {
        Response { status: 200, body: body.as_bytes(), closing: false }
    }

    #[test]
    fn a_refreshing_session_goes_on_with_the_new_token_only() {
        let mut scripts = refreshing(&["first".to_owned()]);
        assert_eq!(scripts[0].next().unwrap(), refresh("first"));
        scripts[0].answered(&answer(r#"{"data":{"access_token":"second","expires_in":604800}}"#)).unwrap();
        assert_eq!(scripts[0].next().unwrap(), refresh("second"));
        assert!(scripts[0].answered(&answer("{}")).is_err());
        assert_eq!(scripts[0].next().unwrap(), refresh("second"));
    }

    #[test]
    fn connections_cycle_through_all_requests_from_different_places() {
        let requests: Vec<Vec<u8>> = (0..3).map(|path| vec![path]).collect();
        let mut scripts = cycle(requests, 2);
        let mut first: Vec<u8> = (0..3).map(|_| scripts[0].next().unwrap()[0]).collect();
        assert_ne!(first[0], scripts[1].next().unwrap()[0]);
        first.sort_unstable();
        assert_eq!(first, [0, 1, 2]);
    }

    #[test]
    fn a_pool_gives_each_request_to_one_connection_and_then_ends() {
        let pool = Pool::new(vec![vec![1], vec![2]]);
        let mut scripts = drain_checked(&pool, 2, "code");
        assert_eq!(scripts[0].next(), Some(&[1][..]));
        assert_eq!(scripts[1].next(), Some(&[2][..]));
        assert_eq!(scripts[0].next(), None);
        scripts[0].answered(&answer(r#"{"code":"c"}"#)).unwrap();
        assert!(pool.collected().is_empty());
    }
}
