//! The simulator's control interface: any query and any body are done or refused, and the simulator lives on.
#![no_main]

use std::{cell::Cell, sync::LazyLock};

use axum::{Router, body::Body, extract::Request};
use futures_util::FutureExt;
use libfuzzer_sys::fuzz_target;
use tower::ServiceExt;
use weir_base::{Clock, Dice, Timestamp};
use weir_simulator::{Simulator, World};

const CALLS: [(&str, &str); 16] = [
    ("POST", "/_sim/apps"),
    ("GET", "/_sim/apps"),
    ("POST", "/_sim/users"),
    ("GET", "/_sim/users"),
    ("POST", "/_sim/login-code"),
    ("POST", "/_sim/phone-code"),
    ("POST", "/_sim/encrypted-data"),
    ("POST", "/_sim/session-key"),
    ("GET", "/_sim/calls"),
    ("DELETE", "/_sim/calls"),
    ("POST", "/_sim/faults"),
    ("GET", "/_sim/faults"),
    ("DELETE", "/_sim/faults"),
    ("POST", "/_sim/clock"),
    ("POST", "/_sim/subscribe"),
    ("GET", "/_sim/inbox"),
];
/// Apps, people and faults that were added are forgotten after so many inputs.
const RESET_EVERY: usize = 64;

static SIMULATOR: LazyLock<(Simulator, Router)> = LazyLock::new(|| {
    let clock = Clock::standing_at(Timestamp::from_seconds(1_795_161_600));
    let simulator = Simulator::new(World::demo(), clock, Dice::seeded(1));
    let router = simulator.router();
    (simulator, router)
});

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

fuzz_target!(|input: (u8, &str, &[u8])| {
    let (call, query, body) = input;
    let (method, path) = CALLS[usize::from(call) % CALLS.len()];
    // Without a push address nobody pushes, and there is nothing to wait for.
    if path == "/_sim/apps" && body.windows(4).any(|word| word == b"push") {
        return;
    }
    let request = Request::builder().method(method).uri(format!("{path}?{query}"));
    // What is no address never gets as far as a handler.
    let Ok(request) = request.body(Body::from(body.to_vec())) else { return };
    let answer = SIMULATOR.1.clone().oneshot(request).now_or_never().expect("nothing to wait for");
    let status = answer.expect("infallible").status().as_u16();
    assert!(matches!(status, 200 | 400 | 404 | 429), "{method} {path}: {status}");
    COUNT.set(COUNT.get() + 1);
    if COUNT.get().is_multiple_of(RESET_EVERY) {
        SIMULATOR.0.reset();
    }
});
