//! Every metric with its words, once: for Prometheus and for the reference.

use metrics::{describe_counter, describe_gauge, describe_histogram};

enum Kind {
    Counter,
    Gauge,
    Histogram,
}

const METRICS: &[(&str, Kind, &str, &str)] = &[
    ("weir_http_requests_total", Kind::Counter, "method, route, status", "Requests answered."),
    ("weir_http_request_seconds", Kind::Histogram, "route", "Time from the head of a request to its answer."),
    (
        "weir_http_connections_refused_total",
        Kind::Counter,
        "",
        "Connections closed at once, because their address had too many open.",
    ),
    (
        "weir_http_connections_cut_total",
        Kind::Counter,
        "why",
        "Connections cut off: unread, the peer did not take its answer; stopping, it held up the server's end.",
    ),
    (
        "weir_wechat_calls_total",
        Kind::Counter,
        "endpoint, outcome",
        "Calls to WeChat; outcome is ok or the class of the error.",
    ),
    ("weir_wechat_call_seconds", Kind::Histogram, "endpoint", "Time that WeChat took."),
    (
        "weir_messages",
        Kind::Gauge,
        "state",
        "Messages that wait (queued) or are being sent (sending), a million at the most.",
    ),
    ("weir_message_oldest_seconds", Kind::Gauge, "", "Age of the oldest message that waits."),
    (
        "weir_messages_total",
        Kind::Counter,
        "outcome",
        "Tries to send a message, by what came of them: sent, later, refused, uncertain or dead.",
    ),
    ("weir_store_batch_operations", Kind::Histogram, "", "SQLite: operations committed together."),
    (
        "weir_log_lines_dropped_total",
        Kind::Counter,
        "",
        "Log lines lost because they could not be written fast enough.",
    ),
];

pub(super) fn describe() {
    for (name, kind, _, words) in METRICS {
        match kind {
            Kind::Counter => describe_counter!(*name, *words),
            Kind::Gauge => describe_gauge!(*name, *words),
            Kind::Histogram => describe_histogram!(*name, *words),
        }
    }
}

/// `docs/reference/metrics.md`.
pub fn reference() -> String {
    let mut text = "# Metrics\n\nAt `/metrics`, in Prometheus' text format. Generated: `weir config --reference metrics`.\n\n\
        | name | kind | labels | what |\n| --- | --- | --- | --- |\n"
        .to_owned();
    for (name, kind, labels, words) in METRICS {
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        text.push_str(&format!("| `{name}` | {kind} | {labels} | {words} |\n"));
    }
    text
}
