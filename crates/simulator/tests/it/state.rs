//! The state file.

use std::path::Path;

use serde_json::json;
use tokio::{net::TcpListener, sync::oneshot};
use weir_base::{Clock, Dice};
use weir_simulator::{Simulator, World};

use crate::lab::{Lab, OFFICIAL, START, oauth_target, token_target};

fn open(file: &Path, seed: u64) -> Simulator {
    Simulator::load(World::demo(), Clock::standing_at(START), Dice::seeded(seed), file).expect("a state")
}

#[tokio::test]
async fn a_restart_forgets_nothing_that_a_client_could_notice() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state.json");
    let lab = Lab::of(open(&file, 1)).await;
    lab.change_app(&json!({"name": "mini", "quotas": {"/cgi-bin/token": {"per_day": 2}}}));
    let (used, good) = (lab.code(), lab.code());
    let key = lab.exchange(&used).await.json()["session_key"].clone();
    let (superseded, token) = (lab.token("mini").await, lab.token("mini").await);
    let stable = lab.stable(true).await["access_token"].clone();
    // Any control call that changes something writes the file.
    let added = lab.post("/_sim/users", &json!({"nickname": "Zoe", "name": "zoe"})).await;
    assert_eq!(added.status, 200);

    let again = Lab::of(open(&file, 2)).await;
    assert_eq!(again.exchange(&used).await.errcode(), 40163);
    assert_eq!(again.exchange(&good).await.json()["session_key"], key);
    assert_eq!((again.judge(&superseded).await, again.judge(&token).await), (0, 0));
    assert_eq!(again.get(&token_target("mini")).await.errcode(), 45009, "the day's count is kept");
    assert_eq!(again.stable(true).await["access_token"], stable, "forced less than 30 s ago");
    again.advance(300);
    assert_eq!((again.judge(&superseded).await, again.judge(&token).await), (40001, 0));
    assert!(again.simulator.login_code("mini", "zoe").is_ok());
    assert!(!folder.path().join("state.json.new").exists());
}

#[tokio::test]
async fn a_restart_forgets_nothing_of_pages_either() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state.json");
    let lab = Lab::of(open(&file, 1)).await;
    let good = lab.simulator.oauth_code("official", "shade", None).unwrap();
    let tokens = lab.authorize("official", "alice", "snsapi_userinfo").await;
    let token = lab.token("official").await;
    let ticket = format!("/cgi-bin/ticket/getticket?access_token={token}&type=jsapi");
    let jsapi = lab.get(&ticket).await.json();
    let scene = json!({"action_name": "QR_LIMIT_SCENE", "action_info": {"scene": {"scene_id": 7}}});
    let create = format!("/cgi-bin/qrcode/create?access_token={token}");
    let drawn = lab.post(&create, &scene).await.json();
    assert_eq!(lab.post("/_sim/users", &json!({"nickname": "Zoe", "name": "zoe"})).await.status, 200);

    let again = Lab::of(open(&file, 2)).await;
    assert_eq!(again.get(&oauth_target("official", &good)).await.json()["is_snapshotuser"], 1);
    let text = |name: &str| tokens[name].as_str().unwrap();
    let refresh = format!(
        "/sns/oauth2/refresh_token?appid={OFFICIAL}&grant_type=refresh_token&refresh_token={}",
        text("refresh_token")
    );
    let refreshed = again.get(&refresh).await.json();
    assert_eq!(refreshed["access_token"], tokens["access_token"]);
    let profile = format!("/sns/userinfo?access_token={}&openid={}", text("access_token"), text("openid"));
    assert_eq!(again.get(&profile).await.json()["nickname"], "爱丽丝 🌸");
    assert_eq!(again.get(&ticket).await.json(), jsapi);
    assert_eq!(again.post(&create, &scene).await.json(), drawn);
}

#[tokio::test]
async fn the_state_is_written_at_shutdown() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state.json");
    let simulator = open(&file, 1);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let served = tokio::spawn({
        let simulator = simulator.clone();
        async move { simulator.serve(listener, async { drop(stopped.await) }).await }
    });
    let code = simulator.login_code("mini", "alice").unwrap();
    stop.send(()).unwrap();
    served.await.unwrap().unwrap();
    let again = Lab::of(open(&file, 2)).await;
    assert_eq!(again.exchange(&code).await.errcode(), 0);
}

#[tokio::test]
async fn a_held_call_does_not_hold_up_the_shutdown() {
    let simulator = Simulator::new(World::demo(), Clock::standing_at(START), Dice::seeded(1));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let served = tokio::spawn({
        let simulator = simulator.clone();
        async move { simulator.serve(listener, async { drop(stopped.await) }).await }
    });
    let lab = Lab { clock: simulator.clock().clone(), simulator, address };
    lab.post("/_sim/faults", &json!({"path": "*", "kind": "timeout"})).await;
    let held = lab.send("GET", &token_target("mini"), "").await;
    lab.clock.wait_for_sleepers(1).await;
    stop.send(()).unwrap();
    // The clock stands: neither the held call nor the grace period would ever end by itself.
    served.await.unwrap().unwrap();
    drop(held);
}

#[test]
fn a_file_that_is_no_state_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state.json");
    std::fs::write(&file, "{\"apps\": 7}").unwrap();
    let refused = Simulator::load(World::demo(), Clock::standing_at(START), Dice::seeded(1), &file);
    assert!(refused.err().unwrap().to_string().contains("state.json"));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "{\"apps\": 7}");
}

#[tokio::test]
async fn a_restart_forgets_neither_accepts_nor_messages() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state.json");
    let lab = Lab::of(open(&file, 1)).await;
    let openid = lab.simulator.openid("mini", "alice").unwrap();
    let value = json!({"value": "15:01"});
    let message = json!({"touser": openid, "template_id": "TMPL_DEMO_ACTION", "page": "p",
        "data": {"thing1": value, "time2": value, "thing3": value, "thing7": value}});
    let answer =
        json!({"appid": "mini", "user": "alice", "template_id": "TMPL_DEMO_ACTION", "result": "accept"});
    lab.post("/_sim/subscribe", &answer).await;
    let token = lab.token("mini").await;
    let send = format!("/cgi-bin/message/subscribe/send?access_token={token}");
    assert_eq!(lab.post(&send, &message).await.errcode(), 0);
    assert_eq!(lab.post("/_sim/subscribe", &answer).await.json()["remaining"], 1);
    let before = lab.get("/_sim/inbox?user=alice").await.json();

    let again = Lab::of(open(&file, 2)).await;
    assert_eq!(again.get("/_sim/inbox?user=alice").await.json(), before);
    assert_eq!(again.post(&send, &message).await.errcode(), 0);
    assert_eq!(again.post(&send, &message).await.errcode(), 43101);
    assert_eq!(again.get("/_sim/inbox?user=alice").await.json()["messages"].as_array().unwrap().len(), 2);
}
