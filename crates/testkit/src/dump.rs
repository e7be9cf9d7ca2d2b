//! All that a database holds, read behind the store's back: for tests of what a refusal changed (nothing) and of what
//! an erasure left (nothing personal).

use std::collections::BTreeMap;

use rusqlite::types::ValueRef;
use tokio_postgres::NoTls;

use crate::TestDatabase;

/// Every table with its rows as text, sorted.
pub type Dump = BTreeMap<String, Vec<String>>;

impl TestDatabase {
    /// Reads everything that is committed.
    ///
    /// # Panics
    /// When the database cannot be read.
    pub async fn dump(&self) -> Dump {
        match self.url().strip_prefix("sqlite:") {
            Some(file) => sqlite(file).unwrap_or_else(|error| panic!("no dump: {error}")),
            None => postgres(self.url()).await.unwrap_or_else(|error| panic!("no dump: {error}")),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "what is really there, not what the store says")]
fn sqlite(file: &str) -> Result<Dump, rusqlite::Error> {
    let connection = rusqlite::Connection::open(file)?;
    let mut tables = connection.prepare("SELECT name FROM sqlite_master WHERE type = 'table'")?;
    let tables = tables.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
    let rows = |table: &str| {
        let mut select = connection.prepare(&format!("SELECT * FROM {table}"))?;
        let columns = select.column_count();
        let row_text = |row: &rusqlite::Row<'_>| {
            let values: Result<Vec<_>, _> = (0..columns).map(|at| row.get_ref(at).map(text)).collect();
            Ok(values?.join(" | "))
        };
        let mut rows = select.query_map([], row_text)?.collect::<Result<Vec<_>, rusqlite::Error>>()?;
        rows.sort();
        Ok::<_, rusqlite::Error>(rows)
    };
    tables.into_iter().map(|table| Ok((table.clone(), rows(&table)?))).collect()
}

fn text(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "NULL".to_owned(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => String::from_utf8_lossy(bytes).into_owned(),
    }
}

#[expect(clippy::disallowed_methods, reason = "what is really there, not what the store says")]
async fn postgres(url: &str) -> Result<Dump, tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    let driving = tokio::spawn(connection);
    let tables = "SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public'";
    let mut dump = Dump::new();
    for table in client.query(tables, &[]).await? {
        let table: String = table.get(0);
        let select = format!("SELECT t::text FROM {table} t ORDER BY 1");
        let rows = client.query(&select, &[]).await?.iter().map(|row| row.get(0)).collect();
        dump.insert(table, rows);
    }
    drop(client);
    drop(driving.await);
    Ok(dump)
}
