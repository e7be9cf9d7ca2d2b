#![doc = include_str!("../README.md")]

pub mod answer;
pub mod crypto;
pub mod error;
pub mod jssdk;
pub mod message;
pub mod mini_program;
pub mod oauth;
pub mod push;
mod query;
pub mod quota;
pub mod template;
pub mod ticket;
pub mod token;
pub mod transport;

use std::sync::Arc;

use reqwest::Url;
use weir_base::Secret;

pub use error::{Error, UnreachableKind};
pub use message::{MiniProgramPage, Sent, SubscribeMessage, TemplateMessage};
pub use mini_program::{CodeSession, PhoneInfo};
pub use oauth::{OAuthToken, Scope, UserInfo};
pub use quota::Quota;
pub use ticket::Ticket;
pub use token::AccessToken;
pub use transport::{Transport, TransportSettings};

/// Where WeChat is. The defaults are WeChat itself; a double of WeChat has other addresses.
#[derive(Clone, Debug)]
pub struct Endpoints {
    /// The server API: `https://api.weixin.qq.com`. A path in it is kept in front of every call's own path.
    pub api_base: String,
    /// The pages that people are sent to: `https://open.weixin.qq.com`.
    pub open_base: String,
}

impl Default for Endpoints {
    fn default() -> Self {
        Self {
            api_base: String::from("https://api.weixin.qq.com"),
            open_base: String::from("https://open.weixin.qq.com"),
        }
    }
}

/// An address in [`Endpoints`] that cannot be called.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} must be an http or https address without user, query or fragment, such as {example}")]
pub struct InvalidEndpoint {
    /// `api_base` or `open_base`.
    pub field: &'static str,
    pub example: &'static str,
}

/// Who an app is to WeChat.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// `wx` and 16 hex digits; case-sensitive.
    pub appid: String,
    /// The AppSecret, 32 hex digits.
    pub secret: Secret,
}

/// WeChat's server API. Cloning gives another handle on the same connections.
#[derive(Clone, Debug)]
pub struct WeChat(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    transport: Transport,
    routes: Routes,
    open_base: Url,
}

impl WeChat {
    /// Checks the addresses and prepares the address of every call; sends nothing.
    pub fn new(endpoints: &Endpoints, transport: Transport) -> Result<Self, InvalidEndpoint> {
        let api = base("api_base", &endpoints.api_base, "https://api.weixin.qq.com")?;
        let open_base = base("open_base", &endpoints.open_base, "https://open.weixin.qq.com")?;
        Ok(Self(Arc::new(Inner { transport, routes: Routes::under(&api), open_base })))
    }

    /// Where people are sent to consent, e.g. `https://open.weixin.qq.com/`.
    pub fn open_base(&self) -> &Url {
        &self.0.open_base
    }

    /// What the last call came to: `ok` when WeChat answered sense (a refusal is an answer), `failing`, or `unknown`
    /// before the first call.
    pub fn condition(&self) -> &'static str {
        self.transport().condition()
    }

    /// Fetches a document from an address of the operator's choosing: this is the only place that sends HTTP.
    pub async fn document(&self, url: &Url) -> Result<bytes::Bytes, Error> {
        self.transport().document(url).await
    }

    fn transport(&self) -> &Transport {
        &self.0.transport
    }

    fn routes(&self) -> &Routes {
        &self.0.routes
    }
}

/// One of WeChat's calls: its path, which also names it in logs and metrics, and its whole address, parsed once.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    pub(crate) path: &'static str,
    pub(crate) url: Url,
}

#[derive(Debug)]
struct Routes {
    jscode2session: Route,
    checksession: Route,
    resetusersessionkey: Route,
    getuserphonenumber: Route,
    token: Route,
    stable_token: Route,
    oauth2_access_token: Route,
    oauth2_refresh_token: Route,
    sns_auth: Route,
    sns_userinfo: Route,
    getticket: Route,
    quota: Route,
    subscribe_send: Route,
    template_send: Route,
    gettemplate: Route,
    getcategory: Route,
    getpubtemplatetitles: Route,
    getpubtemplatekeywords: Route,
    addtemplate: Route,
    deltemplate: Route,
}

impl Routes {
    fn under(api: &Url) -> Self {
        let route = |path: &'static str| {
            let mut url = api.clone();
            url.set_path(&format!("{}{path}", api.path().trim_end_matches('/')));
            Route { path, url }
        };
        Self {
            jscode2session: route("/sns/jscode2session"),
            checksession: route("/wxa/checksession"),
            resetusersessionkey: route("/wxa/resetusersessionkey"),
            getuserphonenumber: route("/wxa/business/getuserphonenumber"),
            token: route("/cgi-bin/token"),
            stable_token: route("/cgi-bin/stable_token"),
            oauth2_access_token: route("/sns/oauth2/access_token"),
            oauth2_refresh_token: route("/sns/oauth2/refresh_token"),
            sns_auth: route("/sns/auth"),
            sns_userinfo: route("/sns/userinfo"),
            getticket: route("/cgi-bin/ticket/getticket"),
            quota: route("/cgi-bin/openapi/quota/get"),
            subscribe_send: route("/cgi-bin/message/subscribe/send"),
            template_send: route("/cgi-bin/message/template/send"),
            gettemplate: route("/wxaapi/newtmpl/gettemplate"),
            getcategory: route("/wxaapi/newtmpl/getcategory"),
            getpubtemplatetitles: route("/wxaapi/newtmpl/getpubtemplatetitles"),
            getpubtemplatekeywords: route("/wxaapi/newtmpl/getpubtemplatekeywords"),
            addtemplate: route("/wxaapi/newtmpl/addtemplate"),
            deltemplate: route("/wxaapi/newtmpl/deltemplate"),
        }
    }
}

fn base(field: &'static str, text: &str, example: &'static str) -> Result<Url, InvalidEndpoint> {
    let invalid = InvalidEndpoint { field, example };
    let Ok(url) = Url::parse(text) else { return Err(invalid) };
    let callable = matches!(url.scheme(), "http" | "https") && url.has_host();
    let bare = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    if callable && bare { Ok(url) } else { Err(invalid) }
}
