//! A whole run: interleaved rounds, then footprints, then the report.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use weir_base::Clock;

use crate::{
    measure::{Measurer, Pacing, Sample},
    postgres, queue,
    report::{self, Circumstances},
    results::{Footprint, Results, Row, median, median_of},
    say,
    scenario::{Case, SCENARIOS, Scenario},
    sse,
    stage::{Engine, Stage},
    store,
};

const STARTS: usize = 5;
const STORE_ROUNDS: usize = 5;
const RESULTS: &str = "bench/RESULTS.md";

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Engines {
    Sqlite,
    Postgres,
    Both,
}

#[derive(Args, Clone, Debug)]
pub struct RunArgs {
    /// One round of one second each: to see that everything works
    #[arg(long, conflicts_with_all = ["rounds", "seconds"])]
    quick: bool,
    /// Interleaved rounds, of which medians are taken
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,
    /// Seconds of one measurement
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..))]
    seconds: u16,
    /// Keep-alive connections of the closed loop
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..))]
    connections: u16,
    /// The gateway's database
    #[arg(long, value_enum, default_value = "both")]
    engine: Engines,
    /// Only these scenarios (and the limit), for example: --only me,wx-login
    #[arg(long, value_delimiter = ',', value_parser = scenario)]
    only: Vec<Scenario>,
    /// Where the results go; a run with --quick or --only writes none unless told where [default: bench/RESULTS.md]
    #[arg(long)]
    out: Option<PathBuf>,
    /// The binary to measure [default: `weir` beside this program]
    #[arg(long)]
    weir: Option<PathBuf>,
}

fn scenario(name: &str) -> Result<Scenario, String> {
    SCENARIOS
        .into_iter()
        .find(|scenario| scenario.name() == name)
        .ok_or_else(|| format!("there are: {}", SCENARIOS.map(Scenario::name).join(", ")))
}

impl RunArgs {
    fn cases(&self, engines: &[Engine]) -> Vec<Case> {
        let wanted = |scenario: &Scenario| {
            self.only.is_empty() || *scenario == Scenario::Limit || self.only.contains(scenario)
        };
        let mut cases = Vec::new();
        for scenario in SCENARIOS.into_iter().filter(wanted) {
            match scenario {
                Scenario::Limit | Scenario::Exchange => cases.push(Case { scenario, engine: None }),
                _ => cases.extend(engines.iter().map(|&engine| Case { scenario, engine: Some(engine) })),
            }
        }
        cases
    }

    fn out(&self) -> Option<PathBuf> {
        let whole = !self.quick && self.only.is_empty();
        self.out.clone().or_else(|| whole.then(|| PathBuf::from(RESULTS)))
    }
}

/// Measures and reports. Ends every process it started, whatever happens.
///
/// # Errors
/// When something could not be measured. The report is written all the same. A missed target is no error.
pub async fn run(args: &RunArgs) -> Result<()> {
    let (rounds, seconds) =
        if args.quick { (1, 1) } else { (usize::from(args.rounds), u64::from(args.seconds)) };
    let weir = match &args.weir {
        Some(path) => path.clone(),
        None => std::env::current_exe()?.with_file_name("weir"),
    };
    let (engines, skipped) = engines(args.engine)?;
    let circumstances = Circumstances {
        date: Clock::system().now().iso().chars().take(10).collect(),
        commit: commit(),
        machine: machine(),
        rounds,
        seconds,
        connections: usize::from(args.connections),
        skipped,
    };
    // Read before the long part: a place that cannot be written should be known now.
    let out = args.out();
    let previous = out.as_deref().map(previous).transpose()?.unwrap_or_default();

    let stage = Stage::start(&weir, &engines).await?;
    let pacing = Pacing { connections: circumstances.connections, duration: Duration::from_secs(seconds) };
    let mut measurer = Measurer::new(stage, pacing);
    let mut idle = Vec::new();
    for &engine in &engines {
        measurer.touch(engine).await.with_context(|| format!("the first login on {engine}"))?;
        idle.push((engine, measurer.stage.gateway(engine)?.server.process.memory()?.now));
    }
    let mut results = Results {
        rows: interleaved(&mut measurer, &args.cases(&engines), rounds).await,
        binary: fs::metadata(&weir)?.len(),
        ..Results::default()
    };
    for (engine, idle) in idle {
        results.footprints.push(footprint(&mut measurer.stage, engine, idle).await?);
    }
    if args.only.is_empty() {
        for &engine in &engines {
            let found = sse::measure(measurer.stage.gateway(engine)?, sse::WATCHERS).await;
            results.sse.push(found.with_context(|| format!("watchers on {engine}"))?);
        }
        for &engine in &engines {
            let (seconds, long) = if args.quick { (1, 10_000) } else { (3, queue::LONG) };
            let found = queue::measure(&mut measurer.stage, engine, Duration::from_secs(seconds), long).await;
            results.queue.push(found.with_context(|| format!("actions and messages on {engine}"))?);
        }
    }
    measurer.stage.end().await?;
    if args.only.is_empty() {
        let (rounds, duration) = if args.quick { (1, 200) } else { (STORE_ROUNDS, 1000) };
        results.store = Some(store::measure(&engines, rounds, Duration::from_millis(duration)).await?);
    }

    say(&report::tables(&results));
    if let Some(out) = out {
        fs::write(&out, report::page(&results, &circumstances, &previous))
            .with_context(|| format!("cannot write {}", out.display()))?;
    }
    let failed: Vec<String> =
        results.rows.iter().filter(|row| row.result.is_err()).map(|row| row.case.to_string()).collect();
    if !failed.is_empty() {
        bail!("not measured: {}", failed.join("; "));
    }
    Ok(())
}

async fn interleaved(measurer: &mut Measurer, cases: &[Case], rounds: usize) -> Vec<Row> {
    let mut samples: Vec<Vec<Result<Sample, String>>> = cases.iter().map(|_| Vec::new()).collect();
    for round in 1..=rounds {
        for (case, samples) in cases.iter().zip(&mut samples) {
            let sample = measurer.measure(*case).await.map_err(|error| format!("{error:#}"));
            say(&match &sample {
                Ok(sample) => format!(
                    "round {round}: {case}: {:.0}/s, {:.1} ms CPU per 1000",
                    sample.per_second, sample.cpu
                ),
                Err(error) => format!("round {round}: {case}: FAILED: {error}"),
            });
            samples.push(sample);
        }
    }
    cases.iter().zip(samples).map(|(&case, samples)| Row { case, result: median_of(samples) }).collect()
}

async fn footprint(stage: &mut Stage, engine: Engine, idle: u64) -> Result<Footprint> {
    let loaded = stage.gateway(engine)?.server.process.memory()?;
    let (mut live, mut ready) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        let start = stage.restart(engine).await?;
        live.push(start.0.as_secs_f64());
        ready.push(start.1.as_secs_f64());
    }
    let [live, ready] = [live, ready].map(|times| Duration::from_secs_f64(median(times)));
    Ok(Footprint { engine, idle, loaded, live, ready })
}

/// The engines to measure on, and what is left out and why.
fn engines(wanted: Engines) -> Result<(Vec<Engine>, Vec<String>)> {
    let postgres = postgres::programs().is_some();
    match wanted {
        Engines::Sqlite => Ok((vec![Engine::Sqlite], Vec::new())),
        Engines::Postgres if postgres => Ok((vec![Engine::Postgres], Vec::new())),
        Engines::Postgres => bail!("PostgreSQL is not installed"),
        Engines::Both if postgres => Ok((vec![Engine::Sqlite, Engine::Postgres], Vec::new())),
        Engines::Both => Ok((vec![Engine::Sqlite], vec!["PostgreSQL: not installed".to_owned()])),
    }
}

/// The page as it is; empty when there is none yet.
fn previous(out: &Path) -> Result<String> {
    match fs::read_to_string(out) {
        Ok(text) => Ok(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", out.display())),
    }
}

fn commit() -> String {
    let git = |args: &[&str]| {
        let output = Command::new("git").args(args).output().ok().filter(|output| output.status.success())?;
        Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let Some(commit) = git(&["rev-parse", "--short", "HEAD"]) else { return "unknown".to_owned() };
    match git(&["status", "--porcelain", "--untracked-files=no"]).as_deref() {
        Some("") => commit,
        _ => format!("{commit} with changes"),
    }
}

fn machine() -> String {
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    let after = |text: &str, name: &str| {
        let line = text.lines().find(|line| line.starts_with(name))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let model = after(&read("/proc/cpuinfo"), "model name").unwrap_or_else(|| "unknown processor".to_owned());
    let memory = after(&read("/proc/meminfo"), "MemTotal").unwrap_or_default();
    let kibibytes: u64 = memory.trim_end_matches(" kB").parse().unwrap_or(0);
    let kernel = read("/proc/sys/kernel/osrelease");
    let debug = if cfg!(debug_assertions) { "; THE HARNESS IS A DEBUG BUILD" } else { "" };
    format!("{cores} cores ({model}), {} GiB of memory, Linux {}{debug}", kibibytes >> 20, kernel.trim())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        run: RunArgs,
    }

    fn parse(args: &[&str]) -> RunArgs {
        Cli::try_parse_from(["bench"].iter().chain(args)).unwrap().run
    }

    #[test]
    fn a_part_keeps_the_limit_and_does_not_overwrite_the_whole() {
        let args = parse(&["--only", "me,wx-login"]);
        let names: Vec<String> = args.cases(&[Engine::Sqlite]).iter().map(Case::to_string).collect();
        assert_eq!(names, ["limit", "me, SQLite", "wx-login, SQLite"]);
        assert_eq!(args.out(), None);
        assert_eq!(parse(&["--quick"]).out(), None);
        assert_eq!(parse(&["--quick", "--out", "x.md"]).out(), Some(PathBuf::from("x.md")));
        assert_eq!(parse(&[]).out(), Some(PathBuf::from(RESULTS)));
    }

    #[test]
    fn everything_runs_on_both_engines_where_they_matter() {
        let cases = parse(&[]).cases(&[Engine::Sqlite, Engine::Postgres]);
        assert_eq!(cases.len(), 2 + 9 * 2);
        assert!(Cli::try_parse_from(["bench", "--only", "nonsense"]).is_err());
        assert!(Cli::try_parse_from(["bench", "--rounds", "0"]).is_err());
    }
}
