//! What actions, leads, subscriptions and messages have in common.

pub mod settings;
