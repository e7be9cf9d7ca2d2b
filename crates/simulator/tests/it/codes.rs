//! `/sns/jscode2session`.

use serde_json::json;
use tokio::task::JoinSet;
use weir_base::{Clock, Dice};
use weir_simulator::{Simulator, World};

use crate::lab::{Lab, MINI, OFFICIAL, SECRET, START, exchange_target};

#[tokio::test]
async fn a_good_code_gives_session_key_openid_and_unionid_and_no_errcode() {
    let lab = Lab::start().await;
    let reply = lab.exchange(&lab.code()).await;
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("text/plain")));
    let json = reply.json();
    let fields: Vec<_> = json.as_object().unwrap().keys().cloned().collect();
    assert_eq!(fields, ["openid", "session_key", "unionid"]);
    assert_eq!(json["openid"], lab.simulator.openid("mini", "alice").unwrap());
    assert_eq!(json["session_key"].as_str().unwrap().len(), 24);
}

#[tokio::test]
async fn every_refusal_has_its_code_and_the_appid_is_looked_at_first() {
    let lab = Lab::start().await;
    let code = lab.code();
    let of = |query: &str| format!("/sns/jscode2session?{query}");
    let good = format!("appid={MINI}&secret={SECRET}");
    let cases = [
        (of(""), 41002),
        (of("appid=&secret=x"), 41002),
        (of("appid=wx0000000000000000"), 40013),
        (of(&format!("appid={}", MINI.to_uppercase())), 40013),
        (of(&format!("appid={OFFICIAL}&secret=demo-secret-official&js_code={code}")), 40013),
        (of(&format!("appid={MINI}&js_code={code}")), 41004),
        (of(&format!("appid={MINI}&secret=wrong&js_code={code}")), 40125),
        (of(&good), 41008),
        (of(&format!("{good}&js_code={code}")), 40002),
        (of(&format!("{good}&js_code={code}&grant_type=client_credential")), 40002),
        (of(&format!("{good}&js_code=0nobodymadethis&grant_type=authorization_code")), 40029),
    ];
    for (target, errcode) in cases {
        let reply = lab.get(&target).await;
        assert_eq!((reply.status, reply.errcode()), (200, errcode), "{target}");
        assert_eq!(reply.header("content-type"), Some("text/plain"));
    }
    let posted = lab.post(&exchange_target(MINI, SECRET, &code), &json!({})).await;
    assert_eq!(posted.errcode(), 43001);
    assert_eq!(lab.exchange(&code).await.errcode(), 0, "no refusal used the code up");
}

#[tokio::test]
async fn errmsg_ends_with_a_rid_after_a_comma_or_with_hints_as_in_older_days() {
    let lab = Lab::start().await;
    let errmsg = lab.exchange("0bad").await.errmsg();
    let rid = errmsg.strip_prefix("invalid code, rid: ").expect(&errmsg);
    assert!(rid.starts_with("6b49d200-") && rid.len() == 26, "{rid}");
    lab.change_app(&json!({"name": "mini", "errmsg_style": "hints"}));
    let errmsg = lab.exchange("0bad").await.errmsg();
    assert!(errmsg.starts_with("invalid code, hints: [ req_id: ") && errmsg.ends_with(" ]"), "{errmsg}");
}

#[tokio::test]
async fn a_code_is_good_once_and_for_five_minutes() {
    let lab = Lab::start().await;
    let (early, late) = (lab.code(), lab.code());
    lab.advance(299);
    assert_eq!(lab.exchange(&early).await.errcode(), 0);
    let again = lab.exchange(&early).await;
    assert_eq!(again.errcode(), 40163);
    assert!(again.errmsg().starts_with("code been used, rid: "));
    lab.advance(1);
    assert_eq!(lab.exchange(&late).await.errcode(), 40029);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_fifty_who_bring_the_same_code_one_gets_the_session() {
    let lab = Lab::start().await;
    let target = exchange_target(MINI, SECRET, &lab.code());
    let mut tasks = JoinSet::new();
    for _ in 0..50 {
        let (lab, target) = (lab.clone(), target.clone());
        tasks.spawn(async move { lab.get(&target).await.errcode() });
    }
    let mut errcodes = tasks.join_all().await;
    errcodes.sort_unstable();
    assert_eq!(errcodes[0], 0);
    assert!(errcodes[1..].iter().all(|errcode| *errcode == 40163), "{errcodes:?}");
}

#[tokio::test]
async fn a_code_of_another_app_or_another_purpose_is_invalid() {
    let lab = Lab::start().await;
    lab.change_app(
        &json!({"name": "second", "kind": "mini_program", "appid": "wx1000000000000009", "secret": "s"}),
    );
    let code = lab.code();
    let foreign = lab.get(&exchange_target("wx1000000000000009", "s", &code)).await;
    assert_eq!(foreign.errcode(), 40029);
    let phone = lab.simulator.phone_code("mini", "alice").unwrap();
    assert_eq!(lab.exchange(&phone).await.errcode(), 40029);
    assert_eq!(lab.exchange(&code).await.errcode(), 0);
}

#[tokio::test]
async fn a_risky_person_is_blocked_and_a_frozen_secret_refused() {
    let lab = Lab::start().await;
    let code = lab.code();
    lab.simulator.change_person(&json!({"name": "alice", "risky": true})).unwrap();
    assert_eq!(lab.exchange(&code).await.errcode(), 40226);
    lab.change_app(&json!({"name": "mini", "secret_frozen": true}));
    assert_eq!(lab.exchange(&code).await.errcode(), 40243);
}

#[tokio::test]
async fn unionid_follows_the_open_platform_account() {
    let lab = Lab::start().await;
    let nobody = lab.simulator.login_code("mini", "nobody").unwrap();
    assert!(lab.exchange(&nobody).await.json().get("unionid").is_none());
    let before = lab.exchange(&lab.code()).await.json()["unionid"].clone();
    lab.change_app(&json!({"name": "mini", "open_platform": null}));
    assert!(lab.exchange(&lab.code()).await.json().get("unionid").is_none());
    lab.change_app(&json!({"name": "mini", "open_platform": "other"}));
    let elsewhere = lab.exchange(&lab.code()).await.json()["unionid"].clone();
    assert!(elsewhere.is_string() && elsewhere != before);
    lab.change_app(&json!({"name": "mini", "open_platform": "demo"}));
    assert_eq!(lab.exchange(&lab.code()).await.json()["unionid"], before);
}

#[tokio::test]
async fn quotas_of_an_app_hold_per_person_per_minute_and_per_day() {
    let lab = Lab::start().await;
    let set = |quota| lab.change_app(&json!({"name": "mini", "quotas": {"/sns/jscode2session": quota}}));
    set(json!({"per_person_per_minute": 2}));
    for _ in 0..2 {
        assert_eq!(lab.exchange(&lab.code()).await.errcode(), 0);
    }
    let waiting = lab.code();
    assert_eq!(lab.exchange(&waiting).await.errcode(), 45011);
    let bob = lab.simulator.login_code("mini", "bob").unwrap();
    assert_eq!(lab.exchange(&bob).await.errcode(), 0, "another person has a quota of their own");
    lab.advance(60);
    assert_eq!(lab.exchange(&waiting).await.errcode(), 0, "the refusal left the code good");

    set(json!({"per_minute": 1}));
    assert_eq!(lab.exchange(&lab.code()).await.errcode(), 0);
    assert_eq!(lab.exchange(&lab.code()).await.errcode(), 45011);
    lab.advance(60);
    assert_eq!(lab.exchange(&lab.code()).await.errcode(), 0);

    set(json!({"per_day": 3}));
    lab.advance(60);
    assert_eq!(lab.exchange(&lab.code()).await.errcode(), 0, "the day's third");
    assert_eq!(lab.exchange(&lab.code()).await.errcode(), 45009);
    let midnight = 8 * 3600 - 180;
    lab.advance(midnight - 1);
    assert_eq!(lab.exchange(&lab.code()).await.errcode(), 45009, "23:59:59 in Beijing");
    lab.advance(1);
    assert_eq!(lab.exchange(&lab.code()).await.errcode(), 0);
}

#[tokio::test]
async fn a_path_that_wechat_does_not_know_is_an_invalid_url() {
    let lab = Lab::start().await;
    for path in ["/sns/nothing", "/cgi-bin/nothing?x=1", "/elsewhere"] {
        let reply = lab.get(path).await;
        assert_eq!((reply.status, reply.errcode()), (404, 40066), "{path}");
    }
}

#[test]
fn the_same_seed_gives_the_same_codes_keys_and_data() {
    let run = |seed| {
        let simulator = Simulator::new(World::demo(), Clock::standing_at(START), Dice::seeded(seed));
        let codes: Vec<_> = (0..5).map(|_| simulator.login_code("mini", "bob").unwrap()).collect();
        let pages: Vec<_> = (0..5).map(|_| simulator.oauth_code("website", "bob", None).unwrap()).collect();
        (codes, pages, simulator.encrypted_data("mini", "bob", None).unwrap())
    };
    assert_eq!(run(7), run(7));
    assert_ne!(run(7).0, run(8).0);
    let openid = |seed| {
        let simulator = Simulator::new(World::demo(), Clock::standing_at(START), Dice::seeded(seed));
        simulator.openid("mini", "bob").unwrap()
    };
    assert_eq!(openid(7), openid(8), "a person stays the same in every run");
}
