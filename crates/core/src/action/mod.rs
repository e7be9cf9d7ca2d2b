//! What a customer did: recorded, made into a lead when it brings a phone number, and told to the advisor.

pub mod flow;
pub mod model;
pub mod notice;
pub mod rows;

pub use model::{ActionId, ActionRow, Filter, Recorded, Report};
