//! Migrations: files under `migrations/`, one text for both engines or a pair where they must differ. A released file
//! is never edited (`migrations/CHECKSUMS`, and refinery refuses a file that differs from what was applied).

use std::{error::Error, path::PathBuf};

use refinery::{Migration, Runner};

use crate::{Access, StoreError, error::told, postgres::Postgres, sqlite};

/// One migration for both engines.
struct Pair {
    name: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
}

macro_rules! both {
    ($name:literal) => {
        Pair {
            name: concat!("V", $name),
            sqlite: include_str!(concat!("../migrations/", $name, ".sql")),
            postgres: include_str!(concat!("../migrations/", $name, ".sql")),
        }
    };
}

macro_rules! pair {
    ($name:literal) => {
        Pair {
            name: concat!("V", $name),
            sqlite: include_str!(concat!("../migrations/", $name, ".sqlite.sql")),
            postgres: include_str!(concat!("../migrations/", $name, ".postgres.sql")),
        }
    };
}

/// In the order they are applied in.
const MIGRATIONS: &[Pair] = &[
    pair!("0001__users"),
    both!("0002__foundation"),
    both!("0003__merged"),
    both!("0005__tickets"),
    both!("0006__exchanges"),
    pair!("0007__binding"),
    both!("0008__authorizations"),
    both!("0009__scanned_sessions"),
    both!("0010__engagement"),
    both!("0011__askers"),
];

/// A number for PostgreSQL's advisory lock that only our migrations take: "weir" in ASCII.
const LOCK: i64 = 0x7765_6972;

fn runner(text: impl Fn(&Pair) -> &'static str) -> Result<Runner, StoreError> {
    let migrations = MIGRATIONS.iter().map(|pair| Migration::unapplied(pair.name, text(pair)));
    let migrations = migrations.collect::<Result<Vec<_>, _>>().map_err(failed)?;
    Ok(Runner::new(&migrations))
}

pub(crate) async fn sqlite(path: PathBuf) -> Result<Vec<String>, StoreError> {
    let work = move || {
        let lock_path = path.with_extension("migrate.lock");
        let lock = std::fs::File::create(&lock_path).map_err(StoreError::unavailable)?;
        lock.lock().map_err(StoreError::unavailable)?;
        let mut connection = sqlite::connect(&path, Access::Write)?;
        let report = runner(|pair| pair.sqlite)?.run(&mut connection).map_err(failed)?;
        Ok(names(&report))
    };
    tokio::task::spawn_blocking(work).await.map_err(StoreError::unavailable)?
}

pub(crate) async fn postgres(postgres: &Postgres) -> Result<Vec<String>, StoreError> {
    // Not given back to the pool: whatever happens here, the lock goes with the connection.
    let mut client = deadpool_postgres::Object::take(postgres.client().await?);
    client.execute("SELECT pg_advisory_lock($1)", &[&LOCK]).await?;
    let report = runner(|pair| pair.postgres)?.run_async(&mut *client).await;
    client.execute("SELECT pg_advisory_unlock($1)", &[&LOCK]).await?;
    Ok(names(&report.map_err(failed)?))
}

fn names(report: &refinery::Report) -> Vec<String> {
    report.applied_migrations().iter().map(ToString::to_string).collect()
}

fn failed(error: refinery::Error) -> StoreError {
    let cause = error.source().and_then(|cause| cause.downcast_ref::<tokio_postgres::Error>());
    match cause.and_then(tokio_postgres::Error::as_db_error) {
        // Its DETAIL may quote rows.
        Some(refusal) => StoreError::Migration(format!("{error}: {}", told(refusal)).into()),
        None => StoreError::Migration(error.into()),
    }
}
