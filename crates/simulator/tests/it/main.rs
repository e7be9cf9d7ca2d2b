//! The simulator over real HTTP, as any WeChat client meets it.

mod codes;
mod control;
mod faults;
mod lab;
mod sessions;
mod state;
mod tokens;
