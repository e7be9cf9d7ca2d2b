//! The simulator over real HTTP, as any WeChat client meets it.

mod authorize;
mod codes;
mod control;
mod faults;
mod followers;
mod jssdk;
mod lab;
mod oauth;
mod qrconnect;
mod sessions;
mod state;
mod tickets;
mod tokens;
