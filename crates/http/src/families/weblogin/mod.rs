//! Family B: web login and JS-SDK (`contracts.md` B).

pub(crate) mod envelope;
mod jsconfig;
mod login;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::Shared;

pub(crate) use envelope::ErrorBody;

pub(crate) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(login::login))
        .routes(routes!(login::api_login))
        .routes(routes!(login::mini))
        .routes(routes!(login::api_mini))
        .routes(routes!(jsconfig::jsconfig))
        .routes(routes!(jsconfig::api_jsconfig))
        .routes(routes!(jsconfig::explain))
        .routes(routes!(jsconfig::api_explain))
}
