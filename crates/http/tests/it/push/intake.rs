use reqwest::Method;
use serde_json::json;
use weir_base::Secret;
use weir_core::apikey::Scope;
use weir_testkit::wechat_push::signature;
use weir_testkit::{MINI, TestWeir, scenes::together};

use super::{Mode, Raw, TOKEN, encrypt, push, raw, reader, start, states, text_message, worked};

const PATH: &str = "/wechat/push/mini";

weir_testkit::engines! {
    async fn every_mode_and_format_of_wechats_is_taken(engine) {
        for mode in [Mode::Plain, Mode::Compatible, Mode::Safe] {
            for format in ["xml", "json"] {
                let Some(weir) = start(engine, mode, format).await else { return };
                assert!(push(&weir, "alice", json!({ "Event": "CLICK", "EventKey": "汉字 <&>" })).await, "{format}");
                worked(&weir).await;
                let list = reader(&weir).await.get("/api/pushes").await.json;
                let (item, openid) = (&list["items"][0], weir.openid("alice", MINI).await);
                assert_eq!((&item["event"], &item["openid"], &item["state"]), (&json!("CLICK"), &json!(openid), &json!("unknown")));
                let admin = weir.client.with_bearer(weir.api_key(&[Scope::Admin]).await);
                let one = admin.get(&format!("/api/pushes/{}", item["id"].as_str().unwrap())).await.json;
                assert_eq!(one["body"]["EventKey"], "汉字 <&>", "{one}");
            }
        }
    }

    async fn the_address_is_verified_as_published(engine) {
        let Some(weir) = TestWeir::start_with(engine, |setup| {
            setup.core.apps[0].token = Some(Secret::new("AAAAA"));
            // The vector is of 2024.
            setup.core.push.window = weir_base::settings::Span(std::time::Duration::from_secs(4_000_000_000));
            setup.core.push.keep = weir_base::settings::Span(std::time::Duration::ZERO);
        }).await else { return };
        let vector = "timestamp=1714036504&nonce=1514711492&echostr=4375120948345356249";
        let good = weir.client.get(&format!("{PATH}?signature=f464b24fc39322e44b38aa78f5edd27bd1441696&{vector}")).await;
        assert_eq!((good.status, good.text.as_str()), (200, "4375120948345356249"));
        assert!(good.header("content-type").unwrap().starts_with("text/plain"));
        for bad in [
            format!("{PATH}?signature=f464b24fc39322e44b38aa78f5edd27bd1441697&{vector}"),
            format!("{PATH}?{vector}"),
            format!("{PATH}?signature=f464b24fc39322e44b38aa78f5edd27bd1441696&timestamp=1714036505&nonce=1514711492&echostr=1"),
        ] {
            assert_eq!(weir.client.get(&bad).await.status, 403, "{bad}");
        }
        assert_eq!(weir.client.get("/wechat/push/nobody?signature=x").await.status, 404);
        let plain = "899cf89e464efb63f54ddac96b0a0a235f53aa78";
        let path = format!("{PATH}?signature={plain}&timestamp=1714037059&nonce=486452656");
        let body = text_message("o-alice", 1);
        let answer = weir.client.send(Method::POST, &path, Some((body, "application/json"))).await;
        assert_eq!((answer.status, answer.text.as_str()), (200, "success"));
    }

    async fn what_is_not_wechats_is_refused_and_stores_nothing(engine) {
        let Some(weir) = start(engine, Mode::Safe, "json").await else { return };
        let now = weir.clock.now().seconds();
        let sealed = encrypt(&text_message("o-alice", 1), MINI);
        let foreign = encrypt(&text_message("o-alice", 1), "wx9999999999999999");
        for (what, raw, encrypted) in [
            ("another token", Raw { timestamp: now, nonce: "1", token: "another" }, &sealed),
            ("an old time", Raw { timestamp: now - 601, nonce: "1", token: TOKEN }, &sealed),
            ("a time to come", Raw { timestamp: now + 601, nonce: "1", token: TOKEN }, &sealed),
            ("another app inside", Raw { timestamp: now, nonce: "1", token: TOKEN }, &foreign),
            ("no ciphertext", Raw { timestamp: now, nonce: "1", token: TOKEN }, &"AAAA".to_owned()),
        ] {
            let answer = raw.sealed(&weir.client, encrypted, json!({ "ToUserName": "gh_1" })).await;
            assert_eq!(answer.status, 403, "{what}: {}", answer.text);
        }
        // In the clear although a key is set, with a good signature of plain mode.
        let answer = raw(&weir).plain(&weir.client, "mini", &text_message("o-alice", 1)).await;
        assert_eq!(answer.status, 403, "{}", answer.text);
        // The signature of plain mode in the ciphertext's place.
        let timestamp = now.to_string();
        let proof = signature(&Secret::new(TOKEN), &timestamp, "1");
        let path = format!("{PATH}?signature={proof}&timestamp={timestamp}&nonce=1&msg_signature={proof}&encrypt_type=aes");
        let body = json!({ "Encrypt": sealed }).to_string();
        assert_eq!(weir.client.send(Method::POST, &path, Some((body, "application/json"))).await.status, 403);
        assert_eq!(states(&weir).await, Vec::<String>::new());
        for (seconds, stored) in [(600, 1), (-600, 2)] {
            let raw = Raw { timestamp: now + seconds, nonce: "2", token: TOKEN };
            let sealed = encrypt(&text_message("o-alice", stored), MINI);
            assert_eq!(raw.sealed(&weir.client, &sealed, json!({})).await.text, "success");
        }
    }

    async fn what_stands_beside_the_ciphertext_is_not_believed(engine) {
        let Some(weir) = start(engine, Mode::Compatible, "json").await else { return };
        let lie = json!({ "ToUserName": "gh_1", "FromUserName": "o-victim", "MsgType": "event", "CreateTime": 1,
            "Event": "user_authorization_cancellation", "OpenID": "o-victim" });
        let sealed = encrypt(&text_message("o-alice", 7), MINI);
        assert_eq!(raw(&weir).sealed(&weir.client, &sealed, lie).await.text, "success");
        worked(&weir).await;
        let stored = weir.rows("SELECT kind, openid FROM pushes").await;
        assert_eq!(stored, [["text", "o-alice"]]);
    }

    async fn bodies_that_attack_the_reader_are_refused(engine) {
        let Some(weir) = start(engine, Mode::Plain, "xml").await else { return };
        let bomb = "<!DOCTYPE lolz [<!ENTITY lol \"lol\"><!ENTITY lol2 \"&lol;&lol;&lol;\">]><xml><FromUserName>&lol2;</FromUserName></xml>";
        let outside = "<!DOCTYPE x [<!ENTITY f SYSTEM \"file:///etc/passwd\">]><xml><FromUserName>&f;</FromUserName><CreateTime>1</CreateTime><MsgType>text</MsgType></xml>";
        let deep = format!("{}{}", "<x>".repeat(2000), "</x>".repeat(2000));
        let deep_json = format!("{}{}", "[".repeat(2000), "]".repeat(2000));
        for (at, body) in [bomb, outside, &deep, &deep_json, "", "<xml>", "{", "null", "\u{0}", "<xml><MsgType>text</MsgType></xml>"].iter().enumerate() {
            let nonce = format!("{at}");
            let raw = Raw { timestamp: weir.clock.now().seconds(), nonce: &nonce, token: TOKEN };
            let answer = raw.plain(&weir.client, "mini", body).await;
            assert_eq!(answer.status, 400, "{body:.60}: {}", answer.text);
            assert!(!answer.text.contains("root:"), "{}", answer.text);
        }
        let huge = raw(&weir).plain(&weir.client, "mini", &"x".repeat(70_000)).await;
        assert_eq!(huge.status, 413, "{}", huge.text);
        assert_eq!(states(&weir).await, Vec::<String>::new());
    }

    async fn in_plain_mode_one_proof_is_good_for_one_push(engine) {
        let Some(weir) = start(engine, Mode::Plain, "json").await else { return };
        let raw = raw(&weir);
        for _ in 0..2 {
            assert_eq!(raw.plain(&weir.client, "mini", &text_message("o-alice", 1)).await.text, "success");
        }
        let forged = raw.plain(&weir.client, "mini", &text_message("o-mallory", 2)).await;
        assert_eq!(forged.status, 403, "{}", forged.text);
        assert_eq!(weir.rows("SELECT openid, times FROM pushes").await, [["o-alice", "2"]]);
    }

    async fn an_app_without_push_settings_says_what_to_set(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let answer = raw(&weir).plain(&weir.client, "mini", &text_message("o-alice", 1)).await;
        assert_eq!(answer.status, 503, "{}", answer.text);
        assert!(answer.text.contains("apps.mini.token"), "{}", answer.text);
        let Some(weir) = start(engine, Mode::Plain, "json").await else { return };
        let sealed = json!({ "ToUserName": "gh_1", "Encrypt": encrypt("{}", MINI) }).to_string();
        let answer = raw(&weir).plain(&weir.client, "mini", &sealed).await;
        assert!(answer.status == 503 && answer.text.contains("apps.mini.aes_key"), "{}", answer.text);
    }

    async fn fifteen_senders_with_one_number_are_fifteen_and_one_message_three_times_is_one(engine) {
        let Some(weir) = start(engine, Mode::Safe, "json").await else { return };
        for sender in 0..15 {
            for _ in 0..3 {
                let sealed = encrypt(&text_message(&format!("o-{sender}"), 7), MINI);
                assert_eq!(raw(&weir).sealed(&weir.client, &sealed, json!({})).await.text, "success");
            }
        }
        worked(&weir).await;
        assert_eq!(weir.rows("SELECT COUNT(*), SUM(times) FROM pushes").await, [["15", "45"]]);
    }

    async fn the_same_event_on_two_replicas_at_once_is_stored_and_worked_on_once(engine) {
        let Some(mut weir) = start(engine, Mode::Safe, "json").await else { return };
        let (_, second) = weir.replica().await;
        let openid = weir.openid("alice", MINI).await;
        let event = json!({ "ToUserName": "gh_1", "FromUserName": openid, "CreateTime": 1_795_161_600, "MsgType": "event",
            "Event": "subscribe_msg_popup_event", "List": { "TemplateId": weir_testkit::ONCE, "SubscribeStatusString": "accept", "PopupScene": "0" } });
        let sealed = encrypt(&event.to_string(), MINI);
        let timestamp = weir.clock.now().seconds();
        let answers = together((0..100).map(|n| {
            let client = if n % 2 == 0 { weir.client.clone() } else { second.clone() };
            let (sealed, nonce) = (sealed.clone(), format!("{n}"));
            async move { Raw { timestamp, nonce: &nonce, token: TOKEN }.sealed(&client, &sealed, json!({})).await.text }
        }))
        .await;
        assert!(answers.iter().all(|answer| answer == "success"), "{answers:?}");
        worked(&weir).await;
        assert_eq!(weir.rows("SELECT times, state FROM pushes").await, [["100", "worked"]]);
        assert_eq!(weir.number("SELECT remaining FROM credits").await, 1);
    }

    async fn lists_are_paged_and_filtered_and_tell_bodies_to_admins_only(engine) {
        let Some(weir) = start(engine, Mode::Safe, "json").await else { return };
        for number in 0..5 {
            weir.clock.advance(std::time::Duration::from_millis(1));
            let sealed = encrypt(&text_message(if number < 2 { "o-a" } else { "o-b" }, number), MINI);
            raw(&weir).sealed(&weir.client, &sealed, json!({})).await;
        }
        worked(&weir).await;
        let reader = reader(&weir).await;
        let ids = async |query: &str| {
            let list = reader.get(&format!("/api/pushes?{query}")).await.json;
            (list["items"].as_array().unwrap().len(), list["next_cursor"].as_str().map(str::to_owned))
        };
        let (first, cursor) = ids("limit=3").await;
        assert_eq!((first, ids(&format!("limit=3&cursor={}", cursor.unwrap())).await), (3, (2, None)));
        assert_eq!(ids("openid=o-a").await.0, 2);
        assert_eq!(ids("state=unknown").await.0, 5);
        assert_eq!(ids("state=worked").await.0, 0);
        assert_eq!(ids("event=nothing").await.0, 0);
        // Together they leave what each of them leaves.
        assert_eq!((ids("openid=o-a&state=unknown").await.0, ids("openid=o-a&state=worked").await.0), (2, 0));
        assert_eq!(ids("openid=o-a&event=nothing").await.0, 0);
        for bad in ["state=nonsense", "limit=0", "cursor=%2F"] {
            assert_eq!(reader.get(&format!("/api/pushes?{bad}")).await.status, 400, "{bad}");
        }
        let id = reader.get("/api/pushes?limit=1").await.json["items"][0]["id"].as_str().unwrap().to_owned();
        assert!(reader.get(&format!("/api/pushes/{id}")).await.json.get("body").is_none());
        assert_eq!(reader.post_empty(&format!("/api/pushes/{id}/replay")).await.status, 403);
        assert_eq!(reader.get("/api/pushes/psh_1").await.status, 404);
        assert_eq!(weir.client.get("/api/pushes").await.status, 401);
        let admin = weir.client.with_bearer(weir.api_key(&[Scope::Admin]).await);
        let again = admin.post_empty(&format!("/api/pushes/{id}/replay")).await;
        // It waits for its work, or has had it before the answer was written.
        let state = again.json["state"].as_str().unwrap();
        assert!(again.status == 200 && ["stored", "unknown"].contains(&state), "{}", again.text);
        worked(&weir).await;
        assert_eq!(weir.done(&id, "push.replayed").await, 1);
    }
}
