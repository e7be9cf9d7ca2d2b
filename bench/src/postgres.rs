//! A private PostgreSQL that keeps its promises (fsync on), as users have it in production.

use std::{
    fs,
    net::SocketAddr,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use nix::{
    sys::signal::Signal,
    unistd::{User, chown, geteuid},
};

use crate::{process::Process, time};

pub struct Postgres {
    pub process: Process,
    pub url: String,
    /// The same through its Unix socket.
    pub socket_url: String,
}

/// The directory of PostgreSQL's programs, of the newest version that Debian's packages installed.
pub fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
    let version = |path: &PathBuf| path.file_name().and_then(|name| name.to_str()?.parse::<u32>().ok());
    let newest = versions.filter_map(|entry| Some(entry.ok()?.path())).max_by_key(version)?.join("bin");
    newest.join("postgres").exists().then_some(newest)
}

/// PostgreSQL refuses to run as root; its own user must be able to reach what is in `directory`.
pub fn let_through(directory: &Path) -> Result<()> {
    if geteuid().is_root() {
        fs::set_permissions(directory, fs::Permissions::from_mode(0o711))?;
    }
    Ok(())
}

/// Starts an empty server in `directory` and waits until it takes connections. One that is not `durable` waits for no
/// disk: it shows what the disk costs.
pub async fn start(
    programs: &Path,
    directory: &Path,
    address: SocketAddr,
    durable: bool,
) -> Result<Postgres> {
    let data = directory.join("postgres");
    fs::create_dir(&data)?;
    if geteuid().is_root() {
        let user = User::from_name("postgres")?.context("there is no user postgres to run PostgreSQL as")?;
        chown(&data, Some(user.uid), Some(user.gid))?;
    }
    let_through(directory)?;
    let mut init = program(programs, "initdb");
    init.args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "-D"]).arg(&data);
    let made = init.output().context("cannot run initdb")?;
    if !made.status.success() {
        bail!("initdb failed: {}", String::from_utf8_lossy(&made.stderr));
    }
    let waits = if durable { "on" } else { "off" };
    let mut server = program(programs, "postgres");
    server.arg("-D").arg(&data).arg("-k").arg(&data).args(["-p", &address.port().to_string()]);
    server.args(["-c", "listen_addresses=127.0.0.1", "-c", &format!("fsync={waits}")]);
    server.args(["-c", &format!("synchronous_commit={waits}"), "-c", &format!("full_page_writes={waits}")]);
    // SIGINT ends PostgreSQL without waiting for its clients.
    let mut process = Process::start("postgres", directory, &mut server, Signal::SIGINT)?;
    let port = address.port().to_string();
    time::wait_for(Duration::from_secs(30), Duration::from_millis(50), "PostgreSQL", async || {
        process.check()?;
        let mut ask = program(programs, "pg_isready");
        Ok(ask.args(["-q", "-h", "127.0.0.1", "-p", &port]).status()?.success())
    })
    .await?;
    let socket_url = format!("postgres://postgres@/postgres?host={}&port={port}", data.display());
    Ok(Postgres { process, url: format!("postgres://postgres@127.0.0.1:{port}/postgres"), socket_url })
}

fn program(programs: &Path, name: &str) -> Command {
    let path = programs.join(name);
    let mut command = if geteuid().is_root() {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=postgres", "--regid=postgres", "--init-groups"]).arg(path);
        command
    } else {
        Command::new(path)
    };
    command.current_dir("/");
    command
}
