//! The binary that wires everything together, as a library so that tests boot exactly what is shipped.

pub mod cli;
mod commands;
pub mod config;
mod doctor;
mod files;
mod lifecycle;
pub mod telemetry;
pub mod wire;

pub use commands::run;
