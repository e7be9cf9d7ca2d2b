//! `kill -9` while messages are sent, and a stop that waits for them: each arrives once, or is told to be uncertain.

use std::{collections::BTreeMap, path::Path, time::Duration};

use nix::sys::signal::Signal;
use serde_json::{Value, json};
use weir_base::{Dice, clock::pause};
use weir_testkit::{Client, LONG, TestDatabase, scenes::together};

use crate::process::{MINI, Server, Simulator, control};

const SEND: &str = "/cgi-bin/message/subscribe/send";
const PEOPLE: usize = 20;

pub(crate) fn start(directory: &Path, database: &TestDatabase, simulator: &Simulator) -> Server {
    let variables = [
        ("WEIR_DATABASE__URL", database.url()),
        ("WEIR_LIMITS__ENABLED", "false"),
        ("WEIR_ENGAGEMENT__OPEN", "true"),
        ("WEIR_ENGAGEMENT__LEASE", "1s"),
        ("WEIR_ENGAGEMENT__WORKERS", "8"),
    ];
    Server::start(directory, &simulator.base, &variables)
}

pub(crate) fn killed(server: Server) {
    server.process.signal(Signal::SIGKILL);
    assert_eq!(server.process.ended().code, None, "it did not end by itself");
}

/// People who get messages for good: name and openid.
pub(crate) async fn people(simulator: &Simulator, count: usize) -> Vec<(String, String)> {
    for number in 0..count {
        let name = format!("person{number}");
        control(&simulator.client, "/_sim/users", &json!({ "name": name, "nickname": name })).await;
        let prompt = json!({ "appid": MINI, "user": name, "template_id": LONG, "result": "accept" });
        control(&simulator.client, "/_sim/subscribe", &prompt).await;
    }
    let users = simulator.client.get("/_sim/users").await;
    let users = users.json["users"].as_array().expect("users").clone();
    let named = |user: &Value| {
        let name = user["name"].as_str()?.to_owned();
        name.starts_with("person")
            .then(|| (name, user["openids"][MINI].as_str().expect("an openid").to_owned()))
    };
    users.iter().filter_map(named).collect()
}

/// Queues a message and answers its id, when an answer comes.
pub(crate) async fn queue(client: &Client, openid: &str, text: &str) -> Option<String> {
    let value = |text: &str| json!({ "value": text });
    let body = json!({ "touser": openid, "template_id": LONG, "data": { "thing1": value(text),
        "time2": value("2026-11-20 16:00:00"), "thing3": value("13800138000"), "thing7": value("客户") } });
    let answer = client.with_header("prefer", "respond-async").try_post("/api/message/send", &body).await?;
    assert_eq!(answer.status, 202, "{}", answer.text);
    Some(answer.json["data"]["messageId"].as_str().expect("an id").to_owned())
}

/// How often each value of a field arrived.
pub(crate) async fn arrived(
    simulator: &Simulator,
    people: &[(String, String)],
    field: &str,
) -> BTreeMap<String, usize> {
    let mut arrived = BTreeMap::new();
    for (name, _) in people {
        let inbox = simulator.client.get(&format!("/_sim/inbox?user={name}")).await;
        for message in inbox.json["messages"].as_array().expect("messages") {
            let text = message["data"][field]["value"].as_str().expect("a text").to_owned();
            *arrived.entry(text).or_default() += 1;
        }
    }
    arrived
}

pub(crate) async fn until(database: &TestDatabase, query: &str, number: &str) {
    while database.rows(query).await != [[number]] {
        pause(Duration::from_millis(20)).await;
    }
}

pub(crate) async fn calls(simulator: &Simulator) -> usize {
    let calls = simulator.client.get(&format!("/_sim/calls?path={SEND}")).await;
    calls.json["calls"].as_array().map_or(0, Vec::len)
}

pub(crate) async fn until_calls(simulator: &Simulator, count: usize) {
    while calls(simulator).await < count {
        pause(Duration::from_millis(5)).await;
    }
}

pub(crate) async fn slow(simulator: &Simulator, ms: u64, times: u64) {
    let fault = json!({ "path": SEND, "kind": "delay", "ms": ms, "times": times });
    control(&simulator.client, "/_sim/faults", &fault).await;
}

pub(crate) const JOBS: &str = "SELECT COUNT(*) FROM jobs";

weir_testkit::engines! {
    async fn every_message_arrives_once_or_is_uncertain_whenever_the_server_is_killed(engine) {
        let Some(database) = TestDatabase::create(engine).await else { return };
        let simulator = Simulator::start();
        let people = people(&simulator, PEOPLE).await;
        let directory = tempfile::tempdir().unwrap();
        let server = start(directory.path(), &database, &simulator);
        slow(&simulator, 10, 100_000).await;
        let queued = (0..300).map(|number| {
            let (client, openid) = (server.client.clone(), people[number % PEOPLE].1.clone());
            async move { queue(&client, &openid, &number.to_string()).await }
        });
        let ids: Vec<String> = together(queued).await.into_iter().flatten().collect();
        assert_eq!(ids.len(), 300);
        killed(server);
        let dice = Dice::seeded(7);
        for round in 0..8 {
            let server = start(directory.path(), &database, &simulator);
            let more = 1 + usize::try_from(dice.number() % 25).unwrap();
            let enough = calls(&simulator).await + more;
            if round > 0 {
                // Leases of the one before end after a second; others may go on at once.
                assert!(database.rows("SELECT COUNT(*) FROM jobs").await != [["0"]], "round {round}");
            }
            until_calls(&simulator, enough).await;
            killed(server);
        }
        let server = start(directory.path(), &database, &simulator);
        until(&database, JOBS, "0").await;
        let arrived = arrived(&simulator, &people, "thing1").await;
        let mut uncertain = 0;
        for row in database.rows("SELECT id, state, data FROM messages").await {
            let data: Value = serde_json::from_str(&row[2]).unwrap();
            let times = arrived.get(data["thing1"]["value"].as_str().unwrap()).copied().unwrap_or(0);
            assert!(ids.contains(&row[0]), "nobody was told of {}", row[0]);
            match row[1].as_str() {
                "sent" => assert_eq!(times, 1, "{row:?}"),
                "uncertain" => {
                    uncertain += 1;
                    assert!(times <= 1, "{row:?}");
                }
                _ => panic!("{row:?}"),
            }
        }
        assert_eq!(database.rows("SELECT COUNT(*) FROM messages").await, [["300"]], "none is lost");
        assert!(uncertain <= 8 * 9, "only what was under way is uncertain: {uncertain}");
        drop(server);
    }

    async fn at_each_step_a_kill_leaves_a_message_where_it_belongs(engine) {
        let Some(database) = TestDatabase::create(engine).await else { return };
        let simulator = Simulator::start();
        let people = people(&simulator, 1).await;
        let directory = tempfile::tempdir().unwrap();
        let state = async |id: &str| {
            database.rows(&format!("SELECT state, COALESCE(reason, '') FROM messages WHERE id = '{id}'")).await[0].join("/")
        };

        // Queued, and nobody has looked at it: the pool of messages rests, because there is no token.
        let no_token = json!({ "path": "/cgi-bin/stable_token", "kind": "errcode", "errcode": -1, "times": 2 });
        control(&simulator.client, "/_sim/faults", &no_token).await;
        let server = start(directory.path(), &database, &simulator);
        let queued = queue(&server.client, &people[0].1, "queued").await.unwrap();
        killed(server);
        simulator.client.delete("/_sim/faults").await;
        let server = start(directory.path(), &database, &simulator);
        until(&database, JOBS, "0").await;
        assert_eq!(state(&queued).await, "sent/");

        // WeChat has been asked and has not answered.
        slow(&simulator, 2000, 1).await;
        let before = calls(&simulator).await;
        let asked = queue(&server.client, &people[0].1, "asked").await.unwrap();
        until_calls(&simulator, before + 1).await;
        assert_eq!(state(&asked).await, "sending/");
        killed(server);
        let server = start(directory.path(), &database, &simulator);
        until(&database, JOBS, "0").await;
        assert_eq!(state(&asked).await, "uncertain/interrupted");
        assert_eq!(calls(&simulator).await, before + 1, "it was not sent again");

        // WeChat has answered, and nothing could be written down.
        slow(&simulator, 300, 1).await;
        let answered = queue(&server.client, &people[0].1, "answered").await.unwrap();
        until_calls(&simulator, before + 2).await;
        let held = database.hold("messages").await;
        while !arrived(&simulator, &people, "thing1").await.contains_key("answered") {
            pause(Duration::from_millis(20)).await;
        }
        killed(server);
        drop(held);
        let server = start(directory.path(), &database, &simulator);
        until(&database, JOBS, "0").await;
        assert_eq!(state(&answered).await, "uncertain/interrupted");

        // All of it is written down.
        let done = queue(&server.client, &people[0].1, "done").await.unwrap();
        until(&database, JOBS, "0").await;
        killed(server);
        let server = start(directory.path(), &database, &simulator);
        assert_eq!(state(&done).await, "sent/");
        drop(server);
        let arrived = arrived(&simulator, &people, "thing1").await;
        assert!(arrived.values().all(|times| *times == 1), "{arrived:?}");
        assert_eq!((arrived["queued"], arrived["answered"], arrived["done"]), (1, 1, 1));
    }

    async fn a_stop_waits_for_what_is_under_way_and_leaves_the_rest(engine) {
        let Some(database) = TestDatabase::create(engine).await else { return };
        let simulator = Simulator::start();
        let people = people(&simulator, PEOPLE).await;
        let directory = tempfile::tempdir().unwrap();
        let server = start(directory.path(), &database, &simulator);
        slow(&simulator, 300, 100_000).await;
        for number in 0..60 {
            queue(&server.client, &people[number % PEOPLE].1, &number.to_string()).await.unwrap();
        }
        until_calls(&simulator, 8).await;
        server.process.signal(Signal::SIGTERM);
        assert_eq!(server.process.ended().code, Some(0));
        let states = "SELECT COUNT(*) FROM messages WHERE state NOT IN ('queued', 'sent')";
        assert_eq!(database.rows(states).await, [["0"]], "nothing is left half done");
        let sent = database.rows("SELECT COUNT(*) FROM messages WHERE state = 'sent'").await[0][0].clone();
        assert_eq!(sent, arrived(&simulator, &people, "thing1").await.len().to_string());
        assert_ne!(sent, "60", "the rest waits");
        simulator.client.delete("/_sim/faults").await;
        let server = start(directory.path(), &database, &simulator);
        until(&database, JOBS, "0").await;
        drop(server);
        let arrived = arrived(&simulator, &people, "thing1").await;
        assert_eq!((arrived.len(), arrived.values().sum::<usize>()), (60, 60));
    }
}
