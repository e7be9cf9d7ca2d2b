//! A customer who has told a phone number: once for each number.

pub mod flow;
pub mod model;
pub mod rows;

pub use model::{Filter, Lead, LeadId};
