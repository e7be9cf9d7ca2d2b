use std::process::ExitCode;

use clap::Parser;

/// Measured against the system's allocator in bench/RESULTS.md.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    weir::run(weir::cli::Cli::parse())
}
