//! What a request brings: a body, credentials, an address.

mod address;
mod body;
mod credentials;

pub(crate) use address::{Asker, ClientAddress, Networks, Stranger};
pub(crate) use body::{Sent, discard};
pub(crate) use credentials::{Key, User, UserToken};
