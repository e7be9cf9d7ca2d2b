//! Advisors, whom other systems name: who wants to be told of what customers do, and on which phone.

pub mod flow;
pub mod model;
pub mod rows;

pub use model::{Filter, Subscription, SubscriptionId, Wish};
