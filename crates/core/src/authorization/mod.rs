//! Signing in on web pages: a person's consent is good for 24 hours (`contracts.md` B and C). States are given to WeChat's
//! pages and come back; sites behind the one OAuth domain get codes of ours.

pub mod flow;
pub mod model;
pub mod relay;
pub mod rows;
pub mod settings;
pub mod state;

pub use model::Authorization;
