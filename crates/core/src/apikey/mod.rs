//! Keys of other services: `weir_` and 43 characters, of which only the digest is kept.

pub mod flow;
pub mod model;
pub mod rows;

pub use model::{ApiKey, KeyId, Scope};
