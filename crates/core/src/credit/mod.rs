//! How many messages of a one-time template a person has accepted that were not sent yet, and why so many (pain 9). WeChat
//! tells nobody: the ledger is kept from what clients and WeChat's events say, and its refusals correct it.

pub mod flow;
pub mod model;
pub mod rows;

pub use model::{Answer, Cause, EntryId, Key, Source};
