//! The ledger: every change has an entry, and nothing is sent that nobody accepted.

use std::{sync::Arc, time::Duration};

use weir_core::credit::{Answer, Source};
use weir_testkit::{ONCE, TestWeir, scenes::together};

use super::{accepts, accepts_untold, draft, inbox, key, ledger, openid, queue, state, told, until_done};

weir_testkit::engines! {
    async fn three_accepts_are_three_messages(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let openid = accepts(&weir, "alice", 3).await;
        let mut queued = Vec::new();
        for text in ["1", "2", "3", "4"] {
            queued.push(queue(&weir.app, draft(&openid, ONCE, text), true).await);
            until_done(&weir).await;
        }
        assert_eq!(queued.iter().flatten().count(), 3);
        assert!(queued[3].is_none());
        assert_eq!(inbox(&weir, "alice").await, ["1", "2", "3"]);
        assert_eq!(weir.number("SELECT COUNT(*) FROM messages").await, 3, "nothing is left of the fourth");
        assert_eq!(weir.number("SELECT remaining FROM credits").await, 0);
    }

    async fn a_fourth_message_that_is_sent_all_the_same_is_refused(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let openid = accepts(&weir, "alice", 3).await;
        let mut last = None;
        for text in ["1", "2", "3", "4"] {
            last = queue(&weir.app, draft(&openid, ONCE, text), false).await;
            weir.clock.advance(Duration::from_millis(1));
        }
        until_done(&weir).await;
        assert_eq!(inbox(&weir, "alice").await, ["1", "2", "3"]);
        assert_eq!(state(&weir, &last.unwrap()).await, "refused/no_accept");
    }

    async fn a_refusal_corrects_a_ledger_that_says_too_much(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let openid = accepts(&weir, "alice", 1).await;
        for _ in 0..2 {
            weir.clock.advance(Duration::from_millis(1));
            told(&weir.app, &key(&openid), Answer::Accept, Source::Client).await;
        }
        for text in ["1", "2"] {
            weir.clock.advance(Duration::from_millis(1));
            queue(&weir.app, draft(&openid, ONCE, text), true).await.unwrap();
            until_done(&weir).await;
        }
        assert_eq!(inbox(&weir, "alice").await, ["1"]);
        assert!(ledger(&weir).await.contains(&"corrected -1 0".to_owned()));
        assert!(queue(&weir.app, draft(&openid, ONCE, "3"), true).await.is_none());
    }

    async fn an_accept_told_by_client_and_event_is_one(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let key = key("o-somebody");
        let told = async |source, after: u64| {
            weir.clock.advance(Duration::from_secs(after));
            told(&weir.app, &key, Answer::Accept, source).await
        };
        assert_eq!(told(Source::Client, 0).await, 1);
        assert_eq!(told(Source::Event, 599).await, 1);
        assert_eq!(told(Source::Event, 1).await, 2, "another accept");
        assert_eq!(told(Source::Client, 599).await, 2);
        assert_eq!(told(Source::Event, 1).await, 3);
        assert_eq!(told(Source::Client, 600).await, 4, "too late to be the same");
    }

    async fn sixty_accepts_told_twice_at_once_are_sixty(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let tries = (0..120).map(|number| {
            let app = Arc::clone(&weir.app);
            let source = if number % 2 == 0 { Source::Client } else { Source::Event };
            async move { told(&app, &key("o-somebody"), Answer::Accept, source).await }
        });
        together(tries).await;
        assert_eq!(weir.number("SELECT remaining FROM credits").await, 60);
        assert_eq!(weir.number("SELECT SUM(change) FROM credit_entries").await, 60);
        assert_eq!(weir.number("SELECT COUNT(*) FROM credit_entries").await, 120);
    }

    async fn other_answers_change_nothing_and_are_kept(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let key = key("o-somebody");
        told(&weir.app, &key, Answer::Accept, Source::Client).await;
        for answer in [Answer::Reject, Answer::Ban, Answer::Filter] {
            weir.clock.advance(Duration::from_millis(1));
            assert_eq!(told(&weir.app, &key, answer, Source::Client).await, 1);
        }
        assert_eq!(ledger(&weir).await, ["accept 1 1", "reject 0 1", "ban 0 1", "filter 0 1"]);
    }

    async fn of_sixty_messages_at_once_as_many_are_queued_as_were_accepted(engine) {
        let Some(mut weir) = TestWeir::start(engine).await else { return };
        let openid = accepts(&weir, "alice", 10).await;
        let (second, _) = weir.replica().await;
        let apps = [Arc::clone(&weir.app), second];
        let tries = (0..60).map(|number| {
            let (app, openid) = (Arc::clone(&apps[number % 2]), openid.clone());
            async move { queue(&app, draft(&openid, ONCE, &number.to_string()), true).await }
        });
        let queued = together(tries).await;
        assert_eq!(queued.iter().flatten().count(), 10);
        until_done(&weir).await;
        assert_eq!(inbox(&weir, "alice").await.len(), 10);
        assert_eq!(weir.number("SELECT remaining FROM credits").await, 0);
    }

    async fn accepts_that_nobody_told_us_of_are_used_when_a_message_is_sent_all_the_same(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        accepts_untold(&weir, "bob").await;
        let openid = openid(&weir, "bob").await;
        assert!(queue(&weir.app, draft(&openid, ONCE, "1"), true).await.is_none());
        queue(&weir.app, draft(&openid, ONCE, "2"), false).await.unwrap();
        until_done(&weir).await;
        assert_eq!(inbox(&weir, "bob").await, ["2"]);
        assert!(ledger(&weir).await.is_empty());
    }
}
