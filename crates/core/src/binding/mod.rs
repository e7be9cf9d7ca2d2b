//! WeChat accounts bound to users of the host application: at most one each way, whoever tries at the same moment.

pub mod flow;
pub mod model;
pub mod rows;
pub mod settings;

pub use model::{Account, Binding};
