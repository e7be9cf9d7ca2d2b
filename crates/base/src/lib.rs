//! Values that every other crate of Weir stands on. A leaf: it knows neither WeChat nor our tables.

pub mod clock;
pub mod dice;
pub mod here;
pub mod id;
pub mod lines;
pub mod page;
pub mod seal;
pub mod secret;
pub mod settings;
pub mod tally;

pub use clock::{Clock, Stopwatch, Timestamp};
pub use dice::Dice;
pub use seal::Sealer;
pub use secret::Secret;
