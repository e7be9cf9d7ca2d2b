//! Pushes to an app's address.

use std::sync::Arc;

use serde_json::{Map, Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{Mutex, watch},
};
use weir_base::Secret;
use weir_simulator::world::Answer;
use weir_wechat::push::{AesKey, Body, Event, Format, Push, seal_reply, verify, verify_message};

use crate::lab::Lab;

const TOKEN: &str = "AAAAA";
const KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
const MINI: &str = "wx1000000000000001";
const ACTION: &str = "TMPL_DEMO_ACTION";

/// What the app answers: a status with a body, or nothing for ever.
#[derive(Clone)]
enum Reply {
    Answer(u16, String),
    Silence,
    Cut,
}

/// What was pushed.
#[derive(Clone, Debug)]
struct Received {
    query: Map<String, Value>,
    content_type: String,
    body: String,
}

/// The app's server.
struct Site {
    url: String,
    replies: Arc<Mutex<Vec<Reply>>>,
    received: watch::Receiver<Vec<Received>>,
}

impl Site {
    /// Answers with these in turn, and with `success` when there are none left.
    async fn start(mut replies: Vec<Reply>) -> Self {
        replies.reverse();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/wechat/push/mini?own=1", listener.local_addr().unwrap());
        let replies = Arc::new(Mutex::new(replies));
        let (log, received) = watch::channel(Vec::new());
        let log = Arc::new(log);
        let left = Arc::clone(&replies);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, Arc::clone(&left), Arc::clone(&log)));
            }
        });
        Self { url, replies, received }
    }

    async fn wait_for(&mut self, count: usize) -> Vec<Received> {
        self.received.wait_for(|received| received.len() >= count).await.unwrap().clone()
    }
}

async fn answer(
    mut stream: TcpStream,
    replies: Arc<Mutex<Vec<Reply>>>,
    log: Arc<watch::Sender<Vec<Received>>>,
) {
    loop {
        let mut bytes = Vec::new();
        let (head, length) = loop {
            let mut buffer = [0; 4096];
            let Ok(count @ 1..) = stream.read(&mut buffer).await else { return };
            bytes.extend_from_slice(&buffer[..count]);
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let Some((head, _)) = text.split_once("\r\n\r\n") else { continue };
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            let length: usize = length.map_or(0, |length| length.parse().unwrap());
            if bytes.len() >= head.len() + 4 + length {
                break (head.to_owned(), length);
            }
        };
        let target = head.split(' ').nth(1).unwrap();
        let url = url::Url::parse("http://localhost").unwrap().join(target).unwrap();
        let query = url.query_pairs().map(|(k, v)| (k.into_owned(), Value::from(v.into_owned()))).collect();
        let content_type =
            head.lines().find_map(|line| line.strip_prefix("content-type: ")).unwrap_or_default();
        let body = String::from_utf8(bytes[bytes.len() - length..].to_vec()).unwrap();
        let received = Received { query, content_type: content_type.to_owned(), body };
        let reply = replies.lock().await.pop().unwrap_or(Reply::Answer(200, String::from("success")));
        log.send_modify(|all| all.push(received));
        match reply {
            Reply::Silence => std::future::pending().await,
            Reply::Cut => return,
            Reply::Answer(status, body) => {
                let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n\r\n{body}", body.len());
                stream.write_all(head.as_bytes()).await.unwrap();
            }
        }
    }
}

fn set_up(lab: &Lab, site: &Site, format: &str, mode: &str) {
    let push = json!({"url": site.url, "token": TOKEN, "aes_key": KEY, "format": format, "mode": mode});
    lab.change_app(&json!({"name": "mini", "push": push}));
}

/// Verifies, opens and reads a push as an app's server must.
fn opened(received: &Received, mode: &str) -> Push {
    let text = |name: &str| received.query.get(name).and_then(Value::as_str).unwrap_or_default();
    let token = Secret::new(TOKEN);
    let (timestamp, nonce) = (text("timestamp"), text("nonce"));
    assert_eq!(text("own"), "1", "the address's own query is kept");
    assert!(verify(&token, timestamp, nonce, text("signature")), "{received:?}");
    let body = Body::read(received.body.as_bytes()).unwrap();
    if mode == "plain" {
        assert!(body.encrypted().is_none() && text("encrypt_type").is_empty());
        return body.push().unwrap();
    }
    assert_eq!(text("encrypt_type"), "aes");
    let encrypted = body.encrypted().unwrap().to_owned();
    assert!(verify_message(&token, timestamp, nonce, &encrypted, text("msg_signature")));
    assert_eq!(body.push().is_ok(), mode == "compatible", "clear fields beside the ciphertext");
    let key = AesKey::parse(&Secret::new(KEY)).unwrap();
    let inside = key.decrypt(&encrypted, MINI).unwrap();
    let push = Body::read(&inside).unwrap().push().unwrap();
    assert_eq!(text("openid"), push.from_user);
    push
}

#[tokio::test]
async fn every_mode_and_format_is_signed_and_says_the_same() {
    for format in ["xml", "json"] {
        for mode in ["plain", "compatible", "safe"] {
            let lab = Lab::start().await;
            let mut site = Site::start(Vec::new()).await;
            set_up(&lab, &site, format, mode);
            let openid = lab.simulator.openid("mini", "alice").unwrap();
            let body = json!({"appid": "mini", "user": "alice", "event": {"Event": "debug_demo", "debug_str": "hello <&> 你好"}});
            let told = lab.post("/_sim/push", &body).await.json();
            assert_eq!(
                told,
                json!({"attempts": [{"status": 200, "body": "success", "ms": 0}], "accepted": true})
            );
            let received = site.wait_for(1).await;
            let kind = if format == "xml" { "text/xml" } else { "application/json" };
            assert_eq!(received[0].content_type, kind);
            let push = opened(&received[0], mode);
            assert_eq!(push.format, if format == "xml" { Format::Xml } else { Format::Json });
            assert!(push.is("debug_demo") && push.from_user == openid && push.created_at == 1_800_000_000);
            assert!(push.to_user.starts_with("gh_") && push.to_user.len() == 15);
            assert_eq!(push.text("debug_str").as_deref(), Some("hello <&> 你好"));
        }
    }
}

#[tokio::test]
async fn a_message_that_arrived_is_told_without_holding_up_the_send() {
    for (format, mode) in [("xml", "safe"), ("json", "plain")] {
        let lab = Lab::start().await;
        let mut site = Site::start(vec![Reply::Silence]).await;
        set_up(&lab, &site, format, mode);
        let openid = lab.simulator.openid("mini", "alice").unwrap();
        lab.simulator.subscribe("mini", "alice", ACTION, Answer::Accept).unwrap();
        let token = lab.token("mini").await;
        let data = json!({"thing1": {"value": "a"}, "time2": {"value": "15:01"}, "thing3": {"value": "a"}, "thing7": {"value": "a"}});
        let message = json!({"touser": openid, "template_id": ACTION, "data": data});
        let sent =
            lab.post(&format!("/cgi-bin/message/subscribe/send?access_token={token}"), &message).await.json();
        assert_eq!(sent["errcode"], 0, "answered while the push is not");
        site.wait_for(1).await;
        lab.clock.wait_for_sleepers(1).await;
        lab.advance(5);
        let received = site.wait_for(2).await;
        let keys: Vec<String> = received.iter().map(|one| opened(one, mode).repeat_key()).collect();
        assert_eq!(keys[0], keys[1], "a second try is the same push");
        let push = opened(&received[1], mode);
        let Ok(Event::SubscribeSent(list)) = push.event() else { panic!("{push:?}") };
        assert_eq!((list[0].template_id.as_str(), list[0].error_code), (ACTION, 0));
        assert_eq!(list[0].msgid, sent["msgid"].to_string());
        assert_eq!(push.from_user, openid);
        if format == "json" {
            assert!(push.fields["List"].is_object() && push.fields["CreateTime"].is_string());
        }
    }
}

#[tokio::test]
async fn answers_to_prompts_are_pushed_on_request() {
    let lab = Lab::start().await;
    let mut site = Site::start(Vec::new()).await;
    set_up(&lab, &site, "xml", "safe");
    let body = |result: &str| json!({"appid": "mini", "user": "alice", "template_id": ACTION, "result": result, "push": true});
    let told = lab.post("/_sim/subscribe", &body("accept")).await.json();
    assert_eq!((&told["remaining"], &told["push"]["accepted"]), (&json!(1), &json!(true)));
    lab.post("/_sim/subscribe", &body("reject")).await;
    let told = lab.post("/_sim/subscribe", &body("withdraw")).await.json();
    assert_eq!(told["remaining"], 0);
    let received = site.wait_for(3).await;
    let events: Vec<Event> = received.iter().map(|one| opened(one, "safe").event().unwrap()).collect();
    for (event, status) in events.iter().zip(["accept", "reject"]) {
        let Event::SubscribeAnswers(list) = event else { panic!("{event:?}") };
        assert_eq!((list[0].status.as_str(), list[0].scene.as_deref()), (status, Some("0")));
    }
    assert!(matches!(&events[2], Event::SubscribeChanges(list) if list[0].status == "reject"));
}

#[tokio::test]
async fn silence_is_tried_three_times_of_five_seconds() {
    let lab = Lab::start().await;
    let mut site = Site::start(vec![Reply::Silence, Reply::Silence, Reply::Silence]).await;
    set_up(&lab, &site, "xml", "plain");
    let pushing = tokio::spawn({
        let lab = lab.clone();
        async move { lab.post("/_sim/push", &json!({"appid": "mini", "event": {"Event": "x"}})).await.json() }
    });
    for count in 1..=3 {
        site.wait_for(count).await;
        lab.clock.wait_for_sleepers(1).await;
        lab.clock.advance(std::time::Duration::from_millis(4999));
        assert!(!pushing.is_finished());
        lab.clock.advance(std::time::Duration::from_millis(1));
    }
    let told = pushing.await.unwrap();
    assert_eq!(told["accepted"], false);
    let attempt =
        json!({"status": null, "body": null, "ms": 5000, "error": "no answer within the time limit"});
    assert_eq!(told["attempts"], json!([attempt, attempt, attempt]));
    assert_eq!(site.wait_for(3).await.len(), 3);
}

#[tokio::test]
async fn a_try_that_failed_is_followed_by_another_and_a_bad_reply_is_not() {
    let answer = |status, text: &str| Reply::Answer(status, text.to_owned());
    let lab = Lab::start().await;
    for (replies, statuses, accepted) in [
        (vec![answer(503, ""), Reply::Cut, answer(200, "success")], json!([503, null, 200]), true),
        (vec![answer(500, "success"), answer(404, ""), answer(302, "")], json!([500, 404, 302]), false),
        (vec![answer(200, "")], json!([200]), true),
        (vec![answer(200, " success\n")], json!([200]), true),
        (vec![answer(200, "<xml><MsgType><![CDATA[text]]></MsgType></xml>")], json!([200]), true),
        (vec![answer(200, "ok")], json!([200]), false),
        (vec![answer(200, "<xml>")], json!([200]), false),
        (vec![answer(200, "{}")], json!([200]), false),
    ] {
        let site = Site::start(replies).await;
        set_up(&lab, &site, "xml", "plain");
        let told = lab.post("/_sim/push", &json!({"appid": "mini", "event": {"Event": "x"}})).await.json();
        let seen: Vec<&Value> =
            told["attempts"].as_array().unwrap().iter().map(|attempt| &attempt["status"]).collect();
        assert_eq!((json!(seen), &told["accepted"]), (statuses, &json!(accepted)), "{told}");
    }
    // Nobody listens: three tries that come to nothing.
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    lab.change_app(&json!({"name": "mini", "push": {"url": format!("http://{closed}/"), "token": TOKEN}}));
    let told = lab.post("/_sim/push", &json!({"appid": "mini", "event": {"Event": "x"}})).await.json();
    assert_eq!((told["attempts"].as_array().unwrap().len(), &told["accepted"]), (3, &json!(false)));
}

#[tokio::test]
async fn encrypted_replies_are_opened() {
    let lab = Lab::start().await;
    let key = AesKey::parse(&Secret::new(KEY)).unwrap();
    let token = Secret::new(TOKEN);
    for (format, name) in [(Format::Xml, "xml"), (Format::Json, "json")] {
        let sealed = |appid: &str, token: &Secret| {
            seal_reply(
                format,
                b"{\"demo_resp\":\"good luck\"}",
                appid,
                (&key, token),
                (1_800_000_000, "1"),
                b"707722b803182950",
            )
        };
        let good = sealed(MINI, &token);
        let bare = good.replace("<![CDATA[", "").replace("]]>", "");
        for (reply, accepted) in [
            (good.as_str(), true),
            (&bare, true),
            ("success", true),
            (&sealed(MINI, &Secret::new("other")), false),
            (&sealed("wx0000000000000000", &token), false),
            ("<xml><MsgType>text</MsgType></xml>", false),
        ] {
            let site = Site::start(vec![Reply::Answer(200, reply.to_owned())]).await;
            set_up(&lab, &site, name, "safe");
            let told =
                lab.post("/_sim/push", &json!({"appid": "mini", "event": {"Event": "x"}})).await.json();
            assert_eq!(told["accepted"], accepted, "{reply}: {told}");
        }
    }
}

#[tokio::test]
async fn the_same_push_again_is_the_same() {
    let lab = Lab::start().await;
    let mut site = Site::start(Vec::new()).await;
    set_up(&lab, &site, "xml", "compatible");
    let message =
        json!({"appid": "mini", "user": "bob", "event": {"MsgType": "text", "Content": "hi"}, "times": 5});
    let told = lab.post("/_sim/push", &message).await.json();
    assert_eq!(told["attempts"].as_array().unwrap().len(), 5);
    let pushes: Vec<Push> = site.wait_for(5).await.iter().map(|one| opened(one, "compatible")).collect();
    assert!(pushes[0].msg_id.is_some());
    assert!(pushes.iter().all(|push| push.repeat_key() == pushes[0].repeat_key()));
    lab.post("/_sim/push", &message).await;
    let later = site.wait_for(10).await;
    assert_ne!(opened(&later[9], "compatible").repeat_key(), pushes[0].repeat_key());
    assert!(site.replies.lock().await.is_empty());
}

#[tokio::test]
async fn privacy_events_come_from_wechats_own_account() {
    let lab = Lab::start().await;
    let mut site = Site::start(Vec::new()).await;
    set_up(&lab, &site, "json", "safe");
    let openid = lab.simulator.openid("mini", "alice").unwrap();
    let event = json!({"Event": "user_authorization_cancellation", "OpenID": openid});
    lab.post("/_sim/push", &json!({"appid": "mini", "event": event})).await;
    let push = opened(&site.wait_for(1).await[0], "safe");
    let Ok(Event::Privacy(privacy)) = push.event() else { panic!("{push:?}") };
    assert_eq!((privacy.openid.as_str(), privacy.appid.as_deref()), (openid.as_str(), Some(MINI)));
    assert!(push.from_user != openid && push.from_user.len() == 28);
}

#[tokio::test]
async fn a_push_that_cannot_be_is_refused() {
    let lab = Lab::start().await;
    let push = |body: Value| {
        let lab = lab.clone();
        async move { lab.post("/_sim/push", &body).await }
    };
    let none = push(json!({"appid": "mini", "event": {"Event": "x"}})).await;
    assert_eq!(none.status, 400);
    assert!(none.json()["error"].as_str().unwrap().contains("no push address"));
    let site = Site::start(Vec::new()).await;
    set_up(&lab, &site, "xml", "plain");
    for (body, error) in [
        (json!({"appid": "mini"}), "event: missing"),
        (json!({"appid": "mini", "event": []}), "event: must be an object"),
        (json!({"appid": "mini", "event": {}, "times": 0}), "times: must be a whole number from 1 to 100000"),
        (json!({"appid": "mini", "event": {"<": 1}}), "event: `<` cannot be the name of an XML element"),
        (json!({"appid": "none", "event": {}}), "appid: no app `none`"),
        (json!({"appid": "mini", "user": "none", "event": {}}), "user: no user `none`"),
    ] {
        let reply = push(body).await;
        assert!(matches!(reply.status, 400 | 404));
        assert_eq!(reply.json()["error"], error);
    }
    for (push, error) in [
        (json!({"url": "127.0.0.1", "token": "t"}), "push: url must be an http or https address"),
        (json!({"url": "http://127.0.0.1/", "token": ""}), "push: token must not be empty"),
        (
            json!({"url": "http://127.0.0.1/", "token": "t", "mode": "safe"}),
            "push: this mode needs an aes_key",
        ),
        (
            json!({"url": "http://127.0.0.1/", "token": "t", "aes_key": "x"}),
            "push: aes_key must be 43 characters of base64",
        ),
    ] {
        let reply = lab.post("/_sim/apps", &json!({"name": "mini", "push": push})).await;
        assert_eq!((reply.status, reply.json()["error"].as_str()), (400, Some(error)));
    }
}

#[tokio::test]
async fn an_account_is_told_that_its_template_message_arrived() {
    let lab = Lab::start().await;
    let mut site = Site::start(Vec::new()).await;
    let push = json!({"url": site.url, "token": TOKEN});
    lab.change_app(
        &json!({"name": "official", "push": push, "templates": [{"id": "OT", "fields": ["thing1"]}]}),
    );
    lab.post("/_sim/users", &json!({"name": "alice", "follows": ["official"]})).await;
    let openid = lab.simulator.openid("official", "alice").unwrap();
    let token = lab.token("official").await;
    let message = json!({"touser": openid, "template_id": "OT", "data": {"thing1": {"value": "a"}}});
    let sent =
        lab.post(&format!("/cgi-bin/message/template/send?access_token={token}"), &message).await.json();
    let push = opened(&site.wait_for(1).await[0], "plain");
    let Ok(Event::TemplateSent(told)) = push.event() else { panic!("{push:?}") };
    assert!(told.arrived() && push.from_user == openid);
    assert_eq!(told.msgid, sent["msgid"].to_string());
}
