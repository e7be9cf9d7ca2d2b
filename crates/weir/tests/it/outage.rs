//! WeChat failing in every way while the server is killed, and two servers that die at different times: every action that was
//! acknowledged is there, every message came once or is told to be uncertain, and the queue shows what it waits for.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use weir_base::Clock;
use weir_testkit::{TestDatabase, scenes::together};

use crate::{
    engagement::{accept, act_all},
    messages::{JOBS, arrived, calls, killed, people, queue, slow, start, until, until_calls},
    process::{MINI, Simulator, control, run_in},
};

const SEND: &str = "/cgi-bin/message/subscribe/send";
const ADVISORS: usize = 10;
const ACTIONS: usize = 100;
/// Processes send so many at once.
const WORKERS: usize = 8;

/// What WeChat does to the next calls, one after another. Not as often in a row as a queue is let rest for.
fn faults() -> Vec<Value> {
    let mut faults = Vec::new();
    let mut add = |kind: &str, field: &str, value: Value, times: u64| {
        let mut fault = json!({ "path": SEND, "kind": kind, "times": times });
        fault[field] = value;
        faults.push(fault);
    };
    for form in ["html", "truncated", "wrong_type", "empty"] {
        add("garbage", "form", json!(form), 2);
    }
    add("errcode", "errcode", json!(40001), 1);
    add("disconnect", "before", json!(false), 2);
    add("disconnect", "before", json!(true), 2);
    add("invalidate_tokens", "appid", json!(MINI), 1);
    add("http_status", "status", json!(502), 1);
    add("timeout", "before", json!(false), 1);
    add("errcode", "errcode", json!(-1), 2);
    faults
}

/// Answers that get lost by these faults at the most.
const LOST: usize = 8 + 4 + 1 + 1;

weir_testkit::engines! {
    async fn whatever_wechat_does_while_the_server_is_killed_nothing_is_lost_or_doubled(engine) {
        let Some(database) = TestDatabase::create(engine).await else { return };
        let simulator = Simulator::start();
        let people = people(&simulator, ADVISORS).await;
        let directory = tempfile::tempdir().unwrap();
        let server = start(directory.path(), &database, &simulator);
        accept(&simulator, &server, &people, ACTIONS / ADVISORS).await;
        for fault in faults() {
            control(&simulator.client, "/_sim/faults", &fault).await;
        }
        let acting = tokio::spawn({
            let client = server.client.clone();
            async move { act_all(&client, 0..ACTIONS).await }
        });
        until_calls(&simulator, 12).await;
        killed(server);
        let mut acknowledged = acting.await.unwrap();
        let server = start(directory.path(), &database, &simulator);
        let missing: Vec<usize> = (0..ACTIONS).filter(|number| !acknowledged.contains_key(number)).collect();
        acknowledged.extend(act_all(&server.client, missing.into_iter()).await);
        until(&database, JOBS, "0").await;

        // The day's quota is used up: one is told so, and all wait.
        accept(&simulator, &server, &people, 1).await;
        control(&simulator.client, "/_sim/faults", &json!({ "path": SEND, "kind": "errcode", "errcode": 45009, "times": 1 })).await;
        let before = calls(&simulator).await;
        acknowledged.extend(act_all(&server.client, ACTIONS..ACTIONS + 1).await);
        until(&database, "SELECT COUNT(*) FROM attempts WHERE outcome = 'day_quota'", "1").await;
        acknowledged.extend(act_all(&server.client, ACTIONS + 1..ACTIONS + ADVISORS).await);
        let variables = [("WEIR_DATABASE__URL", database.url()), ("JWT_SECRET", crate::process::SECRET)];
        let key = run_in(directory.path(), &["key", "create", "--scope", "crm:read"], &variables).well();
        let reader = server.client.with_bearer(key.trim());
        let listed = reader.get("/api/messages?state=queued").await;
        let waiting = listed.data()["items"].as_array().expect("messages");
        assert_eq!(waiting.len(), ADVISORS, "{}", listed.text);
        let now = Clock::system().now().iso();
        assert!(waiting.iter().all(|item| item["waitsFor"] == "day_quota" && item["dueAt"].as_str() > Some(now.as_str())));
        assert_eq!(waiting.iter().filter(|item| item["errcode"] == 45009).count(), 1);
        assert_eq!(calls(&simulator).await, before + 1, "nobody asked meanwhile");

        // Another process knows nothing of it, asks, and WeChat has quota again; what was told so waits for its time.
        killed(server);
        let server = start(directory.path(), &database, &simulator);
        until(&database, JOBS, "1").await;
        let reader = server.client.with_bearer(key.trim());
        let listed = reader.get("/api/messages?state=queued").await;
        let waiting = listed.data()["items"].as_array().expect("messages");
        assert_eq!((waiting.len(), &waiting[0]["waitsFor"], &waiting[0]["reason"]), (1, &json!("its_time"), &json!("day_quota")));

        let kept: BTreeSet<String> = database.rows("SELECT id FROM actions").await.into_iter().flatten().collect();
        let told: BTreeSet<String> = acknowledged.values().cloned().collect();
        assert_eq!((acknowledged.len(), &kept), (ACTIONS + ADVISORS, &told), "each that was acknowledged is there, once");
        let (came, mut counted) = (arrived(&simulator, &people, "thing7").await, BTreeMap::new());
        assert!(came.values().all(|times| *times == 1), "a message came twice: {came:?}");
        for row in database.rows("SELECT state, data, action_id FROM messages").await {
            let data: Value = serde_json::from_str(&row[1]).unwrap();
            let came = came.contains_key(data["thing7"]["value"].as_str().unwrap());
            assert!(told.contains(&row[2]), "a message of an action that is not there");
            assert!(row[0] == "uncertain" || (row[0] == "sent") == came, "{row:?}, came: {came}");
            *counted.entry(row[0].clone()).or_insert(0) += 1;
        }
        assert_eq!(counted.values().sum::<usize>(), ACTIONS + ADVISORS, "one message for each: {counted:?}");
        assert_eq!(counted.get("queued"), Some(&1), "{counted:?}");
        assert!((1..=LOST + 2 * WORKERS).contains(&counted["uncertain"]), "{counted:?}");
        assert_eq!(counted["sent"] + counted["uncertain"] + 1, ACTIONS + ADVISORS, "none is given up: {counted:?}");
        drop(server);
    }

    async fn two_servers_that_die_at_different_times_share_the_work(engine) {
        let Some(database) = TestDatabase::create(engine).await else { return };
        let simulator = Simulator::start();
        let people = people(&simulator, 20).await;
        let directories = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let servers = [0, 1].map(|at: usize| start(directories[at].path(), &database, &simulator));
        slow(&simulator, 15, 100_000).await;
        let queued = (0..240).map(|number| {
            let (client, openid) = (servers[number % 2].client.clone(), people[number % 20].1.clone());
            async move { queue(&client, &openid, &number.to_string()).await }
        });
        let ids: BTreeSet<String> = together(queued).await.into_iter().flatten().collect();
        assert_eq!(ids.len(), 240);
        let [first, second] = servers;
        let mut enough = calls(&simulator).await + 15;
        until_calls(&simulator, enough).await;
        killed(first);
        enough += 40;
        until_calls(&simulator, enough).await;
        let third = start(directories[0].path(), &database, &simulator);
        enough += 20;
        until_calls(&simulator, enough).await;
        killed(second);
        enough += 40;
        until_calls(&simulator, enough).await;
        killed(third);
        let last = start(directories[1].path(), &database, &simulator);
        until(&database, JOBS, "0").await;
        let (arrived, mut uncertain) = (arrived(&simulator, &people, "thing1").await, 0);
        let messages = database.rows("SELECT id, state, data FROM messages").await;
        assert_eq!(messages.iter().map(|row| row[0].clone()).collect::<BTreeSet<_>>(), ids, "none is lost");
        for row in messages {
            let data: Value = serde_json::from_str(&row[2]).unwrap();
            let times = arrived.get(data["thing1"]["value"].as_str().unwrap()).copied().unwrap_or(0);
            match row[1].as_str() {
                "sent" => assert_eq!(times, 1, "{row:?}"),
                "uncertain" => {
                    uncertain += 1;
                    assert!(times <= 1, "{row:?}");
                }
                _ => panic!("{row:?}"),
            }
        }
        assert!(uncertain <= 3 * WORKERS, "only what was under way is uncertain: {uncertain}");
        drop(last);
    }
}
