//! What WeChat pushes to an app's address: proven, stored once, acknowledged, and worked on afterwards by a job.

pub mod flow;
pub mod job;
pub mod model;
pub mod privacy;
pub mod rows;
pub mod settings;

pub use model::{PushId, PushRow, PushState};
pub use settings::PushSettings;
