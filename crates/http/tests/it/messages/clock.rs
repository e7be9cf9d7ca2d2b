//! Messages while the clock is wrong, and while they grow too old without a token.

use std::time::Duration;

use serde_json::json;
use weir_testkit::{ONCE, TestWeir};

use super::{
    SEND, accepts, attempts, draft, faults::abandoned, history::RUNS, inbox, queue, queue_long, state,
    subscribes, times::for_an_hour, until, until_done, until_state,
};

const EIGHT_HOURS: Duration = Duration::from_secs(8 * 3600);

weir_testkit::engines! {
    async fn a_clock_that_is_set_back_keeps_no_message_waiting(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        subscribes(&weir, "alice").await;
        for (number, code) in [-1, 45009].into_iter().enumerate() {
            weir.fault(&json!({"path": SEND, "kind": "errcode", "errcode": code, "times": 1})).await;
            let id = queue_long(&weir, "alice", &code.to_string()).await;
            until(&weir, "SELECT COUNT(*) FROM attempts", 1 + 2 * number as i64).await;
            weir.wait_for_sleepers(1).await;
            // It was set to China's time instead of UTC.
            weir.clock.set_back(EIGHT_HOURS);
            until_done(&weir).await;
            assert_eq!(state(&weir, &id).await, "sent/");
            assert_eq!(attempts(&weir, &id).await.len(), 2);
        }
        assert_eq!(inbox(&weir, "alice").await, ["-1", "45009"]);
    }

    async fn a_clock_that_is_set_back_makes_no_lease_longer(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        subscribes(&weir, "alice").await;
        let id = abandoned(&weir).await;
        weir.clock.set_back(EIGHT_HOURS);
        let until_then = weir.clock.now().plus(Duration::from_secs(60)).millis();
        until(&weir, "SELECT leased_until FROM jobs", until_then).await;
        assert_eq!(state(&weir, &id).await, "sending/");
        weir.clock.advance(Duration::from_secs(60));
        until_done(&weir).await;
        assert_eq!(state(&weir, &id).await, "uncertain/interrupted");
    }

    async fn a_clock_that_is_set_back_a_little_changes_nothing(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        subscribes(&weir, "alice").await;
        weir.fault(&json!({"path": SEND, "kind": "errcode", "errcode": -1, "times": 1})).await;
        let id = queue_long(&weir, "alice", "hello").await;
        until(&weir, "SELECT COUNT(*) FROM attempts", 1).await;
        let due = weir.number("SELECT due_at FROM jobs").await;
        weir.clock.set_back(Duration::from_secs(1));
        weir.app.jobs.nudge();
        weir.wait_for_sleepers(1).await;
        assert_eq!(weir.number("SELECT due_at FROM jobs").await, due);
        weir.clock.advance(Duration::from_secs(9));
        until_done(&weir).await;
        assert_eq!(state(&weir, &id).await, "sent/");
    }

    async fn a_message_grows_too_old_without_a_token_as_well(engine) {
        let Some(weir) = TestWeir::start_with(engine, for_an_hour).await else { return };
        weir.fault(&json!({"path": "/cgi-bin/stable_token", "kind": "errcode", "errcode": 40164, "times": 100_000})).await;
        let openid = accepts(&weir, "alice", 1).await;
        let id = queue(&weir.app, draft(&openid, ONCE, "hello"), true).await.unwrap();
        until(&weir, RUNS, 1).await;
        weir.wait_for_sleepers(1).await;
        weir.clock.advance(Duration::from_secs(3600));
        until_state(&weir, "dead", 1).await;
        assert_eq!(state(&weir, &id).await, "dead/expired");
        assert_eq!(weir.number("SELECT remaining FROM credits").await, 1);
        assert_eq!(weir.number("SELECT COUNT(*) FROM jobs").await, 0);
    }

    async fn a_message_left_half_sent_is_told_to_be_uncertain_without_a_token_as_well(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let id = abandoned(&weir).await;
        weir.fault(&json!({"path": "/cgi-bin/stable_token", "kind": "errcode", "errcode": 40164, "times": 100_000})).await;
        weir.clock.advance(Duration::from_secs(60));
        weir.app.jobs.nudge();
        until_done(&weir).await;
        assert_eq!(state(&weir, &id).await, "uncertain/interrupted");
    }
}
