//! Family D: mini-program login (`contracts.md` D).

mod auth;
mod data;
pub(crate) mod envelope;
mod users;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::Shared;

pub(crate) use envelope::ErrorBody;

pub(crate) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(auth::wx_login))
        .routes(routes!(auth::wechat_login))
        .routes(routes!(auth::cloud_login))
        .routes(routes!(auth::refresh))
        .routes(routes!(auth::logout))
        .routes(routes!(data::phone))
        .routes(routes!(data::decrypt))
        .routes(routes!(data::session))
        .routes(routes!(users::me, users::update_me, users::delete_me))
        .routes(routes!(users::profile))
        .routes(routes!(users::counters))
}
