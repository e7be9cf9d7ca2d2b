//! Family E: what customers do, the leads that come of it, and what advisors are told (`contracts.md` E).

mod actions;
mod advisor;
pub(crate) mod envelope;
mod leads;
mod lists;
mod messages;
mod openid;
mod send;

use utoipa_axum::{router::OpenApiRouter, routes};

pub(crate) use envelope::{ErrorBody, ErrorData, ErrorDetails};

use crate::Shared;

pub(crate) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(openid::openid))
        .routes(routes!(advisor::subscribe))
        .routes(routes!(advisor::list))
        .routes(routes!(actions::record))
        .routes(routes!(actions::list))
        .routes(routes!(leads::list))
        .routes(routes!(leads::csv))
        .routes(routes!(leads::one))
        .routes(routes!(send::send))
        .routes(routes!(messages::list))
        .routes(routes!(messages::get))
        .routes(routes!(messages::retry))
        .routes(routes!(messages::ledger))
}
