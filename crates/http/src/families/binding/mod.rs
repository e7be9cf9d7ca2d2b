//! Family A: binding a WeChat account, and signing in with it, by QR code (`contracts.md` A).

mod bindings;
pub(crate) mod envelope;
mod events;
mod login;
mod qr;

use utoipa_axum::{router::OpenApiRouter, routes};

pub(crate) use envelope::BindingErrorBody;

use crate::Shared;

pub(crate) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(qr::generate))
        .routes(routes!(qr::status))
        .routes(routes!(qr::image))
        .routes(routes!(events::status_events))
        .routes(routes!(bindings::bind))
        .routes(routes!(bindings::unbind))
        .routes(routes!(bindings::binding))
        .routes(routes!(login::start))
        .routes(routes!(login::collect))
        .routes(routes!(events::login_events))
}
