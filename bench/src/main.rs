//! `weir-bench`: measures the release binary beside a bare server on the same machine in the same run.

mod client;
mod histogram;
mod hosts;
mod limit;
mod load;
mod measure;
mod people;
mod postgres;
mod process;
mod queue;
mod report;
mod results;
mod run;
mod scenario;
mod script;
mod sse;
mod stage;
mod store;
mod time;

use std::{io::Write, process::ExitCode};

use anyhow::Result;
use clap::{Parser, Subcommand};
use tokio::signal::unix::{SignalKind, signal};

/// The limit server runs on the allocator that Weir runs on.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
#[command(name = "weir-bench", version, about = "Measures target/release/weir beside a bare server")]
#[command(args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    run: run::RunArgs,
}

#[derive(Subcommand)]
enum Command {
    /// Measure everything (what happens without a command)
    Run(run::RunArgs),
    /// Measure the store by itself, beside the figures of the trial that it was chosen by
    Store(store::StoreArgs),
    /// Measure by itself what browsers that wait for news of a QR code cost
    Sse(sse::SseArgs),
    /// Measure by itself what actions and their messages cost, and how fast a queue drains
    Queue(queue::QueueArgs),
    /// Serve one constant JSON on 127.0.0.1: the limit that everything is compared with
    Limit {
        #[arg(long, default_value_t = 7999)]
        port: u16,
    },
}

fn main() -> ExitCode {
    // Two workers as the gateway has them. The load generator brings threads of its own.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let outcome = runtime.map_err(anyhow::Error::from).and_then(|runtime| {
        let outcome = runtime.block_on(until_told(Cli::parse()));
        // Threads that wait for a server which is gone need not be waited for.
        runtime.shutdown_background();
        outcome
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("weir-bench: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// Being told to end drops the run, and with it the processes that it started.
async fn until_told(cli: Cli) -> Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let work = async {
        match cli.command {
            None => run::run(&cli.run).await,
            Some(Command::Run(args)) => run::run(&args).await,
            Some(Command::Store(args)) => store::run(&args).await,
            Some(Command::Sse(args)) => sse::run(&args).await,
            Some(Command::Queue(args)) => queue::run(&args).await,
            Some(Command::Limit { port }) => limit::serve(port).await,
        }
    };
    tokio::select! {
        outcome = work => outcome,
        _ = interrupt.recv() => anyhow::bail!("interrupted"),
        _ = terminate.recv() => anyhow::bail!("told to end"),
    }
}

/// One line for whoever started the run. Nobody listening is no reason to stop measuring.
fn say(line: &str) {
    drop(writeln!(std::io::stdout(), "{line}"));
}
