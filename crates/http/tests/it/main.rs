//! Behaviour through the real HTTP interface, against the simulator, on both engines.
#![cfg(test)]

mod smoke;
