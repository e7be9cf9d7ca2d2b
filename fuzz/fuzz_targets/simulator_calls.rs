//! Calls of WeChat's paths on its double: any query and any body get an answer, at once.
#![no_main]

use std::{cell::Cell, sync::LazyLock};

use axum::{Router, body::Body, extract::Request};
use futures_util::FutureExt;
use libfuzzer_sys::fuzz_target;
use tower::ServiceExt;
use weir_base::{Clock, Dice, Timestamp};
use weir_simulator::{Simulator, World};

const PATHS: [&str; 15] = [
    "/sns/jscode2session",
    "/cgi-bin/token",
    "/cgi-bin/stable_token",
    "/cgi-bin/clear_quota",
    "/cgi-bin/clear_quota/v2",
    "/cgi-bin/get_api_domain_ip",
    "/wxa/checksession",
    "/wxa/resetusersessionkey",
    "/wxa/business/getuserphonenumber",
    "/cgi-bin/message/subscribe/send",
    "/cgi-bin/message/template/send",
    "/wxaapi/newtmpl/getpubtemplatetitles",
    "/wxaapi/newtmpl/getpubtemplatekeywords",
    "/wxaapi/newtmpl/addtemplate",
    "/wxaapi/newtmpl/deltemplate",
];
/// Quotas and the record of calls are forgotten after so many inputs.
const RESET_EVERY: usize = 256;

static SIMULATOR: LazyLock<(Simulator, Router)> = LazyLock::new(|| {
    let clock = Clock::standing_at(Timestamp::from_seconds(1_795_161_600));
    let simulator = Simulator::new(World::demo(), clock, Dice::seeded(1));
    let router = simulator.router();
    (simulator, router)
});

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

fuzz_target!(|input: (u8, bool, &str, &[u8])| {
    let (path, post, query, body) = input;
    let path = PATHS[usize::from(path) % PATHS.len()];
    let method = if post { "POST" } else { "GET" };
    let request = Request::builder().method(method).uri(format!("{path}?{query}"));
    // What is no address never gets as far as a handler.
    let Ok(request) = request.body(Body::from(body.to_vec())) else { return };
    let answer = SIMULATOR.1.clone().oneshot(request).now_or_never().expect("nothing to wait for");
    assert_eq!(answer.expect("infallible").status(), 200, "WeChat answers 200 to everything");
    COUNT.set(COUNT.get() + 1);
    if COUNT.get().is_multiple_of(RESET_EVERY) {
        SIMULATOR.0.reset();
    }
});
