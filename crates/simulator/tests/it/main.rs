//! The simulator over real HTTP, as any WeChat client meets it.

#![expect(clippy::unwrap_used, reason = "a failed step of a test is a failed test, helpers included")]

mod authorize;
mod codes;
mod control;
mod faults;
mod followers;
mod jssdk;
mod lab;
mod messages;
mod oauth;
mod phone;
mod phone_language;
mod pushes;
mod qrconnect;
mod sessions;
mod state;
mod templates;
mod tickets;
mod tokens;
