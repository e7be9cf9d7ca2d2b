//! Family B: web login and JS-SDK (`contracts.md` B).

pub(crate) mod envelope;
mod jsconfig;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::Shared;

pub(crate) use envelope::ErrorBody;

pub(crate) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(jsconfig::jsconfig))
        .routes(routes!(jsconfig::api_jsconfig))
        .routes(routes!(jsconfig::explain))
        .routes(routes!(jsconfig::api_explain))
}
