//! The way of a message, its events, and trying it again by hand.

use std::sync::Arc;

use serde_json::json;
use weir_core::{
    Code, Failure, Outcome,
    message::{self, flow::News},
};
use weir_testkit::{LONG, MINI, TestWeir, scenes::together};

use super::{
    SEND, accepts, attempts, draft, inbox, ledger, openid, queue, queue_long, state, subscribes, until_done,
    until_state,
};

/// WeChat's event about a message.
pub async fn event(weir: &TestWeir, msgid: &str, openid: &str, error_code: i64) -> bool {
    let app = Arc::clone(&weir.app);
    let (msgid, openid) = (msgid.to_owned(), openid.to_owned());
    let news: Outcome<News> = weir
        .app
        .store
        .transaction(move |tx| {
            Box::pin(async move {
                message::flow::delivered(tx, &app, MINI, &msgid, &openid, LONG, error_code)
                    .await
                    .map_err(Failure::from)
            })
        })
        .await;
    news.unwrap() == News::Known
}

weir_testkit::engines! {
    async fn a_queued_message_arrives_once_and_all_of_it_is_written_down(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let openid = accepts(&weir, "alice", 1).await;
        let message = draft(&openid, weir_testkit::ONCE, "hello");
        let id = queue(&weir.app, message, true).await.unwrap();
        until_done(&weir).await;
        assert_eq!(state(&weir, &id).await, "sent/");
        assert_eq!(attempts(&weir, &id).await, ["sent"]);
        assert_eq!(inbox(&weir, "alice").await, ["hello"]);
        let mut noted = ledger(&weir).await;
        noted.sort_unstable();
        assert_eq!(noted, ["accept 1 1", "sent 0 0", "taken -1 0"]);
        let kept = "SELECT COUNT(*) FROM messages WHERE msgid IS NOT NULL AND sent_at IS NOT NULL AND attempts = 1";
        assert_eq!(weir.number(kept).await, 1);
    }

    async fn messages_to_one_person_arrive_in_their_order(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        subscribes(&weir, "alice").await;
        let texts: Vec<String> = (0..20).map(|number| format!("{number}")).collect();
        weir.app.jobs.rest(MINI, weir.clock.now().plus(std::time::Duration::from_millis(20)), "test");
        for text in &texts {
            queue_long(&weir, "alice", text).await;
            weir.clock.advance(std::time::Duration::from_millis(1));
        }
        until_state(&weir, "sent", 20).await;
        assert_eq!(inbox(&weir, "alice").await, texts);
        assert_eq!(weir.calls(SEND).await, 20);
    }

    async fn wechat_tells_that_a_message_arrived(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        subscribes(&weir, "alice").await;
        let id = queue_long(&weir, "alice", "hello").await;
        until_state(&weir, "sent", 1).await;
        let msgid = weir.rows("SELECT msgid FROM messages").await.remove(0).remove(0);
        let openid = openid(&weir, "alice").await;
        assert!(!event(&weir, "1", &openid, 0).await, "nothing has this msgid");
        assert!(event(&weir, &msgid, &openid, 0).await);
        assert_eq!(state(&weir, &id).await, "delivered/");
        assert!(event(&weir, &msgid, &openid, 0).await, "told twice");
        assert_eq!(state(&weir, &id).await, "delivered/");
    }

    async fn wechat_tells_that_a_message_did_not_arrive(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        subscribes(&weir, "alice").await;
        let id = queue_long(&weir, "alice", "hello").await;
        until_state(&weir, "sent", 1).await;
        let msgid = weir.rows("SELECT msgid FROM messages").await.remove(0).remove(0);
        assert!(event(&weir, &msgid, &openid(&weir, "alice").await, 20001).await);
        assert_eq!(state(&weir, &id).await, "refused/not_delivered");
    }

    async fn an_event_clears_up_what_became_of_a_lost_answer(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        subscribes(&weir, "alice").await;
        weir.fault(&json!({"path": SEND, "kind": "garbage", "form": "html", "times": 1})).await;
        let id = queue_long(&weir, "alice", "hello").await;
        until_state(&weir, "uncertain", 1).await;
        assert_eq!(state(&weir, &id).await, "uncertain/bad_answer");
        assert!(!event(&weir, "77", "somebody else", 0).await);
        assert!(event(&weir, "77", &openid(&weir, "alice").await, 0).await);
        assert_eq!(state(&weir, &id).await, "delivered/");
        assert_eq!(weir.rows("SELECT msgid FROM messages").await, [["77"]]);
    }

    async fn fifty_who_try_a_message_again_send_it_once(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let openid = openid(&weir, "alice").await;
        let id = queue(&weir.app, draft(&openid, weir_testkit::ONCE, "hello"), false).await.unwrap();
        until_done(&weir).await;
        assert_eq!(state(&weir, &id).await, "refused/no_accept");
        super::accepts_untold(&weir, "alice").await;
        let tries = (0..50).map(|_| {
            let (app, id) = (Arc::clone(&weir.app), id.clone());
            async move { message::flow::retry(&app, "key:test".to_owned(), &id).await }
        });
        let outcomes = together(tries).await;
        let codes: Vec<Code> = outcomes.iter().filter_map(|tried| tried.as_ref().err().map(|e| e.code)).collect();
        assert_eq!(codes, [Code::NotRetryable; 49]);
        until_done(&weir).await;
        assert_eq!(state(&weir, &id).await, "sent/");
        assert_eq!(attempts(&weir, &id).await, ["no_accept", "sent"]);
        assert_eq!(inbox(&weir, "alice").await, ["hello"]);
        assert_eq!(weir.done(&format!("message:{id}"), "message.retried").await, 1);
    }

    async fn a_message_that_is_not_there_is_not_tried_again(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let id = message::MessageId::new(&weir.app.dice, weir.clock.now());
        let tried = message::flow::retry(&weir.app, "key:test".to_owned(), &id).await;
        assert_eq!(tried.unwrap_err().code, Code::NotFound);
    }
}
