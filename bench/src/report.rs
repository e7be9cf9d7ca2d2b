//! The results as Markdown: for the terminal and for bench/RESULTS.md.

use crate::{
    measure::{PACE, PACED_CONNECTIONS, Sample},
    people::FIRST_LOGIN_IN,
    queue,
    results::{Results, figure, mebibytes, millis},
    scenario::{Case, SLOW, SLOW_CONNECTIONS},
    sse,
    store::Figures,
};

const NOTES_BEGIN: &str = "<!-- notes -->";
const NOTES_END: &str = "<!-- /notes -->";
const NO_NOTES: &str = "\nNothing noted.\n";

/// Where and how the run was made.
pub struct Circumstances {
    pub date: String,
    pub commit: String,
    pub machine: String,
    pub rounds: usize,
    pub seconds: u64,
    pub connections: usize,
    /// What could not be measured here, and why.
    pub skipped: Vec<String>,
}

/// The whole page. What stands between the notes' markers in `previous` is kept.
pub fn page(results: &Results, circumstances: &Circumstances, previous: &str) -> String {
    let notes = notes_of(previous).unwrap_or(NO_NOTES);
    format!(
        "# Results\n\nWritten by `make bench`; only the notes at the end are written by hand. \
         What is measured, and how, is in [README.md](README.md).\n\n{}\n{}\n## Notes\n\n{NOTES_BEGIN}{notes}{NOTES_END}\n",
        circumstances.text(),
        tables(results),
    )
}

/// What stands between the notes' markers.
fn notes_of(page: &str) -> Option<&str> {
    let (_, rest) = page.split_once(NOTES_BEGIN)?;
    Some(rest.rsplit_once(NOTES_END)?.0)
}

impl Circumstances {
    fn text(&self) -> String {
        let mut text = format!(
            "- {}, commit {}\n- {}\n- medians of {} rounds of {} s each; {} connections ({SLOW_CONNECTIONS} for \
             wx-login-slow); paced: {PACE} requests/s at random times on {PACED_CONNECTIONS} connections\n\
             - the load generator shares the machine with the servers\n\
             - wx-login, web-auth: one in {FIRST_LOGIN_IN} is somebody's first login; wx-login-slow: WeChat answers after {} ms\n",
            self.date,
            self.commit,
            self.machine,
            self.rounds,
            self.seconds,
            self.connections,
            SLOW.as_millis(),
        );
        if self.rounds < 3 || self.seconds < 3 {
            text.push_str("- **a short run: good for finding mistakes, not for figures**\n");
        }
        for skipped in &self.skipped {
            line(&mut text, &format!("- skipped: {skipped}"));
        }
        text
    }
}

/// The tables and the reasons of what failed.
pub fn tables(results: &Results) -> String {
    let mut text = String::from("## Requests\n\n");
    let heads = [
        "case",
        "requests/s",
        "of the limit",
        "p50 ms",
        "p99 ms",
        "paced p50 ms",
        "paced p99 ms",
        "CPU ms / 1000",
        "× the limit",
        "beside it, CPU ms / 1000",
    ];
    let limit = results.limit();
    let rows = results.rows.iter().map(|row| match &row.result {
        Ok(sample) => cells(row.case, sample, limit),
        Err(_) => {
            let mut cells = vec![row.case.to_string(), "**failed**".to_owned()];
            cells.resize(heads.len(), "–".to_owned());
            cells
        }
    });
    table(&mut text, &heads, rows.collect());
    for row in &results.rows {
        if let Err(why) = &row.result {
            line(&mut text, &format!("\n**{} failed**: {}", row.case, why.replace('\n', " ")));
        }
    }

    if !results.footprints.is_empty() {
        text.push_str("\n## Process\n\n");
        let heads =
            ["gateway", "idle RSS MiB", "loaded RSS MiB", "peak RSS MiB", "live after ms", "ready after ms"];
        let rows = results.footprints.iter().map(|found| {
            let mut cells = vec![found.engine.to_string()];
            let memory = [found.idle, found.loaded.now, found.loaded.peak].map(mebibytes);
            let start = [found.live, found.ready].map(millis);
            cells.extend(memory.into_iter().chain(start).map(figure));
            cells
        });
        table(&mut text, &heads, rows.collect());
        line(&mut text, &format!("\nBinary: {} MiB.", figure(mebibytes(results.binary))));
    }

    if !results.sse.is_empty() {
        text.push_str("\n## Watchers\n\n");
        text.push_str(&sse_table(&results.sse));
    }

    if !results.queue.is_empty() {
        text.push_str("\n## Actions and messages\n\n");
        text.push_str(&queue_table(&results.queue));
    }

    if let Some(store) = &results.store {
        text.push_str("\n## Store\n\n");
        text.push_str(&store_table(store));
    }

    text.push_str("\n## Targets\n\n");
    let rows = results.verdicts().into_iter().map(|verdict| {
        let met = match verdict.met {
            Some(true) => "met",
            Some(false) => "**missed**",
            None => "**not measured**",
        };
        vec![verdict.what, verdict.target, verdict.found, met.to_owned()]
    });
    table(&mut text, &["what", "target", "found", ""], rows.collect());
    text
}

/// Operations a second by themselves, beside what the trial measured.
pub fn store_table(found: &Figures) -> String {
    let mut text = String::new();
    let heads = [
        "store, 32 tasks",
        "upserts/s",
        "point reads/s",
        "7 reads : 1 write",
        "two-statement transactions/s",
        "jobs drained/s",
    ];
    let mut rows = Vec::new();
    for (setup, rates) in &found.0 {
        let mut add = |name: String, rates: [f64; 5]| {
            rows.push([name].into_iter().chain(rates.map(figure)).collect());
        };
        add(setup.name().to_owned(), *rates);
        if let Some(trial) = setup.trial() {
            add("  in the trial".to_owned(), trial);
        }
    }
    table(&mut text, &heads, rows);
    text
}

/// What browsers that wait cost, and when the last is told.
pub fn sse_table(found: &[sse::Figures]) -> String {
    let mut text = String::new();
    let rows = found.iter().map(|found| {
        vec![
            found.engine.to_string(),
            found.watchers.to_string(),
            figure(found.bytes_each / 1024.0),
            figure(millis(found.told)),
        ]
    });
    let heads = ["gateway", "watchers of one QR code", "RSS KiB each", "last one told after ms"];
    table(&mut text, &heads, rows.collect());
    text
}

pub fn queue_table(found: &[queue::Figures]) -> String {
    let mut text = String::new();
    let rows = found.iter().map(|found| {
        vec![
            found.engine.to_string(),
            figure(found.per_second),
            figure(found.action),
            figure(found.action / found.limit),
            figure(millis(found.paced.p99)),
            figure(found.drained),
            figure(found.delivery),
            figure((found.action + found.delivery) / found.limit),
            figure(millis(found.meanwhile.p99)),
            figure(mebibytes(found.long_memory)),
            figure(found.long_drained),
        ]
    });
    let heads = [
        "gateway",
        "actions/s",
        "CPU ms / 1000",
        "× the limit",
        "paced p99 ms",
        "messages/s",
        "CPU ms / 1000 messages",
        "both, × the limit",
        "p99 of an action meanwhile ms",
        "RSS MiB, 1,000,000 queued",
        "messages/s of those",
    ];
    table(&mut text, &heads, rows.collect());
    text
}

fn cells(case: Case, sample: &Sample, limit: Option<&Sample>) -> Vec<String> {
    let dash = || "–".to_owned();
    let paced = |figure_of: fn(crate::measure::Latency) -> std::time::Duration| {
        sample.paced.map_or_else(dash, |paced| figure(millis(figure_of(paced))))
    };
    let beside: Vec<String> =
        sample.beside.iter().map(|(label, cost)| format!("{label} {}", figure(*cost))).collect();
    vec![
        case.to_string(),
        figure(sample.per_second),
        limit
            .map_or_else(dash, |limit| format!("{} %", figure(100.0 * sample.per_second / limit.per_second))),
        figure(millis(sample.latency.p50)),
        figure(millis(sample.latency.p99)),
        paced(|latency| latency.p50),
        paced(|latency| latency.p99),
        figure(sample.cpu),
        limit.map_or_else(dash, |limit| figure(sample.cpu / limit.cpu)),
        if beside.is_empty() { dash() } else { beside.join(", ") },
    ]
}

/// Columns are padded, so that the table reads well in a terminal too.
fn table(text: &mut String, heads: &[&str], rows: Vec<Vec<String>>) {
    let mut lines = vec![heads.iter().map(|head| (*head).to_owned()).collect::<Vec<String>>()];
    lines.extend(rows);
    let width =
        |column: usize| lines.iter().map(|cells| cells[column].chars().count()).max().unwrap_or(0).max(3);
    let widths: Vec<usize> = (0..heads.len()).map(width).collect();
    for (index, cells) in lines.iter().enumerate() {
        let padded: Vec<String> =
            cells.iter().zip(&widths).map(|(cell, &width)| format!("{cell:<width$}")).collect();
        line(text, &format!("| {} |", padded.join(" | ")));
        if index == 0 {
            let rules: Vec<String> = widths.iter().map(|&width| "-".repeat(width)).collect();
            line(text, &format!("| {} |", rules.join(" | ")));
        }
    }
}

fn line(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{measure::Latency, results::Row, scenario::Scenario, stage::Engine};

    fn results() -> Results {
        let latency = Latency { p50: Duration::from_micros(400), p99: Duration::from_millis(2) };
        let limit =
            Sample { per_second: 80_000.0, latency, cpu: 8.0, beside: Vec::new(), paced: Some(latency) };
        let beside = vec![("simulator", 21.34), ("PostgreSQL", 150.0)];
        let login = Sample { per_second: 20_000.0, latency, cpu: 40.0, beside, paced: None };
        let row = |scenario, engine, result| Row { case: Case { scenario, engine }, result };
        Results {
            rows: vec![
                row(Scenario::Limit, None, Ok(limit)),
                row(Scenario::Login, Some(Engine::Postgres), Ok(login)),
                row(
                    Scenario::Me,
                    Some(Engine::Sqlite),
                    Err("3 of 9 requests failed; status 500: {}".to_owned()),
                ),
            ],
            ..Results::default()
        }
    }

    fn circumstances() -> Circumstances {
        Circumstances {
            date: "2026-11-20".to_owned(),
            commit: "0b01f70".to_owned(),
            machine: "2 cores".to_owned(),
            rounds: 3,
            seconds: 4,
            connections: 32,
            skipped: vec!["PostgreSQL: not installed".to_owned()],
        }
    }

    #[test]
    fn a_row_has_its_ratios_to_the_limit_and_what_worked_beside() {
        let text = tables(&results());
        let line = text.lines().find(|line| line.contains("wx-login, PostgreSQL")).unwrap();
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let expected = [
            "wx-login, PostgreSQL",
            "20,000",
            "25.0 %",
            "0.40",
            "2.00",
            "–",
            "–",
            "40.0",
            "5.00",
            "simulator 21.3, PostgreSQL 150",
        ];
        assert_eq!(cells, expected);
    }

    #[test]
    fn a_failed_case_is_marked_and_explained() {
        let text = tables(&results());
        let line = text.lines().find(|line| line.starts_with("| me, SQLite ")).unwrap();
        assert!(line.contains("**failed**") && !line.contains("0.00"), "{line}");
        assert!(text.contains("**me, SQLite failed**: 3 of 9 requests failed; status 500: {}"), "{text}");
        assert!(text.contains("**not measured**"), "{text}");
    }

    #[test]
    fn every_line_of_a_table_has_the_same_width() {
        let text = tables(&results());
        let requests: Vec<&str> = text.lines().skip(2).take_while(|line| line.starts_with('|')).collect();
        assert_eq!(requests.len(), 5);
        let width = requests[0].chars().count();
        assert!(requests.iter().all(|line| line.chars().count() == width), "{text}");
    }

    #[test]
    fn notes_survive_being_rewritten() {
        let first = page(&results(), &circumstances(), "");
        assert!(first.contains(&format!("{NOTES_BEGIN}{NO_NOTES}{NOTES_END}")), "{first}");
        assert!(first.contains("commit 0b01f70") && first.contains("- skipped: PostgreSQL: not installed"));
        let edited = first.replace(NO_NOTES, "\nTried: *a* `b`.\n\nIn the way: c.\n");
        let second = page(&Results::default(), &circumstances(), &edited);
        assert!(
            second.contains("<!-- notes -->\nTried: *a* `b`.\n\nIn the way: c.\n<!-- /notes -->"),
            "{second}"
        );
        assert_eq!(page(&Results::default(), &circumstances(), &second), second);
    }

    #[test]
    fn a_short_run_says_so() {
        let short = Circumstances { rounds: 1, ..circumstances() };
        assert!(page(&results(), &short, "").contains("a short run"));
        assert!(!page(&results(), &circumstances(), "").contains("a short run"));
    }
}
