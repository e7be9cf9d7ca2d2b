//! Subscription messages: queued in the transaction that makes them necessary, sent by a worker or at once, never lost, never
//! sent twice by us (pains 9 and 10). What the state of a message says, nobody else says otherwise: every change is guarded.

pub mod asked;
pub mod flow;
pub mod job;
pub mod measure;
pub mod model;
pub mod now;
mod outcome;
pub mod read;
pub mod rows;
mod send;
pub mod settings;

pub use model::{Draft, MessageId, Origin, QuietHours, State};
pub use settings::{Source, TemplateKind, TemplateSettings, template};
