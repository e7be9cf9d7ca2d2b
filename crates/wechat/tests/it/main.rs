//! The client against recorded samples and against servers that misbehave.

#![expect(clippy::unwrap_used, reason = "a failed step of a test is a failed test, helpers included")]

mod calls;
mod crypto;
mod errors;
mod faults;
mod jssdk;
mod message;
mod oauth;
mod push;
mod seen;
mod server;
mod template;
