//! Actions and the messages they queue: what an action costs until its answer, what its message costs until WeChat has it,
//! how fast a queue drains and what an action takes meanwhile, and the memory of a gateway with a long queue.

mod rows;

use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::json;
use weir_store::{DatabaseUrl, Store, StoreSettings};

use crate::{
    client::request,
    load::{Outcome, Plan, drive, float},
    measure::{Latency, PACE, PACED_CONNECTIONS, idle},
    report, say,
    script::{Pool, cycle, drain},
    stage::{APPID, Engine, Gateway, Stage},
    time,
};

const TEMPLATE: &str = "TMPL_DEMO_ACTION";
/// Advisors, each with a phone: messages to one phone go one after another.
const ADVISORS: usize = 1000;
const CONNECTIONS: usize = 32;
/// The most actions that one measurement sends: so many accepts are made before.
const ACTIONS: usize = 64_000;
const PATIENCE: Duration = Duration::from_secs(120);
/// A long queue.
pub const LONG: i64 = 1_000_000;
/// How much of it one statement makes.
const PIECE: i64 = 50_000;
/// All day but a minute: queued messages stay queued.
const QUIET: &str = "\n[engagement]\nquiet_hours = \"00:00-23:59\"\n";

#[derive(Args, Clone, Debug)]
pub struct QueueArgs {
    /// Seconds of the closed loop
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=5))]
    seconds: u16,
    /// Messages of the long queue
    #[arg(long, default_value_t = LONG, value_parser = clap::value_parser!(i64).range(1000..=LONG))]
    long: i64,
}

/// On one engine.
#[derive(Clone, Copy, Debug)]
pub struct Figures {
    pub engine: Engine,
    /// CPU milliseconds of the bare server for 1000 requests, in the same run.
    pub limit: f64,
    pub per_second: f64,
    /// CPU milliseconds for 1000 actions until their answers.
    pub action: f64,
    pub paced: Latency,
    /// Messages a second, each leased, sent and recorded.
    pub drained: f64,
    /// CPU milliseconds for 1000 messages.
    pub delivery: f64,
    /// Of actions while the queue drains.
    pub meanwhile: Latency,
    /// Bytes resident with [`LONG`] messages queued, and messages a second from that queue.
    pub long_memory: u64,
    pub long_drained: f64,
}

/// `weir-bench queue`.
pub async fn run(args: &QueueArgs) -> Result<()> {
    let weir = std::env::current_exe()?.with_file_name("weir");
    let mut engines = vec![Engine::Sqlite];
    engines.extend(crate::postgres::programs().map(|_| Engine::Postgres));
    let mut stage = Stage::start(&weir, &engines).await?;
    for engine in engines {
        let seconds = Duration::from_secs(args.seconds.into());
        let figures = measure(&mut stage, engine, seconds, args.long).await?;
        say(&report::queue_table(&[figures]));
    }
    stage.end().await
}

/// Measures on a stage whose gateway may be restarted.
pub async fn measure(stage: &mut Stage, engine: Engine, seconds: Duration, long: i64) -> Result<Figures> {
    let limit = limit(stage, seconds).await?;
    stage.restart_with(engine, QUIET).await?;
    let key = stage.gateway(engine)?.key("crm:write").await?;
    let openids = advisors(stage, stage.gateway(engine)?, &key).await?;
    // A million rows take PostgreSQL longer than a gateway would wait.
    let url = DatabaseUrl::parse(&stage.gateway(engine)?.url)?;
    let store = Store::open(&StoreSettings { patience: PATIENCE, ..StoreSettings::new(url) }).await?;
    let mut actions = Actions { key, sent: 0 };

    let gateway = stage.gateway(engine)?;
    let (server, process) = (gateway.server.address, &gateway.server.process);
    actions.drive(server, Duration::from_millis(500), None, ACTIONS / 8).await?;
    rows::accept_all(&store, APPID, i64::try_from(ACTIONS)?).await?;
    idle(process).await?;
    let before = process.cpu()?;
    let outcome = actions.drive(server, seconds, None, ACTIONS / 2).await?;
    idle(process).await?;
    let action = per_thousand(process.cpu()?.saturating_sub(before), outcome.answered());
    let paced = actions.drive(server, seconds, Some(PACE), ACTIONS / 16).await?;

    let (drained, delivery, meanwhile) = drain_all(stage, engine, &store, &mut actions).await?;
    let (long_memory, long_drained) = long_queue(stage, engine, &store, &openids, long).await?;
    store.close().await;
    Ok(Figures {
        engine,
        limit,
        per_second: outcome.per_second(),
        action,
        paced: latency(&paced),
        drained,
        delivery,
        meanwhile,
        long_memory,
        long_drained,
    })
}

fn per_thousand(cpu: Duration, count: u64) -> f64 {
    cpu.as_secs_f64() * 1e6 / float(count)
}

fn latency(outcome: &Outcome) -> Latency {
    Latency { p50: outcome.latency.quantile(0.5), p99: outcome.latency.quantile(0.99) }
}

async fn limit(stage: &Stage, duration: Duration) -> Result<f64> {
    let me = request("GET", "/", Some(&"x".repeat(300)), None);
    let before = stage.limit.process.cpu()?;
    let plan = Plan { server: stage.limit.address, duration, pace: None };
    let outcome = drive(plan, cycle(vec![me], CONNECTIONS)).await?;
    idle(&stage.limit.process).await?;
    Ok(per_thousand(stage.limit.process.cpu()?.saturating_sub(before), outcome.answered()))
}

/// Advisors with a phone each, who have accepted more messages than there will be. Answers their openids.
async fn advisors(stage: &Stage, gateway: &Gateway, key: &str) -> Result<Vec<String>> {
    let person = |number: usize| {
        let body = json!({"name": format!("advisor{number}"), "nickname": format!("Advisor {number}")});
        request("POST", "/_sim/users", None, Some(&body.to_string()))
    };
    let simulator = stage.simulator.address;
    let pool = Pool::new((0..ADVISORS).map(person).collect());
    let plan = Plan { server: simulator, duration: PATIENCE, pace: None };
    let made = drive(plan, drain(&pool, CONNECTIONS, Some(APPID))).await?;
    // Each answer tells the openid in the mini-program.
    let openids = pool.collected();
    if let Some(error) = made.first_error {
        bail!("no advisors: {error}");
    }
    if openids.len() < ADVISORS {
        bail!("{} advisors instead of {ADVISORS}", openids.len());
    }
    let accept = |number: usize| {
        let user = format!("advisor{}", number % ADVISORS);
        let body = json!({"appid": APPID, "user": user, "template_id": TEMPLATE, "result": "accept"});
        request("POST", "/_sim/subscribe", None, Some(&body.to_string()))
    };
    all(simulator, (0..2 * ACTIONS).map(accept).collect()).await.context("no accepts")?;
    let subscribe = |(number, openid): (usize, &String)| {
        let body = json!({"advisorId": advisor(number), "openid": openid, "templateId": TEMPLATE, "subscribed": true});
        request("POST", "/api/advisor/subscribe", Some(key), Some(&body.to_string()))
    };
    let subscriptions = openids.iter().enumerate().map(subscribe).collect();
    all(gateway.server.address, subscriptions).await.context("no subscriptions")?;
    Ok(openids)
}

fn advisor(number: usize) -> String {
    format!("ADV{:06}", number % ADVISORS)
}

/// Sends every request once.
async fn all(server: std::net::SocketAddr, requests: Vec<Vec<u8>>) -> Result<()> {
    let count = requests.len() as u64;
    let pool = Pool::new(requests);
    let plan = Plan { server, duration: PATIENCE, pace: None };
    let outcome = drive(plan, drain(&pool, CONNECTIONS, None)).await?;
    match outcome.first_error {
        Some(error) => bail!("{error}"),
        None if outcome.answered() != count => bail!("{} of {count} answered", outcome.answered()),
        None => Ok(()),
    }
}

/// Actions, each of a customer with a phone number that nobody had before.
struct Actions {
    key: String,
    sent: usize,
}

impl Actions {
    async fn drive(
        &mut self,
        server: std::net::SocketAddr,
        duration: Duration,
        pace: Option<f64>,
        most: usize,
    ) -> Result<Outcome> {
        let requests = (self.sent..self.sent + most).map(|number| {
            let body = json!({
                "customerId": format!("o-customer-{number:012}"), "advisorId": advisor(number),
                "actionType": "view_resume", "actionData": {"resumeId": format!("R{number}")},
                "customerName": "张三", "customerPhone": format!("13{number:09}"),
            });
            request("POST", "/api/customer/action", Some(&self.key), Some(&body.to_string()))
        });
        let pool = Pool::new(requests.collect());
        self.sent += most;
        let connections = if pace.is_some() { PACED_CONNECTIONS } else { CONNECTIONS };
        let outcome = drive(Plan { server, duration, pace }, drain(&pool, connections, None)).await?;
        match &outcome.first_error {
            Some(error) => bail!("an action failed: {error}"),
            None => Ok(outcome),
        }
    }
}

/// Lets the gateway send what waits: messages a second, CPU for 1000 of them, and what actions take meanwhile.
async fn drain_all(
    stage: &mut Stage,
    engine: Engine,
    store: &Store,
    actions: &mut Actions,
) -> Result<(f64, f64, Latency)> {
    let queued = rows::waiting(store, APPID).await?;
    stage.restart_with(engine, "").await?;
    let gateway = stage.gateway(engine)?;
    let begin = time::now();
    let server = gateway.server.address;
    let meanwhile = actions.drive(server, Duration::from_secs(2), Some(PACE), ACTIONS / 16);
    let drained = async {
        let until = rows::waiting(store, APPID).await?;
        time::wait_for(PATIENCE, Duration::from_millis(20), "an empty queue", async || {
            Ok(rows::waiting(store, APPID).await? < until / 20)
        })
        .await?;
        let left = rows::waiting(store, APPID).await?;
        anyhow::Ok((u64::try_from(queued - left)?, begin.elapsed()))
    };
    let (meanwhile, drained) = tokio::join!(meanwhile, drained);
    let (meanwhile, (count, took)) = (meanwhile?, drained?);
    time::wait_for(PATIENCE, Duration::from_millis(50), "the rest of the queue", async || {
        Ok(rows::waiting(store, APPID).await? == 0)
    })
    .await?;
    idle(&gateway.server.process).await?;
    let cpu = gateway.server.process.cpu()?;
    let sent = u64::try_from(queued)? + meanwhile.answered();
    Ok((float(count) / took.as_secs_f64(), per_thousand(cpu, sent), latency(&meanwhile)))
}

/// A queue of a million: resident bytes while it waits, and messages a second when it goes.
async fn long_queue(
    stage: &mut Stage,
    engine: Engine,
    store: &Store,
    openids: &[String],
    long: i64,
) -> Result<(u64, f64)> {
    stage.restart_with(engine, QUIET).await?;
    let openid = openids.first().context("no openid")?;
    let data = json!({"thing1": {"value": "新客户查看了您的简历"}, "time2": {"value": "2026-11-26 09:00:00"},
        "thing3": {"value": "13800138000"}, "thing7": {"value": "张三"}});
    let now = weir_base::Clock::system().now().millis();
    // Everybody's is another openid, none of which WeChat knows: it refuses, which costs it less than sending.
    // In pieces, so that none takes longer than a database may.
    for first in (1..=long).step_by(usize::try_from(PIECE)?) {
        let last = long.min(first + PIECE - 1);
        rows::fill_messages(store, APPID, openid, "TMPL_DEMO_LONG", &data.to_string(), first, last, now)
            .await?;
        rows::fill_jobs(store, APPID, openid, first, last, now).await?;
    }
    let gateway = stage.gateway(engine)?;
    let health = request("GET", "/api/health", None, None);
    gateway.server.call(&health).await?;
    idle(&gateway.server.process).await?;
    let memory = gateway.server.process.memory()?.now;
    stage.restart_with(engine, "").await?;
    let before = rows::waiting(store, APPID).await?;
    let begin = time::now();
    time::sleep(Duration::from_secs(3)).await;
    let gone = before - rows::waiting(store, APPID).await?;
    let rate = float(u64::try_from(gone)?) / begin.elapsed().as_secs_f64();
    stage.restart_with(engine, QUIET).await?;
    rows::forget_jobs(store, APPID).await?;
    Ok((memory, rate))
}
