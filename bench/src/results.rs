//! What a run found: medians of the rounds, and how they stand against the targets.

use std::time::Duration;

use crate::{
    measure::{Latency, Sample},
    process::Memory,
    queue,
    scenario::{Case, SLOW, SLOW_CONNECTIONS, Scenario},
    sse,
    stage::Engine,
    store,
};

/// A case over all rounds: the median of each figure, or why there is none.
pub struct Row {
    pub case: Case,
    pub result: Result<Sample, String>,
}

/// Of the process of one gateway.
#[derive(Clone, Copy)]
pub struct Footprint {
    pub engine: Engine,
    /// Resident bytes after the start and one login.
    pub idle: u64,
    /// Before it is restarted, after all rounds.
    pub loaded: Memory,
    /// From being started to `/api/live`, and to `/api/health`.
    pub live: Duration,
    pub ready: Duration,
}

#[derive(Default)]
pub struct Results {
    pub rows: Vec<Row>,
    pub footprints: Vec<Footprint>,
    /// Bytes of the binary.
    pub binary: u64,
    /// Watchers of a QR code, on each engine where they were measured.
    pub sse: Vec<sse::Figures>,
    /// Actions and their messages, on each engine where they were measured.
    pub queue: Vec<queue::Figures>,
    /// The store by itself, when it was measured.
    pub store: Option<store::Figures>,
}

/// A target and whether it was met. `None`: it could not be measured.
#[derive(Debug, PartialEq)]
pub struct Verdict {
    pub what: String,
    pub target: String,
    pub found: String,
    pub met: Option<bool>,
}

/// The median of each figure. One failed round fails the case.
pub fn median_of(rounds: Vec<Result<Sample, String>>) -> Result<Sample, String> {
    let rounds = rounds.into_iter().collect::<Result<Vec<Sample>, String>>()?;
    let Some(first) = rounds.first() else { return Err("no round was run".to_owned()) };
    let of = |figure: &dyn Fn(&Sample) -> f64| median(rounds.iter().map(figure).collect());
    let time = |figure: &dyn Fn(&Sample) -> Duration| {
        Duration::from_secs_f64(of(&|sample| figure(sample).as_secs_f64()))
    };
    let beside = first.beside.iter().enumerate();
    let paced = |sample: &Sample| sample.paced.unwrap_or_default();
    Ok(Sample {
        per_second: of(&|sample| sample.per_second),
        latency: Latency { p50: time(&|sample| sample.latency.p50), p99: time(&|sample| sample.latency.p99) },
        cpu: of(&|sample| sample.cpu),
        beside: beside.map(|(index, (label, _))| (*label, of(&|sample| sample.beside[index].1))).collect(),
        paced: first.paced.map(|_| Latency {
            p50: time(&|sample| paced(sample).p50),
            p99: time(&|sample| paced(sample).p99),
        }),
    })
}

pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        length if length % 2 == 1 => values[length / 2],
        length => f64::midpoint(values[length / 2 - 1], values[length / 2]),
    }
}

pub fn mebibytes(bytes: u64) -> f64 {
    crate::load::float(bytes) / f64::from(1 << 20)
}

pub fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

impl Results {
    pub fn find(&self, scenario: Scenario, engine: Option<Engine>) -> Option<&Sample> {
        let row = self.rows.iter().find(|row| row.case == Case { scenario, engine })?;
        row.result.as_ref().ok()
    }

    pub fn limit(&self) -> Option<&Sample> {
        self.find(Scenario::Limit, None)
    }

    pub fn verdicts(&self) -> Vec<Verdict> {
        let mut verdicts = Vec::new();
        for row in &self.rows {
            self.judge(row.case, &mut verdicts);
        }
        for footprint in &self.footprints {
            let on = footprint.engine;
            let (idle, peak) = (mebibytes(footprint.idle), mebibytes(footprint.loaded.peak));
            verdicts.push(at_most(&format!("memory idle, {on}"), 24.0, Some(idle), "MiB"));
            verdicts.push(at_most(&format!("memory at most under load, {on}"), 80.0, Some(peak), "MiB"));
            let ready = Some(millis(footprint.ready));
            verdicts.push(at_most(&format!("start on an existing database, {on}"), 60.0, ready, "ms"));
        }
        for found in &self.sse {
            let on = found.engine;
            let each = Some(found.bytes_each / 1024.0);
            verdicts.push(at_most(&format!("memory of a watcher, {on}"), 12.0, each, "KiB"));
            let told = Some(millis(found.told));
            verdicts.push(at_most(&format!("the last watcher told, {on}"), 250.0, told, "ms"));
        }
        for found in &self.queue {
            let on = found.engine;
            if on == Engine::Sqlite {
                let times = |cpu: f64| Some(cpu / found.limit);
                verdicts.push(at_most(
                    "action, until its answer: CPU",
                    12.0,
                    times(found.action),
                    "× the limit",
                ));
                let both = times(found.action + found.delivery);
                verdicts.push(at_most("action with its delivery: CPU", 30.0, both, "× the limit"));
                verdicts.push(at_least("messages drained", 3000.0, Some(found.drained), "/s"));
            } else if let Some(sqlite) = self.queue.iter().find(|found| found.engine == Engine::Sqlite) {
                let ratio = Some(found.action / sqlite.action);
                verdicts.push(at_most(&format!("action, {on}: CPU"), 1.5, ratio, "× on SQLite"));
            }
        }
        if let Some(store) = &self.store {
            let (target, shares) = store.durable_shares();
            for (case, share) in shares {
                let what = format!("{case:?} by SQLite with synchronous=FULL").to_lowercase();
                verdicts.push(at_least(&what, target, Some(share), "% of OFF"));
            }
        }
        if self.binary > 0 {
            // With the pages, which `make build` embeds.
            verdicts.push(at_most("binary with its pages", 25.0, Some(mebibytes(self.binary)), "MiB"));
        }
        verdicts
    }

    fn judge(&self, case: Case, verdicts: &mut Vec<Verdict>) {
        let found = self.find(case.scenario, case.engine);
        let limit = self.limit();
        let times_limit = found.zip(limit).map(|(found, limit)| found.cpu / limit.cpu);
        let share = found.zip(limit).map(|(found, limit)| 100.0 * found.per_second / limit.per_second);
        let on_sqlite = case.engine == Some(Engine::Sqlite);
        match case.scenario {
            Scenario::Limit => return,
            Scenario::Exchange => {
                let rate = found.map(|found| found.per_second);
                return verdicts.push(at_least("code exchanges by the simulator", 20_000.0, rate, "/s"));
            }
            Scenario::SlowLogin => {
                let bound = SLOW_CONNECTIONS as f64 / SLOW.as_secs_f64();
                let login = self.find(Scenario::Login, case.engine);
                let bound = login.map(|login| 0.95 * bound.min(login.per_second));
                let rate = found.map(|found| found.per_second);
                let what = format!("{case}: 95 % of the lower of wait and CPU bound");
                return verdicts.push(match bound {
                    Some(bound) => at_least(&what, bound, rate, "/s"),
                    None => at_least(&what, f64::NAN, None, "/s"),
                });
            }
            Scenario::Me | Scenario::JsConfig | Scenario::Binding | Scenario::QrStatus if on_sqlite => {
                verdicts.push(at_most(&format!("{case}: CPU"), 2.5, times_limit, "× the limit"));
                verdicts.push(at_least(&format!("{case}: throughput"), 50.0, share, "% of the limit"));
            }
            Scenario::Login | Scenario::WebAuth if on_sqlite => {
                verdicts.push(at_most(&format!("{case}: CPU"), 12.0, times_limit, "× the limit"));
            }
            Scenario::GenerateQr if on_sqlite => {
                verdicts.push(at_most(&format!("{case}: CPU"), 20.0, times_limit, "× the limit"));
            }
            _ => {}
        }
        if case.engine == Some(Engine::Postgres) {
            let sqlite = self.find(case.scenario, Some(Engine::Sqlite));
            let ratio = found.zip(sqlite).map(|(found, sqlite)| found.cpu / sqlite.cpu);
            verdicts.push(at_most(&format!("{case}: CPU"), 1.5, ratio, "× on SQLite"));
        }
        let extra = if case.scenario.calls_wechat() { 5.0 } else { 0.0 };
        let p99 = found.and_then(|found| found.paced).map(|paced| millis(paced.p99));
        let allowed = limit.and_then(|limit| limit.paced).map(|paced| 3.0 + extra + 2.0 * millis(paced.p99));
        let what = format!("{case}: p99, paced");
        verdicts.push(at_most(&what, allowed.unwrap_or(f64::NAN), p99.filter(|_| allowed.is_some()), "ms"));
    }
}

fn at_most(what: &str, target: f64, found: Option<f64>, unit: &str) -> Verdict {
    verdict(what, "≤", target, found, unit, found.map(|found| found <= target))
}

fn at_least(what: &str, target: f64, found: Option<f64>, unit: &str) -> Verdict {
    verdict(what, "≥", target, found, unit, found.map(|found| found >= target))
}

fn verdict(
    what: &str,
    sign: &str,
    target: f64,
    found: Option<f64>,
    unit: &str,
    met: Option<bool>,
) -> Verdict {
    let target = if target.is_nan() { "–".to_owned() } else { format!("{sign} {} {unit}", figure(target)) };
    let found = found.map_or_else(|| "–".to_owned(), |found| format!("{} {unit}", figure(found)));
    Verdict { what: what.to_owned(), target, found, met }
}

/// Three digits that count; whole numbers from 100 on, with commas.
pub fn figure(value: f64) -> String {
    match value.abs() {
        size if size >= 99.95 => thousands(value),
        size if size >= 9.995 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

fn thousands(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut text = if value < 0.0 { "-".to_owned() } else { String::new() };
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests;
