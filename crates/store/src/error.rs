use std::error::Error;

/// What can go wrong between us and the database. None of them prints a value from a row.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("database.url: {0}")]
    Url(&'static str),
    /// A unique index refused the write. `index` is `<table>__<column>__<column>` on both engines, or `<table>_pkey`:
    /// SQLite tells the columns, PostgreSQL the name of the index, and our indexes are named so that the two agree.
    #[error("the unique index {index} refused the write")]
    Unique { index: String },
    /// The database cannot be reached, is overloaded or is shutting down: trying again later may help.
    #[error("the database is not available")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// PostgreSQL ended the transaction for the sake of another (a deadlock, a serialization failure), each time that
    /// it was tried.
    #[error("the transaction stood in the way of others, again and again")]
    Collided(#[source] Box<dyn Error + Send + Sync>),
    #[error("the database refused a statement")]
    Refused(#[source] Box<dyn Error + Send + Sync>),
    #[error("the column {column} of {statement} holds a value that it must not")]
    Inconsistent { statement: &'static str, column: String },
    #[error("{statement} found no row where there must be one")]
    Missing { statement: &'static str },
    #[error("{statement} found several rows where there may be one")]
    Several { statement: &'static str },
    /// An earlier statement of the transaction failed and the body went on: nothing of it is kept.
    #[error("the transaction was rolled back, because one of its statements had failed")]
    Aborted,
    /// The commit of a whole batch failed: nothing of it is there.
    #[error("the commit failed, nothing was written")]
    CommitFailed,
    /// A programming error, told at once instead of blocking every writer.
    #[error("a transaction body may await nothing but its statements")]
    Suspended,
    #[error("a transaction body panicked; it was rolled back")]
    Panicked,
    #[error("the database is closed")]
    Closed,
    #[error("migration failed")]
    Migration(#[source] Box<dyn Error + Send + Sync>),
}

impl StoreError {
    pub fn is_unique(&self, index: &str) -> bool {
        matches!(self, Self::Unique { index: refused } if refused == index)
    }

    pub(crate) fn refused(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Refused(error.into())
    }

    pub(crate) fn unavailable(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Unavailable(error.into())
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        // SQLite's own sentences name tables, columns and constraints, never values.
        use rusqlite::ErrorCode::{CannotOpen, DatabaseBusy, DatabaseLocked, DiskFull, SystemIoFailure};
        let rusqlite::Error::SqliteFailure(failure, message) = &error else {
            return Self::refused(error);
        };
        let columns = message.as_deref().and_then(|text| text.strip_prefix("UNIQUE constraint failed: "));
        if let Some(columns) = columns {
            use rusqlite::ffi::{SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_ROWID};
            let is_key =
                [SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_ROWID].contains(&failure.extended_code);
            return Self::Unique { index: if is_key { key_of(columns) } else { index_of(columns) } };
        }
        match failure.code {
            DatabaseBusy | DatabaseLocked | CannotOpen | DiskFull | SystemIoFailure => {
                Self::unavailable(error)
            }
            _ => Self::refused(error),
        }
    }
}

/// `users.id` → `users_pkey`, as PostgreSQL calls the index of a primary key.
fn key_of(columns: &str) -> String {
    format!("{}_pkey", columns.split_once('.').map_or(columns, |(table, _)| table))
}

/// `identities.appid, identities.openid` → `identities__appid__openid`
fn index_of(columns: &str) -> String {
    let mut index = String::new();
    for column in columns.split(", ") {
        let (table, name) = column.split_once('.').unwrap_or(("", column));
        if index.is_empty() {
            index.push_str(table);
        }
        index.push_str("__");
        index.push_str(name);
    }
    index
}

impl From<tokio_postgres::Error> for StoreError {
    fn from(error: tokio_postgres::Error) -> Self {
        use std::error::Error as _;
        let Some(refusal) = error.as_db_error() else {
            return match error.source() {
                Some(cause) if cause.is::<tokio_postgres::types::WrongType>() => Self::refused(error),
                _ => Self::unavailable(error),
            };
        };
        use tokio_postgres::error::SqlState;
        match (refusal.code(), refusal.constraint()) {
            (&SqlState::UNIQUE_VIOLATION, Some(index)) => return Self::Unique { index: index.to_owned() },
            (&SqlState::T_R_DEADLOCK_DETECTED | &SqlState::T_R_SERIALIZATION_FAILURE, _) => {
                return Self::Collided(told(refusal).into());
            }
            _ => {}
        }
        // Classes of SQLSTATE: 08 connection, 40 rollback, 53 resources, 57 operator, 58 system.
        match refusal.code().code().get(..2) {
            Some("08" | "28" | "3D" | "40" | "53" | "57" | "58") => Self::unavailable(told(refusal)),
            _ => Self::refused(told(refusal)),
        }
    }
}

/// What PostgreSQL said, without what may quote a row: its DETAIL always, its message except in the classes that speak
/// of the server (28, 3D, 53, 57, 58) or of names and types in a statement (42).
pub(crate) fn told(refusal: &tokio_postgres::error::DbError) -> String {
    let code = refusal.code().code();
    let mut text = format!("{} {code}", refusal.severity());
    if matches!(code.get(..2), Some("28" | "3D" | "42" | "53" | "57" | "58")) {
        text.push_str(": ");
        text.push_str(refusal.message());
    }
    let places =
        [("table", refusal.table()), ("column", refusal.column()), ("constraint", refusal.constraint())];
    for (what, name) in places {
        if let Some(name) = name {
            text.push_str(&format!(", {what} {name}"));
        }
    }
    text
}

impl From<deadpool_postgres::PoolError> for StoreError {
    fn from(error: deadpool_postgres::PoolError) -> Self {
        match error {
            deadpool_postgres::PoolError::Backend(error) => Self::from(error),
            deadpool_postgres::PoolError::Closed => Self::Closed,
            other => Self::unavailable(other),
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn sqlites_columns_become_the_name_of_the_index() {
        assert_eq!(super::index_of("identities.appid, identities.openid"), "identities__appid__openid");
        assert_eq!(super::index_of("api_keys.digest"), "api_keys__digest");
        assert_eq!(super::key_of("unions.platform, unions.unionid"), "unions_pkey");
    }
}
