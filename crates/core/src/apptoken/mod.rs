//! One access_token and one jsapi_ticket per app, whoever asks (pains 1, 2 and 11). The database row is the truth; each
//! process keeps the token it read last. Whoever holds the row's lease asks WeChat for the next one; nobody waits while the
//! old one is good.

pub mod flow;
pub mod model;
mod refresh;
pub mod rows;
pub mod settings;
pub mod share;

pub use model::{AppToken, Holder, Holders, Kind};
