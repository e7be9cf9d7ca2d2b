//! The paths that WeChat serves. An endpoint is one row of [`ENDPOINTS`] and one function from a [`Call`] to the text
//! of its answer, or to a page; faults, recording, decoration and content types are the same for all and are in `stage`.

mod call;
mod cgi_bin;
mod credentials;
mod garble;
mod message;
mod newtmpl;
mod oauth;
mod open;
mod qrcode;
mod scripts;
mod sns;
mod stage;
mod ticket;
mod user;
mod values;
mod wxa;

use std::pin::Pin;

use axum::{
    Router,
    extract::{Request, State},
    http::request::Parts,
    routing::any,
};

pub use call::{Call, LANGUAGE};
pub use open::{PHONE, owner_cookie, remembered};
pub use stage::Closing;

use crate::{
    Simulator,
    answer::{Answer, Refusal},
};

/// The method that an endpoint wants; the other is refused with 43001 or 43002.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wants {
    Get,
    Post,
    /// Either of them.
    Both,
}

/// What an endpoint does. Must not wait: whatever takes time is a fault's business, or an endpoint's `wait`.
#[derive(Clone, Copy)]
pub enum Run {
    /// Gives the JSON of success.
    Text(fn(&Simulator, &Call<'_>) -> Result<String, Refusal>),
    /// Gives a whole answer: a page, a redirect, an image.
    Page(fn(&Simulator, &Call<'_>) -> Result<Answer, Refusal>),
}

/// Something to wait for before an endpoint looks.
type Wait = for<'a> fn(&'a Simulator, &'a Parts) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// One path of WeChat's.
pub struct Endpoint {
    /// May end with a variable part, as `/connect/qrcode/{uuid}`.
    pub path: &'static str,
    pub wants: Wants,
    run: Run,
    wait: Option<Wait>,
    /// Refused with 43108 while another call to the same person is held up.
    one_at_a_time: bool,
}

/// Everything that is served.
pub const ENDPOINTS: &[Endpoint] = &[
    page("/connect/oauth2/authorize", Wants::Both, open::authorize),
    page("/connect/qrconnect", Wants::Get, open::qrconnect),
    page("/connect/qrcode/{uuid}", Wants::Get, open::qrcode),
    page("/connect/confirm", Wants::Both, open::confirm),
    Endpoint { wait: Some(open::news), ..page("/connect/l/qrconnect", Wants::Get, open::poll) },
    page("/connect/continue", Wants::Get, open::go_on),
    page("/connect/zh_CN/htmledition/js/wxLogin.js", Wants::Get, scripts::wx_login),
    page("/open/js/jweixin-1.6.0.js", Wants::Get, scripts::jweixin),
    get("/sns/jscode2session", sns::jscode2session),
    Endpoint { wants: Wants::Both, ..get("/sns/oauth2/access_token", oauth::access_token) },
    Endpoint { wants: Wants::Both, ..get("/sns/oauth2/refresh_token", oauth::refresh_token) },
    get("/sns/auth", oauth::auth),
    get("/sns/userinfo", oauth::userinfo),
    get("/cgi-bin/token", cgi_bin::token),
    post("/cgi-bin/stable_token", cgi_bin::stable_token),
    post("/cgi-bin/clear_quota", cgi_bin::clear_quota),
    post("/cgi-bin/clear_quota/v2", cgi_bin::clear_quota_v2),
    get("/cgi-bin/get_api_domain_ip", cgi_bin::get_api_domain_ip),
    get("/cgi-bin/getcallbackip", cgi_bin::getcallbackip),
    post("/cgi-bin/openapi/quota/get", cgi_bin::quota),
    get("/cgi-bin/ticket/getticket", ticket::getticket),
    post("/cgi-bin/qrcode/create", qrcode::create),
    page("/cgi-bin/showqrcode", Wants::Get, qrcode::show),
    Endpoint { one_at_a_time: true, ..post("/cgi-bin/message/subscribe/send", message::subscribe_send) },
    Endpoint { one_at_a_time: true, ..post("/cgi-bin/message/subscribe/bizsend", message::bizsend) },
    post("/cgi-bin/message/template/send", message::template_send),
    get("/wxaapi/newtmpl/getcategory", newtmpl::getcategory),
    get("/wxaapi/newtmpl/getpubtemplatetitles", newtmpl::getpubtemplatetitles),
    get("/wxaapi/newtmpl/getpubtemplatekeywords", newtmpl::getpubtemplatekeywords),
    post("/wxaapi/newtmpl/addtemplate", newtmpl::addtemplate),
    get("/wxaapi/newtmpl/gettemplate", newtmpl::gettemplate),
    post("/wxaapi/newtmpl/deltemplate", newtmpl::deltemplate),
    get("/cgi-bin/user/info", user::info),
    post("/cgi-bin/user/info/batchget", user::batchget),
    get("/cgi-bin/user/get", user::get),
    get("/wxa/checksession", wxa::checksession),
    get("/wxa/resetusersessionkey", wxa::resetusersessionkey),
    post("/wxa/business/getuserphonenumber", wxa::getuserphonenumber),
];

type Text = fn(&Simulator, &Call<'_>) -> Result<String, Refusal>;

const fn get(path: &'static str, run: Text) -> Endpoint {
    Endpoint { path, wants: Wants::Get, run: Run::Text(run), wait: None, one_at_a_time: false }
}

const fn post(path: &'static str, run: Text) -> Endpoint {
    Endpoint { path, wants: Wants::Post, run: Run::Text(run), wait: None, one_at_a_time: false }
}

const fn page(
    path: &'static str,
    wants: Wants,
    run: fn(&Simulator, &Call<'_>) -> Result<Answer, Refusal>,
) -> Endpoint {
    Endpoint { path, wants, run: Run::Page(run), wait: None, one_at_a_time: false }
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
