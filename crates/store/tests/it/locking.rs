//! Many at once: who wins, and that nothing is lost.

use std::collections::HashSet;

use tokio::task::JoinSet;
use weir_store::{Store, StoreError, row, statements};
use weir_testkit::Engine;

use crate::lab::{self, Lab};

row! {
    struct Claimed {
        id: i64,
    }
}

statements! {
    write fn put_or_nothing(id: i64, name: &str) -> affected =
        "INSERT INTO things (id, name) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
    write fn put_or_count(id: i64, name: &str) -> affected =
        "INSERT INTO things (id, name, count) VALUES ($1, $2, 1) ON CONFLICT (name) DO UPDATE SET count = things.count + 1";
    write fn increment(id: i64) -> affected = "UPDATE things SET count = count + 1 WHERE id = $1";
    write fn claim(limit: i64) -> many Claimed = sqlite
        "UPDATE things SET flag = TRUE WHERE id IN (SELECT id FROM things WHERE NOT flag ORDER BY id LIMIT $1) RETURNING id",
        postgres
        "UPDATE things SET flag = TRUE WHERE id IN (SELECT id FROM things WHERE NOT flag ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED) RETURNING id";
}

/// Runs `task` this many times at once, half of them on each of two servers.
async fn at_once<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
    lab: &Lab,
    tasks: i64,
    task: impl Fn(Store, i64) -> F,
) -> Vec<T> {
    let replica = lab.replica().await;
    let mut running = JoinSet::new();
    for number in 1..=tasks {
        let store = if number % 2 == 0 { &replica } else { &lab.store };
        running.spawn(task(store.clone(), number));
    }
    running.join_all().await
}

weir_testkit::engines! {
    async fn a_guarded_update_has_one_winner(engine) {
        let lab = Lab::new(engine).await;
        lab::put(&lab.store, 1, None).await.unwrap();
        let won = at_once(&lab, 64, |store, number| async move {
            lab::set_count_if(&store, 1, 0, number).await.unwrap()
        });
        let won = won.await;
        assert_eq!(won.len(), 64);
        assert_eq!(won.iter().sum::<u64>(), 1);
        assert_ne!(lab::count(&lab.store, 1).await.unwrap(), 0);
    }

    async fn a_guarded_update_in_a_transaction_has_one_winner(engine) {
        let lab = Lab::new(engine).await;
        lab::put(&lab.store, 1, None).await.unwrap();
        let won = at_once(&lab, 64, |store, number| async move {
            let won = store.transaction(move |tx| Box::pin(async move {
                let seen = lab::count(tx, 1).await?;
                let won = seen == 0 && lab::set_count_if(tx, 1, seen, number).await? == 1;
                if won {
                    lab::put(tx, 1000 + number, None).await?;
                }
                Ok::<_, StoreError>(won)
            }));
            won.await.unwrap()
        });
        assert_eq!(won.await.into_iter().filter(|won| *won).count(), 1);
        assert_eq!(lab::all(&lab.store).await.unwrap(), 2, "only the winner wrote the rest");
    }

    async fn a_unique_index_has_one_winner(engine) {
        let lab = Lab::new(engine).await;
        let outcomes = at_once(&lab, 64, |store, number| async move {
            lab::put(&store, number, Some("eel")).await
        });
        let refused: Vec<_> = outcomes.await.into_iter().filter_map(Result::err).collect();
        assert_eq!(refused.len(), 63);
        assert!(refused.iter().all(|error| error.is_unique("things__name")), "{refused:?}");
    }

    async fn on_conflict_do_nothing_has_one_winner(engine) {
        let lab = Lab::new(engine).await;
        let written = at_once(&lab, 64, |store, number| async move {
            put_or_nothing(&store, number, "eel").await.unwrap()
        });
        assert_eq!(written.await.iter().sum::<u64>(), 1);
        assert_eq!(lab::all(&lab.store).await.unwrap(), 1);
    }

    async fn on_conflict_do_update_counts_everybody(engine) {
        let lab = Lab::new(engine).await;
        at_once(&lab, 64, |store, number| async move { put_or_count(&store, number, "eel").await.unwrap() }).await;
        let ids = lab::ids(&lab.store).await.unwrap();
        assert_eq!(ids.len(), 1);
        assert_eq!(lab::count(&lab.store, ids[0]).await.unwrap(), 64);
    }

    async fn an_increment_in_the_statement_loses_nothing(engine) {
        let lab = Lab::new(engine).await;
        lab::put(&lab.store, 1, None).await.unwrap();
        at_once(&lab, 16, |store, _| async move {
            for _ in 0..100 {
                increment(&store, 1).await.unwrap();
            }
        }).await;
        assert_eq!(lab::count(&lab.store, 1).await.unwrap(), 1600);
    }

    /// Reading first and writing then is safe on SQLite, where one transaction writes at a time. On PostgreSQL the
    /// write must be guarded by what was read, and tried again.
    async fn read_then_write_loses_nothing(engine) {
        let lab = Lab::new(engine).await;
        lab::put(&lab.store, 1, None).await.unwrap();
        let rounds = if engine == Engine::Sqlite { 100 } else { 20 };
        at_once(&lab, 16, move |store, _| async move {
            let mut done = 0;
            while done < rounds {
                let wrote = store.transaction(move |tx| Box::pin(async move {
                    let seen = lab::count(tx, 1).await?;
                    match engine {
                        Engine::Sqlite => lab::set_count(tx, 1, seen + 1).await,
                        Engine::Postgres => lab::set_count_if(tx, 1, seen, seen + 1).await,
                    }
                }));
                done += wrote.await.unwrap();
            }
        }).await;
        assert_eq!(lab::count(&lab.store, 1).await.unwrap(), 16 * i64::try_from(rounds).unwrap());
    }

    async fn each_job_is_claimed_once(engine) {
        let lab = Lab::new(engine).await;
        for id in 1..=200 {
            lab::put(&lab.store, id, None).await.unwrap();
        }
        let claimed = at_once(&lab, 8, |store, _| async move {
            let mut mine = Vec::new();
            loop {
                let batch = claim(&store, 7).await.unwrap();
                if batch.is_empty() {
                    return mine;
                }
                mine.extend(batch.into_iter().map(|job| job.id));
            }
        });
        let claimed: Vec<i64> = claimed.await.into_iter().flatten().collect();
        assert_eq!(claimed.len(), 200);
        assert_eq!(claimed.into_iter().collect::<HashSet<_>>().len(), 200);
    }
}
