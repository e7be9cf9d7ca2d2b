//! PostgreSQL: a pool of connections, statements prepared once on each.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use deadpool_postgres::{
    Client, GenericClient, Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime,
};
use futures_util::{
    FutureExt,
    future::{BoxFuture, join},
};
use tokio_postgres::{
    NoTls,
    config::{Host, SslMode},
    types::ToSql,
};
use tokio_postgres_rustls::MakeRustlsConnect;
use weir_base::{Dice, Secret, clock::pause};

use crate::{
    Access, Param, Row, Statement, StoreError, StoreSettings, Tx, transaction::Engine, value::InOrder,
};

/// How long a caller waits for a connection: for one to be given back, or for a new one to be opened.
const CONNECTING: Duration = Duration::from_secs(5);
/// How often a transaction is run that PostgreSQL ends for the sake of others.
const TRIES: u32 = 5;
/// The middle of the wait before the second try; grows with each further one.
const BACKOFF: Duration = Duration::from_millis(10);

pub(crate) struct Postgres {
    pool: Pool,
    patience: Duration,
    dice: Dice,
}

/// Runs one statement, which is a transaction of its own, until it does not collide or has done so too often.
macro_rules! alone {
    ($self:ident, $run:ident, $statement:ident, $params:ident) => {{
        let client = $self.client().await?;
        let run = async {
            let mut tried = 1;
            loop {
                match $run(&client, $statement, $params).await {
                    Err(StoreError::Collided(_)) if tried < TRIES => $self.back_off(&mut tried).await,
                    result => return result,
                }
            }
        };
        let answered = $self.in_time(run).await;
        settled(client, answered)?
    }};
}

impl Postgres {
    pub(crate) async fn open(url: &Secret, settings: &StoreSettings) -> Result<Self, StoreError> {
        let mut config: tokio_postgres::Config = url.expose().parse().map_err(|_| {
            StoreError::Url("it is not an address of the form postgres://user:password@host/name")
        })?;
        if config.get_application_name().is_none() {
            config.application_name("weir");
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECTING);
        }
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        // A socket in the file system has no name that a certificate could be for.
        let local = config.get_hosts().iter().any(|host| matches!(host, Host::Unix(_)));
        let manager = if local || config.get_ssl_mode() == SslMode::Disable {
            Manager::from_config(config, NoTls, recycling)
        } else {
            Manager::from_config(config, tls()?, recycling)
        };
        let pool = Pool::builder(manager)
            .max_size(settings.pool_size.max(1))
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(CONNECTING))
            .create_timeout(Some(CONNECTING))
            .build()
            .map_err(StoreError::unavailable)?;
        Ok(Self { pool, patience: settings.patience, dice: settings.dice.clone() })
    }

    pub(crate) async fn client(&self) -> Result<Client, PoolError> {
        self.pool.get().await
    }

    pub(crate) async fn ping(&self) -> Result<(), StoreError> {
        let client = self.client().await?;
        let answered = self.in_time(client.simple_query("SELECT 1")).await;
        settled(client, answered)??;
        Ok(())
    }

    pub(crate) fn close(&self) {
        self.pool.close();
    }

    pub(crate) async fn rows<R: Row>(
        &self,
        statement: &'static Statement,
        params: &[Param<'_>],
    ) -> Result<Vec<R>, StoreError> {
        alone!(self, rows, statement, params)
    }

    pub(crate) async fn optional<R: Row>(
        &self,
        statement: &'static Statement,
        params: &[Param<'_>],
    ) -> Result<Option<R>, StoreError> {
        alone!(self, optional, statement, params)
    }

    pub(crate) async fn affected(
        &self,
        statement: &'static Statement,
        params: &[Param<'_>],
    ) -> Result<u64, StoreError> {
        alone!(self, affected, statement, params)
    }

    pub(crate) async fn transaction<T, E, F>(&self, body: F) -> Result<T, E>
    where
        F: for<'t, 'c> FnOnce(&'t Tx<'c>) -> BoxFuture<'t, Result<T, E>> + Clone + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let client = self.client().await.map_err(StoreError::from)?;
        let run = async {
            let mut tried = 1;
            loop {
                match in_transaction(&client, body.clone()).await {
                    (Err(_), true) if tried < TRIES => self.back_off(&mut tried).await,
                    (result, _) => return result,
                }
            }
        };
        let answered = self.in_time(run).await;
        settled(client, answered)?
    }

    async fn back_off(&self, tried: &mut u32) {
        pause(self.dice.jitter(BACKOFF * *tried)).await;
        *tried += 1;
    }

    /// `None` when `work` takes longer than our patience.
    async fn in_time<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            output = work => Some(output),
            () = pause(self.patience) => None,
        }
    }
}

/// The answer, when there is one. Without one the connection is not given back to the pool: whatever is sent over it
/// waits behind what was not answered. What was written then is unknown, as when a connection is cut.
fn settled<T>(client: Client, answered: Option<T>) -> Result<T, StoreError> {
    answered.ok_or_else(|| {
        drop(Object::take(client));
        StoreError::unavailable("PostgreSQL did not answer in time")
    })
}

/// What became of the transaction, and whether PostgreSQL ended it for the sake of another.
async fn in_transaction<T, E, F>(client: &Client, body: F) -> (Result<T, E>, bool)
where
    F: for<'t, 'c> FnOnce(&'t Tx<'c>) -> BoxFuture<'t, Result<T, E>> + Send + 'static,
    E: From<StoreError>,
{
    let tx = Tx::new(Engine::Postgres(Open { client, begun: AtomicBool::new(false) }));
    let result = body(&tx).await;
    let collided = tx.collided();
    let Ok(done) = result else { return (result, collided) };
    match tx.end() {
        Ok(Engine::Postgres(open)) => match open.commit().await {
            Ok(()) => (Ok(done), false),
            Err(error) => {
                let collided = matches!(error, StoreError::Collided(_));
                (Err(error.into()), collided)
            }
        },
        Ok(Engine::Sqlite) => (Ok(done), false),
        Err(error) => (Err(error.into()), collided),
    }
}

/// A transaction on a connection. Dropped without a commit, it rolls back.
pub(crate) struct Open<'c> {
    pub(crate) client: &'c Client,
    /// Whether there is something to commit or to roll back.
    begun: AtomicBool,
}

impl Open<'_> {
    /// Runs `work`, a statement. The first one begins the transaction: a read is sent together with the `BEGIN`, for
    /// should that fail it has done nothing; a write waits for it.
    pub(crate) async fn run<T>(
        &self,
        statement: &'static Statement,
        work: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        if self.begun.swap(true, Ordering::Relaxed) {
            return work.await;
        }
        let begin = self.client.batch_execute("BEGIN");
        if statement.access == Access::Write {
            begin.await?;
            return work.await;
        }
        let (begun, result) = join(begin, work).await;
        begun?;
        result
    }

    async fn commit(self) -> Result<(), StoreError> {
        if self.begun.swap(false, Ordering::Relaxed) {
            self.client.batch_execute("COMMIT").await?;
        }
        Ok(())
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        if *self.begun.get_mut() {
            // Polled once it is on its way, before whatever is sent over this connection next. Nobody waits for it.
            let _ = self.client.batch_execute("ROLLBACK").now_or_never();
        }
    }
}

/// TLS as `sslmode` in the address wants it (`prefer` by default: encrypted where the server can).
fn tls() -> Result<MakeRustlsConnect, StoreError> {
    let roots = rustls::RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(StoreError::unavailable)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

fn borrowed<'a>(params: &'a [Param<'a>]) -> Vec<&'a (dyn ToSql + Sync)> {
    params.iter().map(|param| param as &(dyn ToSql + Sync)).collect()
}

pub(crate) async fn rows<R: Row>(
    client: &impl GenericClient,
    statement: &'static Statement,
    params: &[Param<'_>],
) -> Result<Vec<R>, StoreError> {
    let prepared = client.prepare_cached(statement.postgres).await?;
    let found = client.query(&prepared, &borrowed(params)).await?;
    found.iter().map(|row| R::read(&InOrder::new(row), statement.name)).collect()
}

pub(crate) async fn optional<R: Row>(
    client: &impl GenericClient,
    statement: &'static Statement,
    params: &[Param<'_>],
) -> Result<Option<R>, StoreError> {
    let prepared = client.prepare_cached(statement.postgres).await?;
    match client.query(&prepared, &borrowed(params)).await?.as_slice() {
        [] => Ok(None),
        [row] => R::read(&InOrder::new(row), statement.name).map(Some),
        _ => Err(StoreError::Several { statement: statement.name }),
    }
}

pub(crate) async fn affected(
    client: &impl GenericClient,
    statement: &'static Statement,
    params: &[Param<'_>],
) -> Result<u64, StoreError> {
    let prepared = client.prepare_cached(statement.postgres).await?;
    Ok(client.execute(&prepared, &borrowed(params)).await?)
}
