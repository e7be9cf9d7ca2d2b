//! A person as Weir knows them. Identities (one for each app they use) point here.

pub mod flow;
pub mod merge;
pub mod model;
pub mod rows;
pub mod settings;

pub use model::{Counters, MergeId, Profile, ProfileChange, UserId};
