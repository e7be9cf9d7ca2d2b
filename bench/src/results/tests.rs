use super::*;

fn sample(per_second: f64, cpu: f64, paced: Option<u64>) -> Sample {
    let latency = |millis| Latency { p50: Duration::from_millis(1), p99: Duration::from_millis(millis) };
    Sample {
        per_second,
        latency: latency(9),
        cpu,
        beside: vec![("simulator", cpu / 2.0)],
        paced: paced.map(latency),
    }
}

fn row(scenario: Scenario, engine: Option<Engine>, result: Result<Sample, String>) -> Row {
    Row { case: Case { scenario, engine }, result }
}

const LITE: Option<Engine> = Some(Engine::Sqlite);
const PG: Option<Engine> = Some(Engine::Postgres);

fn results() -> Results {
    Results {
        rows: vec![
            row(Scenario::Limit, None, Ok(sample(80_000.0, 8.0, Some(1)))),
            row(Scenario::Exchange, None, Ok(sample(19_999.0, 9.0, None))),
            row(Scenario::Me, LITE, Ok(sample(40_000.0, 20.0, Some(5)))),
            row(Scenario::Me, PG, Ok(sample(20_000.0, 31.0, Some(6)))),
            row(Scenario::Login, LITE, Ok(sample(8_000.0, 100.0, Some(10)))),
            row(Scenario::SlowLogin, LITE, Ok(sample(3_050.0, 110.0, None))),
        ],
        ..Results::default()
    }
}

fn met<'a>(verdicts: &'a [Verdict], what: &str) -> &'a Verdict {
    verdicts.iter().find(|verdict| verdict.what == what).unwrap_or_else(|| panic!("no verdict on {what}"))
}

#[test]
fn targets_are_ratios_to_the_limit_of_the_same_run() {
    let verdicts = results().verdicts();
    let cpu = met(&verdicts, "me, SQLite: CPU");
    assert_eq!((cpu.found.as_str(), cpu.target.as_str()), ("2.50 × the limit", "≤ 2.50 × the limit"));
    assert_eq!(cpu.met, Some(true));
    assert_eq!(met(&verdicts, "me, SQLite: throughput").met, Some(true));
    assert_eq!(met(&verdicts, "wx-login, SQLite: CPU").met, Some(false), "12.5 × the limit");
    assert_eq!(met(&verdicts, "me, PostgreSQL: CPU").met, Some(false), "1.55 × on SQLite");
    assert_eq!(met(&verdicts, "code exchanges by the simulator").met, Some(false));
    assert!(!verdicts.iter().any(|verdict| verdict.what.starts_with("limit")));
}

#[test]
fn latency_may_grow_with_the_limits_and_a_login_may_take_five_more() {
    let verdicts = results().verdicts();
    assert_eq!(met(&verdicts, "me, SQLite: p99, paced").met, Some(true), "5 ms, 3 + 2 × 1 allowed");
    assert_eq!(met(&verdicts, "me, PostgreSQL: p99, paced").met, Some(false), "6 ms");
    assert_eq!(met(&verdicts, "wx-login, SQLite: p99, paced").met, Some(true), "10 ms, 5 more allowed");
}

#[test]
fn a_slow_wechat_bounds_logins_by_the_wait_or_by_the_cpu() {
    let what = "wx-login-slow, SQLite: 95 % of the lower of wait and CPU bound";
    let mut results = results();
    let verdict = results.verdicts();
    assert_eq!((met(&verdict, what).target.as_str(), met(&verdict, what).met), ("≥ 3,040 /s", Some(true)));
    results.rows[4].result = Ok(sample(3_300.0, 100.0, Some(1)));
    assert_eq!(met(&results.verdicts(), what).target, "≥ 3,040 /s");
    results.rows[4].result = Ok(sample(3_000.0, 100.0, Some(1)));
    assert_eq!(met(&results.verdicts(), what).target, "≥ 2,850 /s");
    results.rows[4].result = Err("broken".to_owned());
    assert_eq!(met(&results.verdicts(), what).met, None);
}

#[test]
fn a_failed_case_meets_nothing() {
    let mut results = results();
    results.rows[2].result = Err("1 of 10 requests failed".to_owned());
    for verdict in results.verdicts().iter().filter(|verdict| verdict.what.starts_with("me, SQLite")) {
        assert_eq!((verdict.met, verdict.found.as_str()), (None, "–"), "{verdict:?}");
    }
    results.rows[0].result = Err("no limit".to_owned());
    assert_eq!(met(&results.verdicts(), "wx-login, SQLite: CPU").met, None);
    assert_eq!(met(&results.verdicts(), "wx-login, SQLite: p99, paced").met, None);
}

#[test]
fn medians_are_taken_of_each_figure_and_one_failed_round_fails_all() {
    let rounds =
        vec![Ok(sample(1.0, 30.0, Some(2))), Ok(sample(3.0, 10.0, Some(9))), Ok(sample(2.0, 20.0, Some(4)))];
    let found = median_of(rounds).unwrap();
    assert_eq!((found.per_second, found.cpu), (2.0, 20.0));
    assert_eq!(found.beside, [("simulator", 10.0)]);
    assert_eq!(found.paced.unwrap().p99, Duration::from_millis(4));
    let rounds = vec![Ok(sample(1.0, 30.0, None)), Err("status 500".to_owned())];
    assert_eq!(median_of(rounds).err().as_deref(), Some("status 500"));
    assert!(median_of(Vec::new()).is_err());
    assert_eq!(median(vec![4.0, 1.0]), 2.5);
}

#[test]
fn sizes_and_times_are_judged() {
    let footprint = |idle: u64, ready| Footprint {
        engine: Engine::Sqlite,
        idle: idle << 20,
        loaded: Memory { now: 40 << 20, peak: 81 << 20 },
        live: Duration::from_millis(10),
        ready: Duration::from_millis(ready),
    };
    let mut results = results();
    results.footprints = vec![footprint(24, 61)];
    results.binary = 13 << 20;
    let verdicts = results.verdicts();
    assert_eq!(met(&verdicts, "memory idle, SQLite").met, Some(true));
    assert_eq!(met(&verdicts, "memory at most under load, SQLite").met, Some(false));
    assert_eq!(met(&verdicts, "start on an existing database, SQLite").met, Some(false));
    assert_eq!(met(&verdicts, "binary with its pages").found, "13.0 MiB");
}

#[test]
fn watchers_are_judged_by_their_memory_and_the_last_one() {
    let found = sse::Figures {
        engine: Engine::Sqlite,
        watchers: 10_000,
        bytes_each: 12.5 * 1024.0,
        told: Duration::from_millis(250),
    };
    let verdicts = Results { sse: vec![found], ..Results::default() }.verdicts();
    let memory = met(&verdicts, "memory of a watcher, SQLite");
    assert_eq!((memory.found.as_str(), memory.met), ("12.5 KiB", Some(false)));
    assert_eq!(met(&verdicts, "the last watcher told, SQLite").met, Some(true));
}

#[test]
fn figures_show_three_digits_that_count() {
    let shown: Vec<String> = [0.0, 1.234, 9.999, 12.34, 99.96, 1_234.5, 1_234_567.0].map(figure).to_vec();
    assert_eq!(shown, ["0.00", "1.23", "10.0", "12.3", "100", "1,234", "1,234,567"]);
}
