//! `weir demo --once`: every flow that exists, end to end over real sockets, told step by step.

mod binding;
mod caller;
mod engagement;
mod flows;
mod pages;
mod web;

use std::{path::PathBuf, process::ExitCode, time::Duration};

use anyhow::{Context, Result};
use weir_base::Stopwatch;

use super::{demo::Demo, say};
use crate::{cli::DemoArgs, telemetry};

use caller::Caller;

/// What happened so far.
pub(super) struct Walk {
    weir: Caller,
    wechat: Caller,
    quiet: bool,
    passed: usize,
    failed: usize,
}

pub(super) async fn run(args: DemoArgs) -> Result<ExitCode> {
    let temporary = tempfile::tempdir().context("no temporary directory")?;
    let data: PathBuf = args.data.clone().unwrap_or_else(|| temporary.path().to_owned());
    // Free ports unless others than the usual were asked for: a demo may be running beside.
    let (port, simulator_port) =
        (free_unless_asked(args.port, 8080), free_unless_asked(args.simulator_port, 7070));
    let (demo, _log) = // The walk provokes errors and tells of them itself.
        Demo::start(&data, port, simulator_port, Some("off"), telemetry::metrics()).await?;
    let mut walk = Walk {
        weir: Caller::new(format!("http://{}", demo.gateway.address))?,
        wechat: Caller::new(demo.simulator.clone())?,
        quiet: args.quiet,
        passed: 0,
        failed: 0,
    };
    walk.tell(&format!("weir at http://{}, WeChat's double at {}", demo.gateway.address, demo.simulator));
    flows::all(&mut walk, &demo.gateway.app).await;
    demo.shutdown().await;
    let (passed, failed) = (walk.passed, walk.failed);
    say(&format!("{passed} passed, {failed} failed"));
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn free_unless_asked(port: u16, usual: u16) -> u16 {
    if port == usual { 0 } else { port }
}

impl Walk {
    fn tell(&self, line: &str) {
        if !self.quiet {
            say(line);
        }
    }

    fn chapter(&self, title: &str) {
        self.tell(&format!("\n{title}"));
    }

    /// One step: `work` answers what happened, or what went wrong.
    async fn step<T>(&mut self, name: &str, work: impl Future<Output = Result<(T, String)>>) -> Option<T> {
        let watch = Stopwatch::start();
        let result = work.await;
        let took = millis(watch.elapsed());
        match result {
            Ok((value, told)) => {
                self.passed += 1;
                self.tell(&format!("  ✓ {name:<58} {took:>8}  {told}"));
                Some(value)
            }
            Err(error) => {
                self.failed += 1;
                say(&format!("  ✗ {name:<58} {took:>8}  {error:#}"));
                None
            }
        }
    }
}

fn millis(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1000.0)
}
