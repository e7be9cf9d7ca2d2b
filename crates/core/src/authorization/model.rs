use std::time::Duration;

use weir_base::Timestamp;
use weir_store::row;

/// How long a consent is good.
pub const GOOD_FOR: Duration = Duration::from_secs(86_400);

row! {
    /// Somebody who consented on a web page, as they showed themselves then.
    pub struct Authorization {
        pub openid: String,
        pub nickname: String,
        pub headimgurl: String,
        pub sex: i64,
        pub language: String,
        pub country: String,
        pub province: String,
        pub city: String,
        /// A JSON list of texts.
        pub privilege: String,
        pub login_at: Timestamp,
        pub expires_at: Timestamp,
    }
}

row! {
    /// What a state of ours was given for.
    pub struct StateRow {
        pub browser_digest: String,
        pub appid: String,
        /// The page that gets the code, or the site that gets ours; none for our own page.
        pub redirect: Option<String>,
        /// The name of the site, when it gets a code of ours.
        pub relay: Option<String>,
        /// The site's own state.
        pub client_state: Option<String>,
        /// What binds the state to the page, and a code of ours to the site.
        pub code_challenge: Option<String>,
    }
}
