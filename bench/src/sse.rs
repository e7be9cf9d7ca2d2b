//! Watchers: browsers that wait for news of one QR code as server-sent events. What each costs in memory, and how long
//! after the scan the last one is told.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::{Context, Result, anyhow, bail};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use clap::Args;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
};

use crate::{
    client::{Connection, field, request},
    hosts::{Hosts, OpenQr},
    measure, report,
    results::median,
    say,
    stage::{Engine, Gateway, Stage},
    time,
};

/// As many as the target is about.
pub const WATCHERS: usize = 10_000;
/// Tasks that open the connections and, each in turn, hear what its watchers are told.
const TASKS: usize = 32;
const ROUNDS: usize = 3;
/// For opening all, and for telling all.
const PATIENCE: Duration = Duration::from_secs(60);
/// Files that are no watchers: the gateway's database and logs, requests that go on beside them.
const RESERVED: u64 = 128;
/// An event with its picture takes two or three kilobytes.
const LARGEST: usize = 64 << 10;

#[derive(Args, Clone, Debug)]
pub struct SseArgs {
    /// Browsers that wait at once
    #[arg(long, default_value_t = WATCHERS, value_parser = watchers)]
    watchers: usize,
}

fn watchers(text: &str) -> Result<usize, String> {
    let count: usize = text.parse().map_err(|_| "must be a number".to_owned())?;
    (1..=WATCHERS).contains(&count).then_some(count).ok_or_else(|| format!("must be 1 to {WATCHERS}"))
}

/// On one engine.
#[derive(Clone, Copy, Debug)]
pub struct Figures {
    pub engine: Engine,
    pub watchers: usize,
    /// Resident bytes of the gateway for each watcher, above those of a gateway just started.
    pub bytes_each: f64,
    /// From sending the scan until the last watcher has read of it.
    pub told: Duration,
}

/// Measures on SQLite by itself.
pub async fn run(args: &SseArgs) -> Result<()> {
    let weir = std::env::current_exe()?.with_file_name("weir");
    let stage = Stage::start(&weir, &[Engine::Sqlite]).await?;
    let found = measure(stage.gateway(Engine::Sqlite)?, args.watchers).await?;
    stage.end().await?;
    say(&report::sse_table(&[found]));
    Ok(())
}

/// Measures on a gateway that was just started. Fewer watch where the limit of open files has no room for all.
pub async fn measure(gateway: &Gateway, watchers: usize) -> Result<Figures> {
    let count = watchers.min(room()?);
    let mut hosts = Hosts::default();
    // What the first of all requests needs is nobody's in particular.
    let qr = hosts.open(gateway, 1).await?.pop().context("no QR code")?;
    drop(watch(gateway.server.address, &qr, 1).await?);
    let before = memory(gateway).await?;
    let (mut after, mut told) = (None, Vec::new());
    for _ in 0..ROUNDS {
        let qr = hosts.open(gateway, 1).await?.pop().context("no QR code")?;
        let watching = watch(gateway.server.address, &qr, count).await?;
        // Later rounds find memory that was given back and not returned to the system.
        if after.is_none() {
            after = Some(memory(gateway).await?);
        }
        told.push(scan(gateway.server.address, watching).await?.as_secs_f64());
    }
    let grown = after.unwrap_or(before).saturating_sub(before);
    let bytes_each = crate::load::float(grown) / crate::load::float(count as u64);
    Ok(Figures {
        engine: gateway.engine,
        watchers: count,
        bytes_each,
        told: Duration::from_secs_f64(median(told)),
    })
}

/// How many watchers the limit of open files has room for, raised as far as the system lets us: the gateway keeps as
/// many files for calls to WeChat as for connections.
fn room() -> Result<usize> {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard)?;
    let room = (hard.saturating_sub(RESERVED) / 2).saturating_sub(RESERVED);
    match usize::try_from(room).unwrap_or(usize::MAX) {
        0 => bail!("the limit of open files ({hard}) has no room for watchers"),
        room => Ok(room),
    }
}

async fn memory(gateway: &Gateway) -> Result<u64> {
    measure::idle(&gateway.server.process).await?;
    Ok(gateway.server.process.memory()?.now)
}

/// One browser that waits.
struct Watcher {
    stream: TcpStream,
    heard: Vec<u8>,
}

type Watching = Vec<Vec<Watcher>>;

/// Opens `count` watchers; each has been told how the code is now.
async fn watch(server: SocketAddr, qr: &OpenQr, count: usize) -> Result<Watching> {
    let path = format!("/api/wechat/status/{}/events", qr.session);
    let request: Arc<[u8]> = request("GET", &path, Some(&qr.token), None).into();
    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        let request = Arc::clone(&request);
        let share = count / TASKS + usize::from(task < count % TASKS);
        tasks.spawn(async move {
            let mut watchers = Vec::with_capacity(share);
            for _ in 0..share {
                let mut stream = TcpStream::connect(server).await?;
                stream.write_all(&request).await?;
                let mut watcher = Watcher { stream, heard: Vec::new() };
                watcher.hear("pending").await?;
                watchers.push(watcher);
            }
            anyhow::Ok(watchers)
        });
    }
    time::within(PATIENCE, "opening watchers", all(tasks)).await?
}

/// Scans the code as a phone does, and answers how long it took until all who watch had read of it.
async fn scan(server: SocketAddr, watching: Watching) -> Result<Duration> {
    let picture = watching.iter().flatten().next().context("nobody watches")?.picture()?;
    let path = read(&picture)?;
    let mut phone = Connection::open(server).await?;
    let mut tasks = JoinSet::new();
    for mut watchers in watching {
        tasks.spawn(async move {
            for watcher in &mut watchers {
                watcher.heard.clear();
                watcher.hear("scanned").await?;
            }
            anyhow::Ok(watchers)
        });
    }
    let begin = time::now();
    let status = phone.call(&request("GET", &path, None, None)).await?.status;
    if status != 302 {
        bail!("the scan was answered with status {status}");
    }
    // None is closed before the last was told.
    let told = time::within(PATIENCE, "telling watchers", all(tasks)).await??;
    let took = begin.elapsed();
    drop(told);
    Ok(took)
}

async fn all(mut tasks: JoinSet<Result<Vec<Watcher>>>) -> Result<Watching> {
    let mut shares = Vec::new();
    while let Some(share) = tasks.join_next().await {
        shares.push(share.context("a task panicked")??);
    }
    Ok(shares)
}

impl Watcher {
    /// Reads until the end of an event that tells this status.
    async fn hear(&mut self, status: &str) -> Result<()> {
        let mut buffer = [0; 4096];
        loop {
            let count = self.stream.read(&mut buffer).await?;
            self.heard.extend_from_slice(&buffer[..count]);
            let is_whole = self.heard.ends_with(b"\n\n\r\n");
            if is_whole && field(&self.heard, "status") == Some(status) {
                return Ok(());
            }
            if count == 0 || self.heard.len() > LARGEST {
                let heard = &self.heard[..self.heard.len().min(300)];
                bail!("a watcher was not told {status:?}: {}", String::from_utf8_lossy(heard));
            }
        }
    }

    fn picture(&self) -> Result<String> {
        Ok(field(&self.heard, "qr_code_data").context("no QR code in the event")?.to_owned())
    }
}

/// The path of the address that a QR code says.
fn read(picture: &str) -> Result<String> {
    let png = STANDARD.decode(picture)?;
    let mut decoder = png::Decoder::new(std::io::Cursor::new(png));
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info()?;
    let mut pixels = vec![0; reader.output_buffer_size().context("the picture is too large")?];
    let info = reader.next_frame(&mut pixels)?;
    let (width, height) = (usize::try_from(info.width)?, usize::try_from(info.height)?);
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| pixels[y * width + x]);
    let grids = image.detect_grids();
    let grid = grids.first().context("there is no QR code in the picture")?;
    let (_, address) = grid.decode().map_err(|error| anyhow!("the QR code cannot be read: {error}"))?;
    let at = address.find("/s/").context("the QR code is none of ours")?;
    Ok(address[at..].to_owned())
}
