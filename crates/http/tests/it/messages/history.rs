//! What was tried of a message before decides what becomes of it: which tries count, and whether WeChat may have it.

use std::time::Duration;

use serde_json::{Value, json};
use weir_core::{
    apikey::Scope,
    credit::{Answer, Source},
};
use weir_testkit::{LONG, ONCE, TestWeir, weir::Setup};

use super::{
    SEND, accepts, accepts_untold, attempts, draft,
    faults::{abandoned, at_least_once},
    inbox, key, openid, queue, queue_long, state, subscribes, told, until, until_done, until_rest,
    until_state,
};

/// How often the job that nobody holds was leased.
pub const RUNS: &str = "SELECT COALESCE(MAX(CASE WHEN lease IS NULL THEN runs END), 0) FROM jobs";
const TOKENS: &str = "/cgi-bin/stable_token";

fn errcode(path: &str, code: i64, times: u64) -> Value {
    json!({"path": path, "kind": "errcode", "errcode": code, "times": times})
}

fn garbage() -> Value {
    json!({"path": SEND, "kind": "garbage", "form": "html", "times": 1})
}

/// One try, and twice when the template says that a lost answer is repeated.
fn at_most(setup: &mut Setup, tries: u32) {
    at_least_once(setup);
    setup.core.engagement.max_attempts = tries;
}

fn for_an_hour(setup: &mut Setup) {
    at_least_once(setup);
    setup.core.engagement.expires_after = "1h".parse().unwrap();
}

weir_testkit::engines! {
    async fn waiting_for_a_token_is_no_try(engine) {
        let Some(weir) = TestWeir::start_with(engine, |setup| at_most(setup, 3)).await else { return };
        subscribes(&weir, "alice").await;
        weir.fault(&errcode(TOKENS, 40164, 100_000)).await;
        let id = queue_long(&weir, "alice", "hello").await;
        for run in 1..=5 {
            until(&weir, RUNS, run).await;
            weir.wait_for_sleepers(1).await;
            weir.clock.advance(Duration::from_secs(600));
        }
        until(&weir, RUNS, 6).await;
        weir.no_faults().await;
        weir.fault(&errcode(SEND, -1, 1)).await;
        weir.clock.advance(Duration::from_secs(600));
        until(&weir, "SELECT COUNT(*) FROM attempts", 1).await;
        assert_eq!(state(&weir, &id).await, "queued/busy");
        weir.wait_for_sleepers(1).await;
        // As long as after any first try.
        weir.clock.advance(Duration::from_secs(8));
        until_done(&weir).await;
        assert_eq!(attempts(&weir, &id).await, ["busy", "sent"]);
    }

    async fn a_token_that_no_renewal_mends_is_shown_and_not_asked_about_all_the_time(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        subscribes(&weir, "alice").await;
        weir.fault(&errcode(SEND, 40001, 100_000)).await;
        let id = queue_long(&weir, "alice", "hello").await;
        until(&weir, "SELECT COUNT(*) FROM attempts", 1).await;
        let reader = weir.client.with_bearer(weir.api_key(&[Scope::CrmRead]).await);
        let shown = reader.get(&format!("/api/messages/{id}")).await;
        let (message, tried) = (&shown.data()["message"], &shown.data()["attempts"][0]);
        assert_eq!((&message["state"], &message["reason"], &message["errcode"]), (&json!("queued"), &json!("no_token"), &json!(40001)));
        assert_eq!((&message["waitsFor"], &tried["errcode"]), (&json!("no_token"), &json!(40001)));
        assert!(message["dueAt"].as_str() > Some("2026-11-20T08:00:00.000Z"), "{message}");
        for _ in 0..60 {
            until_rest(&weir).await;
            weir.clock.advance(Duration::from_secs(60));
        }
        let (sends, tokens) = (weir.calls(SEND).await, weir.calls(TOKENS).await);
        assert!((4..=26).contains(&sends) && tokens <= 26, "{sends} messages, {tokens} tokens in an hour");
        weir.no_faults().await;
        until_rest(&weir).await;
        weir.clock.advance(Duration::from_secs(1800));
        until_state(&weir, "sent", 1).await;
        assert_eq!(inbox(&weir, "alice").await, ["hello"]);
    }

    async fn what_wechat_may_have_taken_is_not_called_refused_later(engine) {
        let Some(weir) = TestWeir::start_with(engine, at_least_once).await else { return };
        let openid = accepts(&weir, "alice", 1).await;
        // WeChat takes it, and its answer is lost; then nothing is left to send it again with.
        weir.fault(&garbage()).await;
        let id = queue(&weir.app, draft(&openid, ONCE, "hello"), true).await.unwrap();
        until(&weir, "SELECT COUNT(*) FROM attempts", 1).await;
        weir.wait_for_sleepers(1).await;
        weir.clock.advance(Duration::from_secs(8));
        until_done(&weir).await;
        assert_eq!(attempts(&weir, &id).await, ["bad_answer", "no_accept"]);
        assert_eq!(state(&weir, &id).await, "uncertain/no_accept");
        assert_eq!(inbox(&weir, "alice").await, ["hello"]);
        assert_eq!(weir.number("SELECT remaining FROM credits").await, 0);
    }

    async fn what_wechat_may_have_taken_is_not_called_dead_when_it_is_too_old(engine) {
        let Some(weir) = TestWeir::start_with(engine, for_an_hour).await else { return };
        let openid = accepts(&weir, "alice", 1).await;
        weir.fault(&garbage()).await;
        let id = queue(&weir.app, draft(&openid, ONCE, "hello"), true).await.unwrap();
        until(&weir, "SELECT COUNT(*) FROM attempts", 1).await;
        weir.wait_for_sleepers(1).await;
        weir.clock.advance(Duration::from_secs(3600));
        until_done(&weir).await;
        assert_eq!(state(&weir, &id).await, "uncertain/expired");
        assert_eq!(weir.number("SELECT remaining FROM credits").await, 0, "the accept may be used up");
    }

    async fn a_process_that_dies_of_a_message_does_not_send_it_for_ever(engine) {
        let Some(weir) = TestWeir::start_with(engine, |setup| at_most(setup, 1)).await else { return };
        subscribes(&weir, "alice").await;
        let id = abandoned(&weir).await;
        weir.clock.advance(Duration::from_secs(60));
        weir.app.jobs.nudge();
        until_done(&weir).await;
        assert_eq!(state(&weir, &id).await, "uncertain/interrupted");
        assert_eq!(attempts(&weir, &id).await, ["interrupted"]);
        assert_eq!(weir.calls(SEND).await, 0);
    }

    async fn whoever_is_slow_to_say_that_it_was_sent_is_believed(engine) {
        let short = |setup: &mut Setup| setup.core.engagement.lease = "1s".parse().unwrap();
        let Some(mut weir) = TestWeir::start_with(engine, short).await else { return };
        subscribes(&weir, "alice").await;
        weir.replica().await;
        weir.fault(&json!({"path": SEND, "kind": "delay", "ms": 3000, "times": 1})).await;
        let id = queue_long(&weir, "alice", "hello").await;
        weir.wait_for_calls(SEND, 1).await;
        weir.wait_for_sleepers(2).await;
        // The other gateway takes it over and cannot know.
        weir.clock.advance(Duration::from_secs(1));
        until_state(&weir, "uncertain", 1).await;
        weir.clock.advance(Duration::from_secs(2));
        until_state(&weir, "sent", 1).await;
        assert_eq!(state(&weir, &id).await, "sent/");
        assert_eq!(inbox(&weir, "alice").await, ["hello"]);
    }

    async fn nor_does_it_matter_whether_somebody_has_looked_at_it_meanwhile(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        subscribes(&weir, "alice").await;
        let id = abandoned(&weir).await;
        let now = weir.clock.now();
        let told = weir_core::message::rows::sent_after_all(&weir.app.store, &id, Some("77"), now).await;
        assert_eq!(told.unwrap(), 1);
        weir.clock.advance(Duration::from_secs(60));
        weir.app.jobs.nudge();
        until_done(&weir).await;
        assert_eq!(state(&weir, &id).await, "sent/");
        assert_eq!(weir.calls(SEND).await, 0);
    }

    async fn a_message_that_did_not_arrive_takes_another_accept_when_it_is_tried_again(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let openid = accepts(&weir, "alice", 2).await;
        let id = queue(&weir.app, draft(&openid, ONCE, "hello"), true).await.unwrap();
        until_done(&weir).await;
        weir.rows("UPDATE messages SET msgid = '77' RETURNING id").await;
        assert!(super::delivery::event(&weir, "77", &openid, 20001).await);
        assert_eq!(weir.number("SELECT remaining FROM credits").await, 1);
        weir.fault(&errcode(SEND, 47003, 1)).await;
        weir_core::message::flow::retry(&weir.app, "key:test".to_owned(), &id).await.unwrap();
        until_done(&weir).await;
        assert_eq!(state(&weir, &id).await, "refused/refused");
        assert_eq!(weir.number("SELECT remaining FROM credits").await, 1, "the first is used up");
    }

    async fn what_is_accepted_while_wechat_says_that_nothing_is_left_stays(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let openid = openid(&weir, "alice").await;
        told(&weir.app, &key(&openid), Answer::Accept, Source::Client).await;
        weir.fault(&json!({"path": SEND, "kind": "delay", "ms": 1000, "times": 1})).await;
        let id = queue(&weir.app, draft(&openid, ONCE, "1"), false).await.unwrap();
        weir.wait_for_calls(SEND, 1).await;
        weir.wait_for_sleepers(2).await;
        weir.clock.advance(Duration::from_millis(500));
        accepts_untold(&weir, "alice").await;
        told(&weir.app, &key(&openid), Answer::Accept, Source::Client).await;
        weir.clock.advance(Duration::from_millis(500));
        until_done(&weir).await;
        assert_eq!(state(&weir, &id).await, "refused/no_accept");
        assert_eq!(weir.number("SELECT remaining FROM credits").await, 1);
        assert!(queue(&weir.app, draft(&openid, ONCE, "2"), true).await.is_some());
        until_done(&weir).await;
        assert_eq!(inbox(&weir, "alice").await, ["2"]);
    }

    async fn news_of_a_message_that_is_being_sent_are_not_taken_for_another_ones(engine) {
        let Some(weir) = TestWeir::start_with(engine, |setup| setup.wechat_tries = 1).await else { return };
        subscribes(&weir, "alice").await;
        weir.fault(&json!({"path": SEND, "kind": "http_status", "status": 502, "times": 1})).await;
        let lost = queue_long(&weir, "alice", "lost").await;
        until_done(&weir).await;
        weir.clock.advance(Duration::from_millis(1));
        let sending = abandoned(&weir).await;
        let openid = openid(&weir, "alice").await;
        assert!(!super::delivery::event(&weir, "77", &openid, 0).await, "its answer is not written down yet");
        assert_eq!(state(&weir, &lost).await, "uncertain/bad_answer");
        assert_eq!(state(&weir, &sending).await, "sending/");
    }

    async fn news_of_a_message_that_waits_to_be_repeated_spare_it(engine) {
        let Some(weir) = TestWeir::start_with(engine, at_least_once).await else { return };
        subscribes(&weir, "alice").await;
        weir.fault(&garbage()).await;
        let id = queue_long(&weir, "alice", "hello").await;
        until(&weir, "SELECT COUNT(*) FROM attempts", 1).await;
        assert!(super::delivery::event(&weir, "77", &openid(&weir, "alice").await, 0).await);
        weir.wait_for_sleepers(1).await;
        weir.clock.advance(Duration::from_secs(8));
        until_done(&weir).await;
        assert_eq!(state(&weir, &id).await, "delivered/");
        assert_eq!(inbox(&weir, "alice").await, ["hello"]);
    }

    async fn nothing_is_sent_again_of_who_was_erased(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let alice = weir.person("alice").signed_in().await;
        let openid = openid(&weir, "alice").await;
        let id = queue(&weir.app, draft(&openid, LONG, "hello"), false).await.unwrap();
        until_state(&weir, "refused", 1).await;
        alice.delete("/api/v1/users/me").await.data();
        let service = weir.client.with_bearer(weir.api_key(&[Scope::MessagesSend]).await);
        assert_eq!(service.post_empty(&format!("/api/messages/{id}/retry")).await.status, 409);
        assert_eq!(state(&weir, &id).await, "refused/no_accept");
        assert_eq!(weir.number("SELECT COUNT(*) FROM jobs").await, 0);
    }
}
