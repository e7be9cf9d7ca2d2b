//! One person, many openids (pains 6 and 7): the unionid that appears later, accounts that turn out to be one, and the
//! way back.

use std::time::Duration;

use serde_json::{Value, json};
use weir_core::account::{UserId, merge};
use weir_testkit::{
    Answer, TestWeir,
    scenes::mini,
    weir::{MINI, Setup},
};

const ME: &str = "/api/v1/users/me";
const ACTIVE: &str = "SELECT COUNT(*) FROM users WHERE state = 'active'";

fn two_minis(setup: &mut Setup) {
    setup.add_mini(4);
}

/// Two mini-programs that belong to no open-platform account yet.
async fn apart(weir: &TestWeir) {
    weir.bind(MINI, None).await;
    weir.add_mini(4, None).await;
}

async fn join(weir: &TestWeir) {
    weir.bind(MINI, Some("demo")).await;
    weir.bind(&mini(4), Some("demo")).await;
}

fn id(data: &Value) -> i64 {
    data["user"]["id"].as_i64().expect("an id")
}

async fn me(weir: &TestWeir, data: &Value) -> Answer {
    weir.client.with_bearer(data["access_token"].as_str().expect("a token")).get(ME).await
}

weir_testkit::engines! {
    async fn who_logs_in_before_and_after_the_app_joins_an_open_platform_stays_the_same_user(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        weir.bind(MINI, None).await;
        let before = weir.person("alice").login().await;
        assert_eq!(weir.number("SELECT COUNT(*) FROM identities WHERE unionid IS NOT NULL").await, 0);
        weir.bind(MINI, Some("demo")).await;
        for _ in 0..3 {
            assert_eq!(weir.person("alice").login().await["user"]["id"], before["user"]["id"]);
        }
        let unionid = weir.rows("SELECT unionid FROM identities").await.remove(0).remove(0);
        assert_eq!(unionid.len(), 28, "{unionid}");
        assert_eq!(weir.rows("SELECT unionid FROM unions").await, [[unionid]]);
        assert_eq!(weir.done(&format!("user:{}", id(&before)), "identity.unionid_attached").await, 1);
        assert_eq!(me(&weir, &before).await.data()["id"], before["user"]["id"], "the first session goes on");
    }

    async fn one_person_in_two_mini_programs_of_one_platform_is_one_user(engine) {
        let Some(weir) = TestWeir::start_with(engine, two_minis).await else { return };
        weir.add_mini(4, Some("demo")).await;
        let (one, other) = (weir.person("alice").login().await, weir.person("alice").login_to(&mini(4)).await);
        assert_eq!(id(&one), id(&other));
        assert_ne!(one["user"]["openid"], other["user"]["openid"]);
        assert_ne!(id(&weir.person("bob").login_to(&mini(4)).await), id(&one), "somebody else is somebody else");
        let (nobody, elsewhere) = (weir.person("nobody").login().await, weir.person("nobody").login_to(&mini(4)).await);
        assert_ne!(id(&nobody), id(&elsewhere), "without a unionid nobody can tell");
    }

    async fn two_mini_programs_of_different_platforms_share_no_user(engine) {
        let Some(weir) = TestWeir::start_with(engine, |setup| {
            setup.add_mini(4);
            setup.core.apps.iter_mut().filter(|app| app.name == "mini4").for_each(|app| app.open_platform = "other".to_owned());
        }).await else { return };
        weir.add_mini(4, Some("other")).await;
        let unionid = json!({ "name": "alice", "unionid": "oOneUnionidInTwoPlatforms000" });
        weir.control("/_sim/users", &unionid).await;
        let (one, other) = (weir.person("alice").login().await, weir.person("alice").login_to(&mini(4)).await);
        assert_ne!(id(&one), id(&other));
    }

    async fn two_accounts_that_turn_out_to_be_one_person_become_the_older(engine) {
        let Some(weir) = TestWeir::start_with(engine, two_minis).await else { return };
        apart(&weir).await;
        let older = weir.person("alice").login().await;
        let younger = weir.person("alice").login_to(&mini(4)).await;
        assert!(id(&older) < id(&younger));
        join(&weir).await;
        // The younger account is the first to have the unionid; the older one it is that stays.
        assert_eq!(id(&weir.person("alice").login_to(&mini(4)).await), id(&younger));
        assert_eq!(id(&weir.person("alice").login().await), id(&older));
        for session in [&older, &younger] {
            assert_eq!(me(&weir, session).await.data()["id"], older["user"]["id"], "both sessions go on");
        }
        let bearer = weir.client.with_bearer(younger["access_token"].as_str().unwrap());
        assert_eq!(bearer.post_empty("/api/v1/auth/refresh").await.status, 200);
        assert_eq!(weir.done(&format!("user:{}", id(&older)), "account.merged").await, 1);
        assert_eq!(id(&weir.person("alice").login_to(&mini(4)).await), id(&older));
        assert_eq!(weir.number(ACTIVE).await, 1);
    }

    async fn a_merge_can_be_undone_and_is_not_done_again(engine) {
        let Some(weir) = TestWeir::start_with(engine, |setup| {
            setup.add_mini(4);
            setup.add_mini(5);
        }).await else { return };
        apart(&weir).await;
        weir.add_mini(5, None).await;
        let alice = weir.person("alice");
        let (older, younger) = (alice.login().await, alice.login_to(&mini(4)).await);
        join(&weir).await;
        alice.login().await;
        alice.login_to(&mini(4)).await;
        assert_eq!(weir.number(ACTIVE).await, 1);

        merge::undo(&weir.app, UserId(id(&younger))).await.unwrap();
        assert_eq!(me(&weir, &older).await.data()["id"], older["user"]["id"]);
        assert_eq!(me(&weir, &younger).await.data()["id"], younger["user"]["id"], "the session went home");
        for _ in 0..2 {
            assert_eq!(id(&alice.login().await), id(&older));
            assert_eq!(id(&alice.login_to(&mini(4)).await), id(&younger));
        }
        assert_eq!(weir.done(&format!("user:{}", id(&younger)), "account.merge_undone").await, 1);
        assert_eq!(weir.number(ACTIVE).await, 2);
        let again = merge::undo(&weir.app, UserId(id(&younger))).await;
        assert!(again.is_err_and(|failure| failure.code == weir_core::Code::NotFound));
    }

    async fn an_account_taken_out_of_a_merge_is_not_merged_by_a_further_app(engine) {
        let Some(weir) = TestWeir::start_with(engine, |setup| {
            setup.add_mini(4);
            setup.add_mini(5);
        }).await else { return };
        apart(&weir).await;
        weir.add_mini(5, Some("demo")).await;
        let alice = weir.person("alice");
        // Two accounts; the younger has an identity without a unionid in a further app.
        let (older, younger) = (alice.login().await, alice.login_to(&mini(4)).await);
        join(&weir).await;
        alice.login().await;
        alice.login_to(&mini(4)).await;
        let third = alice.login_to(&mini(5)).await;
        assert_eq!(id(&third), id(&older));
        merge::undo(&weir.app, UserId(id(&younger))).await.unwrap();
        // As if that identity had been the younger account's all along, before its app joined.
        let moved = format!("UPDATE identities SET user_id = {}, unionid = NULL WHERE appid = '{}'", id(&younger), mini(5));
        weir.rows(&format!("{moved} RETURNING id")).await;
        assert_eq!(id(&alice.login_to(&mini(5)).await), id(&younger));
        assert_eq!(weir.done(&format!("user:{}", id(&younger)), "identity.unionid_conflict").await, 1);
        assert_eq!(weir.number(ACTIVE).await, 2);
    }

    async fn merges_of_merges_come_apart_in_any_order(engine) {
        for order in [[1, 2], [2, 1]] {
            let Some(weir) = TestWeir::start_with(engine, |setup| {
                setup.add_mini(4);
                setup.add_mini(5);
            }).await else { return };
            apart(&weir).await;
            weir.add_mini(5, None).await;
            let (alice, apps) = (weir.person("alice"), [MINI.to_owned(), mini(4), mini(5)]);
            let mut accounts = Vec::new();
            for app in &apps {
                accounts.push(alice.login_to(app).await);
            }
            join(&weir).await;
            weir.bind(&mini(5), Some("demo")).await;
            // The third into the second, and both into the first.
            for app in apps.iter().rev() {
                weir.clock.advance(Duration::from_secs(60));
                alice.login_to(app).await;
            }
            for account in &accounts {
                assert_eq!(me(&weir, account).await.data()["id"], id(&accounts[0]));
            }
            for at in order {
                weir.clock.advance(Duration::from_secs(60));
                merge::undo(&weir.app, UserId(id(&accounts[at]))).await.unwrap();
                assert_eq!(me(&weir, &accounts[at]).await.data()["id"], id(&accounts[at]), "order {order:?}");
            }
            for (account, app) in accounts.iter().zip(&apps) {
                assert_eq!(me(&weir, account).await.data()["id"], id(account), "order {order:?}");
                assert_eq!(id(&alice.login_to(app).await), id(account), "order {order:?}");
            }
        }
    }

    async fn cancelling_an_account_erases_those_that_were_merged_into_it_too(engine) {
        let Some(weir) = TestWeir::start_with(engine, |setup| {
            setup.add_mini(4);
            setup.add_mini(5);
        }).await else { return };
        apart(&weir).await;
        weir.add_mini(5, None).await;
        let (alice, apps) = (weir.person("alice"), [MINI.to_owned(), mini(4), mini(5)]);
        let mut sessions = Vec::new();
        for app in &apps {
            let code = alice.codes(app, 1).await.remove(0);
            let login = json!({ "code": code, "appid": app, "nickname": "Alice", "avatar": "https://a.example/1.png" });
            sessions.push(weir.client.post("/api/v1/auth/wx-login", &login).await.data().clone());
        }
        let bob = weir.person("bob").signed_in().await;
        join(&weir).await;
        weir.bind(&mini(5), Some("demo")).await;
        for app in apps.iter().rev() {
            alice.login_to(app).await;
        }
        let leaving = weir.client.with_bearer(sessions[2]["access_token"].as_str().unwrap());
        assert_eq!(leaving.delete(ME).await.status, 200);
        for session in &sessions {
            me(&weir, session).await.refused(401);
        }
        let erased = "SELECT nickname || avatar || bio FROM users WHERE state = 'erased'";
        assert_eq!(weir.rows(erased).await, [[""], [""], [""]]);
        assert_eq!(weir.number("SELECT COUNT(*) FROM merges").await, 0);
        assert_eq!(bob.get(ME).await.status, 200);
        let back = alice.login().await;
        assert!(sessions.iter().all(|session| id(session) != id(&back)), "who comes back is somebody new");
        assert_eq!(id(&alice.login_to(&mini(4)).await), id(&back));
    }

    async fn a_person_whom_wechat_calls_by_another_unionid_is_reported_and_not_moved(engine) {
        let Some(weir) = TestWeir::start_with(engine, two_minis).await else { return };
        weir.add_mini(4, Some("demo")).await;
        let (alice, bob) = (weir.person("alice").login().await, weir.person("bob").login_to(&mini(4)).await);
        let unions = weir.rows("SELECT unionid, user_id FROM unions ORDER BY 1").await;
        let identities = weir.rows("SELECT id, user_id, unionid FROM identities ORDER BY 1").await;
        let users = weir.control("/_sim/users", &json!({ "name": "alice" })).await;
        // Bob comes with Alice's unionid.
        weir.control("/_sim/users", &json!({ "name": "bob", "unionid": users["unionid"] })).await;
        assert_eq!(id(&weir.person("bob").login_to(&mini(4)).await), id(&bob));
        assert_eq!(weir.done(&format!("user:{}", id(&bob)), "identity.unionid_conflict").await, 1);
        assert_eq!(weir.rows("SELECT unionid, user_id FROM unions ORDER BY 1").await, unions);
        assert_eq!(weir.rows("SELECT id, user_id, unionid FROM identities ORDER BY 1").await, identities);
        assert_eq!(me(&weir, &bob).await.data()["id"], bob["user"]["id"]);
        assert_eq!(id(&weir.person("alice").login().await), id(&alice));
    }

    async fn with_merging_turned_off_the_conflict_is_reported_once_and_both_accounts_stay(engine) {
        let Some(weir) = TestWeir::start_with(engine, |setup| {
            setup.add_mini(4);
            setup.core.accounts.merge = false;
        }).await else { return };
        apart(&weir).await;
        let alice = weir.person("alice");
        let (older, younger) = (alice.login().await, alice.login_to(&mini(4)).await);
        join(&weir).await;
        for _ in 0..3 {
            assert_eq!(id(&alice.login().await), id(&older));
            assert_eq!(id(&alice.login_to(&mini(4)).await), id(&younger));
        }
        assert_eq!(weir.done(&format!("user:{}", id(&younger)), "identity.unionid_conflict").await, 1);
        assert_eq!(weir.number("SELECT COUNT(*) FROM merges").await, 0);
        assert_eq!(weir.number(ACTIVE).await, 2);
    }
}
