//! WeChat misbehaving: which class it is, how often the call was sent, and that nothing leaks.

use std::time::Duration;

use tokio::net::TcpListener;
use weir_base::{Clock, Secret, Timestamp, tally};
use weir_wechat::{Error, SubscribeMessage, TemplateMessage, UnreachableKind, WeChat};

use crate::server::{CODE, OPENID, Reply, SECRET, SESSION_KEY, Server, TOKEN, body, client, credentials};

/// Every call there is, by the name of its path's last part.
const CALLS: [&str; 17] = [
    "jscode2session",
    "checksession",
    "resetusersessionkey",
    "getuserphonenumber",
    "token",
    "stable_token",
    "stable_token forced",
    "getticket",
    "quota",
    "subscribe send",
    "template send",
    "templates",
    "template_categories",
    "public_templates",
    "public_keywords",
    "add_template",
    "delete_template",
];

/// The calls that may be sent again when nobody knows what WeChat did.
const REPEATABLE: [&str; 8] = [
    "checksession",
    "stable_token",
    "getticket",
    "quota",
    "templates",
    "template_categories",
    "public_templates",
    "public_keywords",
];

async fn call(wechat: &WeChat, name: &str) -> Result<(), Error> {
    let (token, key) = (Secret::new(TOKEN), Secret::new(SESSION_KEY));
    match name {
        "jscode2session" => wechat.jscode2session(&credentials(), CODE).await.map(drop),
        "checksession" => wechat.checksession(&token, OPENID, &key).await.map(drop),
        "resetusersessionkey" => wechat.resetusersessionkey(&token, OPENID, &key).await.map(drop),
        "getuserphonenumber" => wechat.getuserphonenumber(&token, CODE, None).await.map(drop),
        "token" => wechat.token(&credentials()).await.map(drop),
        "stable_token" => wechat.stable_token(&credentials(), false).await.map(drop),
        "stable_token forced" => wechat.stable_token(&credentials(), true).await.map(drop),
        "getticket" => wechat.getticket(&token).await.map(drop),
        "quota" => wechat.quota(&token, "/cgi-bin/token").await.map(drop),
        "subscribe send" | "template send" => send(wechat, name, &token).await,
        "templates" => wechat.templates(&token).await.map(drop),
        "template_categories" => wechat.template_categories(&token).await.map(drop),
        "public_templates" => wechat.public_templates(&token, &[616], 0, 30).await.map(drop),
        "public_keywords" => wechat.public_keywords(&token, 99).await.map(drop),
        "add_template" => wechat.add_template(&token, 99, &[1, 2], None).await.map(drop),
        "delete_template" => wechat.delete_template(&token, "T").await,
        other => panic!("no such call: {other}"),
    }
}

async fn send(wechat: &WeChat, name: &str, token: &Secret) -> Result<(), Error> {
    let (data, page) = (serde_json::Map::new(), None);
    let (touser, template_id) = (OPENID, "T");
    if name == "subscribe send" {
        let message =
            SubscribeMessage { touser, template_id, data: &data, page, miniprogram_state: None, lang: None };
        return wechat.send_subscribe_message(token, &message).await.map(drop);
    }
    let message = TemplateMessage {
        touser,
        template_id,
        data: &data,
        url: page,
        miniprogram: None,
        client_msg_id: None,
    };
    wechat.send_template_message(token, &message).await.map(drop)
}

fn assert_nothing_leaks(error: &Error) {
    let shown = format!("{error} {error:?} {error:#?} {}", error.reason());
    for hidden in [SECRET, TOKEN, CODE, SESSION_KEY, "127.0.0.1", "http://"] {
        assert!(!shown.contains(hidden), "{hidden} in {shown}");
    }
}

/// What `call` comes to when the server answers everything with `reply`, and how often it was sent.
async fn outcome(name: &str, reply: Reply) -> (Error, usize) {
    let server = Server::start(vec![reply; 5]).await;
    let error = call(&server.wechat, name).await.expect_err(name);
    assert_nothing_leaks(&error);
    (error, server.received().len())
}

fn http(status: &str, body: &str) -> Reply {
    Reply::Raw(format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len()))
}

#[tokio::test]
async fn a_refusal_is_final() {
    for name in CALLS {
        let reply = body(r#"{"errcode":40029,"errmsg":"invalid code, rid: 64993d2c-2af40adf-01b005b5"}"#);
        let (error, sends) = outcome(name, reply).await;
        assert!(matches!(error, Error::Refused { errcode: 40029, .. }), "{name}: {error}");
        assert_eq!((error.reason(), sends), ("invalid code", 1), "{name}");
    }
}

#[tokio::test]
async fn a_quota_is_not_strained_further() {
    for name in CALLS {
        let reply = body(
            r#"{"errcode":45011,"errmsg":"api minute-quota reach limit, must slower, retry next minute"}"#,
        );
        let (error, sends) = outcome(name, reply).await;
        assert!(matches!(error, Error::Throttled { errcode: 45011, .. }), "{name}: {error}");
        assert_eq!(sends, 1, "{name}");
    }
}

#[tokio::test]
async fn a_busy_wechat_is_asked_again_only_where_that_is_safe() {
    for name in CALLS {
        let (error, sends) = outcome(name, body(r#"{"errcode":-1,"errmsg":"system error"}"#)).await;
        assert!(matches!(error, Error::Busy { errcode: -1, .. }), "{name}: {error}");
        assert_eq!(sends, if REPEATABLE.contains(&name) { 2 } else { 1 }, "{name}");
    }
}

#[tokio::test]
async fn a_cut_connection_is_tried_again_only_where_that_is_safe() {
    let half = Reply::Raw("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"openid\":".to_owned());
    for reply in [Reply::Cut, half, Reply::Raw("HTTP/1.1 20".to_owned())] {
        for name in CALLS {
            let (error, sends) = outcome(name, reply.clone()).await;
            assert_eq!(error, Error::Unreachable { kind: UnreachableKind::Cut }, "{name} {reply:?}");
            assert_eq!(sends, if REPEATABLE.contains(&name) { 2 } else { 1 }, "{name} {reply:?}");
        }
    }
}

#[tokio::test]
async fn a_second_try_that_succeeds_is_a_success() {
    let token = format!(r#"{{"access_token":"{TOKEN}","expires_in":7200}}"#);
    for first in [Reply::Cut, body(r#"{"errcode":-1,"errmsg":"system error"}"#)] {
        let server = Server::start([first, body(&token)]).await;
        assert_eq!(call(&server.wechat, "stable_token").await, Ok(()));
        assert_eq!(server.received().len(), 2);
    }
}

#[tokio::test]
async fn nonsense_is_a_bad_answer_and_asked_for_once() {
    let cases = [
        (http("500 Internal Server Error", r#"{"errcode":-1}"#), "a status other than 200", 500),
        (http("502 Bad Gateway", "<html>nginx</html>"), "a status other than 200", 502),
        (http("302 Found\r\nlocation: http://127.0.0.1:1/elsewhere", ""), "a status other than 200", 302),
        (body("<html><body>The network is down</body></html>"), "HTML or XML instead of JSON", 200),
        (body(""), "an empty body", 200),
        (body(" \r\n"), "an empty body", 200),
        (body(r#"{"openid":"oGZUI0egBJY1zhBYw2Khd"#), "truncated JSON", 200),
        (body("{openid}"), "malformed JSON", 200),
        (body("[0,\"ok\"]"), "not a JSON object", 200),
        (body("true"), "not a JSON object", 200),
        (body(r#"{"errcode":"40029","errmsg":"invalid code"}"#), "fields missing or of other types", 200),
        (body(r#"{"errcode":{},"errmsg":"invalid code"}"#), "fields missing or of other types", 200),
        (body(&format!("{{\"pad\":\"{}\"}}", "x".repeat(1024 * 1024))), "a body of more than 1 MiB", 200),
    ];
    for (reply, expected, code) in cases {
        for name in CALLS {
            let (error, sends) = outcome(name, reply.clone()).await;
            assert_eq!(error, Error::BadAnswer { what: expected, status: code }, "{name}");
            assert_eq!((sends, error.is_retryable(), error.errcode()), (1, true, None), "{name} {expected}");
        }
    }
}

#[tokio::test]
async fn fields_that_are_missing_empty_or_of_other_types_are_a_bad_answer() {
    let wrong = Error::BadAnswer { what: "fields missing or of other types", status: 200 };
    let too_long = format!(r#"{{"openid":"{}","session_key":"tiihtNczf5v6AKRyjwEUhQ=="}}"#, "o".repeat(129));
    let cases = [
        ("jscode2session", r#"{"openid":"o"}"#),
        ("jscode2session", r#"{"openid":"","session_key":"tiihtNczf5v6AKRyjwEUhQ=="}"#),
        ("jscode2session", r#"{"openid":7,"session_key":"tiihtNczf5v6AKRyjwEUhQ=="}"#),
        ("jscode2session", r#"{"openid":"o","session_key":"tiihtNczf5v6AKRyjwEU"}"#),
        ("jscode2session", r#"{"openid":"o","session_key":"no key"}"#),
        ("jscode2session", r#"{"openid":"o","session_key":"tiihtNczf5v6AKRyjwEUhQ==","unionid":5}"#),
        ("jscode2session", r#"{"openid":"o\u0000o","session_key":"tiihtNczf5v6AKRyjwEUhQ=="}"#),
        ("jscode2session", r#"{"openid":"o\r\no","session_key":"tiihtNczf5v6AKRyjwEUhQ=="}"#),
        ("jscode2session", &too_long),
        ("jscode2session", r#"{"openid":"o","session_key":"tiihtNczf5v6AKRyjwEUhQ==","unionid":"u\u0000"}"#),
        ("resetusersessionkey", r#"{"errcode":0,"errmsg":"ok"}"#),
        ("getuserphonenumber", r#"{"errcode":0,"errmsg":"ok"}"#),
        (
            "getuserphonenumber",
            r#"{"errcode":0,"phone_info":{"phoneNumber":1,"purePhoneNumber":1,"countryCode":86}}"#,
        ),
        ("token", r#"{"access_token":"","expires_in":7200}"#),
        ("token", r#"{"access_token":"x"}"#),
        ("stable_token", r#"{"access_token":"x","expires_in":"7200"}"#),
        ("stable_token", r#"{"access_token":"x","expires_in":-1}"#),
        ("getticket", r#"{"errcode":0,"errmsg":"ok"}"#),
        ("getticket", r#"{"errcode":0,"errmsg":"ok","ticket":"","expires_in":7200}"#),
        ("getticket", r#"{"errcode":0,"errmsg":"ok","ticket":"x","expires_in":"7200"}"#),
        ("subscribe send", r#"{"errcode":0,"errmsg":"ok","msgid":"x"}"#),
        ("template send", r#"{"errcode":0,"errmsg":"ok","msgid":1.5}"#),
        ("templates", r#"{"errcode":0,"errmsg":"ok"}"#),
        ("templates", r#"{"errcode":0,"data":[{"priTmplId":"","title":"","content":"","type":2}]}"#),
        ("template_categories", r#"{"errcode":0,"data":[{"id":"1","name":"a"}]}"#),
        ("public_templates", r#"{"errcode":0,"data":[]}"#),
        ("public_keywords", r#"{"errcode":0,"data":{}}"#),
        ("add_template", r#"{"errcode":0,"errmsg":"ok","priTmplId":""}"#),
        ("quota", r#"{"errcode":0,"errmsg":"ok"}"#),
        ("quota", r#"{"errcode":0,"errmsg":"ok","quota":{"daily_limit":2000,"used":"1","remain":1999}}"#),
    ];
    for (name, answer) in cases {
        assert_eq!(outcome(name, body(answer)).await, (wrong.clone(), 1), "{name} {answer}");
    }
}

#[tokio::test]
async fn a_stalling_wechat_is_given_up_at_the_limit() {
    for name in CALLS {
        let mut server = Server::start(vec![Reply::Stall; 5]).await;
        let wechat = server.wechat.clone();
        let calling = tokio::spawn(async move { call(&wechat, name).await });
        let sends = if REPEATABLE.contains(&name) { 2 } else { 1 };
        for sent in 1..=sends {
            server.wait_for_request(sent).await;
            server.clock.wait_for_sleepers(1).await;
            server.clock.advance(Duration::from_millis(4999));
            tokio::task::yield_now().await;
            assert!(!calling.is_finished(), "{name} was given up too early");
            server.clock.advance(Duration::from_millis(1));
        }
        let error = calling.await.unwrap().unwrap_err();
        assert_eq!(error, Error::Unreachable { kind: UnreachableKind::Timeout }, "{name}");
        assert_nothing_leaks(&error);
        assert_eq!(server.received().len(), sends, "{name}");
    }
}

#[tokio::test]
async fn a_connection_that_cannot_be_opened_is_always_tried_again() {
    let clock = Clock::standing_at(Timestamp::from_seconds(1_800_000_000));
    // The port was free a moment ago and nobody listens on it now.
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let wechat = client(&format!("http://{closed}"), &clock);
    for name in CALLS {
        let (outcome, tally) = tally::scope(call(&wechat, name)).await;
        let error = outcome.unwrap_err();
        assert_eq!(error, Error::Unreachable { kind: UnreachableKind::Connect }, "{name}");
        assert_nothing_leaks(&error);
        assert_eq!(tally.upstream_calls, 2, "{name}");
    }
}

#[tokio::test]
async fn what_wechat_quotes_of_the_call_is_blotted_out() {
    let quoted = format!("bad {SECRET} {TOKEN} {CODE} in\\nyour call {}", "x".repeat(5000));
    for name in CALLS {
        // Each call quotes only what it sent itself.
        let quoted = match name {
            "jscode2session" => quoted.replace(TOKEN, ""),
            "getuserphonenumber" => quoted.replace(SECRET, ""),
            "token" | "stable_token" | "stable_token forced" => quoted.replace(TOKEN, "").replace(CODE, ""),
            _ => quoted.replace(SECRET, "").replace(CODE, ""),
        };
        let (error, _) = outcome(name, body(&format!(r#"{{"errcode":40097,"errmsg":"{quoted}"}}"#))).await;
        assert!(error.reason().contains("••••"), "{name}: {error}");
        assert!(!error.reason().contains('\n') && error.reason().len() <= 1024, "{name}");
    }
}

#[tokio::test]
async fn a_made_up_code_does_not_mangle_the_reason() {
    let server = Server::start([body(r#"{"errcode":40029,"errmsg":"invalid code"}"#)]).await;
    let error = server.wechat.jscode2session(&credentials(), "invalid").await.unwrap_err();
    assert_eq!(error.reason(), "invalid code");
}
