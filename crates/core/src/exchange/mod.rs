//! What the code of WeChat's OAuth pages becomes. WeChat takes a code once, and browsers come with it more than once:
//! a reload, the back button, a web view that loads a page twice (pain 4). So a code is exchanged once, by whoever is
//! first on any replica, and whoever comes again from the same place is given the same answer for five minutes.

pub mod flow;
pub mod model;
pub mod rows;

pub use flow::exchange;
pub use model::{Asker, WebPerson};
