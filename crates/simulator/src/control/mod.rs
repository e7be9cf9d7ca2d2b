//! The control interface under `/_sim` (`simulator.md`): JSON for tests, and the same as methods of [`Simulator`].

mod apps;
mod fields;
mod issue;
mod jsapi;
mod messages;
mod observe;
pub mod origins;
mod people;

use std::pin::Pin;

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderValue, Method, Response, StatusCode, header},
};
use serde_json::{Value, json};

pub use issue::EncryptedData;

use crate::{Simulator, index};
use fields::Fields;

/// The longest body that is read.
const LONGEST_BODY: usize = 1 << 20;

/// A control call that cannot be done. The message names the field and says why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ControlError {
    pub status: StatusCode,
    pub message: String,
}

impl ControlError {
    /// 400: a field is missing or not what it must be.
    fn wrong(field: &str, reason: impl std::fmt::Display) -> Self {
        Self { status: StatusCode::BAD_REQUEST, message: format!("{field}: {reason}") }
    }

    /// 404: what a field names is not there.
    fn absent(field: &str, what: &str, name: &str) -> Self {
        Self { status: StatusCode::NOT_FOUND, message: format!("{field}: no {what} `{name}`") }
    }
}

/// One control call: where, how, what for.
pub struct Control {
    pub method: &'static str,
    pub path: &'static str,
    pub does: &'static str,
    run: Run,
}

/// What a control call does, at once or after waiting for somebody.
enum Run {
    Now(fn(&Simulator, Asked) -> Result<Value, ControlError>),
    Later(for<'a> fn(&'a Simulator, Asked) -> Later<'a>),
}

/// An answer that is waited for.
type Later<'a> = Pin<Box<dyn Future<Output = Result<Value, ControlError>> + Send + 'a>>;

/// What a control call was asked with.
struct Asked {
    query: String,
    fields: Fields,
}

impl Asked {
    /// A parameter of the query; an empty one counts as absent.
    fn param(&self, name: &str) -> Option<String> {
        let pair = url::form_urlencoded::parse(self.query.as_bytes()).find(|(key, _)| key == name)?;
        (!pair.1.is_empty()).then(|| pair.1.into_owned())
    }
}

/// Every control call.
pub const CONTROLS: &[Control] = &[
    Control {
        method: "POST",
        path: "/_sim/reset",
        does: "forgets everything that happened, faults included, and goes back to the configured apps and people",
        run: Run::Now(|simulator, asked| {
            asked.fields.end()?;
            simulator.reset();
            Ok(json!({}))
        }),
    },
    Control { method: "GET", path: "/_sim/apps", does: "{apps: […]}", run: Run::Now(apps::list) },
    Control {
        method: "POST",
        path: "/_sim/apps",
        does: "adds an app {name, kind, appid?, secret?, …}, or changes the given fields of the one with that appid or name",
        run: Run::Now(apps::put),
    },
    Control {
        method: "GET",
        path: "/_sim/users",
        does: "{users: [{id, name, nickname, avatar, phone, unionid, openids, follows, …}]}",
        run: Run::Now(people::list),
    },
    Control {
        method: "POST",
        path: "/_sim/users",
        does: "adds a person {nickname, name?, avatar?, phone?, country_code?, unionid?, snapshot?, risky?, follows?}, or changes the \
               given fields of the one with that id or name",
        run: Run::Now(people::put),
    },
    Control {
        method: "POST",
        path: "/_sim/login-code",
        does: "{appid, user, count?} → {code} as wx.login gives; with count also {codes}",
        run: Run::Now(issue::login_code),
    },
    Control {
        method: "POST",
        path: "/_sim/oauth-code",
        does: "{appid, user, scope?, count?} → {code} as a page's consent gives, for an official account (snsapi_userinfo \
               unless told otherwise) or a website; with count also {codes}",
        run: Run::Now(issue::oauth_code),
    },
    Control {
        method: "POST",
        path: "/_sim/phone-code",
        does: "{appid, user} → {code} for getuserphonenumber",
        run: Run::Now(issue::phone_code),
    },
    Control {
        method: "POST",
        path: "/_sim/encrypted-data",
        does: "{appid, user, data?} → {encryptedData, iv, rawData, signature} made with the person's session_key; data is the profile \
               unless given, and gets a watermark unless it has one",
        run: Run::Now(issue::encrypted_data),
    },
    Control {
        method: "POST",
        path: "/_sim/session-key",
        does: "{appid, user}: rotates the session_key, as a later wx.login may",
        run: Run::Now(issue::session_key),
    },
    Control {
        method: "POST",
        path: "/_sim/subscribe",
        does: "{appid, user, template_id, result, push?} → {remaining, push?}: the person's answer to the prompt: accept (one message \
               more), reject, ban (43107), filter; or withdraw in the settings (none left). With push also WeChat's event",
        run: Run::Later(messages::subscribe),
    },
    Control {
        method: "GET",
        path: "/_sim/subscriptions",
        does: "?user= → {subscriptions: [{appid, template_id, credits, allowed, banned}]}: how the person stands to the templates that \
               they were asked about",
        run: Run::Now(messages::subscriptions),
    },
    Control {
        method: "GET",
        path: "/_sim/inbox",
        does: "?user= → {messages: [{appid, touser, template_id, data, page, miniprogram_state, lang, msgid, at}]}, oldest first",
        run: Run::Now(messages::inbox),
    },
    Control {
        method: "POST",
        path: "/_sim/push",
        does: "{appid, event, user?, times?} → {attempts: [{status, body, ms, error?}], accepted}: pushes to the app's address as WeChat \
               does, three tries of 5 s; with times the same again; user is the sender unless event has FromUserName",
        run: Run::Later(messages::push),
    },
    Control {
        method: "GET",
        path: "/_sim/jsapi-check",
        does: "?appid=&timestamp=&nonceStr=&signature=&url= → {errMsg, why?}: config:ok, or config:fail,invalid signature and the like",
        run: Run::Now(jsapi::check),
    },
    Control {
        method: "POST",
        path: "/_sim/jsapi-check",
        does: "{appid, timestamp, nonceStr, signature, url} → the same",
        run: Run::Now(jsapi::check),
    },
    Control {
        method: "GET",
        path: "/_sim/calls",
        does: "?path=&appid= → {calls: [{path, appid, at, errcode, client, ms, fault}]}, oldest first, the last 10000",
        run: Run::Now(observe::calls),
    },
    Control {
        method: "DELETE",
        path: "/_sim/calls",
        does: "forgets them",
        run: Run::Now(|simulator, _| {
            simulator.clear_calls();
            Ok(json!({}))
        }),
    },
    Control {
        method: "GET",
        path: "/_sim/faults",
        does: "{faults: […]}, oldest first; times counts down",
        run: Run::Now(observe::faults),
    },
    Control {
        method: "POST",
        path: "/_sim/faults",
        does: "{path, kind, times? or probability?, appid?, before?, …} → {id}; see below",
        run: Run::Now(observe::arm),
    },
    Control {
        method: "DELETE",
        path: "/_sim/faults",
        does: "?id= removes one, without it all",
        run: Run::Now(observe::disarm),
    },
    Control {
        method: "GET",
        path: "/_sim/clock",
        does: "{now_ms}",
        run: Run::Now(|simulator, _| Ok(observe::now(simulator))),
    },
    Control {
        method: "POST",
        path: "/_sim/clock",
        does: "{advance_s} moves time forward → {now_ms}",
        run: Run::Now(observe::advance),
    },
    Control {
        method: "GET",
        path: "/_sim/health",
        does: "200 when ready",
        run: Run::Now(|_, _| Ok(json!({"status": "ok"}))),
    },
];

/// Answers one request under `/_sim`.
pub async fn serve(State(simulator): State<Simulator>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path().trim_end_matches('/');
    if path == "/_sim" {
        return index::page();
    }
    if !origins::is_no_websites_name(&parts.headers) {
        return answer(StatusCode::FORBIDDEN, &json!({ "error": origins::OTHER_NAME }));
    }
    let origin = origins::allowed(path, &parts.headers);
    if let Some(answer) = origin.as_ref().and_then(|origin| origin.preflight(&parts.method)) {
        return answer;
    }
    if origin.is_none() && origins::is_of_a_website(&parts.headers) && parts.method != Method::GET {
        let error = "Origin: pages of this machine may change things here, those of websites may not";
        return answer(StatusCode::FORBIDDEN, &json!({ "error": error }));
    }
    let method = if parts.method == Method::HEAD { &Method::GET } else { &parts.method };
    let Some(control) = CONTROLS.iter().find(|known| known.path == path && known.method == method.as_str())
    else {
        return not_there(path);
    };
    let Ok(body) = to_bytes(body, LONGEST_BODY).await else {
        return answer(StatusCode::PAYLOAD_TOO_LARGE, &json!({"error": "body: longer than 1 MiB"}));
    };
    let query = parts.uri.query().unwrap_or("").to_owned();
    let outcome = match (Fields::parse(&body), &control.run) {
        (Err(error), _) => Err(error),
        (Ok(fields), Run::Now(run)) => run(&simulator, Asked { query, fields }),
        (Ok(fields), Run::Later(run)) => run(&simulator, Asked { query, fields }).await,
    };
    let mut response = told(&simulator, control, outcome).await;
    if let Some(origin) = origin {
        origin.mark(&mut response);
    }
    response
}

/// The answer, once what has changed is saved.
async fn told(
    simulator: &Simulator,
    control: &Control,
    outcome: Result<Value, ControlError>,
) -> Response<Body> {
    match outcome {
        Ok(value) if control.method == "GET" => answer(StatusCode::OK, &value),
        Ok(value) => match simulator.save().await {
            Ok(()) => answer(StatusCode::OK, &value),
            Err(failure) => {
                tracing::error!(error = %failure, "the state could not be saved");
                answer(StatusCode::INTERNAL_SERVER_ERROR, &json!({"error": failure.to_string()}))
            }
        },
        Err(error) => answer(error.status, &json!({"error": error.message})),
    }
}

/// 404 for a path that is not there, 405 for one that takes other methods.
fn not_there(path: &str) -> Response<Body> {
    let methods: Vec<_> =
        CONTROLS.iter().filter(|known| known.path == path).map(|known| known.method).collect();
    if methods.is_empty() {
        let error = format!("{path}: no such control call; /_sim/ lists them");
        return answer(StatusCode::NOT_FOUND, &json!({ "error": error }));
    }
    let allowed = methods.join(", ");
    let error = format!("{path}: takes {allowed}");
    let mut response = answer(StatusCode::METHOD_NOT_ALLOWED, &json!({ "error": error }));
    if let Ok(allowed) = HeaderValue::from_str(&allowed) {
        response.headers_mut().insert(header::ALLOW, allowed);
    }
    response
}

fn answer(status: StatusCode, value: &Value) -> Response<Body> {
    let mut response = Response::new(Body::from(value.to_string()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
