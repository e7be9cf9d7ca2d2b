//! One measurement: prepare, warm up, run the closed loop, wait for the work that goes on after the last answer, run
//! the paced requests.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

use crate::{
    client::request,
    hosts::{self, Hosts},
    load::{Outcome, Plan, Scripts, drive, float},
    people::{People, Whom, exchange, login, web_login},
    process::Process,
    scenario::{Case, SLOW, SLOW_CONNECTIONS, Scenario},
    script::{Pool, cycle, drain_checked, refreshing},
    stage::{Engine, Server, Stage},
    time,
};

/// Before every measurement, unmeasured.
const WARM_UP: Duration = Duration::from_millis(500);
/// Sessions that `users/me` is asked with.
const SESSIONS: usize = 256;
/// Users of a host application whose bindings and QR codes are asked for.
const USERS: usize = 256;
/// Pages that `jsconfig` is asked for.
const PAGES: usize = 256;
/// Requests a second of a paced run, and the connections they come on.
pub const PACE: f64 = 200.0;
pub const PACED_CONNECTIONS: usize = 8;
/// The most codes made for one measurement. Making them must not take longer than they live.
const MOST_CODES: f64 = 300_000.0;

/// Medium and high latency.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Latency {
    pub p50: Duration,
    pub p99: Duration,
}

/// What one round found.
#[derive(Clone, Debug)]
pub struct Sample {
    pub per_second: f64,
    pub latency: Latency,
    /// CPU milliseconds of the measured server for 1000 requests.
    pub cpu: f64,
    /// The same of processes that worked for it.
    pub beside: Vec<(&'static str, f64)>,
    pub paced: Option<Latency>,
}

#[derive(Clone, Copy)]
pub struct Pacing {
    pub connections: usize,
    pub duration: Duration,
}

pub struct Measurer {
    pub stage: Stage,
    pub pacing: Pacing,
    people: People,
    hosts: Hosts,
    tokens: HashMap<Engine, Vec<String>>,
    /// What the last round reached, to make enough codes for the next.
    reached: HashMap<Case, f64>,
}

impl Measurer {
    pub fn new(stage: Stage, pacing: Pacing) -> Self {
        let (people, hosts, tokens, reached) = Default::default();
        Self { stage, pacing, people, hosts, tokens, reached }
    }

    /// Measures once.
    ///
    /// # Errors
    /// When anything was answered that is not a success: such a figure means nothing.
    pub async fn measure(&mut self, case: Case) -> Result<Sample> {
        let slow = case.scenario == Scenario::SlowLogin;
        if slow {
            let fault =
                format!(r#"{{"path":"/sns/jscode2session","kind":"delay","ms":{}}}"#, SLOW.as_millis());
            let fault = request("POST", "/_sim/faults", None, Some(&fault));
            self.stage.simulator.call(&fault).await.context("cannot slow the simulator down")?;
        }
        let sample = self.measure_prepared(case).await;
        for path in [slow.then_some("/_sim/faults"), Some("/_sim/calls")].into_iter().flatten() {
            let delete = request("DELETE", path, None, None);
            self.stage.simulator.call(&delete).await.with_context(|| format!("cannot clear {path}"))?;
        }
        sample
    }

    async fn measure_prepared(&mut self, case: Case) -> Result<Sample> {
        let (connections, duration) = match case.scenario {
            Scenario::SlowLogin => (SLOW_CONNECTIONS, self.pacing.duration),
            _ => (self.pacing.connections, self.pacing.duration),
        };
        let server = self.server(case)?.address;
        let rate = self.reached.get(&case).copied().unwrap_or_else(|| case.scenario.guess());
        // Only the codes that the warm-up uses are lost: it may run out of them, the measurement had better not.
        let scripts = self.scripts(case, connections, rate * WARM_UP.as_secs_f64()).await?;
        faultless(drive(Plan { server, duration: WARM_UP, pace: None }, scripts).await?)?;

        let scripts = self.scripts(case, connections, rate * 1.5 * duration.as_secs_f64()).await?;
        let before = self.settle(case).await?;
        let outcome = faultless(drive(Plan { server, duration, pace: None }, scripts).await?)?;
        let after = self.settle(case).await?;
        if case.scenario == Scenario::SlowLogin && outcome.latency.quantile(0.01) < SLOW {
            bail!("WeChat was to take {SLOW:?}, but some logins took less: the delay was not in force");
        }
        let per_thousand = |index: usize| {
            after[index].saturating_sub(before[index]).as_secs_f64() * 1e6 / float(outcome.answered())
        };
        let labels = self.processes(case)?.into_iter().map(|(label, _)| label);
        let mut costs = labels.enumerate().map(|(index, label)| (label, per_thousand(index)));
        let (_, cpu) = costs.next().context("nothing was measured")?;
        let beside = costs.collect();
        self.reached.insert(case, outcome.per_second());

        let paced = if case.scenario.is_paced() {
            let requests = PACE * 1.5 * duration.as_secs_f64() + 50.0;
            let scripts = self.scripts(case, PACED_CONNECTIONS, requests).await?;
            let outcome = drive(Plan { server, duration, pace: Some(PACE) }, scripts).await?;
            Some(latency(&faultless(outcome)?))
        } else {
            None
        };
        Ok(Sample { per_second: outcome.per_second(), latency: latency(&outcome), cpu, beside, paced })
    }

    /// Signs one user in, so that every path was taken once before idle memory is read.
    pub async fn touch(&mut self, engine: Engine) -> Result<()> {
        let tokens = self.people.sessions(&self.stage, engine, 1).await?;
        let me = request("GET", "/api/v1/users/me", tokens.first().map(String::as_str), None);
        self.stage.gateway(engine)?.server.call(&me).await?;
        idle(&self.stage.gateway(engine)?.server.process).await
    }

    fn server(&self, case: Case) -> Result<&Server> {
        match (case.scenario, case.engine) {
            (Scenario::Limit, _) => Ok(&self.stage.limit),
            (Scenario::Exchange, _) => Ok(&self.stage.simulator),
            (_, Some(engine)) => Ok(&self.stage.gateway(engine)?.server),
            (_, None) => bail!("{case} needs an engine"),
        }
    }

    /// What works for a case: the measured server first.
    fn processes(&self, case: Case) -> Result<Vec<(&'static str, Cost<'_>)>> {
        let mut processes = vec![("server", Cost::Alone(&self.server(case)?.process))];
        if case.scenario.calls_wechat() {
            processes.push(("simulator", Cost::Alone(&self.stage.simulator.process)));
        }
        if let Some(engine) = case.engine
            && let Some(database) = &self.stage.gateway(engine)?.database
        {
            processes.push(("PostgreSQL", Cost::Family(&database.process)));
        }
        Ok(processes)
    }

    async fn settle(&self, case: Case) -> Result<Vec<Duration>> {
        let costs: Vec<Cost<'_>> = self.processes(case)?.into_iter().map(|(_, cost)| cost).collect();
        settled(&costs).await
    }

    /// What the connections of a case say. One-use requests are made for about `requests` of them.
    async fn scripts(&mut self, case: Case, connections: usize, requests: f64) -> Result<Scripts> {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 0 and MOST_CODES"
        )]
        let codes = requests.clamp(connections as f64, MOST_CODES) as usize;
        let me = |token: &String| request("GET", "/api/v1/users/me", Some(token), None);
        Ok(match (case.scenario, case.engine) {
            (Scenario::Limit, _) => cycle(vec![me(&"x".repeat(300))], connections),
            (Scenario::Exchange, _) => {
                let codes = self.people.codes(&self.stage, Whom::Regulars, codes).await?;
                let pool = Pool::new(codes.iter().map(|code| exchange(code)).collect());
                drain_checked(&pool, connections, "session_key")
            }
            (Scenario::Login | Scenario::SlowLogin, _) => {
                let codes = self.people.codes(&self.stage, Whom::Mixed, codes).await?;
                let pool = Pool::new(codes.iter().map(|code| login(code)).collect());
                drain_checked(&pool, connections, "access_token")
            }
            (Scenario::Refresh, Some(engine)) => {
                refreshing(&self.people.sessions(&self.stage, engine, connections).await?)
            }
            (Scenario::Me, Some(engine)) => {
                if !self.tokens.contains_key(&engine) {
                    let tokens = self.people.sessions(&self.stage, engine, SESSIONS).await?;
                    self.tokens.insert(engine, tokens);
                }
                cycle(self.tokens[&engine].iter().map(me).collect(), connections)
            }
            (Scenario::JsConfig, Some(_)) => {
                let page = |page: usize| {
                    let path = format!(
                        "/wechat/jsconfig?url=https%3A%2F%2Fshop.example.com%2Fitem%3Fid%3D{page}%26from%3Dsinglemessage"
                    );
                    request("GET", &path, None, None)
                };
                cycle((0..PAGES).map(page).collect(), connections)
            }
            (Scenario::WebAuth, _) => {
                let codes = self.people.web_codes(&self.stage, Whom::Mixed, codes).await?;
                let pool = Pool::new(codes.iter().map(|code| web_login(code)).collect());
                drain_checked(&pool, connections, "openid")
            }
            (Scenario::GenerateQr, Some(engine)) => {
                let tokens = self.hosts.newcomers(self.stage.gateway(engine)?, codes)?;
                let pool = Pool::new(tokens.iter().map(|token| hosts::generate(token)).collect());
                drain_checked(&pool, connections, "qr_code_data")
            }
            (Scenario::QrStatus, Some(engine)) => {
                let codes = self.hosts.open(self.stage.gateway(engine)?, USERS).await?;
                cycle(codes.iter().map(hosts::status).collect(), connections)
            }
            (Scenario::Binding, Some(engine)) => {
                let tokens = self.hosts.newcomers(self.stage.gateway(engine)?, USERS)?;
                cycle(tokens.iter().map(|token| hosts::binding(token)).collect(), connections)
            }
            (_, None) => bail!("{case} needs an engine"),
        })
    }
}

fn latency(outcome: &Outcome) -> Latency {
    Latency { p50: outcome.latency.quantile(0.5), p99: outcome.latency.quantile(0.99) }
}

fn faultless(outcome: Outcome) -> Result<Outcome> {
    if let Some(error) = &outcome.first_error {
        bail!("{} of {} requests failed; {error}", outcome.errors, outcome.errors + outcome.answered());
    }
    if outcome.answered() == 0 {
        bail!("nothing was answered");
    }
    Ok(outcome)
}

/// Waits until the process has nothing to do.
pub async fn idle(process: &Process) -> Result<()> {
    settled(&[Cost::Alone(process)]).await.map(drop)
}

enum Cost<'a> {
    Alone(&'a Process),
    /// With its children.
    Family(&'a Process),
}

impl Cost<'_> {
    fn read(&self) -> Result<Duration> {
        match self {
            Self::Alone(process) => process.cpu(),
            Self::Family(process) => process.cpu_with_children(),
        }
    }
}

/// Waits until all the processes are idle (together less than 1 % of a core), for at most five seconds, and answers
/// the CPU time of each.
async fn settled(costs: &[Cost<'_>]) -> Result<Vec<Duration>> {
    const STEP: Duration = Duration::from_millis(100);
    const LONGEST: Duration = Duration::from_secs(5);
    let read = || costs.iter().map(Cost::read).collect::<Result<Vec<Duration>>>();
    let begin: Instant = time::now();
    let mut before = read()?;
    loop {
        time::sleep(STEP).await;
        let after = read()?;
        let worked = after.iter().sum::<Duration>().saturating_sub(before.iter().sum());
        if worked < STEP / 100 || begin.elapsed() > LONGEST {
            return Ok(after);
        }
        before = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::histogram::Histogram;

    #[test]
    fn a_single_bad_answer_spoils_a_measurement() {
        let mut latency = Histogram::default();
        latency.add(Duration::from_millis(1));
        assert!(faultless(Outcome { latency: latency.clone(), ..Outcome::default() }).is_ok());
        assert!(faultless(Outcome::default()).is_err());
        let error = Some("status 503: {}".to_owned());
        let bad = Outcome { errors: 1, first_error: error, latency, ..Outcome::default() };
        let error = faultless(bad).err().unwrap().to_string();
        assert_eq!(error, "1 of 2 requests failed; status 503: {}");
    }
}
