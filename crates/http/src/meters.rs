//! The two metrics of a request. Their handles are kept, because finding one by its labels costs as much as parsing the
//! request.

use std::{borrow::Cow, collections::HashMap, sync::OnceLock, time::Duration};

use metrics::{Counter, Histogram, counter, histogram};

use crate::access::OPERATIONS;

/// Methods with names of our own: a stranger's must not become a label.
pub(crate) const METHODS: [&str; 8] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "OTHER"];

/// Handles for every declared path.
pub(crate) struct Meters(HashMap<&'static str, Route>);

#[derive(Default)]
struct Route {
    seconds: OnceLock<Histogram>,
    /// Answers with 200, by method: nearly all.
    ok: [OnceLock<Counter>; METHODS.len()],
}

impl Meters {
    pub(crate) fn new() -> Self {
        Self(OPERATIONS.iter().map(|operation| (operation.path, Route::default())).collect())
    }

    pub(crate) fn record(&self, method: &'static str, route: Option<&str>, status: u16, took: Duration) {
        let known = route.and_then(|route| self.0.get_key_value(route));
        let name: Cow<'static, str> = match known {
            Some((name, _)) => Cow::Borrowed(name),
            None => Cow::Owned(route.unwrap_or("unmatched").to_owned()),
        };
        let at = METHODS.iter().position(|known| *known == method).unwrap_or(METHODS.len() - 1);
        match known {
            Some((_, meters)) => {
                let seconds = || histogram!("weir_http_request_seconds", "route" => name.clone());
                meters.seconds.get_or_init(seconds).record(took);
                if status == 200 {
                    let ok = || counter!("weir_http_requests_total", "method" => method, "route" => name.clone(), "status" => "200");
                    meters.ok[at].get_or_init(ok).increment(1);
                    return;
                }
            }
            None => histogram!("weir_http_request_seconds", "route" => name.clone()).record(took),
        }
        counter!("weir_http_requests_total", "method" => method, "route" => name, "status" => status.to_string())
            .increment(1);
    }
}
