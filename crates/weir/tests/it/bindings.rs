//! `kill -9` while phones confirm: a binding that a phone was told of is there, and a code that was scanned goes on.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU64, Ordering},
};

use nix::sys::signal::Signal;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::Notify,
    task::JoinSet,
};
use weir_testkit::{Client, OFFICIAL, Phone, TestDatabase, phone::sign};

use crate::process::{SECRET, Server, Simulator, control};

const AT_ONCE: u64 = 4;

fn start(directory: &std::path::Path, database: &TestDatabase, simulator: &Simulator) -> Server {
    let variables = [
        ("WEIR_DATABASE__URL", database.url()),
        ("WEIR_LIMITS__ENABLED", "false"),
        ("WEIR_WECHAT__OPEN_BASE", simulator.base.as_str()),
        ("WECHAT_APP_ID", OFFICIAL),
        ("WECHAT_APP_SECRET", "demo-secret-official"),
    ];
    Server::start(directory, &simulator.base, &variables)
}

fn host(server: &Client, user: u64) -> Client {
    let exp = weir_base::Clock::system().now().seconds() + 3600;
    server.with_bearer(sign(&json!({ "sub": user.to_string(), "exp": exp }), SECRET))
}

async fn phone(server: &Server, simulator: &Simulator, user: u64) -> Phone {
    let name = format!("person{user}");
    control(&simulator.client, "/_sim/users", &json!({ "name": name, "nickname": name })).await;
    Phone::new(&name, vec![format!("http://{}", server.address)])
}

async fn generate(user: &Client) -> Value {
    user.post_empty("/api/wechat/generate-qr").await.data().clone()
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

#[tokio::test]
async fn whoever_waits_for_news_does_not_keep_the_server_from_ending() {
    let Some(database) = TestDatabase::create(weir_testkit::Engine::Sqlite).await else { return };
    let (simulator, directory) = (Simulator::start(), tempfile::tempdir().unwrap());
    let server = start(directory.path(), &database, &simulator);
    let exp = weir_base::Clock::system().now().seconds() + 3600;
    let token = sign(&json!({ "sub": "1", "exp": exp }), SECRET);
    let session = generate(&server.client.with_bearer(token.as_str())).await;
    let path = format!("/api/wechat/status/{}/events", text(&session["session_id"]));
    let mut listening = tokio::net::TcpStream::connect(&server.address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: weir\r\nauthorization: Bearer {token}\r\n\r\n");
    listening.write_all(request.as_bytes()).await.unwrap();
    let mut heard = Vec::new();
    while !heard.windows(7).any(|seen| seen == b"pending") {
        assert!(listening.read_buf(&mut heard).await.unwrap() > 0);
    }
    server.process.signal(Signal::SIGTERM);
    assert_eq!(server.process.ended().code, Some(0));
    listening.read_to_end(&mut heard).await.unwrap();
    assert!(heard.ends_with(b"0\r\n\r\n"), "it was told that nothing more comes");
}

weir_testkit::engines! {
    async fn a_confirmed_binding_survives_a_kill_and_a_scanned_code_goes_on(engine) {
        let Some(database) = TestDatabase::create(engine).await else { return };
        let (simulator, directory) = (Simulator::start(), tempfile::tempdir().unwrap());
        let server = start(directory.path(), &database, &simulator);
        let halfway = generate(&host(&server.client, 0)).await;
        let slow = phone(&server, &simulator, 0).await;
        let asked = slow.consent(text(&halfway["qr_code_data"])).await;
        asked.says(200, "value=\"confirm\"");

        let (told, more) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Notify::new()));
        let next = Arc::new(AtomicU64::new(1));
        let mut ready = Vec::new();
        for user in 1..=40 {
            let client = host(&server.client, user);
            let session = generate(&client).await;
            let phone = phone(&server, &simulator, user).await;
            ready.push((user, phone.clone(), phone.consent(text(&session["qr_code_data"])).await, session));
        }
        let ready = Arc::new(ready);
        let mut phones = JoinSet::new();
        for _ in 0..AT_ONCE {
            let (ready, next, told, more) = (Arc::clone(&ready), Arc::clone(&next), Arc::clone(&told), Arc::clone(&more));
            phones.spawn(async move {
                while let Some((user, phone, asked, session)) =
                    ready.get(usize::try_from(next.fetch_add(1, Ordering::SeqCst) - 1).unwrap())
                {
                    let (url, fields) = phone.filled(asked, "confirm");
                    let Some(page) = phone.try_post(&url, fields).await else { return };
                    page.says(200, "WeChat is bound");
                    told.lock().unwrap().push((*user, session.clone()));
                    more.notify_one();
                }
            });
        }
        while told.lock().unwrap().len() < 15 {
            more.notified().await;
        }
        server.process.signal(Signal::SIGKILL);
        assert_eq!(server.process.ended().code, None, "it did not end by itself");
        phones.join_all().await;

        let server = start(directory.path(), &database, &simulator);
        let told = told.lock().unwrap().clone();
        assert!(told.len() >= 15);
        for (user, session) in told {
            let client = host(&server.client, user);
            assert_eq!(client.get("/api/wechat/binding").await.data()["user_id"], user);
            let status = client.get(&format!("/api/wechat/status/{}", text(&session["session_id"]))).await;
            assert_eq!(status.data()["status"], "confirmed");
        }
        let (_, fields) = slow.filled(&asked, "confirm");
        let moved = slow.at(&server.address);
        moved.post(&format!("http://{}/s/decision", server.address), fields).await.says(200, "WeChat is bound");
        assert_eq!(host(&server.client, 0).get("/api/wechat/binding").await.data()["user_id"], 0);
    }
}
