//! Behaviour through the real HTTP interface, against the simulator, on both engines.
#![cfg(test)]

mod access;
mod apptokens;
mod audit;
mod binding;
mod clock;
mod common;
mod connections;
mod engagement;
mod faults;
mod jsconfig;
mod leaks;
mod limits;
mod merges;
mod messages;
mod miniprogram;
mod own;
mod pains;
mod push;
mod races;
mod shared_tokens;
mod support;
mod tickets;
mod web;
