//! News as they happen.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};
use weir_testkit::{TestWeir, phone::host_token};

use super::{LOGIN, generate, text};

/// A browser that listens.
struct Listener {
    lines: BufReader<TcpStream>,
    status: String,
    head: String,
}

#[derive(Debug, PartialEq)]
enum Heard {
    Event { id: i64, data: Value },
    Comment,
    End,
}

impl Listener {
    async fn start(address: &str, path: &str, headers: &str) -> Self {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request =
            format!("GET {path} HTTP/1.1\r\nhost: {address}\r\naccept: text/event-stream\r\n{headers}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut lines = BufReader::new(stream);
        let mut status = String::new();
        lines.read_line(&mut status).await.unwrap();
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            lines.read_line(&mut head).await.unwrap();
        }
        Self { lines, status, head }
    }

    /// One chunk holds one event or comment.
    async fn next(&mut self) -> Heard {
        let mut text = String::new();
        let mut size = String::new();
        self.lines.read_line(&mut size).await.unwrap();
        let size = usize::from_str_radix(size.trim(), 16).unwrap();
        if size == 0 {
            return Heard::End;
        }
        while text.len() < size {
            self.lines.read_line(&mut text).await.unwrap();
        }
        let mut end = String::new();
        self.lines.read_line(&mut end).await.unwrap();
        if text.starts_with(':') {
            return Heard::Comment;
        }
        let field =
            |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim().to_owned();
        assert_eq!(field("event:"), "status");
        Heard::Event {
            id: field("id:").parse().unwrap(),
            data: serde_json::from_str(&field("data:")).unwrap(),
        }
    }

    /// The status that the next event tells, with its id.
    async fn told(&mut self) -> (i64, String) {
        match self.next().await {
            Heard::Event { id, data } => (id, text(&data["status"]).to_owned()),
            other => panic!("no event: {other:?}"),
        }
    }
}

fn path(session: &Value) -> String {
    format!("/api/wechat/status/{}/events", text(&session["session_id"]))
}

fn bearer(weir: &TestWeir, user: u64) -> String {
    let exp = weir.clock.now().seconds() + 3600;
    format!("authorization: Bearer {}\r\n", host_token(&serde_json::json!({"user_id": user, "exp": exp})))
}

async fn listen(weir: &TestWeir, session: &Value, more: &str) -> Listener {
    let headers = bearer(weir, 106) + more;
    Listener::start(weir.client.address(), &path(session), &headers).await
}

weir_testkit::engines! {
    async fn each_change_is_told_until_the_last(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let session = generate(&weir.host(106)).await;
        let mut listener = listen(&weir, &session, "").await;
        assert!(listener.status.contains(" 200 "), "{}", listener.status);
        assert!(listener.head.to_lowercase().contains("content-type: text/event-stream"));
        let Heard::Event { id, data } = listener.next().await else { panic!("no event") };
        let asked = weir.host(106).get(&format!("/api/wechat/status/{}", text(&session["session_id"]))).await;
        assert_eq!((id, &data), (1, asked.data()), "the same object as of status");
        let phone = weir.phone("alice");
        let asked = phone.consent(text(&session["qr_code_data"])).await;
        assert_eq!(listener.told().await, (2, "scanned".to_owned()));
        phone.tap(&asked, "confirm").await.says(200, "WeChat is bound");
        assert_eq!(listener.told().await, (3, "confirmed".to_owned()));
        assert_eq!(listener.next().await, Heard::End);
    }

    async fn a_change_of_another_replica_is_told_too(engine) {
        let Some(mut weir) = TestWeir::start(engine).await else { return };
        let (_, second) = weir.replica().await;
        let session = generate(&weir.host(106)).await;
        let headers = bearer(&weir, 106);
        let mut listener = Listener::start(second.address(), &path(&session), &headers).await;
        assert_eq!(listener.told().await.1, "pending");
        let phone = weir.phone("alice");
        let asked = phone.consent(text(&session["qr_code_data"])).await;
        assert_eq!(listener.told().await.1, "scanned");
        phone.tap(&asked, "refuse").await.says(200, "Refused");
        assert_eq!(listener.told().await, (3, "expired".to_owned()));
        assert_eq!(listener.next().await, Heard::End);
    }

    async fn many_listeners_are_all_told(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let session = generate(&weir.host(106)).await;
        let mut listeners = Vec::new();
        for _ in 0..50 {
            let mut listener = listen(&weir, &session, "").await;
            assert_eq!(listener.told().await.1, "pending");
            listeners.push(listener);
        }
        weir.phone("alice").scan(text(&session["qr_code_data"])).await;
        for listener in &mut listeners {
            assert_eq!(listener.told().await.1, "scanned");
        }
        assert_eq!(weir.app.live.watchers(), 50);
    }

    async fn whoever_comes_back_hears_what_they_missed_and_no_more(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let session = generate(&weir.host(106)).await;
        let phone = weir.phone("alice");
        let asked = phone.consent(text(&session["qr_code_data"])).await;
        let mut missed = listen(&weir, &session, "last-event-id: 1\r\n").await;
        assert_eq!(missed.told().await, (2, "scanned".to_owned()));
        let mut knows = listen(&weir, &session, "last-event-id: 2\r\n").await;
        phone.tap(&asked, "confirm").await.says(200, "WeChat is bound");
        assert_eq!(knows.told().await, (3, "confirmed".to_owned()), "scanned was not told again");
        let over = listen(&weir, &session, "last-event-id: 3\r\n").await;
        assert!(over.status.contains(" 204 "), "{}", over.status);
        let mut late = listen(&weir, &session, "last-event-id: nonsense\r\n").await;
        assert_eq!(late.told().await, (3, "confirmed".to_owned()));
        assert_eq!(late.next().await, Heard::End);
    }

    async fn the_end_of_time_is_told_and_a_comment_every_fifteen_seconds(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let session = generate(&weir.host(106)).await;
        let mut listener = listen(&weir, &session, "").await;
        assert_eq!(listener.told().await.1, "pending");
        for _ in 0..19 {
            weir.wait_for_sleepers(1).await;
            weir.clock.advance(Duration::from_millis(14_999));
            weir.clock.advance(Duration::from_millis(1));
            assert_eq!(listener.next().await, Heard::Comment);
        }
        weir.wait_for_sleepers(1).await;
        weir.clock.advance(Duration::from_secs(15));
        assert_eq!(listener.told().await, (2, "expired".to_owned()));
        assert_eq!(listener.next().await, Heard::End);
    }

    async fn too_many_listeners_are_told_to_ask_instead(engine) {
        let Some(weir) = TestWeir::start_with(engine, |setup| setup.core.binding.max_watchers = 1).await else { return };
        let session = generate(&weir.host(106)).await;
        let first = listen(&weir, &session, "").await;
        let second = listen(&weir, &session, "").await;
        assert!(second.status.contains(" 503 "), "{}", second.status);
        assert!(second.head.to_lowercase().contains("retry-after"));
        drop(first);
    }

    async fn one_user_cannot_use_up_the_listeners_of_all(engine) {
        let Some(weir) = TestWeir::start_with(engine, |setup| setup.core.binding.max_watchers_each = 2).await else { return };
        let mut kept = Vec::new();
        for user in [106, 107] {
            let session = generate(&weir.host(user)).await;
            let path = format!("/api/wechat/status/{}/events", text(&session["session_id"]));
            let claims = json!({ "user_id": user, "exp": weir.clock.now().seconds() + 60 });
            let bearer = format!("authorization: Bearer {}\r\n", host_token(&claims));
            for n in 0..3 {
                let listener = Listener::start(weir.client.address(), &path, &bearer).await;
                assert_eq!(listener.status.contains(" 503 "), n == 2, "{}", listener.status);
                kept.push(listener);
            }
        }
        // Whoever goes makes room; the server sees it a moment later.
        kept.clear();
        let session = generate(&weir.host(106)).await;
        while !listen(&weir, &session, "").await.status.contains(" 200 ") {}
    }

    async fn a_sign_in_tells_how_far_it_is_and_no_token(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let session = generate(&weir.host(106)).await;
        weir.phone("alice").confirm(text(&session["qr_code_data"])).await.says(200, "WeChat is bound");
        let started = weir.client.post_empty(LOGIN).await.data().clone();
        let path = format!("{LOGIN}/{}/events", text(&started["session_id"]));
        let poll = format!("x-poll-token: {}\r\n", text(&started["poll_token"]));
        let mut listener = Listener::start(weir.client.address(), &path, &poll).await;
        assert_eq!(listener.told().await.1, "pending");
        weir.phone("alice").confirm(text(&started["qr_code_data"])).await.says(200, "Signed in");
        // Scanned and confirmed may have become one.
        loop {
            let Heard::Event { data, .. } = listener.next().await else { panic!("ended early") };
            assert_eq!(data.as_object().unwrap().len(), 4, "{data}");
            if data["status"] == "confirmed" {
                break;
            }
        }
        assert_eq!(listener.next().await, Heard::End);
    }
}
