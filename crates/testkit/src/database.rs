//! A database of its own for every test, on either engine, and one test body run on both.
//!
//! ```no_run
//! weir_testkit::engines! {
//!     async fn an_account_is_found_again(engine) {
//!         let Some(database) = weir_testkit::TestDatabase::create(engine).await else { return };
//!         // open the store at database.url() …
//!     }
//! }
//! ```

use std::{
    fmt, fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU32, Ordering},
    thread,
};

use tempfile::TempDir;
use tokio_postgres::NoTls;

use crate::servers;

/// The two engines Weir runs on. Every database test runs on both (rule 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        })
    }
}

/// A database that nobody else uses, gone with this value.
///
/// Close what you opened on it before you drop it, or at least expect it to be cut: PostgreSQL's sessions are ended.
pub struct TestDatabase {
    url: String,
    place: Place,
}

enum Place {
    /// Held for its drop, which removes the file.
    Sqlite {
        _directory: TempDir,
    },
    Postgres {
        name: String,
    },
}

impl TestDatabase {
    /// An empty database, or `None` when the engine is not on this machine (said on the standard error).
    ///
    /// # Panics
    ///
    /// When the database cannot be made, and when `WEIR_REQUIRE_POSTGRES=1` and PostgreSQL is not here.
    pub async fn create(engine: Engine) -> Option<Self> {
        match engine {
            Engine::Sqlite => Some(Self::sqlite(None)),
            Engine::Postgres => Self::postgres(None).await,
        }
    }

    /// A copy of a database that `migrate` was given the URL of, empty, once in this test run. `version_key` names
    /// what `migrate` makes: two callers with one key share one template, so a key must change with what it names.
    ///
    /// `migrate` should have closed its connections when it returns.
    ///
    /// # Panics
    ///
    /// As [`TestDatabase::create`]; a panic in `migrate` leaves no template behind.
    pub async fn create_migrated(
        engine: Engine,
        version_key: &str,
        migrate: impl AsyncFnOnce(&str),
    ) -> Option<Self> {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, version_key.as_bytes());
        let template = format!("template_{}", hex::encode(&digest.as_ref()[..8]));
        match engine {
            Engine::Sqlite => Some(Self::sqlite(Some(&sqlite_template(&template, migrate).await))),
            Engine::Postgres => {
                servers::postgres()?;
                postgres_template(&template, migrate).await;
                Self::postgres(Some(&template)).await
            }
        }
    }

    /// `sqlite:<path>` or `postgres://postgres@/<name>?host=<socket directory>`: what `database.url` takes.
    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn engine(&self) -> Engine {
        match &self.place {
            Place::Sqlite { .. } => Engine::Sqlite,
            Place::Postgres { .. } => Engine::Postgres,
        }
    }

    fn sqlite(template: Option<&Path>) -> Self {
        // Inside the run's directory, so that what a killed test leaves is removed with the run.
        let directory = tempfile::tempdir_in(servers::run_directory()).expect("a temporary directory");
        let file = directory.path().join("weir.db");
        if let Some(template) = template {
            fs::copy(template, &file).expect("a copy of the migrated template");
        }
        Self { url: sqlite_url(&file), place: Place::Sqlite { _directory: directory } }
    }

    async fn postgres(template: Option<&str>) -> Option<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let config = servers::postgres()?;
        let name = format!("test_{}_{}", process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        // Process ids come round: an earlier test of this run may have died with one of this name.
        administer(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
        administer(&format!("CREATE DATABASE {name} TEMPLATE {}", template.unwrap_or("template0"))).await;
        Some(Self { url: postgres_url(config, &name), place: Place::Postgres { name } })
    }
}

impl Drop for TestDatabase {
    /// Best effort: what cannot be dropped goes with the run.
    fn drop(&mut self) {
        let Place::Postgres { name } = &self.place else { return };
        let drop_it = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
        // A thread of its own, because a test's runtime cannot be blocked on from within.
        let dropping = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.map(|runtime| runtime.block_on(try_administer(&drop_it)))
        });
        drop(dropping.join());
    }
}

/// Runs `body` on a runtime of its own; on PostgreSQL only if it is here, and says SKIPPED if not.
/// What [`engines!`](crate::engines) expands to.
pub fn run<F: Future<Output = ()>>(engine: Engine, test: &str, body: impl FnOnce(Engine) -> F) {
    if engine == Engine::Postgres && servers::postgres().is_none() {
        announce(&format!("SKIPPED: {test}, because there is no PostgreSQL"));
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(body(engine));
}

/// Declares tests that run on both engines: `name::sqlite` and `name::postgres`, each on a multi-thread runtime.
///
/// ```no_run
/// weir_testkit::engines! {
///     /// Why it matters.
///     async fn name(engine) { assert_eq!(engine, engine); }
/// }
/// ```
#[macro_export]
macro_rules! engines {
    ($($(#[$attribute:meta])* async fn $name:ident($engine:ident) $body:block)+) => {$(
        $(#[$attribute])*
        #[cfg(test)] // lets clippy know that this body may unwrap
        async fn $name($engine: $crate::Engine) $body

        mod $name {
            #[test]
            fn sqlite() {
                $crate::database::run($crate::Engine::Sqlite, stringify!($name), super::$name);
            }

            #[test]
            fn postgres() {
                $crate::database::run($crate::Engine::Postgres, stringify!($name), super::$name);
            }
        }
    )+};
}

/// Says it past the test harness, which swallows what `eprintln!` prints in a test that passes.
pub(crate) fn announce(line: &str) {
    // Nobody is left to tell when the standard error is closed.
    drop(writeln!(io::stderr(), "testkit: {line}"));
}

/// The migrated file, made on the first call of the run.
async fn sqlite_template(name: &str, migrate: impl AsyncFnOnce(&str)) -> PathBuf {
    let template = servers::run_directory().join(format!("{name}.db"));
    let _one_at_a_time = servers::lock(name).expect("the template's lock");
    if !template.exists() {
        // Made apart and moved into place whole, so that a migration that panics leaves no half template.
        let workshop = tempfile::tempdir_in(servers::run_directory()).expect("a temporary directory");
        let file = workshop.path().join("weir.db");
        migrate(&sqlite_url(&file)).await;
        fold_in_write_ahead_log(&file).expect("a template whose connections are closed");
        fs::rename(&file, &template).expect("the template in its place");
    }
    template
}

/// Only the main file is copied for a test, so everything must be in it.
#[expect(clippy::disallowed_methods, reason = "the template is no store's: this is the file behind its back")]
fn fold_in_write_ahead_log(file: &Path) -> Result<(), rusqlite::Error> {
    let connection = rusqlite::Connection::open(file)?;
    let busy: i64 = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    if busy == 0 { Ok(()) } else { Err(rusqlite::Error::InvalidQuery) }
}

/// Makes the database `name` on the first call of the run.
async fn postgres_template(name: &str, migrate: impl AsyncFnOnce(&str)) {
    let config = servers::postgres().expect("PostgreSQL was here a moment ago");
    let _one_at_a_time = servers::lock(&format!("postgres_{name}")).expect("the template's lock");
    let ready = servers::run_directory().join(format!("postgres/{name}.ready"));
    if !ready.exists() {
        administer(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
        administer(&format!("CREATE DATABASE {name} TEMPLATE template0")).await;
        migrate(&postgres_url(config, name)).await;
        // A copy needs an original that nobody is connected to, now and later.
        administer(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false")).await;
        administer(&format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        ))
        .await;
        fs::write(ready, "").expect("the template's mark");
    }
}

fn sqlite_url(file: &Path) -> String {
    format!("sqlite:{}", file.display())
}

/// `config` is what [`servers::postgres`] gave: it begins with `host=<directory> `.
fn postgres_url(config: &str, name: &str) -> String {
    let host =
        config.strip_prefix("host=").and_then(|c| c.split_once(" user=")).map_or(config, |(host, _)| host);
    let mut url = format!("postgres://postgres@/{name}?host=");
    for byte in host.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-_.".contains(&byte) {
            url.push(char::from(byte));
        } else {
            url.push_str(&format!("%{byte:02X}"));
        }
    }
    url
}

async fn administer(statement: &str) {
    try_administer(statement).await.unwrap_or_else(|e| panic!("PostgreSQL refused `{statement}`: {e:?}"));
}

#[expect(
    clippy::disallowed_methods,
    reason = "databases are made and dropped beside the store, not through it"
)]
async fn try_administer(statement: &str) -> Result<(), tokio_postgres::Error> {
    let config = servers::postgres().expect("asked for before anything is administered");
    let (client, connection) = tokio_postgres::connect(config, NoTls).await?;
    let driving = tokio::spawn(connection);
    let done = client.batch_execute(statement).await;
    drop(client);
    drop(driving.await);
    done
}
