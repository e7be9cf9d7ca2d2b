//! Signing pages for the JS-SDK (pain 3). The ticket comes from memory, so that a page costs no query and no call.

mod explain;
pub mod flow;
pub mod model;

pub use explain::Asked;
pub use model::{Config, Explanation, Finding, Level};
