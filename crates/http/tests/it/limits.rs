//! Rate limits.

use std::time::Duration;

use serde_json::{Value, json};
use weir_core::apikey::Scope;
use weir_testkit::{Answer, Client, Engine, TestWeir};

use crate::support::{LOGIN, ME, assert_refused, changing_nothing, post_head, raw, token_of};

const LIMITED: &str = "请求过于频繁，请稍后再试";

/// Behind a proxy, so that one test can call from many addresses.
async fn start(engine: Engine, requests: u32, failures: u32, logins: u32) -> Option<TestWeir> {
    let change = |setup: &mut weir_testkit::weir::Setup| {
        setup.server.trusted_proxies = vec!["127.0.0.1".to_owned()];
        setup.core.limits.requests_per_minute = requests;
        setup.core.limits.failures_per_minute = failures;
        setup.core.limits.logins_per_openid_per_minute = logins;
    };
    TestWeir::start_with(engine, change).await
}

fn at(client: &Client, address: &str) -> Client {
    client.with_header("x-forwarded-for", address)
}

async fn guess(client: &Client) -> Answer {
    client.post(LOGIN, &json!({"code": "guessed"})).await
}

async fn log_in_at(weir: &TestWeir, client: &Client, person: &'static str) -> Answer {
    let body = json!({"code": weir.person(person).code().await});
    client.post(LOGIN, &body).await
}

/// Asserts the refusal and tells how many seconds it asks to wait.
#[track_caller]
fn wait(answer: &Answer) -> u64 {
    assert_refused(answer, 429, LIMITED);
    let seconds = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
    seconds
}

weir_testkit::engines! {
    async fn what_is_open_to_all_is_not_open_without_end_and_has_a_limit_of_its_own(engine) {
        let Some(weir) = start(engine, 3, 1000, 1000).await else { return };
        let stranger = at(&weir.client, "203.0.113.7");
        for path in ["/api/health", "/api/live", "/openapi.json"] {
            assert_eq!(stranger.get(path).await.status, 200, "{path}");
        }
        for path in ["/api/health", "/api/live", "/openapi.json", "/metrics", "/.well-known/jwks.json"] {
            let answer = stranger.get(path).await;
            assert_eq!(answer.status, 429, "{path}");
            assert!(answer.header("retry-after").is_some(), "{path}");
        }
        assert_eq!(guess(&stranger).await.status, 401, "logins are counted apart");
        assert_eq!(at(&weir.client, "203.0.113.8").get("/api/health").await.status, 200);
    }

    async fn an_address_whose_logins_are_refused_waits(engine) {
        let Some(weir) = start(engine, 10_000, 3, 1000).await else { return };
        let guesser = at(&weir.client, "203.0.113.7");
        let mut refused = 0;
        while guess(&guesser).await.status == 401 {
            refused += 1;
        }
        assert!((3..=4).contains(&refused), "{refused}");
        let asked = weir.calls("/sns/jscode2session").await;
        let seconds = wait(&guess(&guesser).await);
        wait(&log_in_at(&weir, &guesser, "alice").await);
        wait(&guesser.post("/api/v1/auth/wechat-login", &json!({"code": "x"})).await);
        assert_eq!(weir.calls("/sns/jscode2session").await, asked, "WeChat is not asked any more");

        assert_eq!(log_in_at(&weir, &at(&weir.client, "203.0.113.8"), "alice").await.status, 200);
        weir.clock.advance(Duration::from_secs(seconds));
        assert_eq!(log_in_at(&weir, &guesser, "alice").await.status, 200);
    }

    async fn honest_logins_from_one_address_are_no_failures(engine) {
        let Some(weir) = start(engine, 10_000, 1, 1000).await else { return };
        let office = at(&weir.client, "203.0.113.7");
        for _ in 0..10 {
            for person in ["alice", "bob", "carol"] {
                assert_eq!(log_in_at(&weir, &office, person).await.status, 200);
            }
        }
    }

    async fn an_address_that_asks_too_much_waits(engine) {
        let Some(weir) = start(engine, 5, 1000, 1000).await else { return };
        let (busy, other) = (at(&weir.client, "203.0.113.7"), at(&weir.client, "203.0.113.8"));
        for _ in 0..5 {
            assert_eq!(log_in_at(&weir, &busy, "alice").await.status, 200);
        }
        let answer = log_in_at(&weir, &busy, "alice").await;
        let seconds = wait(&answer);
        wait(&busy.post("/api/v1/auth/cloud-login", &json!({})).await);
        assert_eq!(log_in_at(&weir, &other, "alice").await.status, 200);
        weir.clock.advance(Duration::from_secs(seconds));
        assert_eq!(log_in_at(&weir, &busy, "alice").await.status, 200);
        wait(&log_in_at(&weir, &busy, "alice").await);
        weir.clock.advance(Duration::from_secs(60));
        for _ in 0..5 {
            assert_eq!(log_in_at(&weir, &busy, "alice").await.status, 200);
        }
    }

    async fn a_household_of_ipv6_counts_as_one(engine) {
        let Some(weir) = start(engine, 2, 1000, 1000).await else { return };
        for host in ["2001:db8:1:1::1", "2001:db8:1:1:ffff::2"] {
            assert_eq!(log_in_at(&weir, &at(&weir.client, host), "alice").await.status, 200);
        }
        wait(&log_in_at(&weir, &at(&weir.client, "2001:db8:1:1::3"), "alice").await);
        assert_eq!(log_in_at(&weir, &at(&weir.client, "2001:db8:1:2::1"), "alice").await.status, 200);
    }

    async fn a_stranger_cannot_choose_an_address(engine) {
        let change = |setup: &mut weir_testkit::weir::Setup| setup.core.limits.requests_per_minute = 3;
        let Some(weir) = TestWeir::start_with(engine, change).await else { return };
        for last in 1..=3 {
            guess(&at(&weir.client, &format!("203.0.113.{last}"))).await.refused(401);
        }
        wait(&guess(&at(&weir.client, "203.0.113.4")).await);
    }

    async fn what_a_stranger_puts_before_the_proxys_word_does_not_hide_it(engine) {
        let Some(weir) = start(engine, 1, 1000, 1000).await else { return };
        for last in 1..=3 {
            let hidden = at(&weir.client, &format!("evîl, 203.0.113.{last}"));
            guess(&hidden).await.refused(401);
            wait(&guess(&hidden).await);
        }
    }

    async fn one_openid_logs_in_so_often_and_no_more_from_any_address(engine) {
        let Some(weir) = start(engine, 10_000, 1000, 3).await else { return };
        for last in 1..=3 {
            let client = at(&weir.client, &format!("203.0.113.{last}"));
            assert_eq!(log_in_at(&weir, &client, "alice").await.status, 200);
        }
        let seconds = wait(&log_in_at(&weir, &at(&weir.client, "203.0.113.4"), "alice").await);
        assert_eq!(log_in_at(&weir, &at(&weir.client, "203.0.113.4"), "bob").await.status, 200);
        weir.clock.advance(Duration::from_secs(seconds));
        assert_eq!(log_in_at(&weir, &weir.client, "alice").await.status, 200);
    }

    async fn guessed_api_keys_are_failures(engine) {
        let Some(weir) = start(engine, 10_000, 3, 1000).await else { return };
        weir.person("alice").login().await;
        let guesser = at(&weir.client, "203.0.113.7");
        let guess = |n: u32| {
            let key = format!("weir_{n:043}");
            let client = guesser.with_bearer(key);
            async move { client.patch("/api/v1/users/1/counters", &json!({})).await }
        };
        let mut tries = 0;
        while guess(tries).await.status == 401 {
            tries += 1;
        }
        assert!((3..=4).contains(&tries), "{tries}");
        let good = weir.api_key(&[Scope::UsersWrite]).await;
        let answer = guesser.with_bearer(&*good).patch("/api/v1/users/1/counters", &json!({})).await;
        wait(&answer);
        let answer = at(&weir.client, "203.0.113.8")
            .with_bearer(good)
            .patch("/api/v1/users/1/counters", &json!({}))
            .await;
        assert_eq!(answer.status, 200);
    }

    async fn limits_can_be_turned_off(engine) {
        let change = |setup: &mut weir_testkit::weir::Setup| {
            setup.core.limits.requests_per_minute = 1;
            setup.core.limits.failures_per_minute = 1;
            setup.core.limits.enabled = false;
        };
        let Some(weir) = TestWeir::start_with(engine, change).await else { return };
        for _ in 0..20 {
            guess(&weir.client).await.refused(401);
        }
    }

    async fn who_is_signed_in_is_not_held_up_by_a_neighbour(engine) {
        let Some(weir) = start(engine, 2, 1, 1000).await else { return };
        let home = at(&weir.client, "203.0.113.7");
        let token = token_of(log_in_at(&weir, &home, "alice").await.data());
        while guess(&home).await.status != 429 {}
        let alice = home.with_bearer(token);
        assert_eq!(alice.get(ME).await.data()["id"], Value::from(1));
        assert_eq!(alice.post_empty("/api/v1/auth/refresh").await.status, 200);
    }

    /// The clock stands still: whoever waited for the body would wait for ever.
    async fn who_asks_too_much_is_refused_before_the_body_is_read(engine) {
        let change = |setup: &mut weir_testkit::weir::Setup| setup.core.limits.requests_per_minute = 1;
        let Some(weir) = TestWeir::start_with(engine, change).await else { return };
        guess(&weir.client).await.refused(401);
        let endpoints = [LOGIN, "/api/v1/auth/wechat-login", "/api/v1/auth/cloud-login"];
        for path in endpoints {
            let head = post_head(path, "content-type: application/json\r\ncontent-length: 100000\r\n");
            let (status, answer) = raw(&weir.client, head.as_bytes()).await;
            assert_eq!(status, 429, "{path}: {answer}");
            assert!(answer.contains(LIMITED) && answer.contains("retry-after: "), "{answer}");
        }
        // One that is too large is not read either, whatever it is for.
        for path in [LOGIN, ME, "/nothing"] {
            let head = post_head(path, "content-length: 5000000000\r\n");
            let (status, answer) = raw(&weir.client, head.as_bytes()).await;
            assert_eq!(status, 413, "{path}: {answer}");
        }
    }

    async fn one_user_costs_wechat_so_many_calls_and_no_more(engine) {
        let change = |setup: &mut weir_testkit::weir::Setup| {
            setup.core.limits.wechat_calls_per_user_per_minute = 3;
            setup.core.limits.decryptions_per_user_per_minute = 3;
        };
        let Some(weir) = TestWeir::start_with(engine, change).await else { return };
        let (phone, session) = ("/api/v1/auth/phone", "/api/v1/auth/session");
        let alice = weir.person("alice").signed_in().await;
        for wrong in [json!({}), json!({"code": ""}), json!({"code": 1})] {
            for _ in 0..3 {
                alice.post(phone, &wrong).await.refused(400);
            }
        }
        assert_eq!(alice.get(session).await.status, 200);
        assert_eq!(alice.post(phone, &json!({"code": "guessed"})).await.status, 502);
        assert_eq!(alice.get(session).await.status, 200);
        let calls = weir.calls("/wxa/business/getuserphonenumber").await + weir.calls("/wxa/checksession").await;
        assert_eq!(calls, 3);

        let again = weir.person("alice").signed_in().await;
        let seconds = wait(&changing_nothing(&weir, again.get(session)).await);
        let code = weir.person("alice").control("/_sim/phone-code", json!({})).await["code"].clone();
        wait(&changing_nothing(&weir, again.post(phone, &json!({ "code": code }))).await);
        let bob = weir.person("bob").signed_in().await;
        assert_eq!(bob.get(session).await.status, 200, "others are not held up");
        let after = weir.calls("/wxa/business/getuserphonenumber").await + weir.calls("/wxa/checksession").await;
        assert_eq!(after, calls + 1, "WeChat was asked for alice");

        weir.clock.advance(Duration::from_secs(seconds));
        let number = again.post(phone, &json!({ "code": code })).await;
        assert_eq!(number.data()["phoneNumber"], "13800138000", "the code was not used up by a refusal");
    }

    async fn one_user_decrypts_so_often_and_no_more(engine) {
        let change = |setup: &mut weir_testkit::weir::Setup| setup.core.limits.decryptions_per_user_per_minute = 2;
        let Some(weir) = TestWeir::start_with(engine, change).await else { return };
        let decrypt = "/api/v1/auth/decrypt";
        let alice = weir.person("alice").signed_in().await;
        let sealed = weir.person("alice").control("/_sim/encrypted-data", json!({"data": {"n": 1}})).await;
        for _ in 0..2 {
            assert_eq!(alice.post(decrypt, &sealed).await.data()["n"], 1);
        }
        let seconds = wait(&alice.post(decrypt, &sealed).await);
        assert_eq!(alice.get("/api/v1/auth/session").await.status, 200, "calls to WeChat are counted apart");
        weir.clock.advance(Duration::from_secs(seconds));
        assert_eq!(alice.post(decrypt, &sealed).await.data()["n"], 1);
    }

    async fn of_many_requests_of_one_user_at_once_the_limit_lets_through_as_many_as_it_says(engine) {
        let change = |setup: &mut weir_testkit::weir::Setup| setup.core.limits.wechat_calls_per_user_per_minute = 7;
        let Some(weir) = TestWeir::start_with(engine, change).await else { return };
        let alice = weir.person("alice").signed_in().await;
        let answers = futures_util::future::join_all((0..60).map(|_| alice.get("/api/v1/auth/session"))).await;
        let let_through = answers.iter().filter(|answer| answer.status == 200).count();
        assert_eq!(let_through, 7);
        assert!(answers.iter().all(|answer| matches!(answer.status, 200 | 429)));
        assert_eq!(weir.calls("/wxa/checksession").await, 7);
    }

    async fn a_sandbox_lets_a_load_test_through(engine) {
        let change = |setup: &mut weir_testkit::weir::Setup| {
            setup.core.limits.wechat_calls_per_user_per_minute = 1;
            setup.core.sandbox = true;
        };
        let Some(weir) = TestWeir::start_with(engine, change).await else { return };
        let alice = weir.person("alice").signed_in().await;
        for _ in 0..20 {
            assert_eq!(alice.get("/api/v1/auth/session").await.status, 200);
        }
    }
}
