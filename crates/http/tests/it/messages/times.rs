//! When a message is sent: quotas, quiet hours, the pace, and messages that are too old. Tests begin at 16:00 in Beijing.

use std::time::Duration;

use serde_json::json;
use weir_testkit::{MINI, ONCE, TestWeir, weir::Setup};

use super::{SEND, accepts, attempts, draft, inbox, queue, queue_long, state, subscribes, until, until_done};

const EIGHT_HOURS: Duration = Duration::from_secs(8 * 3600);
const SECOND: Duration = Duration::from_secs(1);

fn quiet(setup: &mut Setup) {
    let toml = json!({ "quiet_hours": "15:30-18:00" });
    setup.core.engagement = serde_json::from_value(toml).unwrap();
}

fn ten_a_second(setup: &mut Setup) {
    setup.core.engagement.messages_per_second = 10;
}

pub fn for_an_hour(setup: &mut Setup) {
    setup.core.engagement.expires_after = "1h".parse().unwrap();
}

weir_testkit::engines! {
    async fn when_the_days_quota_is_used_up_all_messages_wait_until_midnight_in_beijing(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        for name in ["alice", "bob"] {
            subscribes(&weir, name).await;
        }
        weir.fault(&json!({"path": SEND, "kind": "errcode", "errcode": 45009, "times": 1})).await;
        let first = queue_long(&weir, "alice", "1").await;
        until(&weir, "SELECT COUNT(*) FROM attempts", 1).await;
        let second = queue_long(&weir, "bob", "2").await;
        weir.wait_for_sleepers(1).await;
        weir.clock.advance(EIGHT_HOURS - SECOND);
        weir.wait_for_sleepers(1).await;
        assert_eq!(state(&weir, &first).await, "queued/day_quota");
        assert_eq!(state(&weir, &second).await, "queued/");
        assert_eq!(weir.calls(SEND).await, 1, "nobody asked meanwhile");
        weir.clock.advance(SECOND);
        until_done(&weir).await;
        assert_eq!(attempts(&weir, &first).await, ["day_quota", "sent"]);
        assert_eq!(inbox(&weir, "bob").await, ["2"]);
    }

    async fn when_a_minutes_quota_is_used_up_all_messages_wait_a_minute(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        subscribes(&weir, "alice").await;
        weir.fault(&json!({"path": SEND, "kind": "errcode", "errcode": 45011, "times": 1})).await;
        let id = queue_long(&weir, "alice", "1").await;
        until(&weir, "SELECT COUNT(*) FROM attempts", 1).await;
        weir.wait_for_sleepers(1).await;
        weir.clock.advance(Duration::from_secs(59));
        weir.wait_for_sleepers(1).await;
        assert_eq!(state(&weir, &id).await, "queued/slow_down");
        weir.clock.advance(SECOND);
        until_done(&weir).await;
        assert_eq!(inbox(&weir, "alice").await, ["1"]);
    }

    async fn in_quiet_hours_nothing_is_sent(engine) {
        let Some(weir) = TestWeir::start_with(engine, quiet).await else { return };
        subscribes(&weir, "alice").await;
        let id = queue_long(&weir, "alice", "1").await;
        weir.wait_for_sleepers(1).await;
        assert_eq!(weir.client.get("/api/health").await.json["checks"]["queue"], "waiting");
        weir.clock.advance(2 * 3600 * SECOND - SECOND);
        weir.wait_for_sleepers(1).await;
        assert_eq!((state(&weir, &id).await.as_str(), weir.calls(SEND).await), ("queued/", 0));
        weir.clock.advance(SECOND);
        until_done(&weir).await;
        assert_eq!(inbox(&weir, "alice").await, ["1"]);
    }

    async fn so_many_are_sent_a_second_and_no_more(engine) {
        let Some(weir) = TestWeir::start_with(engine, ten_a_second).await else { return };
        subscribes(&weir, "alice").await;
        subscribes(&weir, "bob").await;
        for number in 0..12 {
            queue_long(&weir, ["alice", "bob"][number % 2], &number.to_string()).await;
        }
        for sent in 1..12 {
            until(&weir, "SELECT COUNT(*) FROM messages WHERE state = 'sent'", sent).await;
            weir.wait_for_sleepers(1).await;
            weir.clock.advance(Duration::from_millis(99));
            weir.wait_for_sleepers(1).await;
            assert_eq!(weir.calls(SEND).await as i64, sent);
            weir.clock.advance(Duration::from_millis(1));
        }
        until_done(&weir).await;
        assert_eq!(weir.calls(SEND).await, 12);
    }

    async fn a_message_that_is_too_old_is_not_sent_any_more(engine) {
        let Some(weir) = TestWeir::start_with(engine, for_an_hour).await else { return };
        let openid = accepts(&weir, "alice", 2).await;
        for (seconds, expected) in [(3599, "sent/"), (3600, "dead/expired")] {
            weir.app.jobs.rest(MINI, weir.clock.now().plus(Duration::from_secs(seconds)), "test");
            let id = queue(&weir.app, draft(&openid, ONCE, "hello"), true).await.unwrap();
            weir.wait_for_sleepers(1).await;
            weir.clock.advance(Duration::from_secs(seconds));
            until_done(&weir).await;
            assert_eq!(state(&weir, &id).await, expected);
        }
        assert_eq!(inbox(&weir, "alice").await.len(), 1);
        assert_eq!(weir.number("SELECT remaining FROM credits").await, 1, "the credit is there again");
    }
}
