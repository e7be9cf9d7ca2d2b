//! What the tests of every crate stand on. For development only: nothing that is shipped depends on it.

pub mod client;
pub mod contract;
pub mod database;
mod dump;
pub mod phone;
pub mod scenes;
pub mod servers;
pub mod weir;

pub use client::{Answer, Client};
pub use database::{Engine, TestDatabase};
pub use dump::Dump;
pub use phone::{Page, Phone};
pub use weir::{LONG, MINI, OFFICIAL, ONCE, START, TestWeir, WEBSITE, WeChatUser};
/// How WeChat proves and seals what it pushes, for tests that do it by hand.
pub use weir_wechat::push as wechat_push;
