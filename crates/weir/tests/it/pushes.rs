//! `kill -9` while WeChat pushes: what was acknowledged is worked on, once.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use nix::sys::signal::Signal;
use serde_json::json;
use tokio::sync::Notify;
use weir_base::{Clock, Dice, Secret, clock::pause};
use weir_testkit::{
    Client, ONCE, TestDatabase,
    scenes::together,
    wechat_push::{AesKey, message_signature},
};

use crate::process::{MINI, Server, Simulator};

const TOKEN: &str = "Token7";
const KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
const ROUNDS: usize = 5;
const SENDERS: usize = 100;

fn start(directory: &Path, database: &TestDatabase, simulator: &Simulator) -> Server {
    let variables = [
        ("WEIR_DATABASE__URL", database.url()),
        ("WEIR_LIMITS__ENABLED", "false"),
        ("WEIR_ENGAGEMENT__LEASE", "1s"),
        ("WEIR_APPS__MINI__TOKEN", TOKEN),
        ("WEIR_APPS__MINI__AES_KEY", KEY),
    ];
    Server::start(directory, &simulator.base, &variables)
}

/// WeChat tells that somebody accepted a message; whether that was acknowledged.
async fn accept(client: &Client, sender: &str) -> bool {
    let timestamp = Clock::system().now().seconds().to_string();
    let event = json!({ "ToUserName": "gh_1", "FromUserName": sender, "CreateTime": 1_795_161_600, "MsgType": "event",
        "Event": "subscribe_msg_popup_event",
        "List": { "TemplateId": ONCE, "SubscribeStatusString": "accept", "PopupScene": "0" } });
    let key = AesKey::parse(&Secret::new(KEY)).expect("a key");
    let sealed = key.encrypt(event.to_string().as_bytes(), MINI, b"0123456789abcdef");
    let proof = message_signature(&Secret::new(TOKEN), &timestamp, sender, &sealed);
    let path = format!("/wechat/push/mini?timestamp={timestamp}&nonce={sender}&msg_signature={proof}");
    let Some(answer) = client.try_post(&path, &json!({ "Encrypt": sealed })).await else { return false };
    assert_eq!((answer.status, answer.text.as_str()), (200, "success"));
    true
}

weir_testkit::engines! {
    async fn every_acknowledged_push_is_worked_on_once_whenever_the_server_is_killed(engine) {
        let Some(database) = TestDatabase::create(engine).await else { return };
        let simulator = Simulator::start();
        let directory = tempfile::tempdir().unwrap();
        let dice = Dice::seeded(11);
        let mut told = Vec::new();
        for round in 0..ROUNDS {
            let server = start(directory.path(), &database, &simulator);
            let enough = 1 + usize::try_from(dice.number() % 60).unwrap();
            let answers = Arc::new((AtomicUsize::new(0), Notify::new()));
            let pushed = together((0..SENDERS).map(|number| {
                let (client, sender) = (server.client.clone(), format!("o-{round}-{number}"));
                let answers = Arc::clone(&answers);
                async move {
                    let accepted = accept(&client, &sender).await;
                    answers.0.fetch_add(1, Ordering::SeqCst);
                    answers.1.notify_one();
                    accepted.then_some(sender)
                }
            }));
            let kill = async {
                while answers.0.load(Ordering::SeqCst) < enough {
                    answers.1.notified().await;
                }
                server.process.signal(Signal::SIGKILL);
            };
            let (pushed, ()) = tokio::join!(pushed, kill);
            assert_eq!(server.process.ended().code, None, "it did not end by itself");
            told.extend(pushed.into_iter().flatten());
        }
        assert!(!told.is_empty());
        let server = start(directory.path(), &database, &simulator);
        // Whatever WeChat had no answer to, it pushes again; and some that it had one to.
        for sender in told.iter().take(20) {
            assert!(accept(&server.client, sender).await);
        }
        while database.rows("SELECT COUNT(*) FROM jobs").await != [["0"]] {
            pause(Duration::from_millis(20)).await;
        }
        assert_eq!(database.rows("SELECT COUNT(*) FROM pushes WHERE state <> 'worked'").await, [["0"]]);
        let credits = database.rows("SELECT openid, remaining FROM credits").await;
        assert!(credits.iter().all(|row| row[1] == "1"), "an accept was counted twice: {credits:?}");
        for sender in told {
            assert!(credits.iter().any(|row| row[0] == sender), "{sender} was acknowledged and lost");
        }
    }
}
