//! Family D (`contracts.md`).

mod clients;
mod cloud;
mod counters;
mod data;
mod erasure;
mod forgery;
mod input;
mod login;
mod logout;
mod profile;
mod refresh;
pub mod signing;
mod tokens;
