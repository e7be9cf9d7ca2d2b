//! What a request brings: a body, credentials, an address.

mod address;
mod body;
mod browser;
mod cookies;
mod credentials;
mod party;
mod query;

pub(crate) use address::{Asker, ClientAddress, Networks, Stranger, behind};
pub(crate) use body::{Filled, Posted, Sent, discard, parse, up_to};
pub(crate) use browser::{Asking, Guest, POLL_TOKEN, PollToken};
pub(crate) use cookies::Cookie;
pub(crate) use credentials::{Bearer, Host, Key, SignedIn, User, UserToken, authenticate};
pub(crate) use party::{Calling, IdempotencyKey};
pub(crate) use query::Query;
