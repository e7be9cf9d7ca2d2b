use weir_base::{Secret, text_id};
use weir_store::text_field;

text_id!(/// A person in one app.
    IdentityId, "idn");
text_field!(IdentityId);

/// What WeChat (or WeChat's cloud hosting) has proven about who is there.
#[derive(Clone, Debug)]
pub struct Proof {
    pub appid: String,
    /// The open-platform account that the app belongs to.
    pub platform: String,
    pub openid: String,
    pub unionid: Option<String>,
    /// Only a login by code has one.
    pub session_key: Option<Secret>,
}

/// Under what a session_key is sealed: a sealed key copied to another identity does not open there.
pub fn seal_context(appid: &str, openid: &str) -> String {
    format!("session_key:{appid}:{openid}")
}
