//! A store with tables of its own, independent of the product's.

use std::{
    pin::pin,
    sync::{Arc, Mutex, mpsc},
    task::{Poll, Waker},
};

use weir_store::{DatabaseUrl, Store, StoreError, StoreSettings, row, statements};
use weir_testkit::{Engine, TestDatabase};

row! {
    #[derive(PartialEq, Eq)]
    pub struct Thing {
        pub id: i64,
        pub name: Option<String>,
        pub count: i64,
        pub flag: bool,
    }
}

statements! {
    write fn create_things() -> affected =
        "CREATE TABLE things (id BIGINT PRIMARY KEY, name TEXT, count BIGINT NOT NULL DEFAULT 0,
            flag BOOLEAN NOT NULL DEFAULT FALSE, note TEXT, CHECK (count >= 0))";
    write fn create_names() -> affected = "CREATE UNIQUE INDEX things__name ON things (name)";
    write fn create_parts() -> affected =
        "CREATE TABLE parts (thing_id BIGINT NOT NULL REFERENCES things (id), kind TEXT NOT NULL, size BIGINT NOT NULL,
            PRIMARY KEY (thing_id, kind))";
    write fn create_sizes() -> affected = "CREATE UNIQUE INDEX parts__size__kind ON parts (size, kind)";

    write fn put(id: i64, name: Option<&str>) -> affected = "INSERT INTO things (id, name) VALUES ($1, $2)";
    write fn put_part(thing: i64, kind: &str, size: i64) -> affected =
        "INSERT INTO parts (thing_id, kind, size) VALUES ($1, $2, $3)";
    write fn set_count(id: i64, count: i64) -> affected = "UPDATE things SET count = $2 WHERE id = $1";
    write fn set_count_if(id: i64, old: i64, new: i64) -> affected =
        "UPDATE things SET count = $3 WHERE id = $1 AND count = $2";
    read fn get(id: i64) -> optional Thing = "SELECT id, name, count, flag FROM things WHERE id = $1";
    read fn count(id: i64) -> one i64 = "SELECT count FROM things WHERE id = $1";
    read fn ids() -> many i64 = "SELECT id FROM things ORDER BY id";
    read fn all() -> one i64 = "SELECT COUNT(*) FROM things";
}

pub struct Lab {
    pub store: Store,
    database: TestDatabase,
}

impl Lab {
    /// On an empty database.
    pub async fn empty(engine: Engine) -> Self {
        let database = TestDatabase::create(engine).await.unwrap();
        Self { store: open(database.url()).await.unwrap(), database }
    }

    /// With the tables of this file.
    pub async fn new(engine: Engine) -> Self {
        let lab = Self::empty(engine).await;
        create_things(&lab.store).await.unwrap();
        create_names(&lab.store).await.unwrap();
        create_parts(&lab.store).await.unwrap();
        create_sizes(&lab.store).await.unwrap();
        lab
    }

    pub fn url(&self) -> &str {
        self.database.url()
    }

    /// Another server on the same database.
    pub async fn replica(&self) -> Store {
        open(self.url()).await.unwrap()
    }
}

pub async fn open(url: &str) -> Result<Store, StoreError> {
    Store::open(&StoreSettings::new(DatabaseUrl::parse(url)?)).await
}

/// Holds SQLite's writer until it is let go, so that what is queued meanwhile becomes one batch.
pub struct Gate {
    release: mpsc::Sender<()>,
    held: tokio::task::JoinHandle<Result<(), StoreError>>,
}

impl Gate {
    /// The writer is held when this returns.
    pub async fn close(store: &Store) -> Self {
        let (release, released) = mpsc::channel::<()>();
        let (holding, held) = tokio::sync::oneshot::channel();
        let store = store.clone();
        // A body can be cloned, and these cannot.
        let ends = Arc::new(Mutex::new(Some((holding, released))));
        let task = tokio::spawn(async move {
            store
                .transaction(move |_| {
                    Box::pin(async move {
                        let (holding, released) = ends.lock().unwrap().take().unwrap();
                        holding.send(()).unwrap();
                        // Ends with the channel too, so that a test that fails does not hang.
                        let _ = released.recv();
                        Ok(())
                    })
                })
                .await
        });
        held.await.unwrap();
        Self { release, held: task }
    }

    pub async fn open(self) {
        self.release.send(()).unwrap();
        self.held.await.unwrap().unwrap();
    }
}

/// Polls `future` up to `polls` times, and drops it then.
pub async fn abandoned<T>(polls: usize, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut left = polls;
    std::future::poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        match future.as_mut().poll(context) {
            Poll::Pending if left == 0 => Poll::Ready(None),
            polled => polled.map(Some),
        }
    })
    .await
}

/// Whether `future` waits when it is polled for the first time.
pub fn waits<T>(future: std::pin::Pin<&mut impl Future<Output = T>>) -> bool {
    future.poll(&mut std::task::Context::from_waker(Waker::noop())).is_pending()
}
