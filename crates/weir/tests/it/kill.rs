//! `kill -9` in the middle of the work: what was answered is there, whatever the moment.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use nix::sys::signal::Signal;
use serde_json::{Value, json};
use tokio::{sync::Notify, task::JoinSet};
use weir_base::Dice;
use weir_testkit::{Client, TestDatabase};

use crate::process::{LOGIN, ME, REFRESH, Server, Simulator, code, control, log_in, token};

const ROUNDS: u64 = 10;
const PEOPLE: usize = 8;

/// Answers so far, and the number of them that somebody waits for.
#[derive(Default)]
struct Acknowledged {
    count: AtomicU64,
    more: Notify,
}

impl Acknowledged {
    fn one(&self) {
        self.count.fetch_add(1, Ordering::SeqCst);
        self.more.notify_one();
    }

    async fn reach(&self, count: u64) {
        while self.count.load(Ordering::SeqCst) < count {
            self.more.notified().await;
        }
    }
}

/// What one person was told before the line went dead.
struct Told {
    person: String,
    /// The user of every login.
    ids: Vec<Value>,
    /// Tokens that must work now.
    good: Vec<String>,
    /// Tokens that a refresh was answered for.
    dead: Vec<String>,
}

/// Logs in and refreshes until no answer comes. A refresh without an answer may have happened or not, so its token is
/// in neither list.
async fn work(weir: Client, simulator: Client, person: String, acknowledged: Arc<Acknowledged>) -> Told {
    let mut told = Told { person, ids: Vec::new(), good: Vec::new(), dead: Vec::new() };
    loop {
        let code = code(&simulator, &told.person).await;
        let Some(answer) = weir.try_post(LOGIN, &json!({ "code": code })).await else { return told };
        told.ids.push(answer.data()["user"]["id"].clone());
        acknowledged.one();
        let (kept, spent) = (token(answer.data()), told.ids.len().is_multiple_of(2));
        if !spent {
            told.good.push(kept);
            continue;
        }
        let Some(answer) = weir.with_bearer(kept.as_str()).try_post(REFRESH, &json!({})).await else {
            return told;
        };
        told.good.push(token(answer.data()));
        told.dead.push(kept);
        acknowledged.one();
    }
}

weir_testkit::engines! {
    async fn whatever_was_answered_survives_a_kill(engine) {
        let Some(database) = TestDatabase::create(engine).await else { return };
        let simulator = Simulator::start();
        let people: Vec<String> = (0..PEOPLE).map(|number| format!("person{number}")).collect();
        for person in &people {
            let new = json!({ "name": person, "nickname": person });
            control(&simulator.client, "/_sim/users", &new).await;
        }
        let directory = tempfile::tempdir().unwrap();
        let mut ids: BTreeMap<String, Value> = BTreeMap::new();
        for round in 0..ROUNDS {
            let told = killed(directory.path(), &database, &simulator, &people, round).await;
            let server = start(directory.path(), &database, &simulator);
            for told in told {
                for id in told.ids {
                    let known = ids.entry(told.person.clone()).or_insert_with(|| id.clone());
                    assert_eq!(*known, id, "round {round}: {} became somebody else", told.person);
                }
                let known = ids.get(&told.person);
                for good in told.good {
                    let me = server.client.with_bearer(good).get(ME).await;
                    assert_eq!(Some(&me.data()["id"]), known, "round {round}: {}", told.person);
                }
                for dead in told.dead {
                    server.client.with_bearer(dead).get(ME).await.refused(401);
                }
            }
        }
        let server = start(directory.path(), &database, &simulator);
        for (person, id) in ids {
            let again = log_in(&server.client, &simulator.client, &person).await;
            assert_eq!(again["user"]["id"], id, "{person}");
        }
    }
}

fn start(directory: &Path, database: &TestDatabase, simulator: &Simulator) -> Server {
    let variables = [("WEIR_DATABASE__URL", database.url()), ("WEIR_LIMITS__ENABLED", "false")];
    Server::start(directory, &simulator.base, &variables)
}

/// Kills a server under load, at an answer that the dice choose.
async fn killed(
    directory: &Path,
    database: &TestDatabase,
    simulator: &Simulator,
    people: &[String],
    round: u64,
) -> Vec<Told> {
    let server = start(directory, database, simulator);
    let acknowledged = Arc::new(Acknowledged::default());
    let mut workers = JoinSet::new();
    for person in people {
        let (weir, simulator) = (server.client.clone(), simulator.client.clone());
        workers.spawn(work(weir, simulator, person.clone(), Arc::clone(&acknowledged)));
    }
    acknowledged.reach(1 + Dice::seeded(round).number() % 60).await;
    server.process.signal(Signal::SIGKILL);
    assert_eq!(server.process.ended().code, None, "it did not end by itself");
    workers.join_all().await
}
