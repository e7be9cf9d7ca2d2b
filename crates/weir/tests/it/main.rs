//! The binary as its users meet it: real processes, real sockets, real signals.

mod bindings;
mod commands;
mod demo;
mod doctor;
mod engagement;
mod kill;
mod logs;
mod messages;
mod outage;
mod process;
mod pushes;
mod serve;
mod simulate;
mod startup;
