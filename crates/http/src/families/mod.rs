//! The published families. Each has its own paths, envelope and wording.

pub(crate) mod binding;
pub(crate) mod engagement;
pub(crate) mod h5;
pub(crate) mod miniprogram;
pub(crate) mod phone;
pub(crate) mod weblogin;

use axum::response::Response;
use weir_core::web::CALLBACK_PATH;

use crate::{observe::Asked, problem::Refusal};

/// Whose envelope an answer wears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    MiniProgram,
    WebLogin,
    /// WeChat's own paths, answered for WeChat.
    CgiBin,
    Binding,
    H5,
    Engagement,
    /// Pages for people's phones.
    Phone,
    /// Weir's own paths, and paths that are nobody's.
    Own,
}

/// Longer prefixes before shorter ones. A prefix ends where a part of the path ends.
const PREFIXES: &[(&str, Family)] = &[
    ("/api/v1", Family::MiniProgram),
    ("/api/auth/wechat", Family::WebLogin),
    ("/auth/wechat", Family::WebLogin),
    ("/api/wechat/jsconfig", Family::WebLogin),
    ("/wechat/jsconfig", Family::WebLogin),
    ("/api/wechat/auth", Family::H5),
    ("/api/wechat/authorize-url", Family::H5),
    ("/api/user", Family::H5),
    (CALLBACK_PATH, Family::Phone),
    ("/api/wechat/openid", Family::Engagement),
    ("/api/advisor", Family::Engagement),
    ("/api/customer", Family::Engagement),
    ("/api/leads", Family::Engagement),
    ("/api/leads.csv", Family::Engagement),
    ("/api/message", Family::Engagement),
    ("/api/messages", Family::Engagement),
    ("/api/wechat", Family::Binding),
    ("/s", Family::Phone),
    ("/cgi-bin", Family::CgiBin),
];

impl Family {
    pub(crate) fn of(path: &str) -> Self {
        let under = |prefix: &str| {
            path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        PREFIXES.iter().find(|(prefix, _)| under(prefix)).map_or(Self::Own, |(_, family)| *family)
    }

    /// Words a refusal. Status and headers of `response` are kept, but WeChat's own paths know 200 only.
    pub(crate) fn word(self, refusal: &Refusal, asked: &Asked, response: Response) -> Response {
        match self {
            Self::MiniProgram => miniprogram::envelope::refuse(refusal, asked, response),
            Self::WebLogin => weblogin::envelope::refuse(refusal, asked, response),
            Self::CgiBin => crate::own::cgi_bin::refuse(refusal, response),
            Self::Binding => binding::envelope::refuse(refusal, response),
            Self::H5 => h5::envelope::refuse(refusal, response),
            Self::Engagement => engagement::envelope::refuse(refusal, asked, response),
            Self::Phone => phone::refuse(refusal, asked, response),
            Self::Own => crate::own::refuse(refusal, asked, response),
        }
    }
}
