//! What actions, leads, subscriptions and messages have in common: who may ask for them, and their settings.

pub mod model;
pub mod settings;

pub use model::Party;
