//! What the tests of every crate stand on. For development only: nothing that is shipped depends on it.

pub mod database;
pub mod servers;

pub use database::{Engine, TestDatabase};
