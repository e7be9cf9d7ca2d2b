//! Situations that tests put Weir in, and looks behind the scenes.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio_postgres::{NoTls, SimpleQueryMessage};
use weir_base::Secret;
use weir_core::{AppKind, AppSettings, audit::rows::AuditRow};

use crate::{Engine, TestDatabase, TestWeir, WeChatUser, weir::Setup};

/// What one subject's trail is read up to.
const TRAIL: i64 = 10_000;

/// Runs them all at once, each a task of its own; answers in the order in which they ended.
pub async fn together<F>(tries: impl IntoIterator<Item = F>) -> Vec<F::Output>
where
    F: Future<Output: Send + 'static> + Send + 'static,
{
    let mut running = JoinSet::new();
    for one in tries {
        running.spawn(one);
    }
    running.join_all().await
}

/// The appid of a test's further mini-programs: 4 and up, because the demo world has three apps.
pub fn mini(number: u8) -> String {
    format!("wx{number}00000000000000{number}")
}

impl Setup {
    /// Configures one more mini-program; [`TestWeir::add_mini`] makes WeChat know it.
    pub fn add_mini(&mut self, number: u8) {
        self.core.apps.push(AppSettings {
            name: format!("mini{number}"),
            kind: AppKind::MiniProgram,
            appid: mini(number),
            secret: Secret::new(format!("demo-secret-mini{number}")),
            open_platform: "default".to_owned(),
            callback_domains: Vec::new(),
            jssdk_domains: Vec::new(),
            token: None,
            aes_key: None,
        });
    }
}

impl TestWeir {
    /// WeChat's side of [`Setup::add_mini`].
    pub async fn add_mini(&self, number: u8, platform: Option<&str>) {
        let app = json!({
            "name": format!("mini{number}"), "kind": "mini_program", "appid": mini(number),
            "secret": format!("demo-secret-mini{number}"), "open_platform": platform,
        });
        self.control("/_sim/apps", &app).await;
    }

    /// Binds an app to an open-platform account, or to none.
    pub async fn bind(&self, appid: &str, platform: Option<&str>) {
        self.control("/_sim/apps", &json!({ "appid": appid, "open_platform": platform })).await;
    }

    /// A control call of the simulator.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn control(&self, call: &str, body: &Value) -> Value {
        let answer = self.wechat.post(call, body).await;
        assert_eq!(answer.status, 200, "{call}: {}", answer.text);
        answer.json
    }

    /// Waits until WeChat was called so often at this path. What waits for WeChat's answer then sleeps on the clock.
    pub async fn wait_for_calls(&self, path: &str, count: usize) {
        while self.calls(path).await < count {}
    }

    /// Lets the call that WeChat holds back, the only one under way, come to its end after `time`.
    pub async fn pass_while_held(&self, path: &str, count: usize, time: Duration) {
        self.wait_for_calls(path, count).await;
        // The caller's time limit and WeChat's delay.
        self.wait_for_sleepers(2).await;
        self.clock.advance(time);
    }

    /// Every row of a query, each column as text.
    pub async fn rows(&self, query: &str) -> Vec<Vec<String>> {
        self.database.rows(query).await
    }

    /// The one number that a query gives.
    ///
    /// # Panics
    /// When it gives something else.
    pub async fn number(&self, query: &str) -> i64 {
        let rows = self.rows(query).await;
        let number = rows.first().and_then(|row| row.first()).and_then(|cell| cell.parse().ok());
        number.unwrap_or_else(|| panic!("{query}: {rows:?}"))
    }

    /// Everything that is kept about people, to tell that nothing has changed.
    pub async fn people(&self) -> Vec<Vec<String>> {
        let mut everything = Vec::new();
        for table in ["users", "identities", "unions", "sessions", "merges", "audit"] {
            everything.extend(self.rows(&format!("SELECT * FROM {table} ORDER BY 1, 2")).await);
        }
        everything
    }

    /// What was done to one subject: `user:7`, `app:wx…`.
    ///
    /// # Panics
    /// When the database does not answer.
    pub async fn trail(&self, subject: &str) -> Vec<AuditRow> {
        let trail = weir_core::audit::rows::of(&self.app.store, subject, TRAIL).await;
        trail.unwrap_or_else(|error| panic!("no trail of {subject}: {error:?}"))
    }

    /// How often this was done to one subject.
    pub async fn done(&self, subject: &str, action: &str) -> usize {
        self.trail(subject).await.iter().filter(|entry| entry.action == action).count()
    }
}

impl WeChatUser<'_> {
    /// Several codes of `wx.login` in one app.
    pub async fn codes(&self, appid: &str, count: usize) -> Vec<String> {
        let given = self.control("/_sim/login-code", json!({ "appid": appid, "count": count })).await;
        let codes = given["codes"].as_array().map(Vec::as_slice).unwrap_or_default();
        codes.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// Logs in to one of several mini-programs and answers the data of the envelope.
    pub async fn login_to(&self, appid: &str) -> Value {
        let code = self.codes(appid, 1).await.remove(0);
        let login = json!({ "code": code, "appid": appid });
        self.weir().client.post("/api/v1/auth/wx-login", &login).await.data().clone()
    }
}

impl TestDatabase {
    /// Every row of a query, each column as text, from beside the store.
    ///
    /// # Panics
    /// When the query is refused.
    pub async fn rows(&self, query: &str) -> Vec<Vec<String>> {
        match self.engine() {
            Engine::Sqlite => {
                let rows = self.sqlite_rows(query);
                rows.unwrap_or_else(|error| panic!("{query}: {error}"))
            }
            Engine::Postgres => {
                let answer = self.postgres_session().await.simple_query(query).await;
                let answer = answer.unwrap_or_else(|error| panic!("{query}: {error:?}"));
                answer.iter().filter_map(texts).collect()
            }
        }
    }

    /// Holds the table as a stuck transaction would, until the answer is dropped: nobody else can write to it, and on
    /// PostgreSQL nobody can read it. SQLite has one lock for all tables.
    ///
    /// # Panics
    /// When the table cannot be held.
    pub async fn hold(&self, table: &str) -> Held {
        match self.engine() {
            Engine::Sqlite => {
                let connection = self.sqlite_session().and_then(|connection| {
                    connection.execute_batch("PRAGMA busy_timeout = 60000; BEGIN IMMEDIATE")?;
                    Ok(connection)
                });
                Held::Sqlite(connection.unwrap_or_else(|error| panic!("cannot hold the database: {error}")))
            }
            Engine::Postgres => {
                let session = self.postgres_session().await;
                let lock = format!("BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE");
                let locked = session.batch_execute(&lock).await;
                locked.unwrap_or_else(|error| panic!("cannot hold {table}: {error:?}"));
                Held::Postgres(session)
            }
        }
    }

    fn sqlite_session(&self) -> rusqlite::Result<rusqlite::Connection> {
        let file = self.url().trim_start_matches("sqlite:");
        let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE | rusqlite::OpenFlags::SQLITE_OPEN_NO_MUTEX;
        rusqlite::Connection::open_with_flags(file, flags)
    }

    fn sqlite_rows(&self, query: &str) -> rusqlite::Result<Vec<Vec<String>>> {
        use rusqlite::types::ValueRef;
        let connection = self.sqlite_session()?;
        let mut statement = connection.prepare(query)?;
        let columns = statement.column_count();
        let cell = |value: ValueRef<'_>| match value {
            ValueRef::Null => "NULL".to_owned(),
            ValueRef::Integer(number) => number.to_string(),
            ValueRef::Real(number) => number.to_string(),
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        };
        let rows =
            statement.query_map([], |row| (0..columns).map(|at| row.get_ref(at).map(cell)).collect())?;
        rows.collect()
    }

    #[expect(clippy::disallowed_methods, reason = "tests look at the database from beside the store")]
    async fn postgres_session(&self) -> tokio_postgres::Client {
        let connected = tokio_postgres::connect(self.url(), NoTls).await;
        let (client, connection) = connected.unwrap_or_else(|error| panic!("no connection: {error:?}"));
        // It ends with the client.
        tokio::spawn(connection);
        client
    }
}

/// A table held by a transaction that ends, undone, with this value.
pub enum Held {
    Sqlite(rusqlite::Connection),
    Postgres(tokio_postgres::Client),
}

fn texts(message: &SimpleQueryMessage) -> Option<Vec<String>> {
    let SimpleQueryMessage::Row(row) = message else { return None };
    Some((0..row.len()).map(|at| row.get(at).unwrap_or("NULL").to_owned()).collect())
}
