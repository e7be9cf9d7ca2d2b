//! How much of an app's quota is left (section C5).

use serde::{Deserialize, Serialize};
use weir_base::Secret;

use crate::{
    Error, WeChat,
    query::Query,
    transport::{Call, Repeat, json},
};

/// The calls of one path in a day, which ends at midnight in Beijing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Quota {
    pub daily_limit: i64,
    pub used: i64,
    pub remain: i64,
}

#[derive(Deserialize)]
struct QuotaAnswer {
    quota: Quota,
}

#[derive(Serialize)]
struct QuotaRequest<'a> {
    cgi_path: &'a str,
}

impl WeChat {
    /// `POST /cgi-bin/openapi/quota/get`: what is left of the calls of `cgi_path`, such as `/cgi-bin/stable_token`.
    ///
    /// # Errors
    /// Refused: token errors, 76021 no such path, 76022 the path is none of this app's, 76003 the path has no leading
    /// slash.
    pub async fn quota(&self, access_token: &Secret, cgi_path: &str) -> Result<Quota, Error> {
        let call = Call {
            route: &self.routes().quota,
            query: Some(Query::new().with("access_token", access_token.expose())),
            body: Some(json(&QuotaRequest { cgi_path })),
            repeat: Repeat::Safe,
            sent: &[access_token.expose()],
        };
        self.transport().call::<QuotaAnswer>(call).await.map(|answer| answer.quota)
    }
}
