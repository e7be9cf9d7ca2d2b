use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::*;
use crate::{
    client::request,
    script::{Pool, drain},
};

/// A server that gives its answers in turn, whatever is asked, and closes the connection after one that is empty.
async fn scripted(answers: &'static [&'static str]) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let count = Arc::clone(&count);
            tokio::spawn(async move {
                let mut buffer = [0; 4096];
                while stream.read(&mut buffer).await.is_ok_and(|length| length > 0) {
                    let answer = answers[count.fetch_add(1, Ordering::SeqCst) % answers.len()];
                    if answer.is_empty() || stream.write_all(answer.as_bytes()).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    (address, asked)
}

const GOOD: &str = "HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n{\"code\":\"c-1\"}";
const BAD: &str = "HTTP/1.1 500 Oh\r\nContent-Length: 4\r\n\r\noops";
const LAST: &str = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 14\r\n\r\n{\"code\":\"c-2\"}";

fn plan(server: SocketAddr) -> Plan {
    // The scripts run dry long before: no outcome here depends on time.
    Plan { server, duration: Duration::from_secs(100), pace: None }
}

fn asking(count: usize) -> Arc<Pool> {
    Pool::new((0..count).map(|_| request("GET", "/", None, None)).collect())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_request_is_sent_once_and_its_answer_is_collected() {
    let (server, asked) = scripted(&[GOOD]).await;
    let pool = asking(500);
    let outcome = drive(plan(server), drain(&pool, 8, Some("code"))).await.unwrap();
    assert_eq!((outcome.answered(), outcome.errors), (500, 0));
    assert_eq!(asked.load(Ordering::SeqCst), 500);
    assert_eq!(pool.collected(), vec!["c-1"; 500]);
    assert!(outcome.per_second() > 0.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_answers_are_counted_and_the_first_is_kept() {
    let (server, _) = scripted(&[GOOD, BAD, GOOD]).await;
    let outcome = drive(plan(server), drain(&asking(30), 1, Some("code"))).await.unwrap();
    assert_eq!((outcome.answered(), outcome.errors), (20, 10));
    assert_eq!(outcome.first_error.as_deref(), Some("status 500: oops"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_without_what_was_asked_for_is_bad() {
    let (server, _) = scripted(&[GOOD]).await;
    let outcome = drive(plan(server), drain(&asking(3), 2, Some("session_key"))).await.unwrap();
    assert_eq!((outcome.answered(), outcome.errors), (0, 3));
    assert_eq!(outcome.first_error.as_deref(), Some(r#"no "session_key" in the answer: {"code":"c-1"}"#));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_connection_is_opened_again_and_is_an_error_only_without_an_answer() {
    let (server, _) = scripted(&[LAST]).await;
    let outcome = drive(plan(server), drain(&asking(10), 2, None)).await.unwrap();
    assert_eq!((outcome.answered(), outcome.errors), (10, 0));

    let (server, _) = scripted(&[GOOD, ""]).await;
    let outcome = drive(plan(server), drain(&asking(10), 1, None)).await.unwrap();
    assert_eq!((outcome.answered(), outcome.errors), (5, 5));
    let error = outcome.first_error.unwrap();
    assert!(error.contains("closed the connection after 0 bytes"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_listening_is_an_error_not_a_hang() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = listener.local_addr().unwrap();
    drop(listener);
    let error = drive(plan(server), drain(&asking(1), 1, None)).await.err().unwrap();
    assert!(error.to_string().starts_with("cannot connect to "), "{error:#}");
}

#[test]
fn gaps_are_exponential() {
    let dice = Dice::seeded(7);
    let gaps: Vec<f64> = (0..20_000).map(|_| gap(dice.number(), 200.0).as_secs_f64()).collect();
    let mean = gaps.iter().sum::<f64>() / 20_000.0;
    assert!((mean - 0.005).abs() < 0.0002, "mean gap {mean}");
    // Of an exponential distribution, 63 % lie below the mean.
    let below = gaps.iter().filter(|&&gap| gap < 0.005).count();
    assert!((12_400..12_900).contains(&below), "{below} of 20000 below the mean");
    assert!(gap(0, 200.0) < Duration::from_secs(1) && gap(u64::MAX, 200.0) < Duration::from_nanos(10));
}
