//! A PostgreSQL that stands still.

use std::time::Duration;

use weir_store::{DatabaseUrl, Store, StoreError, StoreSettings, statements};
use weir_testkit::Engine;

use crate::lab::{self, Lab};

statements! {
    /// Longer than any test waits.
    write fn stand_still() -> affected = sqlite "SELECT 1", postgres "SELECT pg_sleep(3600)";
}

weir_testkit::engines! {
    async fn a_statement_that_does_not_end_is_given_up_with_its_connection(engine) {
        if engine == Engine::Sqlite {
            return;
        }
        let lab = Lab::new(engine).await;
        // One connection: whoever comes next would wait behind the statement, were it kept.
        let settings = StoreSettings { pool_size: 1, patience: Duration::from_millis(300), ..StoreSettings::new(DatabaseUrl::parse(lab.url()).unwrap()) };
        let store = Store::open(&settings).await.unwrap();
        let given_up = stand_still(&store).await.unwrap_err();
        assert!(matches!(given_up, StoreError::Unavailable(_)), "{given_up:?}");
        lab::put(&store, 1, None).await.unwrap();

        let given_up = store
            .transaction(|tx| {
                Box::pin(async move {
                    lab::put(tx, 2, None).await?;
                    stand_still(tx).await
                })
            })
            .await;
        assert!(matches!(given_up, Err(StoreError::Unavailable(_))), "{given_up:?}");
        assert_eq!(lab::ids(&store).await.unwrap(), [1]);
    }
}
