//! Subscription messages: queued, sent, and what becomes of them, whatever WeChat does.

mod api;
mod clock;
mod credits;
mod delivery;
pub mod faults;
mod history;
mod outage;
mod races;
mod times;

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};
use weir_base::clock::pause;
use weir_core::{
    App, Failure, Outcome,
    credit::{self, Answer, Key, Source},
    message::{self, Draft, MessageId, Origin},
};
use weir_testkit::{LONG, MINI, ONCE, TestWeir};

pub const SEND: &str = "/cgi-bin/message/subscribe/send";

/// A person's openid in the demo's mini-program.
pub async fn openid(weir: &TestWeir, name: &str) -> String {
    let users = weir.wechat.get("/_sim/users").await;
    let users = users.json["users"].as_array().unwrap();
    let user = users.iter().find(|user| user["name"] == name).unwrap();
    user["openids"][MINI].as_str().unwrap().to_owned()
}

pub fn draft(openid: &str, template: &str, text: &str) -> Draft {
    let value = |text: &str| json!({ "value": text });
    let data = json!({ "thing1": value(text), "time2": value("2026-11-20 16:00:00"),
        "thing3": value("13800138000"), "thing7": value("客户") });
    Draft {
        appid: MINI.to_owned(),
        openid: openid.to_owned(),
        template_id: template.to_owned(),
        data: data.as_object().unwrap().clone(),
        page: None,
        miniprogram_state: None,
        lang: None,
        origin: Origin::Queued,
        advisor_id: None,
        action_id: None,
    }
}

/// Queues a message, and lets the runner look.
pub async fn queue(app: &Arc<App>, draft: Draft, with_credit: bool) -> Option<MessageId> {
    let for_it = Arc::clone(app);
    let queued: Outcome<_> = app
        .store
        .transaction(move |tx| {
            Box::pin(async move {
                message::flow::queue(tx, &for_it, &draft, with_credit).await.map_err(Failure::from)
            })
        })
        .await;
    app.jobs.nudge();
    queued.unwrap()
}

/// One message to this person, of the template that needs no accepts.
pub async fn queue_long(weir: &TestWeir, name: &str, text: &str) -> MessageId {
    let openid = openid(weir, name).await;
    queue(&weir.app, draft(&openid, LONG, text), false).await.unwrap()
}

pub fn key(openid: &str) -> Key {
    Key { appid: MINI.to_owned(), openid: openid.to_owned(), template_id: ONCE.to_owned() }
}

/// The person answers the prompt, and our ledger is told by `source`.
pub async fn told(app: &Arc<App>, key: &Key, answer: Answer, source: Source) -> i64 {
    let (for_it, key) = (Arc::clone(app), key.clone());
    let told: Outcome<i64> = app
        .store
        .transaction(move |tx| {
            Box::pin(async move {
                credit::flow::answered(tx, &for_it, &key, answer, source).await.map_err(Failure::from)
            })
        })
        .await;
    told.unwrap()
}

/// The person accepts so many messages of the one-time template: WeChat knows, and our ledger.
pub async fn accepts(weir: &TestWeir, name: &'static str, times: usize) -> String {
    let openid = openid(weir, name).await;
    for _ in 0..times {
        accepts_untold(weir, name).await;
        told(&weir.app, &key(&openid), Answer::Accept, Source::Client).await;
    }
    openid
}

/// The person accepts a message of the one-time template, and nobody tells us.
pub async fn accepts_untold(weir: &TestWeir, name: &'static str) {
    let prompt = json!({ "template_id": ONCE, "result": "accept" });
    weir.person(name).control("/_sim/subscribe", prompt).await;
}

/// Long-term templates are subscribed to as well.
pub async fn subscribes(weir: &TestWeir, name: &'static str) {
    let prompt = json!({ "template_id": LONG, "result": "accept" });
    weir.person(name).control("/_sim/subscribe", prompt).await;
}

/// The texts that this person's phone shows, oldest first.
pub async fn inbox(weir: &TestWeir, name: &str) -> Vec<String> {
    let inbox = weir.wechat.get(&format!("/_sim/inbox?user={name}")).await;
    let text = |message: &Value| message["data"]["thing1"]["value"].as_str().unwrap().to_owned();
    inbox.json["messages"].as_array().unwrap().iter().map(text).collect()
}

/// `state/reason` of a message.
pub async fn state(weir: &TestWeir, id: &MessageId) -> String {
    let query = format!("SELECT state, COALESCE(reason, '') FROM messages WHERE id = '{id}'");
    weir.rows(&query).await.remove(0).join("/")
}

/// What was tried, in order.
pub async fn attempts(weir: &TestWeir, id: &MessageId) -> Vec<String> {
    let query = format!("SELECT outcome FROM attempts WHERE message_id = '{id}' ORDER BY number");
    weir.rows(&query).await.into_iter().map(|row| row.join("/")).collect()
}

/// What the ledger has noted: cause, change, what remained.
pub async fn ledger(weir: &TestWeir) -> Vec<String> {
    let query = "SELECT cause, change, remaining FROM credit_entries ORDER BY created_at, id";
    weir.rows(query).await.into_iter().map(|row| row.join(" ")).collect()
}

/// Waits until the query gives this number.
pub async fn until(weir: &TestWeir, query: &str, number: i64) {
    while weir.number(query).await != number {
        pause(Duration::from_millis(5)).await;
    }
}

/// Waits until so many messages are in this state.
pub async fn until_state(weir: &TestWeir, state: &str, count: i64) {
    until(weir, &format!("SELECT COUNT(*) FROM messages WHERE state = '{state}'"), count).await;
}

/// Waits until nobody works and nothing can be begun before the clock moves: then it passes no call that is under way.
pub async fn until_rest(weir: &TestWeir) {
    let now = weir.clock.now();
    let query = format!(
        "SELECT COUNT(lease), COUNT(CASE WHEN lease IS NULL AND due_at <= {}
            AND NOT EXISTS (SELECT 1 FROM jobs e WHERE e.lane = j.lane AND e.id < j.id) THEN 1 END) FROM jobs j",
        now.millis()
    );
    loop {
        let counted = weir.rows(&query).await.remove(0);
        if counted[0] == "0" && (counted[1] == "0" || weir.app.jobs.rests(MINI, now).is_some()) {
            break;
        }
        pause(Duration::from_millis(2)).await;
    }
}

/// Waits until nothing is left to do.
pub async fn until_done(weir: &TestWeir) {
    while weir.number("SELECT COUNT(*) FROM jobs").await > 0 {
        let_news_go_on(weir).await;
        pause(Duration::from_millis(5)).await;
    }
}

/// WeChat's news may come before its answer does, and then wait for a clock that stands still.
pub async fn let_news_go_on(weir: &TestWeir) {
    let query = format!(
        "SELECT COUNT(*) FROM jobs WHERE kind = 'work_push' AND lease IS NULL AND due_at > {}
            AND NOT EXISTS (SELECT 1 FROM messages WHERE state = 'sending')",
        weir.clock.now().millis()
    );
    if weir.number(&query).await > 0 {
        weir.clock.advance(Duration::from_secs(2));
    }
}
