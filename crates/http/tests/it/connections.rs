//! Connections that strangers open: how many, how long, and what a head that cannot be read is answered.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use weir_testkit::{Client, TestWeir};

use crate::support::raw;

const LIVE: &str = "GET /api/live HTTP/1.1\r\nhost: weir\r\n\r\n";

async fn connect(client: &Client) -> TcpStream {
    TcpStream::connect(client.address()).await.unwrap()
}

/// Sends a request on an open connection: whether the whole answer comes.
async fn answers(stream: &mut TcpStream) -> bool {
    if stream.write_all(LIVE.as_bytes()).await.is_err() {
        return false;
    }
    let mut came = Vec::new();
    while !came.ends_with(br#"{"status":"ok"}"#) {
        if !matches!(stream.read_buf(&mut came).await, Ok(1..)) {
            return false;
        }
    }
    came.starts_with(b"HTTP/1.1 200 OK")
}

/// How often the metric of this name and these labels counted.
async fn metric(client: &Client, name: &str) -> u64 {
    let text = client.get("/metrics").await.text;
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
    line.unwrap_or_default()
}

weir_testkit::engines! {
    async fn one_address_has_so_many_connections_and_no_more(engine) {
        let change = |setup: &mut weir_testkit::weir::Setup| setup.server.max_connections_per_address = 3;
        let Some(weir) = TestWeir::start_with(engine, change).await else { return };
        let mut open = Vec::new();
        for _ in 0..3 {
            open.push(connect(&weir.client).await);
            assert!(answers(open.last_mut().unwrap()).await);
        }
        for _ in 0..3 {
            assert!(!answers(&mut connect(&weir.client).await).await, "one too many");
        }
        drop(open.pop());
        // The server hears of the end when it comes.
        while !answers(&mut connect(&weir.client).await).await {}
        assert!(answers(&mut open[0]).await, "who was there first stays");
        drop(open);
        let page = loop {
            if let Some(page) = weir.client.try_get("/metrics").await {
                break page.text;
            }
        };
        let refused = page.lines().find_map(|line| line.strip_prefix("weir_http_connections_refused_total "));
        assert!(refused.unwrap().parse::<u32>().unwrap() >= 3, "{page}");
    }

    async fn a_trusted_proxy_has_as_many_connections_as_it_likes(engine) {
        let change = |setup: &mut weir_testkit::weir::Setup| {
            setup.server.max_connections_per_address = 2;
            setup.server.trusted_proxies = vec!["127.0.0.0/8".to_owned()];
        };
        let Some(weir) = TestWeir::start_with(engine, change).await else { return };
        let mut open = Vec::new();
        for _ in 0..20 {
            open.push(connect(&weir.client).await);
        }
        for stream in &mut open {
            assert!(answers(stream).await);
        }
    }

    async fn who_does_not_read_is_cut_off_and_who_is_silent_is_not(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let mut silent = connect(&weir.client).await;
        assert!(answers(&mut silent).await);
        let mut greedy = connect(&weir.client).await;
        let request = "GET /openapi.json HTTP/1.1\r\nhost: weir\r\n\r\n";
        // More than any buffer holds, so that writing waits for the reader.
        greedy.write_all(request.repeat(500).as_bytes()).await.unwrap();
        weir.wait_for_sleepers(1).await;
        weir.clock.advance(Duration::from_secs(29));
        assert!(answers(&mut silent).await);
        weir.clock.advance(Duration::from_secs(1));
        // A slow machine may not have been at the waiting yet, or not have counted it.
        while metric(&weir.client, "weir_http_connections_cut_total{why=\"unread\"}").await == 0 {
            weir.clock.advance(Duration::from_secs(30));
        }
        let mut came = Vec::new();
        let _cut = greedy.read_to_end(&mut came).await;
        assert!(came.len() < 500 * weir_http::openapi_json().len(), "everything came");
        assert!(metric(&weir.client, "weir_http_connections_cut_total{why=\"unread\"}").await > 0);
        weir.clock.advance(Duration::from_secs(3600));
        assert!(answers(&mut silent).await, "who waits for nothing is not cut off");
    }

    async fn who_reads_slowly_gets_everything(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let mut slow = connect(&weir.client).await;
        let request = "GET /openapi.json HTTP/1.1\r\nhost: weir\r\n\r\n";
        let last = "GET /openapi.json HTTP/1.1\r\nhost: weir\r\nconnection: close\r\n\r\n";
        slow.write_all((request.repeat(200) + last).as_bytes()).await.unwrap();
        weir.wait_for_sleepers(1).await;
        let mut came = 0;
        let mut piece = vec![0; 1 << 20];
        loop {
            // Each piece that is taken in begins the time anew.
            weir.clock.advance(Duration::from_secs(1));
            match slow.read(&mut piece).await.unwrap() {
                0 => break,
                count => came += count,
            }
        }
        assert!(came > 201 * weir_http::openapi_json().len(), "{came} bytes came");
    }

    async fn what_cannot_be_read_is_refused_in_our_words(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let many = "a: b\r\n".repeat(101);
        for (request, status, detail) in [
            ("nonsense\r\n\r\n".to_owned(), 400, "request is no HTTP/1.1 that can be read"),
            ("GET / HTTP/9.9\r\n\r\n".to_owned(), 400, "request is no HTTP/1.1 that can be read"),
            ("GET / HTTP/1.1\r\na b: c\r\n\r\n".to_owned(), 400, "request is no HTTP/1.1 that can be read"),
            (format!("GET /x HTTP/1.1\r\n{many}\r\n"), 431, "request has a head that is too large"),
        ] {
            let (told, answer) = raw(&weir.client, request.as_bytes()).await;
            assert_eq!(told, status, "{answer}");
            let (head, body) = answer.split_once("\r\n\r\n").unwrap();
            let header = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
            assert_eq!(header("content-type"), Some("application/problem+json"), "{answer}");
            assert_eq!(header("x-content-type-options"), Some("nosniff"), "{answer}");
            assert_eq!(header("cache-control"), Some("no-store"), "{answer}");
            assert_eq!(header("connection"), Some("close"), "{answer}");
            assert!(header("date").is_some(), "{answer}");
            assert_eq!(header("content-length"), Some(&*body.len().to_string()), "{answer}");
            let body: serde_json::Value = serde_json::from_str(body).unwrap();
            assert_eq!((&body["status"], &body["detail"]), (&status.into(), &detail.into()));
            assert_eq!(body["request_id"].as_str(), header("x-request-id"));
        }
        assert_eq!(weir.client.get("/api/live").await.status, 200);
    }

    async fn what_cannot_be_read_wears_the_envelope_of_its_path(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let request = "POST /api/v1/auth/wx-login?code=secret HTTP/1.1\r\nhost weir\r\n\r\n";
        let (status, answer) = raw(&weir.client, request.as_bytes()).await;
        assert_eq!(status, 400, "{answer}");
        let body: serde_json::Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
        assert_eq!(body["message"], "参数错误: request is no HTTP/1.1 that can be read");
        assert_eq!(body["path"], "/api/v1/auth/wx-login");
        assert!(!answer.contains("secret"), "{answer}");
        let (status, answer) = raw(&weir.client, b"HEAD /api/v1/x HTTP/1.1\r\nhost weir\r\n\r\n").await;
        assert_eq!((status, answer.split_once("\r\n\r\n").unwrap().1), (400, ""), "{answer}");
    }

    async fn a_head_that_cannot_be_read_after_a_good_request_is_told_too(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let mut stream = connect(&weir.client).await;
        assert!(answers(&mut stream).await);
        stream.write_all(b"GET /api/v1/y HTTP/1.1\r\nhost weir\r\n\r\n").await.unwrap();
        let mut rest = String::new();
        let _ended = stream.read_to_string(&mut rest).await;
        assert!(rest.contains("HTTP/1.1 400 Bad Request") && rest.contains("/api/v1/y"), "{rest}");
    }
}
