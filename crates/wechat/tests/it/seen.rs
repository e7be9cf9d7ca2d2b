//! What metrics and logs show of a call.

use std::{
    io,
    sync::{Arc, Mutex},
};

use metrics::{
    Counter, CounterFn, Gauge, Histogram, HistogramFn, Key, KeyName, Metadata, SharedString, Unit,
};
use weir_base::tally;
use weir_wechat::Error;

use crate::server::{CODE, Reply, SECRET, Server, body, credentials};

/// Writes down every sample.
#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Vec<String>>>);

struct Sampled(Recorder, String);

impl Recorder {
    fn write(&self, line: String) {
        self.0.lock().unwrap().push(line);
    }

    fn sampled(&self, key: &Key) -> Arc<Sampled> {
        let labels = key.labels().map(|label| format!("{}={}", label.key(), label.value()));
        let labels = labels.collect::<Vec<_>>().join(",");
        Arc::new(Sampled(self.clone(), format!("{}{{{labels}}}", key.name())))
    }
}

impl CounterFn for Sampled {
    fn increment(&self, value: u64) {
        self.0.write(format!("{} +{value}", self.1));
    }

    fn absolute(&self, value: u64) {
        self.0.write(format!("{} ={value}", self.1));
    }
}

impl HistogramFn for Sampled {
    fn record(&self, value: f64) {
        let plausible = if (0.0..60.0).contains(&value) { "seconds" } else { "not seconds" };
        self.0.write(format!("{} {plausible}", self.1));
    }
}

impl metrics::Recorder for Recorder {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.sampled(key))
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(self.sampled(key))
    }
}

#[tokio::test]
async fn every_try_is_counted_by_path_and_outcome() {
    let recorder = Recorder::default();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let answer = r#"{"access_token":"x","expires_in":7200}"#;
    let server = Server::start([Reply::Cut, body(answer)]).await;
    let (token, tally) = tally::scope(server.wechat.stable_token(&credentials(), false)).await;
    assert!(token.is_ok());
    assert_eq!(tally.upstream_calls, 2);
    let expected = [
        "weir_wechat_calls_total{endpoint=/cgi-bin/stable_token,outcome=unreachable} +1",
        "weir_wechat_call_seconds{endpoint=/cgi-bin/stable_token} seconds",
        "weir_wechat_calls_total{endpoint=/cgi-bin/stable_token,outcome=ok} +1",
        "weir_wechat_call_seconds{endpoint=/cgi-bin/stable_token} seconds",
    ];
    assert_eq!(*recorder.0.lock().unwrap(), expected);
}

#[tokio::test]
async fn a_call_too_many_is_told_at_once_and_counted_without_being_sent() {
    let mut server = Server::start([Reply::Stall, body(r#"{"access_token":"x","expires_in":7200}"#)]).await;
    let wechat = crate::server::client_for(&server.api_base, &server.clock, 1);
    let stalled = wechat.clone();
    let stalled = tokio::spawn(async move { stalled.stable_token(&credentials(), true).await });
    server.wait_for_request(1).await;
    let recorder = Recorder::default();
    let guard = metrics::set_default_local_recorder(&recorder);
    for _ in 0..2 {
        let (refused, tally) = tally::scope(wechat.stable_token(&credentials(), false)).await;
        assert_eq!(refused.err(), Some(Error::Overloaded));
        assert_eq!(tally.upstream_calls, 0);
    }
    drop(guard);
    let counted = "weir_wechat_calls_total{endpoint=/cgi-bin/stable_token,outcome=overloaded} +1";
    assert_eq!(*recorder.0.lock().unwrap(), [counted, counted]);
    // Whoever goes away leaves their place to others.
    stalled.abort();
    assert!(stalled.await.is_err());
    assert!(wechat.stable_token(&credentials(), true).await.is_ok());
    assert_eq!(server.received().len(), 2);
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn the_log_names_the_call_but_nothing_that_it_carries() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);
    let refusal = r#"{"errcode":40029,"errmsg":"invalid code, rid: 64993d2c-2af40adf-01b005b5"}"#;
    let server = Server::start([body(refusal)]).await;
    let outcome = server.wechat.jscode2session(&credentials(), CODE).await;
    drop(guard);
    assert!(outcome.is_err());
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    for shown in
        ["endpoint=\"/sns/jscode2session\"", "errcode=40029", "rid=\"64993d2c-2af40adf-01b005b5\"", " ms="]
    {
        assert!(log.contains(shown), "{shown} not in {log}");
    }
    for hidden in [SECRET, CODE, "grant_type"] {
        assert!(!log.contains(hidden), "{hidden} in {log}");
    }
}
