//! A person in one app: (appid, openid), with a unionid once WeChat tells it, and the session_key of their last logins.

pub mod model;
pub mod rows;

pub use model::{IdentityId, Proof};
