//! The host application's own users, as its tokens name them. Weir keeps nothing of them but their ids.

mod keys;
pub mod model;
pub mod settings;
pub mod tokens;

pub use model::{HostId, HostUser, Realm};
pub use tokens::HostTokens;
