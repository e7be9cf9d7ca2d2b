//! Answered means written: seen by everybody at once, and there after `kill -9`.

use std::{
    env,
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdout, Command, Stdio},
};

use weir_base::Dice;
use weir_store::{Store, StoreError, statements};
use weir_testkit::Engine;

use crate::lab::{self, Gate, Lab, waits};

/// Names the database in the process that is to be killed.
const CHILD: &str = "WEIR_STORE_TEST_CHILD";
/// What that process says before each id that was acknowledged.
const ACKNOWLEDGED: &str = "acknowledged ";
const KILLS: usize = 12;

statements! {
    write fn synchronous() -> one i64 = sqlite "PRAGMA synchronous", postgres
        "SELECT CAST(CASE WHEN source IN ('session', 'client') THEN 0 ELSE 2 END AS BIGINT) FROM pg_settings WHERE name = 'synchronous_commit'";
    write fn journal() -> one String = sqlite "PRAGMA journal_mode", postgres "SELECT 'wal'";
    write fn limit_pages() -> one i64 = sqlite "PRAGMA max_page_count = 60", postgres "SELECT CAST(1 AS BIGINT)";
    write fn unlimit_pages() -> one i64 = sqlite "PRAGMA max_page_count = 1000000", postgres "SELECT CAST(1 AS BIGINT)";
    read fn unpaired() -> many i64 =
        "SELECT t.id FROM things t LEFT JOIN parts p ON p.thing_id = t.id WHERE p.thing_id IS NULL ORDER BY t.id";
}

/// Not a test: the process that the next one kills. Sixteen tasks write pairs of rows and say so.
#[test]
fn writes_until_it_is_killed() {
    let Ok(url) = env::var(CHILD) else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.unwrap().block_on(async {
        let store = lab::open(&url).await.unwrap();
        let first = lab::all(&store).await.unwrap() * 1000;
        let mut tasks = tokio::task::JoinSet::new();
        for task in 0..16 {
            let store = store.clone();
            tasks.spawn(async move {
                for id in (first + task..).step_by(16) {
                    put_pair(&store, id).await.unwrap();
                    // One write to the pipe, so that a line is whole or not there.
                    let line = format!("{ACKNOWLEDGED}{id}\n");
                    std::io::stdout().write_all(line.as_bytes()).unwrap();
                }
            });
        }
        tasks.join_all().await;
    });
}

async fn put_pair(store: &Store, id: i64) -> Result<(), StoreError> {
    store
        .transaction(move |tx| {
            Box::pin(async move {
                lab::put(tx, id, None).await?;
                lab::put_part(tx, id, "pair", id).await.map(drop)
            })
        })
        .await
}

fn start_child(url: &str) -> (Child, impl Iterator<Item = i64>) {
    let mut child = Command::new(env::current_exe().unwrap());
    child.args(["durability::writes_until_it_is_killed", "--exact", "--nocapture", "--test-threads=1"]);
    let mut child = child.env(CHILD, url).stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::<ChildStdout>::new(child.stdout.take().unwrap()).lines();
    let ids = lines.filter_map(|line| line.unwrap().strip_prefix(ACKNOWLEDGED)?.parse().ok());
    (child, ids)
}

weir_testkit::engines! {
    async fn what_was_acknowledged_survives_a_kill(engine) {
        let lab = Lab::new(engine).await;
        let dice = Dice::seeded(4711);
        let mut acknowledged = Vec::new();
        for _ in 0..KILLS {
            let (mut child, mut ids) = start_child(lab.url());
            let wait_for = 1 + dice.number() % 300;
            for id in ids.by_ref().take(usize::try_from(wait_for).unwrap()) {
                acknowledged.push(id);
            }
            child.kill().unwrap();
            child.wait().unwrap();
            // What it said before it died.
            acknowledged.extend(ids);
            let there = lab::ids(&lab.replica().await).await.unwrap();
            let lost: Vec<&i64> = acknowledged.iter().filter(|id| there.binary_search(id).is_err()).collect();
            assert!(lost.is_empty(), "acknowledged and gone: {lost:?}");
            assert!(unpaired(&lab.store).await.unwrap().is_empty(), "a transaction is whole");
        }
        assert!(acknowledged.len() >= KILLS, "{} were acknowledged", acknowledged.len());
    }

    async fn an_acknowledged_row_is_seen_by_other_processes_and_threads(engine) {
        let lab = Lab::new(engine).await;
        let (mut child, ids) = start_child(lab.url());
        let replica = lab.replica().await;
        for id in ids.take(200) {
            assert!(lab::get(&lab.store, id).await.unwrap().is_some(), "{id} was written by another process");
        }
        child.kill().unwrap();
        child.wait().unwrap();
        for id in 1..=200 {
            lab::put(&lab.store, -id, None).await.unwrap();
            assert!(lab::get(&lab.store, -id).await.unwrap().is_some());
            assert!(lab::get(&replica, -id).await.unwrap().is_some());
            let store = lab.store.clone();
            let elsewhere = tokio::spawn(async move { lab::get(&store, -id).await });
            assert!(elsewhere.await.unwrap().unwrap().is_some());
        }
    }

    /// FULL is 2. On PostgreSQL the server's setting holds: we never weaken it.
    async fn the_disk_is_waited_for(engine) {
        let db = &Lab::empty(engine).await.store;
        assert_eq!(synchronous(db).await.unwrap(), 2);
        assert_eq!(journal(db).await.unwrap(), "wal");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_waits_for_the_commit_of_its_batch() {
    let lab = Lab::new(Engine::Sqlite).await;
    let gate = Gate::close(&lab.store).await;
    let mut write = std::pin::pin!(lab::put(&lab.store, 1, None));
    assert!(waits(write.as_mut()));
    assert!(lab::get(&lab.store, 1).await.unwrap().is_none(), "nobody sees what is not answered yet");
    gate.open().await;
    assert_eq!(write.await.unwrap(), 1);
    assert!(lab::get(&lab.store, 1).await.unwrap().is_some());
}

/// A full disk makes SQLite roll back the whole batch: all of it is told so, and the writer lives on.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_acknowledges_nothing_that_is_not_there() {
    let lab = Lab::new(Engine::Sqlite).await;
    limit_pages(&lab.store).await.unwrap();
    let gate = Gate::close(&lab.store).await;
    let long = "x".repeat(3000);
    let name = |id: i64| format!("{id}{long}");
    let writes = (1..=200).map(|id| {
        let (store, name) = (lab.store.clone(), name(id));
        async move { lab::put(&store, id, Some(&name)).await }
    });
    let mut writes = std::pin::pin!(futures_util::future::join_all(writes));
    assert!(waits(writes.as_mut()));
    // Counted by rows, so the gate's own batch may fail with the rest.
    drop(gate);
    let outcomes = writes.await;
    let there = lab::ids(&lab.store).await.unwrap();
    for (id, outcome) in (1..=200).zip(&outcomes) {
        assert_eq!(outcome.is_ok(), there.contains(&id), "{id}: {outcome:?}");
        if let Err(error) = outcome {
            assert!(matches!(error, StoreError::Unavailable(_) | StoreError::CommitFailed), "{error:?}");
        }
    }
    assert!(outcomes.iter().any(Result::is_err), "the disk was never full");
    unlimit_pages(&lab.store).await.unwrap();
    lab::put(&lab.store, 1000, None).await.expect("the writer lives on");
}

/// A page of the journal at least: what fails when the disk is full.
#[tokio::test(flavor = "multi_thread")]
async fn a_ping_really_writes() {
    let lab = Lab::new(Engine::Sqlite).await;
    let journal = format!("{}-wal", lab.url().trim_start_matches("sqlite:"));
    let length = || std::fs::metadata(&journal).unwrap().len();
    lab.store.ping().await.unwrap();
    let before = length();
    lab.store.ping().await.unwrap();
    assert!(length() > before, "{before} bytes, and no more");
}
