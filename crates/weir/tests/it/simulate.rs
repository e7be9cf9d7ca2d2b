//! `weir simulate` by itself.

use std::fs;

use nix::sys::signal::Signal;
use serde_json::json;

use crate::process::{MINI, MINI_SECRET, Simulator, code, run};

fn exchange(appid: &str, secret: &str, code: &str) -> String {
    format!("/sns/jscode2session?appid={appid}&secret={secret}&js_code={code}&grant_type=authorization_code")
}

#[tokio::test]
async fn one_seed_gives_the_same_codes_every_time() {
    let directory = tempfile::tempdir().unwrap();
    let mut runs = Vec::new();
    for seed in ["7", "7", "8"] {
        let simulator = Simulator::with(directory.path(), &["--seed", seed]);
        runs.push([code(&simulator.client, "alice").await, code(&simulator.client, "bob").await]);
    }
    assert_eq!(runs[0], runs[1]);
    assert_ne!(runs[0], runs[2]);
    assert_ne!(runs[0][0], runs[0][1]);
}

#[tokio::test]
async fn a_state_file_keeps_codes_and_people() {
    let directory = tempfile::tempdir().unwrap();
    let keep = ["--state", "state.json"];
    let first = Simulator::with(directory.path(), &keep);
    first.control("/_sim/users", &json!({ "name": "dora", "nickname": "Dora" })).await;
    let code = code(&first.client, "dora").await;
    first.process.signal(Signal::SIGTERM);
    first.process.ended().well();

    let second = Simulator::with(directory.path(), &keep);
    let answer = second.client.get(&exchange(MINI, MINI_SECRET, &code)).await;
    assert!(answer.json["openid"].is_string(), "{}", answer.text);
    let once = second.client.get(&exchange(MINI, MINI_SECRET, &code)).await;
    assert_eq!(once.json["errcode"], 40163, "{}", once.text);
}

#[tokio::test]
async fn a_world_file_brings_its_own_apps_and_people() {
    let directory = tempfile::tempdir().unwrap();
    let world = "[[apps]]\nname = \"shop\"\nkind = \"mini_program\"\nappid = \"wx00000000000000aa\"\nsecret = \"s\"\n\
                 [[people]]\nid = \"p\"\nname = \"pat\"\nnickname = \"Pat\"\n";
    fs::write(directory.path().join("world.toml"), world).unwrap();
    let simulator = Simulator::with(directory.path(), &["--world", "world.toml"]);
    let given = simulator.control("/_sim/login-code", &json!({ "appid": "shop", "user": "pat" })).await;
    let path = exchange("wx00000000000000aa", "s", given["code"].as_str().unwrap());
    assert!(simulator.client.get(&path).await.json["openid"].is_string());
    let apps = simulator.client.get("/_sim/apps").await.json;
    assert_eq!(apps["apps"].as_array().map(Vec::len), Some(1), "{apps}");
}

#[test]
fn a_world_or_state_file_with_mistakes_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("broken");
    fs::write(&file, "[[apps]]\nname = 'x'\n").unwrap();
    for flag in ["--world", "--state"] {
        let ended = run(&["simulate", "--port", "0", flag, file.to_str().unwrap()], &[]);
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(ended.stderr.contains("broken") && ended.stdout.is_empty(), "{ended:?}");
    }
}
