//! Many at once, over two gateways on one database.

use std::{collections::BTreeSet, sync::Arc};

use serde_json::json;
use weir_core::job::rows;
use weir_testkit::{LONG, MINI, TestWeir, scenes::together};

use super::{SEND, draft, inbox, openid, queue, until_done, until_state};

/// People who have subscribed for good.
async fn people(weir: &TestWeir, count: usize) -> Vec<(String, String)> {
    let mut people = Vec::new();
    for number in 0..count {
        let name = format!("person{number}");
        weir.control("/_sim/users", &json!({ "name": name, "nickname": name })).await;
        let prompt = json!({ "appid": MINI, "user": name, "template_id": LONG, "result": "accept" });
        weir.control("/_sim/subscribe", &prompt).await;
        let openid = openid(weir, &name).await;
        people.push((name, openid));
    }
    people
}

weir_testkit::engines! {
    async fn five_hundred_messages_at_once_over_two_gateways_each_arrive_once(engine) {
        let Some(mut weir) = TestWeir::start(engine).await else { return };
        let people = people(&weir, 25).await;
        let (second, _) = weir.replica().await;
        let apps = [Arc::clone(&weir.app), second];
        let tries = (0..500).map(|number| {
            let (app, openid) = (Arc::clone(&apps[number % 2]), people[number % 25].1.clone());
            async move { queue(&app, draft(&openid, LONG, &number.to_string()), false).await }
        });
        assert_eq!(together(tries).await.iter().flatten().count(), 500);
        until_done(&weir).await;
        until_state(&weir, "sent", 500).await;
        assert_eq!(weir.calls(SEND).await, 500, "none was refused as concurrent, none was repeated");
        for (at, (name, _)) in people.iter().enumerate() {
            let texts: BTreeSet<String> = inbox(&weir, name).await.into_iter().collect();
            let expected: BTreeSet<String> =
                (0..500).filter(|number| number % 25 == at).map(|number| number.to_string()).collect();
            assert_eq!(texts, expected, "{name}");
            assert_eq!(inbox(&weir, name).await.len(), 20);
        }
        assert_eq!(weir.number("SELECT COUNT(*) FROM attempts").await, 500);
    }

    async fn fifty_who_lease_at_once_share_the_jobs(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        weir.app.jobs.rest(MINI, weir.clock.now().plus(std::time::Duration::from_secs(1)), "test");
        for number in 0..100 {
            let message = draft(&format!("o-person-{}", number % 40), LONG, &number.to_string());
            queue(&weir.app, message, false).await.unwrap();
        }
        let tries = (0..50).map(|number| {
            let app = Arc::clone(&weir.app);
            async move {
                let now = app.clock.now();
                let (first, lease) = (weir_base::Timestamp::from_millis(i64::MIN), format!("process {number}"));
                let until = now.plus(std::time::Duration::from_secs(60));
                rows::claim(&app.store, MINI, now, first, "", 3, &lease, until).await
            }
        });
        let leased: Vec<_> = together(tries).await.into_iter().flatten().flatten().collect();
        let ids: BTreeSet<&str> = leased.iter().map(|job| job.id.as_str()).collect();
        let lanes: BTreeSet<&str> = leased.iter().map(|job| job.lane.as_str()).collect();
        assert_eq!(ids.len(), leased.len(), "a job was leased twice");
        assert_eq!(lanes.len(), leased.len(), "two jobs of one lane were leased");
        assert_eq!(weir.number("SELECT COUNT(*) FROM jobs WHERE lease IS NOT NULL").await, leased.len() as i64);
        assert_eq!(leased.len(), 40, "every lane has one");
    }

    async fn a_long_lane_does_not_keep_others_waiting(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let people = people(&weir, 2).await;
        // The first of the long lane is in the hands of another process.
        weir.app.jobs.rest(MINI, weir.clock.now().plus(std::time::Duration::from_secs(1)), "test");
        let now = weir.clock.now();
        queue(&weir.app, draft(&people[0].1, LONG, "first"), false).await.unwrap();
        let (first, until) =
            (weir_base::Timestamp::from_millis(i64::MIN), now.plus(std::time::Duration::from_secs(3600)));
        rows::claim(&weir.app.store, MINI, now, first, "", 1, "another process", until).await.unwrap();
        weir.clock.advance(std::time::Duration::from_millis(1));
        let many = (0..600).map(|number| {
            let (app, openid) = (Arc::clone(&weir.app), people[0].1.clone());
            async move { queue(&app, draft(&openid, LONG, &number.to_string()), false).await }
        });
        together(many).await;
        weir.clock.advance(std::time::Duration::from_millis(1));
        queue(&weir.app, draft(&people[1].1, LONG, "other"), false).await.unwrap();
        weir.clock.advance(std::time::Duration::from_secs(1));
        until_state(&weir, "sent", 1).await;
        assert_eq!(inbox(&weir, &people[1].0).await, ["other"]);
    }
}
