//! The API description, made from the handlers and from the access table.

use std::sync::OnceLock;

use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        ContentBuilder, HttpMethod, InfoBuilder, OpenApiBuilder, Ref, RefOr, ResponseBuilder,
        path::Operation,
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
    },
};
use utoipa_axum::router::OpenApiRouter;

use crate::{
    Shared,
    access::{Access, OPERATIONS},
    families::{Family, binding, engagement, h5, miniprogram, phone, weblogin},
    own,
};

/// Refusals that any operation may answer.
const ALWAYS: [u16; 3] = [405, 500, 503];

/// Every route of the server.
pub(crate) fn routes() -> OpenApiRouter<Shared> {
    let api = OpenApiBuilder::new().info(
        InfoBuilder::new()
            .title("Weir")
            .version(env!("CARGO_PKG_VERSION"))
            .description(Some(
                "WeChat sign-in, binding, sharing, leads and messages for any application. Each family of paths keeps \
                 the envelope that its published clients expect.",
            )),
    );
    // Whole paths: nesting would rewrite the address of every request.
    OpenApiRouter::with_openapi(api.build())
        .merge(miniprogram::routes())
        .merge(weblogin::routes())
        .merge(binding::routes())
        .merge(h5::routes())
        .merge(engagement::routes())
        .merge(phone::routes())
        .merge(own::routes())
}

/// The description as JSON, pretty-printed: what `/openapi.json` answers and `api/openapi.json` holds.
pub fn openapi_json() -> &'static str {
    static JSON: OnceLock<String> = OnceLock::new();
    JSON.get_or_init(|| {
        let mut api = routes().into_openapi();
        complete(&mut api);
        api.to_pretty_json().unwrap_or_default() + "\n"
    })
}

/// Adds security and refusals from the access table, so that they are said once.
fn complete(api: &mut utoipa::openapi::OpenApi) {
    let components = api.components.get_or_insert_default();
    for (name, schema) in [
        (miniprogram::ErrorBody::name(), miniprogram::ErrorBody::schema()),
        (weblogin::ErrorBody::name(), weblogin::ErrorBody::schema()),
        (own::cgi_bin::CgiError::name(), own::cgi_bin::CgiError::schema()),
        (binding::BindingErrorBody::name(), binding::BindingErrorBody::schema()),
        (h5::ErrorBody::name(), h5::ErrorBody::schema()),
        (engagement::ErrorBody::name(), engagement::ErrorBody::schema()),
        (engagement::ErrorData::name(), engagement::ErrorData::schema()),
        (engagement::ErrorDetails::name(), engagement::ErrorDetails::schema()),
        (own::ProblemBody::name(), own::ProblemBody::schema()),
    ] {
        components.schemas.insert(name.into_owned(), schema);
    }
    let bearer = |format, description: &str| {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format(format);
        SecurityScheme::Http(scheme.description(Some(description)).build())
    };
    components.add_security_scheme("userToken", bearer("JWT", "A user token: the access_token of a login"));
    components.add_security_scheme("apiKey", bearer("weir_…", "An API key: `weir key create --scope …`"));
    let host = "A JWT of the host application for its own user; a user token serves too";
    components.add_security_scheme("hostToken", bearer("JWT", host));
    let poll = ApiKeyValue::with_description("X-Poll-Token", "The poll_token of a QR sign-in");
    components.add_security_scheme("pollToken", SecurityScheme::ApiKey(ApiKey::Header(poll)));
    for entry in OPERATIONS {
        let method = match entry.method {
            "get" => HttpMethod::Get,
            "post" => HttpMethod::Post,
            "patch" => HttpMethod::Patch,
            _ => HttpMethod::Delete,
        };
        let found = api.paths.paths.get_mut(entry.path).and_then(|item| match method {
            HttpMethod::Get => item.get.as_mut(),
            HttpMethod::Post => item.post.as_mut(),
            HttpMethod::Patch => item.patch.as_mut(),
            _ => item.delete.as_mut(),
        });
        if let Some(operation) = found {
            describe(operation, entry.path, entry.access, entry.refusals);
        }
    }
}

fn describe(operation: &mut Operation, path: &str, access: Access, refusals: &[u16]) {
    let (schema, kind) = match Family::of(path) {
        Family::MiniProgram => (Some(miniprogram::ErrorBody::name()), "application/json"),
        Family::WebLogin => (Some(weblogin::ErrorBody::name()), "application/json"),
        Family::CgiBin => (Some(own::cgi_bin::CgiError::name()), "application/json"),
        Family::Binding => (Some(binding::BindingErrorBody::name()), "application/json"),
        Family::H5 => (Some(h5::ErrorBody::name()), "application/json"),
        Family::Engagement => (Some(engagement::ErrorBody::name()), "application/json"),
        Family::Phone => (None, "text/html"),
        Family::Own => (Some(own::ProblemBody::name()), "application/problem+json"),
    };
    let schema = match schema {
        Some(name) => RefOr::Ref(Ref::from_schema_name(name)),
        None => String::schema(),
    };
    for status in refusals.iter().chain(&ALWAYS) {
        let reason =
            axum::http::StatusCode::from_u16(*status).ok().and_then(|status| status.canonical_reason());
        let response = ResponseBuilder::new()
            .description(reason.unwrap_or("Error"))
            .content(kind, ContentBuilder::new().schema(Some(schema.clone())).build())
            .build();
        operation.responses.responses.entry(status.to_string()).or_insert(RefOr::T(response));
    }
    operation.security = match access {
        Access::Anyone => None,
        Access::User => Some(vec![SecurityRequirement::new::<_, [&str; 0], &str>("userToken", [])]),
        Access::Host => Some(vec![SecurityRequirement::new::<_, [&str; 0], &str>("hostToken", [])]),
        Access::Poll => Some(vec![SecurityRequirement::new::<_, [&str; 0], &str>("pollToken", [])]),
        Access::Key(scope) => Some(vec![SecurityRequirement::new("apiKey", [scope.as_str()])]),
        Access::Party(scope) => Some(vec![
            SecurityRequirement::new("apiKey", [scope.as_str()]),
            SecurityRequirement::new::<_, [&str; 0], &str>("userToken", []),
        ]),
    };
}
