//! Private servers for tests: started by the first test that asks, shared by every process of the run (nextest
//! runs one process per test), ended when the runner is gone. They listen on a Unix socket only, in a directory
//! that no other user can enter.
//!
//! A *run* is everything started by one parent process: one `cargo nextest run`, one `cargo test`. Its directory
//! under the system's temporary directory holds a lock and a ready-file per server, and the servers' data. A
//! *keeper*, a small shell loop that is started with the directory, waits for the runner to end, stops the servers
//! and removes the directory; a test that is killed therefore leaves nothing behind.

use std::{
    env,
    fs::{self, DirBuilder, File},
    io,
    os::unix::{
        fs::DirBuilderExt,
        net::UnixStream,
        process::{CommandExt, parent_id},
    },
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::OnceLock,
    thread,
    time::Duration,
};

use weir_base::Stopwatch;

/// Set to `1` (by `make test`), a missing PostgreSQL fails the tests that want it instead of skipping them.
pub const REQUIRE_POSTGRES: &str = "WEIR_REQUIRE_POSTGRES";

/// How long a server may take to answer. A cold disk is slow; a test that would wait longer has failed.
const START_LIMIT: Duration = Duration::from_secs(60);

/// `$1` is the runner, `$2` the run's directory. The first line of `postmaster.pid` is PostgreSQL's process id; the
/// file goes when the server does, whereas the process may stay as a zombie where nobody reaps.
const KEEPER: &str = r#"
while kill -0 "$1" 2>/dev/null; do sleep 0.3; done
pid_file=$2/postgres/data/postmaster.pid
server=$(head -n 1 "$pid_file" 2>/dev/null)
if [ -n "$server" ]; then
    kill -INT "$server" 2>/dev/null
    tries=0
    while [ -e "$pid_file" ] && [ $tries -lt 50 ]; do tries=$((tries + 1)); sleep 0.1; done
    [ -e "$pid_file" ] && kill -KILL "$server" 2>/dev/null
fi
rm -rf "$2"
"#;

/// A libpq-style configuration string (`host=<socket directory> user=postgres dbname=postgres`) of the run's private
/// PostgreSQL, or `None`, said once on the standard error, when PostgreSQL cannot be had.
///
/// # Panics
///
/// When `WEIR_REQUIRE_POSTGRES=1` and PostgreSQL cannot be had.
pub fn postgres() -> Option<&'static str> {
    static FOUND: OnceLock<Result<String, String>> = OnceLock::new();
    let found = FOUND.get_or_init(|| {
        let found = find_or_start("postgres", &is_postgres_up, &start_postgres).map_err(|e| e.to_string());
        if let Err(why) = &found {
            crate::database::announce(&format!("no PostgreSQL, its tests are skipped: {why}"));
        }
        found
    });
    match found {
        Ok(config) => Some(config),
        Err(why) if env::var(REQUIRE_POSTGRES).is_ok_and(|v| v == "1") => panic!(
            "{REQUIRE_POSTGRES}=1, but there is no PostgreSQL: {why}. `bash scripts/setup.sh test` installs it; \
             unset {REQUIRE_POSTGRES} to run the tests on SQLite alone"
        ),
        Err(_) => None,
    }
}

/// The directory of this run, made together with its keeper.
pub(crate) fn run_directory() -> &'static Path {
    static MADE: OnceLock<PathBuf> = OnceLock::new();
    MADE.get_or_init(|| {
        make_run_directory().expect("a directory for this test run under the temporary directory")
    })
}

/// Does `work` while no other process of the run does work of this `name`.
pub(crate) fn lock(name: &str) -> io::Result<File> {
    let lock = File::create(run_directory().join(format!("{name}.lock")))?;
    lock.lock()?;
    Ok(lock)
}

fn make_run_directory() -> io::Result<PathBuf> {
    let runner = parent_id();
    let directory = env::temp_dir().join(format!("weir-tests-{runner}-{}", start_of(runner)));
    // The user that PostgreSQL runs as must pass through to its own directory, but has nothing to list here.
    DirBuilder::new().recursive(true).mode(0o711).create(&directory)?;
    let lock = File::create(directory.join("keeper.lock"))?;
    lock.lock()?;
    let kept = directory.join("keeper.started");
    if !kept.exists() {
        let mut keeper = Command::new("sh");
        keeper.args(["-c", KEEPER, "weir-test-keeper"]).arg(runner.to_string()).arg(&directory);
        spawn_apart(&mut keeper, Stdio::null())?;
        File::create(kept)?;
    }
    Ok(directory)
}

/// When the process began, in the kernel's ticks, so that a reused process id does not meet an old directory.
/// Empty where there is no `/proc`.
fn start_of(process: u32) -> String {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // The second field is the program's name in parentheses and may hold spaces; the start is field 22.
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    after_name.split_whitespace().nth(19).unwrap_or_default().to_owned()
}

/// Starts a process that outlives this test: in a process group of its own, so that neither Ctrl-C nor the
/// runner's time limit reaches it, and holding none of our standard streams, so that the runner sees no leak.
fn spawn_apart(command: &mut Command, stderr: Stdio) -> io::Result<()> {
    command.current_dir("/").process_group(0);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(stderr).spawn()?;
    Ok(())
}

/// What the run's ready-file says, if the server still answers; else what `start` says.
fn find_or_start(
    name: &str,
    is_up: &dyn Fn(&Path) -> bool,
    start: &dyn Fn(&Path) -> io::Result<String>,
) -> io::Result<String> {
    let _one_at_a_time = lock(name)?;
    let directory = run_directory().join(name);
    let ready = run_directory().join(format!("{name}.ready"));
    match fs::read_to_string(&ready) {
        Ok(config) if is_up(&directory) => Ok(config),
        _ => {
            let config = start(&directory)?;
            fs::write(&ready, &config)?;
            Ok(config)
        }
    }
}

fn is_postgres_up(directory: &Path) -> bool {
    UnixStream::connect(directory.join(".s.PGSQL.5432")).is_ok()
}

fn start_postgres(directory: &Path) -> io::Result<String> {
    let programs = PostgresPrograms::find()?;
    if directory.exists() {
        fs::remove_dir_all(directory)?; // left by a start that failed, or by a server that died
    }
    DirBuilder::new().mode(0o700).create(directory)?;
    if programs.step_down {
        expect_success(Command::new("chown").arg("postgres").arg(directory))?;
    }
    let data = directory.join("data");
    expect_success(
        programs
            .command("initdb")
            .args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C"])
            .args(["--no-sync", "--no-instructions", "--pgdata"])
            .arg(&data),
    )?;

    let log = run_directory().join("postgres.log");
    let mut server = programs.command("postgres");
    server.arg("-D").arg(&data).arg("-k").arg(directory);
    // The data lives as long as the run, so nothing here needs to survive a crash.
    for setting in [
        "listen_addresses=",
        "unix_socket_permissions=0700",
        "fsync=off",
        "synchronous_commit=off",
        "full_page_writes=off",
        "wal_level=minimal",
        "max_wal_senders=0",
        "max_connections=300",
        "shared_buffers=64MB",
        "autovacuum=off",
    ] {
        server.arg("-c").arg(setting);
    }
    spawn_apart(&mut server, File::create(&log)?.into())?;
    wait_until(|| {
        programs
            .command("pg_isready")
            .arg("--quiet")
            .arg("--host")
            .arg(directory)
            .status()
            .is_ok_and(|s| s.success())
    })
    .map_err(|e| io::Error::other(format!("{e}: {}", fs::read_to_string(&log).unwrap_or_default().trim())))?;
    Ok(format!("host={} user=postgres dbname=postgres", directory.display()))
}

/// Where PostgreSQL's programs are, and as whom to run them: it refuses to run as root.
struct PostgresPrograms {
    bin: PathBuf,
    step_down: bool,
}

impl PostgresPrograms {
    fn find() -> io::Result<Self> {
        // Debian keeps them off PATH, one directory per major version: the highest that is there.
        let debian = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
        let mut versions: Vec<(u32, PathBuf)> = debian
            .filter_map(|e| Some((e.file_name().to_str()?.parse().ok()?, e.path().join("bin"))))
            .filter(|(_, bin)| bin.join("postgres").exists())
            .collect();
        versions.sort();
        let on_path = || env::split_paths(&env::var_os("PATH")?).find(|d| d.join("postgres").exists());
        let bin = versions.pop().map(|(_, bin)| bin).or_else(on_path);
        let bin =
            bin.ok_or_else(|| io::Error::other("it is not installed (Debian: apt-get install postgresql)"))?;
        let step_down = Command::new("id").arg("-u").output()?.stdout.trim_ascii() == b"0";
        Ok(Self { bin, step_down })
    }

    fn command(&self, program: &str) -> Command {
        let program = self.bin.join(program);
        let mut command = if self.step_down {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=postgres", "--regid=postgres", "--init-groups", "--"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        command.current_dir("/").stdin(Stdio::null());
        command
    }
}

fn expect_success(command: &mut Command) -> io::Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|e| io::Error::other(format!("cannot run {program}: {e}")))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(io::Error::other(format!("{program} failed ({}): {}", output.status, said.trim())))
}

#[expect(
    clippy::disallowed_methods,
    reason = "another program starts in real time, and tells nobody when it is up"
)]
fn wait_until(mut is_true: impl FnMut() -> bool) -> io::Result<()> {
    let watch = Stopwatch::start();
    while !is_true() {
        if watch.elapsed() > START_LIMIT {
            return Err(io::Error::other(format!("it did not answer within {} s", START_LIMIT.as_secs())));
        }
        thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_run_has_one_directory_which_others_cannot_list() {
        let directory = run_directory();
        assert_eq!(directory, make_run_directory().unwrap());
        assert_eq!(fs::metadata(directory).unwrap().permissions().mode() & 0o077, 0o011);
    }

    #[test]
    fn a_dead_server_is_started_again_and_a_living_one_is_found() {
        let started = std::cell::Cell::new(0);
        let start = |_: &Path| {
            started.set(started.get() + 1);
            Ok(format!("start {}", started.get()))
        };
        assert_eq!(find_or_start("double", &|_| false, &start).unwrap(), "start 1");
        assert_eq!(find_or_start("double", &|_| true, &start).unwrap(), "start 1");
        assert_eq!(find_or_start("double", &|_| false, &start).unwrap(), "start 2");
    }

    #[test]
    fn a_failed_start_says_what_the_program_said() {
        let error =
            expect_success(Command::new("sh").args(["-c", "echo the disk is full >&2; exit 3"])).unwrap_err();
        assert!(error.to_string().contains("the disk is full"), "{error}");
    }
}
