//! What a login opened: a session with exactly one good token at a time.

pub mod data;
pub mod flow;
mod hs256;
pub mod model;
pub mod refresh;
pub mod rows;
pub mod settings;
mod signer;

pub use model::{Caller, ClaimedId, Claims, Opened, Scanned, SessionId};
pub use signer::Signer;
