//! Family E: what customers do, the leads that come of it, and what advisors are told (`contracts.md` E).

pub(crate) mod envelope;
mod messages;
mod openid;
mod send;

use utoipa_axum::{router::OpenApiRouter, routes};

pub(crate) use envelope::{ErrorBody, ErrorData, ErrorDetails};

use crate::Shared;

pub(crate) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(openid::openid))
        .routes(routes!(send::send))
        .routes(routes!(messages::list))
        .routes(routes!(messages::get))
        .routes(routes!(messages::retry))
        .routes(routes!(messages::ledger))
}
