//! Many at once, over several gateways on one database: whatever the order, rules hold.

use serde_json::{Value, json};
use weir_testkit::{
    Client, TestWeir,
    scenes::{mini, together},
    weir::{MINI, Setup},
};

const LOGIN: &str = "/api/v1/auth/wx-login";
const REFRESH: &str = "/api/v1/auth/refresh";
const ME: &str = "/api/v1/users/me";
const NO_ORPHANS: &str = "SELECT
    (SELECT COUNT(*) FROM identities i JOIN users u ON u.id = i.user_id WHERE u.state <> 'active')
    + (SELECT COUNT(*) FROM unions n JOIN users u ON u.id = n.user_id WHERE u.state <> 'active')
    + (SELECT COUNT(*) FROM sessions s JOIN users u ON u.id = s.user_id WHERE u.state <> 'active' AND (s.state = 'alive' OR s.openid <> ''))
    + (SELECT COUNT(*) FROM users WHERE state = 'erased' AND nickname || avatar || bio <> '')";

fn unlimited(setup: &mut Setup) {
    setup.core.limits.enabled = false;
}

fn two_minis(setup: &mut Setup) {
    unlimited(setup);
    setup.add_mini(4);
}

/// Three gateways on one database.
async fn gateways(weir: &mut TestWeir) -> [Client; 3] {
    let (_, second) = weir.replica().await;
    let (_, third) = weir.replica().await;
    [weir.client.clone(), second, third]
}

/// Sends the nth body to the nth gateway, all at once.
async fn logins(gateways: &[Client], bodies: impl IntoIterator<Item = Value>) -> Vec<Value> {
    let sent = bodies.into_iter().zip(gateways.iter().cycle().cloned());
    together(sent.map(|(body, client)| async move { client.post(LOGIN, &body).await.data().clone() })).await
}

fn token(data: &Value) -> String {
    data["access_token"].as_str().expect("a token").to_owned()
}

weir_testkit::engines! {
    async fn sixty_first_logins_of_one_person_make_one_user_with_sixty_sessions(engine) {
        let Some(mut weir) = TestWeir::start_with(engine, unlimited).await else { return };
        let gateways = gateways(&mut weir).await;
        let codes = weir.person("alice").codes(MINI, 60).await;
        let opened = logins(&gateways, codes.iter().map(|code| json!({ "code": code }))).await;
        let id = opened[0]["user"]["id"].as_i64().unwrap();
        assert_eq!(opened.len(), 60);
        for data in &opened {
            assert_eq!(data["user"], opened[0]["user"]);
            let me = gateways[1].with_bearer(token(data)).get(ME).await;
            assert_eq!(me.data()["id"], id);
        }
        for (table, count) in [("users", 1), ("identities", 1), ("unions", 1), ("sessions", 60)] {
            assert_eq!(weir.number(&format!("SELECT COUNT(*) FROM {table}")).await, count, "{table}");
        }
        assert_eq!(weir.done(&format!("user:{id}"), "account.created").await, 1);
        assert_eq!(weir.done(&format!("user:{id}"), "session.opened").await, 60);
    }

    async fn sixty_first_logins_of_one_person_to_two_mini_programs_make_one_user(engine) {
        let Some(mut weir) = TestWeir::start_with(engine, two_minis).await else { return };
        weir.add_mini(4, Some("demo")).await;
        let gateways = gateways(&mut weir).await;
        let alice = weir.person("alice");
        let first = alice.codes(MINI, 30).await.into_iter().map(|code| json!({ "code": code, "appid": MINI }));
        let second = alice.codes(&mini(4), 30).await.into_iter().map(|code| json!({ "code": code, "appid": mini(4) }));
        let bodies: Vec<Value> = first.zip(second).flat_map(|(one, other)| [one, other]).collect();
        let opened = logins(&gateways, bodies).await;
        for data in &opened {
            assert_eq!(data["user"]["id"], opened[0]["user"]["id"]);
            let me = weir.client.with_bearer(token(data)).get(ME).await;
            assert_eq!(me.data()["id"], opened[0]["user"]["id"]);
        }
        for (table, count) in [("users", 1), ("identities", 2), ("unions", 1), ("sessions", 60), ("merges", 0)] {
            assert_eq!(weir.number(&format!("SELECT COUNT(*) FROM {table}")).await, count, "{table}");
        }
    }

    async fn of_sixty_refreshes_with_one_token_one_wins_and_the_reuse_ends_the_session(engine) {
        let Some(mut weir) = TestWeir::start_with(engine, unlimited).await else { return };
        let gateways = gateways(&mut weir).await;
        let other = weir.person("alice").signed_in().await;
        let data = weir.person("alice").login().await;
        let tries = gateways.iter().cycle().take(60).map(|client| client.with_bearer(token(&data)));
        let answers = together(tries.map(|client| async move { client.post_empty(REFRESH).await })).await;
        let (good, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
        assert_eq!((good.len(), refused.len()), (1, 59));
        for answer in refused {
            assert!(answer.refused(401).contains("重新登录"), "{}", answer.text);
        }
        for dead in [token(good[0].data()), token(&data)] {
            weir.client.with_bearer(&dead).get(ME).await.refused(401);
            weir.client.with_bearer(&dead).post_empty(REFRESH).await.refused(401);
        }
        assert_eq!(other.get(ME).await.status, 200, "only the robbed session ends");
        let user = format!("user:{}", data["user"]["id"]);
        assert_eq!(weir.done(&user, "session.token_reused").await, 1);
        assert_eq!(weir.number("SELECT COUNT(*) FROM sessions WHERE ended_because = 'token_reused'").await, 1);
    }

    async fn after_a_logout_and_a_refresh_at_once_the_session_is_either_ended_or_whole(engine) {
        let Some(mut weir) = TestWeir::start_with(engine, unlimited).await else { return };
        let gateways = gateways(&mut weir).await;
        let mut tries = Vec::new();
        for code in weir.person("alice").codes(MINI, 50).await {
            let data = weir.client.post(LOGIN, &json!({ "code": code })).await.data().clone();
            let [leaving, refreshing] = [&gateways[1], &gateways[2]].map(|client| client.with_bearer(token(&data)));
            tries.push(async move {
                tokio::join!(leaving.post_empty("/api/v1/auth/logout"), refreshing.post_empty(REFRESH))
            });
        }
        for (logout, refreshed) in together(tries).await {
            let next = (refreshed.status == 200).then(|| weir.client.with_bearer(token(refreshed.data())));
            let alive = match &next {
                Some(client) => client.get(ME).await.status,
                None => refreshed.refused(401).len().min(1) as u16,
            };
            match logout.status {
                200 => assert_ne!(alive, 200, "a token outlived its logout"),
                _ => assert_eq!((logout.status, alive), (401, 200), "neither happened"),
            }
        }
        let reused = weir.number("SELECT COUNT(*) FROM sessions WHERE ended_because = 'token_reused'").await;
        assert_eq!(reused, 0, "nobody stole anything");
    }

    async fn an_account_cancelled_amid_logins_is_gone_and_whoever_came_later_is_somebody_new(engine) {
        let Some(mut weir) = TestWeir::start_with(engine, two_minis).await else { return };
        weir.add_mini(4, Some("demo")).await;
        let gateways = gateways(&mut weir).await;
        let alice = weir.person("alice");
        for round in 0..12 {
            let code = alice.code().await;
            let login = json!({ "code": code, "nickname": "Alice", "avatar": "https://a.example/1.png" });
            let data = weir.client.post(LOGIN, &login).await.data().clone();
            let (leaving, old) = (gateways[round % 3].with_bearer(token(&data)), data["user"]["id"].clone());
            let first = alice.codes(MINI, 10).await.into_iter().map(|code| json!({ "code": code, "appid": MINI }));
            let second = alice.codes(&mini(4), 10).await.into_iter().map(|code| json!({ "code": code, "appid": mini(4) }));
            let entering = first.zip(second).flat_map(|(one, other)| [one, other]).zip(gateways.iter().cycle().cloned());
            let entering = entering.map(|(login, client)| async move { client.post(LOGIN, &login).await });
            let (left, entered) = tokio::join!(leaving.delete(ME), together(entering));
            assert_eq!(left.status, 200, "{}", left.text);
            assert_eq!(weir.number(NO_ORPHANS).await, 0, "round {round}");
            let active = weir.number("SELECT COUNT(*) FROM users WHERE state = 'active'").await;
            assert!(active <= 1, "one person, {active} accounts");
            for login in entered {
                let data = login.data();
                let me = weir.client.with_bearer(token(data)).get(ME).await;
                match me.status {
                    200 => assert_ne!(me.data()["id"], old, "a token of a cancelled account works"),
                    _ => assert_eq!((me.status, &data["user"]["id"]), (401, &old), "{}", me.text),
                }
            }
        }
    }

    async fn of_fifty_changes_of_a_profile_none_is_torn_and_none_is_lost(engine) {
        let Some(mut weir) = TestWeir::start_with(engine, unlimited).await else { return };
        let gateways = gateways(&mut weir).await;
        let bearer = token(&weir.person("alice").login().await);
        let change = |bodies: Vec<Value>| {
            let sent = bodies.into_iter().zip(gateways.iter().cycle());
            together(sent.map(|(body, client)| {
                let client = client.with_bearer(&bearer);
                async move { client.patch(ME, &body).await.data().clone() }
            }).collect::<Vec<_>>())
        };
        let pairs = (0..50).map(|n| json!({ "nickname": format!("n{n}"), "bio": format!("b{n}") })).collect();
        for profile in change(pairs).await {
            assert_eq!(profile["nickname"].as_str().unwrap()[1..], profile["bio"].as_str().unwrap()[1..], "torn");
        }
        let halves = (0..50).map(|n| match n % 2 {
            0 => json!({ "nickname": format!("half{n}") }),
            _ => json!({ "bio": format!("half{n}") }),
        });
        change(halves.collect()).await;
        let profile = weir.client.with_bearer(&bearer).get(ME).await.data().clone();
        for field in ["nickname", "bio"] {
            assert!(profile[field].as_str().unwrap().starts_with("half"), "{field} was lost: {profile}");
        }
    }

    async fn of_fifty_pairs_that_send_one_code_twice_one_each_is_let_in(engine) {
        let Some(mut weir) = TestWeir::start_with(engine, unlimited).await else { return };
        let gateways = gateways(&mut weir).await;
        let tries = weir.person("bob").codes(MINI, 50).await.into_iter().map(|code| {
            let [one, other] = [gateways[0].clone(), gateways[1].clone()];
            async move {
                let login = json!({ "code": code });
                tokio::join!(one.post(LOGIN, &login), other.post(LOGIN, &login))
            }
        });
        for (one, other) in together(tries).await {
            let (good, refused) = if one.status == 200 { (one, other) } else { (other, one) };
            assert_eq!(good.status, 200, "{}", good.text);
            assert_eq!(refused.refused(401), "微信登录失败: code been used (错误码: 40163)");
        }
        assert_eq!(weir.calls("/sns/jscode2session").await, 100, "each was asked about once");
        assert_eq!(weir.number("SELECT COUNT(*) FROM sessions").await, 50);
    }

    async fn fifty_accounts_that_turn_out_to_be_twenty_five_people_at_once_become_twenty_five(engine) {
        let Some(mut weir) = TestWeir::start_with(engine, two_minis).await else { return };
        weir.bind(MINI, None).await;
        weir.add_mini(4, None).await;
        let gateways = gateways(&mut weir).await;
        let people: Vec<String> = (0..25).map(|n| format!("person{n}")).collect();
        for name in &people {
            weir.control("/_sim/users", &json!({ "name": name, "nickname": name })).await;
        }
        let everywhere = || {
            let of = |name: &String| [MINI.to_owned(), mini(4)].map(|appid| {
                json!({ "code": weir.simulator.login_code(&appid, name).unwrap(), "appid": appid })
            });
            people.iter().flat_map(of).collect::<Vec<_>>()
        };
        let before = logins(&gateways, everywhere()).await;
        assert_eq!(weir.number("SELECT COUNT(*) FROM users WHERE state = 'active'").await, 50);

        weir.bind(MINI, Some("demo")).await;
        weir.bind(&mini(4), Some("demo")).await;
        logins(&gateways, everywhere()).await;
        assert_eq!(weir.number("SELECT COUNT(*) FROM users WHERE state = 'active'").await, 25);
        assert_eq!(weir.number("SELECT COUNT(*) FROM merges").await, 25);
        assert_eq!(weir.number("SELECT COUNT(*) FROM audit WHERE action = 'account.merged'").await, 25);
        let pairs = "SELECT COUNT(*) FROM (SELECT user_id FROM identities GROUP BY user_id HAVING COUNT(*) = 2) AS pairs";
        assert_eq!(weir.number(pairs).await, 25);
        assert_eq!(weir.number(NO_ORPHANS).await, 0);
        for data in &before {
            let me = weir.client.with_bearer(token(data)).get(ME).await;
            assert!(me.data()["id"].as_i64() <= data["user"]["id"].as_i64(), "the older goes on");
        }
    }
}
