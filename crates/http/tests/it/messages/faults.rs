//! Whatever WeChat answers to a message, or does not answer: nothing is lost, nothing is sent twice.

use std::time::Duration;

use serde_json::{Value, json};
use weir_core::message::TemplateSettings;
use weir_testkit::{LONG, MINI, ONCE, TestWeir, weir::Setup};

use super::{
    SEND, accepts, attempts, draft, inbox, openid, queue, queue_long, state, subscribes, until, until_done,
    until_state,
};

fn errcode(code: i64) -> Value {
    json!({"path": SEND, "kind": "errcode", "errcode": code, "times": 1})
}

pub fn at_least_once(setup: &mut Setup) {
    setup.core.templates[0].at_least_once = true;
    setup.core.templates.push(TemplateSettings {
        id: ONCE.to_owned(),
        at_least_once: true,
        ..TemplateSettings::default()
    });
}

fn once(setup: &mut Setup) {
    setup.wechat_tries = 1;
}

weir_testkit::engines! {
    async fn a_refusal_for_good_gives_the_credit_back(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let openid = accepts(&weir, "alice", 1).await;
        for code in [47003, 40003, 40037, 40036, 41030, 40165, 45168, 43107, 48001, 99999] {
            weir.clock.advance(Duration::from_millis(1));
            weir.fault(&errcode(code)).await;
            let id = queue(&weir.app, draft(&openid, ONCE, "hello"), true).await.unwrap();
            until_done(&weir).await;
            assert_eq!(state(&weir, &id).await, "refused/refused", "{code}");
            assert_eq!(attempts(&weir, &id).await, ["refused"], "{code}");
            let kept = format!("SELECT COUNT(*) FROM messages WHERE id = '{id}' AND errcode = {code} AND NOT credit_taken");
            assert_eq!(weir.number(&kept).await, 1);
            assert_eq!(weir.number("SELECT remaining FROM credits").await, 1, "{code}");
        }
        assert!(inbox(&weir, "alice").await.is_empty());
    }

    async fn a_token_that_ended_is_replaced_and_the_message_goes_on(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        subscribes(&weir, "alice").await;
        for code in [40001, 40014, 42001] {
            weir.fault(&errcode(code)).await;
            let id = queue_long(&weir, "alice", &code.to_string()).await;
            until_done(&weir).await;
            assert_eq!(state(&weir, &id).await, "sent/", "{code}");
            assert_eq!(attempts(&weir, &id).await, ["sent"], "{code}");
            weir.clock.advance(Duration::from_secs(60));
        }
        assert_eq!(inbox(&weir, "alice").await, ["40001", "40014", "42001"]);
    }

    async fn all_tokens_made_invalid_cost_nothing(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        subscribes(&weir, "alice").await;
        queue_long(&weir, "alice", "1").await;
        until_done(&weir).await;
        weir.fault(&json!({"path": SEND, "kind": "invalidate_tokens", "times": 1})).await;
        let id = queue_long(&weir, "alice", "2").await;
        until_done(&weir).await;
        assert_eq!(state(&weir, &id).await, "sent/");
        assert_eq!(inbox(&weir, "alice").await, ["1", "2"]);
    }

    async fn a_busy_wechat_is_asked_again_later(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let openid = accepts(&weir, "alice", 1).await;
        weir.fault(&json!({"path": SEND, "kind": "errcode", "errcode": -1, "times": 3})).await;
        let id = queue(&weir.app, draft(&openid, ONCE, "hello"), true).await.unwrap();
        for (tries, wait) in [(1, 8), (2, 16), (3, 31)] {
            until(&weir, "SELECT COUNT(*) FROM attempts", tries).await;
            assert_eq!(state(&weir, &id).await, "queued/busy");
            weir.wait_for_sleepers(1).await;
            assert_eq!(weir.calls(SEND).await as i64, tries);
            weir.clock.advance(Duration::from_secs(wait));
        }
        until_done(&weir).await;
        assert_eq!(state(&weir, &id).await, "sent/");
        assert_eq!(attempts(&weir, &id).await, ["busy", "busy", "busy", "sent"]);
        assert_eq!(inbox(&weir, "alice").await, ["hello"]);
    }

    async fn a_message_is_given_up_after_so_many_tries(engine) {
        let few = |setup: &mut Setup| setup.core.engagement.max_attempts = 3;
        let Some(weir) = TestWeir::start_with(engine, few).await else { return };
        let openid = accepts(&weir, "alice", 1).await;
        weir.fault(&json!({"path": SEND, "kind": "errcode", "errcode": -1, "probability": 1.0})).await;
        let id = queue(&weir.app, draft(&openid, ONCE, "hello"), true).await.unwrap();
        for tries in [1, 2] {
            until(&weir, "SELECT COUNT(*) FROM attempts", tries).await;
            weir.wait_for_sleepers(1).await;
            weir.clock.advance(Duration::from_secs(16));
        }
        until_done(&weir).await;
        assert_eq!(state(&weir, &id).await, "dead/tried_too_often");
        assert_eq!(weir.number("SELECT remaining FROM credits").await, 1);
    }

    async fn another_message_to_the_same_person_is_waited_for(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        subscribes(&weir, "alice").await;
        weir.fault(&errcode(43108)).await;
        let id = queue_long(&weir, "alice", "hello").await;
        until(&weir, "SELECT COUNT(*) FROM attempts", 1).await;
        weir.wait_for_sleepers(1).await;
        weir.clock.advance(Duration::from_secs(2));
        until_done(&weir).await;
        assert_eq!(attempts(&weir, &id).await, ["concurrent", "sent"]);
        assert_eq!(inbox(&weir, "alice").await, ["hello"]);
    }

    async fn a_lost_answer_leaves_a_message_uncertain_and_is_not_repeated(engine) {
        let Some(weir) = TestWeir::start_with(engine, once).await else { return };
        let openid = accepts(&weir, "alice", 5).await;
        let garbage = |form: &str| json!({"path": SEND, "kind": "garbage", "form": form, "times": 1});
        for (fault, word) in [
            (json!({"path": SEND, "kind": "disconnect", "times": 1}), "cut"),
            (garbage("html"), "bad_answer"),
            (garbage("truncated"), "bad_answer"),
            (garbage("empty"), "bad_answer"),
            (json!({"path": SEND, "kind": "http_status", "status": 502, "times": 1}), "bad_answer"),
        ] {
            weir.clock.advance(Duration::from_millis(1));
            weir.fault(&fault).await;
            let id = queue(&weir.app, draft(&openid, ONCE, word), true).await.unwrap();
            until_done(&weir).await;
            assert_eq!(state(&weir, &id).await, format!("uncertain/{word}"), "{fault}");
            assert_eq!(attempts(&weir, &id).await, [word], "{fault}");
        }
        assert_eq!(weir.number("SELECT remaining FROM credits").await, 0, "they may have been used");
        assert_eq!(weir.calls(SEND).await, 5);
    }

    async fn a_late_answer_leaves_a_message_uncertain(engine) {
        let Some(weir) = TestWeir::start_with(engine, once).await else { return };
        subscribes(&weir, "alice").await;
        weir.fault(&json!({"path": SEND, "kind": "delay", "ms": 6000, "times": 1})).await;
        let id = queue_long(&weir, "alice", "hello").await;
        weir.wait_for_calls(SEND, 1).await;
        weir.wait_for_sleepers(2).await;
        assert_eq!(state(&weir, &id).await, "sending/");
        weir.clock.advance(Duration::from_secs(5));
        until_done(&weir).await;
        assert_eq!(state(&weir, &id).await, "uncertain/timeout");
        assert_eq!(weir.calls(SEND).await, 1);
    }

    async fn a_template_may_say_that_a_lost_answer_is_repeated(engine) {
        let Some(weir) = TestWeir::start_with(engine, at_least_once).await else { return };
        subscribes(&weir, "alice").await;
        weir.fault(&json!({"path": SEND, "kind": "garbage", "form": "truncated", "times": 1})).await;
        let id = queue_long(&weir, "alice", "hello").await;
        until(&weir, "SELECT COUNT(*) FROM attempts", 1).await;
        weir.wait_for_sleepers(1).await;
        weir.clock.advance(Duration::from_secs(8));
        until_done(&weir).await;
        assert_eq!(attempts(&weir, &id).await, ["bad_answer", "sent"]);
        assert_eq!(state(&weir, &id).await, "sent/");
    }

    async fn without_a_token_messages_wait_as_they_are(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        subscribes(&weir, "alice").await;
        let fault = json!({"path": "/cgi-bin/stable_token", "kind": "errcode", "errcode": 40164, "probability": 1.0});
        weir.fault(&fault).await;
        let id = queue_long(&weir, "alice", "hello").await;
        weir.wait_for_calls("/cgi-bin/stable_token", 1).await;
        weir.wait_for_sleepers(1).await;
        assert_eq!(state(&weir, &id).await, "queued/");
        assert_eq!(weir.calls(SEND).await, 0);
        let health = weir.client.get("/api/health").await;
        assert_eq!(health.json["checks"]["queue"], "waiting", "{}", health.text);
        weir.no_faults().await;
        weir.clock.advance(Duration::from_secs(600));
        until_done(&weir).await;
        assert_eq!(state(&weir, &id).await, "sent/");
        assert_eq!(attempts(&weir, &id).await, ["sent"]);
    }

    async fn an_hour_without_wechat_loses_nothing(engine) {
        // The clock may pass a call that is under way; it comes to nothing in any case.
        let Some(weir) = TestWeir::start_with(engine, at_least_once).await else { return };
        for name in ["alice", "bob", "carol"] {
            subscribes(&weir, name).await;
        }
        weir.fault(&json!({"path": SEND, "kind": "errcode", "errcode": -1, "probability": 1.0})).await;
        let mut texts = Vec::new();
        for number in 0..60 {
            let text = number.to_string();
            queue_long(&weir, ["alice", "bob", "carol"][number % 3], &text).await;
            weir.clock.advance(Duration::from_millis(1));
            texts.push(text);
        }
        for _ in 0..60 {
            weir.wait_for_sleepers(1).await;
            weir.clock.advance(Duration::from_secs(60));
        }
        assert_eq!(weir.number("SELECT COUNT(*) FROM messages WHERE state IN ('queued', 'sending')").await, 60);
        let asked = weir.calls(SEND).await;
        assert!(asked < 600, "WeChat is left in peace while it is not well, but was asked {asked} times");
        weir.no_faults().await;
        weir.wait_for_sleepers(1).await;
        until(&weir, "SELECT COUNT(*) FROM jobs WHERE lease IS NOT NULL", 0).await;
        weir.clock.advance(Duration::from_secs(1800));
        until_state(&weir, "sent", 60).await;
        for (at, name) in ["alice", "bob", "carol"].iter().enumerate() {
            let theirs: Vec<String> = texts.iter().skip(at).step_by(3).cloned().collect();
            assert_eq!(inbox(&weir, name).await, theirs, "{name}");
        }
    }

    async fn a_message_in_the_hands_of_a_process_that_died_is_uncertain(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        subscribes(&weir, "alice").await;
        let id = abandoned(&weir).await;
        weir.clock.advance(Duration::from_secs(59));
        weir.app.jobs.nudge();
        until(&weir, "SELECT COUNT(*) FROM jobs WHERE lease IS NOT NULL", 1).await;
        assert_eq!(state(&weir, &id).await, "sending/");
        weir.clock.advance(Duration::from_secs(1));
        weir.app.jobs.nudge();
        until_done(&weir).await;
        assert_eq!(state(&weir, &id).await, "uncertain/interrupted");
        assert!(inbox(&weir, "alice").await.is_empty());
    }

    async fn a_template_may_say_that_such_a_message_is_sent_again(engine) {
        let Some(weir) = TestWeir::start_with(engine, at_least_once).await else { return };
        subscribes(&weir, "alice").await;
        let id = abandoned(&weir).await;
        weir.clock.advance(Duration::from_secs(60));
        weir.app.jobs.nudge();
        until_done(&weir).await;
        assert_eq!(state(&weir, &id).await, "sent/");
        assert_eq!(inbox(&weir, "alice").await, ["hello"]);
    }

    async fn a_lease_that_ended_before_anything_was_sent_costs_nothing(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        subscribes(&weir, "alice").await;
        weir.app.jobs.rest(MINI, weir.clock.now().plus(Duration::from_secs(1)), "test");
        let id = queue_long(&weir, "alice", "hello").await;
        lease(&weir).await;
        weir.clock.advance(Duration::from_secs(60));
        weir.app.jobs.nudge();
        until_done(&weir).await;
        assert_eq!(state(&weir, &id).await, "sent/");
        assert_eq!(attempts(&weir, &id).await, ["sent"]);
    }
}

/// Another process, which never comes back, leases everything for a minute.
pub async fn lease(weir: &TestWeir) -> Vec<weir_core::job::Leased> {
    let (store, now) = (&weir.app.store, weir.clock.now());
    let (first, until) = (weir_base::Timestamp::from_millis(i64::MIN), now.plus(Duration::from_secs(60)));
    weir_core::job::rows::claim(store, MINI, now, first, "", 10, "a process that died", until).await.unwrap()
}

/// A message that another process has begun to send.
pub async fn abandoned(weir: &TestWeir) -> weir_core::message::MessageId {
    weir.app.jobs.rest(MINI, weir.clock.now().plus(Duration::from_millis(1)), "test");
    let openid = openid(weir, "alice").await;
    let id = queue(&weir.app, draft(&openid, LONG, "hello"), false).await.unwrap();
    let job = lease(weir).await.remove(0);
    let now = weir.clock.now();
    let begun = weir_core::message::rows::begin(&weir.app.store, &id, &job.id, &job.lease, now).await;
    assert!(begun.unwrap().is_some());
    id
}
