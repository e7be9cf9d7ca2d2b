//! `kill -9` while customers act and their advisors are told: every action that was acknowledged is there, every phone number
//! has one lead, and every message arrived once or is told to be uncertain.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use weir_base::Dice;
use weir_testkit::{Client, ONCE, TestDatabase, scenes::together};

use crate::{
    messages::{JOBS, arrived, calls, killed, people, slow, start, until, until_calls},
    process::{MINI, Server, Simulator, control},
};

const ADVISORS: usize = 10;
/// Accepts of each advisor: fewer than there are actions for them.
const ACCEPTS: usize = 30;
const ACTIONS: usize = 500;
/// Customers share phone numbers.
const PHONES: usize = 200;

async fn act(client: &Client, number: usize) -> Option<Value> {
    let body = json!({
        "customerId": format!("o-customer-{number}"), "advisorId": format!("ADV{}", number % ADVISORS),
        "actionType": "view_resume", "actionData": { "number": number }, "customerName": format!("客户{number}"),
        "customerPhone": format!("138{:08}", number % PHONES),
    });
    let client = client.with_header("idempotency-key", format!("action-{number}"));
    let answer = client.try_post("/api/customer/action", &body).await?;
    assert_eq!(answer.status, 200, "{}", answer.text);
    Some(answer.json["data"].clone())
}

/// The ids of actions that were acknowledged.
pub(crate) async fn act_all(
    client: &Client,
    numbers: impl Iterator<Item = usize>,
) -> BTreeMap<usize, String> {
    let tries = numbers.map(|number| {
        let client = client.clone();
        async move { Some((number, act(&client, number).await?["actionId"].as_str()?.to_owned())) }
    });
    together(tries).await.into_iter().flatten().collect()
}

/// The advisors accept so many messages more.
pub(crate) async fn accept(
    simulator: &Simulator,
    server: &Server,
    people: &[(String, String)],
    times: usize,
) {
    for (number, (name, openid)) in people.iter().enumerate() {
        for _ in 0..times {
            let prompt = json!({ "appid": MINI, "user": name, "template_id": ONCE, "result": "accept" });
            control(&simulator.client, "/_sim/subscribe", &prompt).await;
            let body = json!({ "advisorId": format!("ADV{number}"), "openid": openid, "templateId": ONCE, "subscribed": true,
                "subscribeData": { "subscriptionStatus": "accept" } });
            server.client.post("/api/advisor/subscribe", &body).await.data();
        }
    }
}

weir_testkit::engines! {
    async fn nothing_is_lost_or_doubled_whenever_the_server_is_killed(engine) {
        let Some(database) = TestDatabase::create(engine).await else { return };
        let simulator = Simulator::start();
        let people = people(&simulator, ADVISORS).await;
        let directory = tempfile::tempdir().unwrap();
        let server = start(directory.path(), &database, &simulator);
        accept(&simulator, &server, &people, ACCEPTS).await;
        slow(&simulator, 5, 100_000).await;

        // The server dies while all act at once, and again while its queue drains.
        let acting = tokio::spawn({
            let client = server.client.clone();
            async move { act_all(&client, 0..ACTIONS).await }
        });
        until_calls(&simulator, 20).await;
        killed(server);
        let mut acknowledged = acting.await.unwrap();
        let dice = Dice::seeded(11);
        for _ in 0..4 {
            let server = start(directory.path(), &database, &simulator);
            let more = 1 + usize::try_from(dice.number() % 20).unwrap();
            let enough = calls(&simulator).await + more;
            // Whoever was not answered asks again, with the same key.
            let missing: Vec<usize> = (0..ACTIONS).filter(|number| !acknowledged.contains_key(number)).collect();
            let (client, asked) = (server.client.clone(), missing.len());
            let asking = tokio::spawn(async move { act_all(&client, missing.into_iter()).await });
            if asked > 0 || database.rows(JOBS).await != [["0"]] {
                until_calls(&simulator, enough).await;
            }
            killed(server);
            acknowledged.extend(asking.await.unwrap());
        }
        let server = start(directory.path(), &database, &simulator);
        let missing: Vec<usize> = (0..ACTIONS).filter(|number| !acknowledged.contains_key(number)).collect();
        acknowledged.extend(act_all(&server.client, missing.into_iter()).await);
        until(&database, JOBS, "0").await;

        assert_eq!(acknowledged.len(), ACTIONS);
        let kept: BTreeSet<String> = database.rows("SELECT id FROM actions").await.into_iter().flatten().collect();
        let told: BTreeSet<String> = acknowledged.values().cloned().collect();
        assert_eq!(kept, told, "each action that was acknowledged is there, once");
        let leads = database.rows("SELECT COUNT(*), COUNT(DISTINCT phone), COUNT(DISTINCT customer_number) FROM leads").await;
        assert_eq!(leads, [[PHONES.to_string(), PHONES.to_string(), PHONES.to_string()]]);

        // What our tables say of each message is what happened to it.
        let arrived = arrived(&simulator, &people, "thing7").await;
        assert!(arrived.values().all(|times| *times == 1), "a message came twice: {arrived:?}");
        let mut counted = BTreeMap::new();
        for row in database.rows("SELECT state, data, action_id FROM messages").await {
            let data: Value = serde_json::from_str(&row[1]).unwrap();
            let came = arrived.contains_key(data["thing7"]["value"].as_str().unwrap());
            assert!(told.contains(&row[2]), "a message of an action that is not there");
            assert!(row[0] == "uncertain" || (row[0] == "sent" && came), "{row:?}, arrived: {came}");
            *counted.entry(row[0].clone()).or_insert(0) += 1;
        }
        let messages: usize = counted.values().sum();
        assert_eq!(messages, ADVISORS * ACCEPTS, "as many messages as accepts: {counted:?}");
        assert!(counted["sent"] > messages / 2, "{counted:?}");

        // The ledger explains itself.
        let notified = database.rows("SELECT COUNT(*) FROM actions WHERE notified").await;
        assert_eq!(notified, [[messages.to_string()]]);
        let sums = "SELECT COUNT(*) FROM credits c WHERE remaining <> (SELECT SUM(e.change) FROM credit_entries e
            WHERE e.appid = c.appid AND e.openid = c.openid AND e.template_id = c.template_id)";
        assert_eq!(database.rows(sums).await, [["0"]]);
        assert_eq!(database.rows("SELECT SUM(remaining) FROM credits").await, [["0"]]);
        drop(server);
    }
}
