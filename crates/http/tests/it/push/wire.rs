//! What comes over the wire: WeChat's own samples, every padding, bodies in pieces, bodies that do not end, and guesses.

use std::{collections::BTreeSet, time::Duration};

use reqwest::Method;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use weir_base::{Secret, settings::Span};
use weir_core::apikey::Scope;
use weir_testkit::{MINI, TestWeir, wechat_push::message_signature, weir::Setup};

use super::{KEY, Mode, Raw, TOKEN, encrypt, raw, start, states, text_message, worked};
use crate::support::{LOGIN, post_head, raw as raw_bytes};

/// The sample of section F3.
const ENCRYPTED: &str = "+qdx1OKCy+5JPCBFWw70tm0fJGb2Jmeia4FCB7kao+/Q5c/ohsOzQHi8khUOb05JCpj0JB4RvQMkUyus8TPxLKJGQqcvZqzDpVzazhZv6JsXUnnR8XGT740XgXZUXQ7vJVnAG+tE8NUd4yFyjPy7GgiaviNrlCTj+l5kdfMuFUPpRSrfMZuMcp3Fn2Pede2IuQrKEYwKSqFIZoNqJ4M8EajAsjLY2km32IIjdf8YL/P50F7mStwntrA2cPDrM1kb6mOcfBgRtWygb3VIYnSeOBrebufAlr7F9mFUPAJGj04=";

fn of_the_sample(setup: &mut Setup) {
    let app = &mut setup.core.apps[0];
    app.appid = "wxba5fad812f8e6fb9".to_owned();
    app.token = Some(Secret::new("AAAAA"));
    app.aes_key = Some(Secret::new("A".repeat(43)));
    // The sample is of 2024.
    setup.core.push.window = Span(Duration::from_secs(4_000_000_000));
    setup.core.push.keep = Span(Duration::ZERO);
}

/// The address of a push in safe mode, and its body.
fn sealed(weir: &TestWeir, encrypted: &str) -> (String, String) {
    let timestamp = weir.clock.now().seconds().to_string();
    let proof = message_signature(&Secret::new(TOKEN), &timestamp, "1", encrypted);
    let path =
        format!("/wechat/push/mini?timestamp={timestamp}&nonce=1&encrypt_type=aes&msg_signature={proof}");
    (path, json!({ "ToUserName": "gh_1", "Encrypt": encrypted }).to_string())
}

fn chunked(body: &str, size: usize) -> String {
    let mut pieces = String::new();
    for piece in body.as_bytes().chunks(size) {
        pieces.push_str(&format!("{:x}\r\n{}\r\n", piece.len(), std::str::from_utf8(piece).unwrap()));
    }
    pieces + "0\r\n\r\n"
}

weir_testkit::engines! {
    async fn wechats_own_sample_of_safe_mode_is_taken_as_it_is(engine) {
        let Some(weir) = TestWeir::start_with(engine, of_the_sample).await else { return };
        let query = "signature=6c5c811b55cc85e0e1b54100749188c20beb3f5d&timestamp=1714112445&nonce=415670741&encrypt_type=aes&msg_signature=";
        let body = json!({ "ToUserName": "gh_97417a04a28d", "Encrypt": ENCRYPTED }).to_string();
        let push = async |proof: &str| {
            let path = format!("/wechat/push/mini?{query}{proof}");
            weir.client.send(Method::POST, &path, Some((body.clone(), "application/json"))).await
        };
        for wrong in ["046e02f8204d34f8ba5fa3b1db94908f3df2e9b4", "6c5c811b55cc85e0e1b54100749188c20beb3f5d", ""] {
            assert_eq!(push(wrong).await.status, 403, "{wrong}");
        }
        assert_eq!(states(&weir).await, Vec::<String>::new());
        let good = push("046e02f8204d34f8ba5fa3b1db94908f3df2e9b3").await;
        assert_eq!((good.status, good.text.as_str()), (200, "success"));
        worked(&weir).await;
        let admin = weir.client.with_bearer(weir.api_key(&[Scope::Admin, Scope::CrmRead]).await);
        let id = admin.get("/api/pushes").await.json["items"][0]["id"].as_str().unwrap().to_owned();
        let told = admin.get(&format!("/api/pushes/{id}")).await.json;
        assert_eq!(told["body"], json!({ "ToUserName": "gh_97417a04a28d", "FromUserName": "o9AgO5Kd5ggOC-bXrbNODIiE3bGY",
            "CreateTime": 1_714_112_445, "MsgType": "event", "Event": "debug_demo", "debug_str": "hello world" }));
    }

    async fn every_padding_from_1_to_32_is_opened(engine) {
        let Some(weir) = start(engine, Mode::Safe, "json").await else { return };
        let mut paddings = BTreeSet::new();
        for length in 0..32_usize {
            let text = text_message(&format!("o-{}", "x".repeat(length)), 1);
            paddings.insert(32 - (16 + 4 + text.len() + MINI.len()) % 32);
            let answer = raw(&weir).sealed(&weir.client, &encrypt(&text, MINI), json!({})).await;
            assert_eq!(answer.text, "success", "{length}");
        }
        assert_eq!(paddings, (1..=32).collect());
        assert_eq!(weir.number("SELECT COUNT(*) FROM pushes").await, 32);
    }

    async fn a_ciphertext_that_lost_a_part_is_refused(engine) {
        let Some(weir) = start(engine, Mode::Safe, "json").await else { return };
        let whole = encrypt(&text_message("o-alice", 1), MINI);
        // Blocks, a part of a block, the last character, and the same with signs that are none of base64's.
        for cut in [whole.len() - 1, whole.len() - 4, whole.len() - 44, 64, 40, 1, 0] {
            let answer = raw(&weir).sealed(&weir.client, &whole[..cut], json!({})).await;
            assert!((400..=403).contains(&answer.status), "{cut}: {}", answer.text);
        }
        for wrong in [whole.replace('A', "*"), format!("{whole}\u{0}"), format!("汉{whole}"), whole.repeat(2)] {
            let answer = raw(&weir).sealed(&weir.client, &wrong, json!({})).await;
            assert_eq!(answer.status, 403, "{}", answer.text);
        }
        assert_eq!(states(&weir).await, Vec::<String>::new());
    }

    async fn the_last_character_of_a_key_may_have_any_surplus_bits(engine) {
        // These four say the same 256 bits; only the first is canonical.
        for last in ["E", "F", "G", "H"] {
            let key = format!("{}{last}", &KEY[..42]);
            let change = |setup: &mut Setup| {
                setup.core.apps[0].token = Some(Secret::new(TOKEN));
                setup.core.apps[0].aes_key = Some(Secret::new(key));
            };
            let Some(weir) = TestWeir::start_with(engine, change).await else { return };
            let sealed = encrypt(&text_message("o-alice", 1), MINI);
            assert_eq!(raw(&weir).sealed(&weir.client, &sealed, json!({})).await.text, "success", "{last}");
        }
    }

    async fn a_body_in_pieces_is_one_body_and_has_the_same_limit(engine) {
        let Some(weir) = start(engine, Mode::Safe, "json").await else { return };
        let (path, body) = sealed(&weir, &encrypt(&text_message("o-alice", 1), MINI));
        let head = post_head(&path, "content-type: application/json\r\ntransfer-encoding: chunked\r\n");
        let (status, answer) = raw_bytes(&weir.client, format!("{head}{}", chunked(&body, 7)).as_bytes()).await;
        assert!(status == 200 && answer.contains("success"), "{answer}");
        let huge = format!("{head}{}", chunked(&" ".repeat(70_000), 4096));
        assert_eq!(raw_bytes(&weir.client, huge.as_bytes()).await.0, 413);
        // Sizes that are none.
        for wrong in ["zz\r\n", "-1\r\n", "ffffffffffffffffff\r\n"] {
            let (status, answer) = raw_bytes(&weir.client, format!("{head}{wrong}{body}\r\n0\r\n\r\n").as_bytes()).await;
            assert_eq!(status, 400, "{answer}");
        }
        assert_eq!(weir.rows("SELECT times FROM pushes").await, [["1"]]);
    }

    async fn a_body_that_does_not_end_is_no_push(engine) {
        let Some(weir) = start(engine, Mode::Safe, "json").await else { return };
        let (path, body) = sealed(&weir, &encrypt(&text_message("o-alice", 1), MINI));
        let length = format!("content-type: application/json\r\ncontent-length: {}\r\n", body.len());
        let half = format!("{}{}", post_head(&path, &length), &body[..body.len() / 2]);
        // The sender goes away in the middle.
        let mut gone = TcpStream::connect(weir.client.address()).await.unwrap();
        gone.write_all(half.as_bytes()).await.unwrap();
        gone.shutdown().await.unwrap();
        let mut answer = Vec::new();
        let _end = gone.read_to_end(&mut answer).await;
        assert!(!String::from_utf8_lossy(&answer).contains("success"));
        // The sender goes silent in the middle, and is waited for only so long.
        let mut silent = TcpStream::connect(weir.client.address()).await.unwrap();
        silent.write_all(half.as_bytes()).await.unwrap();
        weir.wait_for_sleepers(1).await;
        weir.clock.advance(Duration::from_secs(30));
        let mut answer = Vec::new();
        silent.read_to_end(&mut answer).await.unwrap();
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("30 seconds"), "{answer}");
        assert_eq!(states(&weir).await, Vec::<String>::new());
        // Slow is not silent.
        let mut slow = TcpStream::connect(weir.client.address()).await.unwrap();
        slow.write_all(half.as_bytes()).await.unwrap();
        weir.wait_for_sleepers(1).await;
        weir.clock.advance(Duration::from_secs(29));
        slow.write_all(&body.as_bytes()[body.len() / 2..]).await.unwrap();
        let mut answer = Vec::new();
        slow.read_to_end(&mut answer).await.unwrap();
        assert!(String::from_utf8_lossy(&answer).contains("success"));
        assert_eq!(states(&weir).await.len(), 1);
    }

    async fn guesses_cost_the_address_and_shut_no_push_out(engine) {
        let few = |setup: &mut Setup| {
            setup.core.limits.failures_per_minute = 5;
            setup.core.apps[0].token = Some(Secret::new(TOKEN));
            setup.core.apps[0].aes_key = Some(Secret::new(KEY));
        };
        let Some(weir) = TestWeir::start_with(engine, few).await else { return };
        let code = weir.person("alice").code().await;
        for guess in 0..10 {
            let guess = Raw { timestamp: weir.clock.now().seconds(), nonce: "1", token: &format!("guess{guess}") };
            let sealed = encrypt(&text_message("o-alice", 1), MINI);
            assert_eq!(guess.sealed(&weir.client, &sealed, json!({})).await.status, 403);
        }
        let limited = weir.client.post(LOGIN, &json!({ "code": code })).await;
        assert_eq!(limited.status, 429, "{}", limited.text);
        assert!(limited.header("retry-after").is_some());
        let sealed = encrypt(&text_message("o-alice", 1), MINI);
        assert_eq!(raw(&weir).sealed(&weir.client, &sealed, json!({})).await.text, "success");
        weir.clock.advance(Duration::from_secs(60));
        assert_eq!(weir.client.post(LOGIN, &json!({ "code": code })).await.status, 200);
    }
}
