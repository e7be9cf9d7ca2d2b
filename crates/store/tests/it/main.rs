//! The store on both engines: what its callers may rely on.

#![cfg(test)] // lets clippy know that helpers may unwrap

mod away;
mod collisions;
mod dialect;
mod durability;
mod errors;
mod lab;
mod locking;
mod migrations;
mod schema_parity;
mod transactions;
