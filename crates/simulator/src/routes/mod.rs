//! The paths that WeChat serves. An endpoint is one row of [`ENDPOINTS`] and one function from a [`Call`] to the text
//! of its answer; faults, recording, decoration and content types are the same for all and are in `stage`.

mod call;
mod cgi_bin;
mod credentials;
mod garble;
mod sns;
mod stage;
mod wxa;

use axum::{
    Router,
    extract::{Request, State},
    routing::any,
};

pub use call::Call;
pub use stage::Closing;

use crate::{Simulator, answer::Refusal};

/// The method that an endpoint wants; the other is refused with 43001 or 43002.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wants {
    Get,
    Post,
}

/// One path of WeChat's.
pub struct Endpoint {
    pub path: &'static str,
    pub wants: Wants,
    /// Gives the JSON of success. Must not wait: whatever takes time is a fault's business.
    pub run: fn(&Simulator, &Call<'_>) -> Result<String, Refusal>,
}

/// Everything that is served.
pub const ENDPOINTS: &[Endpoint] = &[
    get("/sns/jscode2session", sns::jscode2session),
    get("/cgi-bin/token", cgi_bin::token),
    post("/cgi-bin/stable_token", cgi_bin::stable_token),
    post("/cgi-bin/clear_quota", cgi_bin::clear_quota),
    post("/cgi-bin/clear_quota/v2", cgi_bin::clear_quota_v2),
    get("/cgi-bin/get_api_domain_ip", cgi_bin::get_api_domain_ip),
    get("/wxa/checksession", wxa::checksession),
    get("/wxa/resetusersessionkey", wxa::resetusersessionkey),
    post("/wxa/business/getuserphonenumber", wxa::getuserphonenumber),
];

type Run = fn(&Simulator, &Call<'_>) -> Result<String, Refusal>;

const fn get(path: &'static str, run: Run) -> Endpoint {
    Endpoint { path, wants: Wants::Get, run }
}

const fn post(path: &'static str, run: Run) -> Endpoint {
    Endpoint { path, wants: Wants::Post, run }
}

/// Every endpoint, and WeChat's answer to any other path.
pub fn router() -> Router<Simulator> {
    let unknown = |State(simulator): State<Simulator>, request: Request| stage::unknown(simulator, request);
    ENDPOINTS.iter().fold(Router::new().fallback(unknown), |router, endpoint| {
        let serve = move |State(simulator): State<Simulator>, request: Request| {
            stage::serve(simulator, endpoint, request)
        };
        router.route(endpoint.path, any(serve))
    })
}
