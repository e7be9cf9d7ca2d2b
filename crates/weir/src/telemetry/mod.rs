//! Log lines and metrics.

mod format;
mod metrics;

use std::{
    io::{self, IsTerminal},
    sync::{Arc, OnceLock},
};

use anyhow::{Context, Result};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::{
    EnvFilter, Layer, Registry,
    filter::{FilterExt, filter_fn},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};
use weir_base::lines::{Lines, LinesGuard};

use crate::config::{LogFormat, LogSettings, Rotation};

pub use metrics::reference as metrics_reference;

/// Writes what is waiting when it is dropped.
#[derive(Default)]
pub struct Guard {
    _lines: Vec<LinesGuard>,
}

/// Starts the log. A second start in one process (tests) changes nothing.
pub fn start(settings: &LogSettings) -> Result<Guard> {
    let chosen = EnvFilter::try_new(&settings.level);
    let chosen = chosen.with_context(|| format!("log.level: {:?}", settings.level))?;
    let terminal = io::stdout().is_terminal();
    let (lines, guard) = Lines::to(io::stdout())?;
    let _ = LINES.set(lines.clone());
    let mut guards = vec![guard];
    let pretty = settings.format == LogFormat::Pretty || (settings.format == LogFormat::Auto && terminal);
    let mut layers = vec![if pretty {
        let layer = tracing_subscriber::fmt::layer().with_ansi(terminal).with_target(false);
        layer.with_writer(move || lines.clone()).boxed()
    } else {
        json(lines)
    }];
    if let Some(directory) = &settings.directory {
        let (lines, guard) = Lines::to(log_files(settings, directory)?)?;
        guards.push(guard);
        layers.push(json(lines));
    }
    let filter = chosen.and(filter_fn(is_fit_to_log));
    let _ = tracing_subscriber::registry().with(layers.with_filter(filter)).try_init();
    Ok(Guard { _lines: guards })
}

fn json(lines: Lines) -> Box<dyn Layer<Registry> + Send + Sync> {
    let layer = tracing_subscriber::fmt::layer().event_format(format::Json).fmt_fields(format::SpanFields);
    layer.with_writer(move || lines.clone()).boxed()
}

/// What libraries say of their work may quote what they work on: tokio-postgres names every parameter of a statement,
/// hyper every header. They may only warn, whatever the level.
fn is_fit_to_log(meta: &tracing::Metadata<'_>) -> bool {
    *meta.level() <= tracing::Level::WARN || meta.target().starts_with("weir")
}

fn log_files(
    settings: &LogSettings,
    directory: &str,
) -> Result<tracing_appender::rolling::RollingFileAppender> {
    use tracing_appender::rolling::{RollingFileAppender, Rotation as Every};
    let every = match settings.rotation {
        Rotation::Daily => Every::DAILY,
        Rotation::Hourly => Every::HOURLY,
        Rotation::Never => Every::NEVER,
    };
    RollingFileAppender::builder()
        .rotation(every)
        .filename_prefix("weir")
        .filename_suffix("log")
        .max_log_files(settings.keep.max(1))
        .build(directory)
        .with_context(|| format!("log.directory: {directory:?} cannot be written to"))
}

/// The lines of the first log that was started: `/metrics` tells how many were dropped.
static LINES: OnceLock<Lines> = OnceLock::new();

static HANDLE: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// Sorts what was measured into its buckets. Until then each measurement takes memory, so this is done every second, and
/// not only when somebody looks at `/metrics`.
pub(crate) fn upkeep() {
    if let Some(Some(handle)) = HANDLE.get() {
        handle.run_upkeep();
    }
}

/// Installs the metrics recorder, once in a process, and answers what renders the page at `/metrics`.
pub fn metrics() -> Arc<dyn Fn() -> String + Send + Sync> {
    let handle = HANDLE.get_or_init(|| {
        let seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
        let counts = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];
        let builder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &seconds)
            .and_then(|builder| {
                builder.set_buckets_for_metric(Matcher::Suffix("_operations".to_owned()), &counts)
            });
        let handle = builder.ok().and_then(|builder| builder.install_recorder().ok());
        metrics::describe();
        handle
    });
    Arc::new(move || {
        let dropped = LINES.get().map_or(0, Lines::dropped);
        ::metrics::counter!("weir_log_lines_dropped_total").absolute(dropped);
        handle.as_ref().map(PrometheusHandle::render).unwrap_or_default()
    })
}
