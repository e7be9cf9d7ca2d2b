//! A request that is sent again with the same `Idempotency-Key` is answered again and not done again.

pub mod flow;
pub mod model;
pub mod rows;

pub use flow::{answer, claim, forget, release, sweep};
pub use model::{Claim, Once};
