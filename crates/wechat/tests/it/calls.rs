//! What is sent and what is read when all is well.

use std::time::Duration;

use weir_base::{Clock, Dice, Secret, Timestamp};
use weir_wechat::{Endpoints, Error, Quota, Transport, TransportSettings, WeChat, crypto};

use crate::server::{CODE, OPENID, SECRET, SESSION_KEY, Server, TOKEN, body, client, credentials};

fn token() -> Secret {
    Secret::new(TOKEN)
}

fn session_key() -> Secret {
    Secret::new(SESSION_KEY)
}

#[tokio::test]
async fn a_login_code_becomes_a_session() {
    let answer =
        format!(r#"{{"session_key":"{SESSION_KEY}","openid":"{OPENID}","unionid":"ocMvos6NjeKLIBqg5Mr9Q"}}"#);
    let server = Server::start([body(&answer)]).await;
    let session = server.wechat.jscode2session(&credentials(), CODE).await.unwrap();
    assert_eq!(session.openid, OPENID);
    assert_eq!(session.session_key.expose(), SESSION_KEY);
    assert_eq!(session.unionid.as_deref(), Some("ocMvos6NjeKLIBqg5Mr9Q"));
    let expected = format!(
        "GET /sns/jscode2session?appid=wx4f4bc4dec97d474b&secret={SECRET}&js_code={CODE}&grant_type=authorization_code"
    );
    assert_eq!(server.received()[0].line, expected);
}

#[tokio::test]
async fn no_unionid_and_an_empty_one_are_the_same_and_other_fields_do_no_harm() {
    for unionid in
        ["", r#","unionid":"""#, r#","unionid":null"#, r#","errcode":0,"errmsg":"ok","expires_in":7200"#]
    {
        let answer = format!(r#" {{"session_key":"tiihtNczf5v6AKRyjwEUhQ==","openid":"{OPENID}"{unionid}}}"#);
        let server = Server::start([body(&answer)]).await;
        let session = server.wechat.jscode2session(&credentials(), CODE).await.unwrap();
        assert_eq!((session.openid.as_str(), session.unionid), (OPENID, None), "{unionid}");
    }
}

#[tokio::test]
async fn escaped_slashes_are_read() {
    let answer = r#"{"session_key":"HyVFkGl5F5OQWJZZaNz\/Bg==","openid":"o"}"#;
    let server = Server::start([body(answer)]).await;
    let session = server.wechat.jscode2session(&credentials(), CODE).await.unwrap();
    assert_eq!(session.session_key.expose(), "HyVFkGl5F5OQWJZZaNz/Bg==");
}

#[tokio::test]
async fn whatever_a_client_sends_as_code_stays_in_its_place() {
    let server = Server::start([body(r#"{"errcode":40029,"errmsg":"invalid code"}"#)]).await;
    let _ = server.wechat.jscode2session(&credentials(), "a&secret=x#y 汉\r\nHost: z").await;
    let line = &server.received()[0].line;
    assert!(line.contains("&js_code=a%26secret%3Dx%23y%20%E6%B1%89%0D%0AHost%3A%20z&grant_type="), "{line}");
}

#[tokio::test]
async fn checksession_signs_the_empty_message() {
    let server = Server::start([body(r#"{"errcode":0,"errmsg":"ok"}"#)]).await;
    assert!(server.wechat.checksession(&token(), OPENID, &session_key()).await.unwrap());
    let signature = "7154f9f8b4b76b92f541cbf0e37d48840fa06e5e42da92a6f80168a1516a4735";
    let expected = format!(
        "GET /wxa/checksession?access_token={TOKEN}&openid={OPENID}&signature={signature}&sig_method=hmac_sha256"
    );
    assert_eq!(server.received()[0].line, expected);
}

#[tokio::test]
async fn a_session_key_that_wechat_no_longer_takes_is_no_error() {
    let server = Server::start([body(
        r#"{"errcode":87009,"errmsg":"invalid signature rid: 6aac005a-01bfdbee-79769285"}"#,
    )]);
    let server = server.await;
    assert!(!server.wechat.checksession(&token(), OPENID, &session_key()).await.unwrap());
}

#[tokio::test]
async fn a_session_key_is_replaced() {
    let answer = format!(
        r#"{{"errcode":0,"errmsg":"ok","openid":"{OPENID}","session_key":"o0q0otL8aEzpcZL/FT9WsQ=="}}"#
    );
    let server = Server::start([body(&answer)]).await;
    let session = server.wechat.resetusersessionkey(&token(), OPENID, &session_key()).await.unwrap();
    assert_eq!(session.session_key.expose(), "o0q0otL8aEzpcZL/FT9WsQ==");
    assert!(server.received()[0].line.starts_with("GET /wxa/resetusersessionkey?access_token="));
}

#[tokio::test]
async fn a_phone_code_becomes_a_number_whether_the_country_is_text_or_number() {
    for country in ["\"86\"", "86"] {
        let answer = format!(
            r#"{{"errcode":0,"errmsg":"ok","phone_info":{{"phoneNumber":"13580006666","purePhoneNumber":"13580006666",
            "countryCode":{country},"watermark":{{"timestamp":1637744274,"appid":"wx4f4bc4dec97d474b"}}}}}}"#
        );
        let server = Server::start([body(&answer)]).await;
        let phone = server.wechat.getuserphonenumber(&token(), "code-汉", Some(OPENID)).await.unwrap();
        assert_eq!((phone.pure_phone_number.as_str(), phone.country_code.as_str()), ("13580006666", "86"));
        assert_eq!(
            (phone.watermark_timestamp, phone.watermark_appid.as_str()),
            (1637744274, "wx4f4bc4dec97d474b")
        );
        assert!(!format!("{phone:?}").contains("1358"));
        let request = &server.received()[0];
        assert_eq!(request.line, format!("POST /wxa/business/getuserphonenumber?access_token={TOKEN}"));
        assert_eq!(request.body, format!(r#"{{"code":"code-汉","openid":"{OPENID}"}}"#));
    }
}

#[tokio::test]
async fn both_kinds_of_token_are_asked_for_as_wechat_wants() {
    let answer = format!(r#"{{"access_token":"{TOKEN}","expires_in":345}}"#);
    let server = Server::start([body(&answer), body(&answer), body(&answer)]).await;
    let token = server.wechat.token(&credentials()).await.unwrap();
    assert_eq!((token.token.expose(), token.expires_in), (TOKEN, Duration::from_secs(345)));
    server.wechat.stable_token(&credentials(), false).await.unwrap();
    server.wechat.stable_token(&credentials(), true).await.unwrap();
    let received = server.received();
    let expected =
        format!("GET /cgi-bin/token?grant_type=client_credential&appid=wx4f4bc4dec97d474b&secret={SECRET}");
    assert_eq!(received[0].line, expected);
    assert_eq!(received[1].line, "POST /cgi-bin/stable_token");
    for (request, force) in [(&received[1], false), (&received[2], true)] {
        let expected = format!(
            r#"{{"grant_type":"client_credential","appid":"wx4f4bc4dec97d474b","secret":"{SECRET}","force_refresh":{force}}}"#
        );
        assert_eq!(request.body, expected);
    }
}

#[tokio::test]
async fn a_ticket_is_asked_for_with_the_token() {
    let answer = r#"{"errcode":0,"errmsg":"ok","ticket":"sM4AOVdWfPE4DxkXGEs8V\/","expires_in":7200}"#;
    let server = Server::start([body(answer)]).await;
    let ticket = server.wechat.getticket(&token()).await.unwrap();
    assert_eq!(
        (ticket.ticket.expose(), ticket.expires_in),
        ("sM4AOVdWfPE4DxkXGEs8V/", Duration::from_secs(7200))
    );
    assert!(!format!("{ticket:?}").contains("sM4A"));
    let expected = format!("GET /cgi-bin/ticket/getticket?access_token={TOKEN}&type=jsapi");
    assert_eq!(server.received()[0].line, expected);
}

#[tokio::test]
async fn what_is_left_of_a_quota_is_asked_for_by_path() {
    let answer = r#"{"errcode":0,"errmsg":"ok","quota":{"daily_limit":2000,"used":7,"remain":1993},
        "rate_limit":{"call_count":0,"refresh_second":0}}"#;
    let server = Server::start([body(answer)]).await;
    let quota = server.wechat.quota(&token(), "/cgi-bin/token").await.unwrap();
    assert_eq!(quota, Quota { daily_limit: 2000, used: 7, remain: 1993 });
    let request = &server.received()[0];
    assert_eq!(request.line, format!("POST /cgi-bin/openapi/quota/get?access_token={TOKEN}"));
    assert_eq!(request.body, r#"{"cgi_path":"/cgi-bin/token"}"#);
}

#[tokio::test]
async fn calls_one_after_the_other_share_a_connection() {
    let ok = body(r#"{"errcode":0,"errmsg":"ok"}"#);
    let server = Server::start([ok.clone(), ok.clone(), ok]).await;
    for _ in 0..3 {
        server.wechat.checksession(&token(), OPENID, &session_key()).await.unwrap();
    }
    assert_eq!((server.received().len(), server.connections()), (3, 1));
}

#[tokio::test]
async fn an_address_that_cannot_be_called_is_refused_at_once() {
    let clock = Clock::standing_at(Timestamp::from_seconds(1_800_000_000));
    let transport = Transport::new(TransportSettings::default(), clock, Dice::seeded(1)).unwrap();
    let wechat = WeChat::new(&Endpoints::default(), transport.clone()).unwrap();
    assert_eq!(wechat.open_base().as_str(), "https://open.weixin.qq.com/");
    for bad in
        ["", "api.weixin.qq.com", "ftp://api.weixin.qq.com", "https://a:b@api.weixin.qq.com", "https://a/?b"]
    {
        let api = Endpoints { api_base: bad.to_owned(), ..Endpoints::default() };
        assert_eq!(WeChat::new(&api, transport.clone()).unwrap_err().field, "api_base", "{bad}");
        let open = Endpoints { open_base: bad.to_owned(), ..Endpoints::default() };
        assert_eq!(WeChat::new(&open, transport.clone()).unwrap_err().field, "open_base", "{bad}");
    }
}

#[tokio::test]
async fn a_base_address_may_end_in_a_slash_or_a_path() {
    for (suffix, prefix) in [("/", ""), ("/wechat", "/wechat"), ("/wechat/", "/wechat")] {
        let server = Server::start([body(r#"{"errcode":40029,"errmsg":"invalid code"}"#)]).await;
        let wechat = client(&format!("{}{suffix}", server.api_base), &server.clock);
        let error = wechat.jscode2session(&credentials(), CODE).await.unwrap_err();
        assert!(matches!(error, Error::Refused { errcode: 40029, .. }));
        assert!(server.received()[0].line.starts_with(&format!("GET {prefix}/sns/jscode2session?")));
    }
}

#[test]
fn a_session_key_is_base64_of_sixteen_bytes() {
    let is_key = |text: &str| crypto::is_session_key(&Secret::new(text));
    assert!(is_key("tiihtNczf5v6AKRyjwEUhQ=="));
    for other in [
        "",
        "tiihtNczf5v6AKRyjwEUhQ",
        "tiihtNczf5v6AKRyjwEU",
        "tiihtNczf5v6AKRyjwEUhQAA",
        "!iihtNczf5v6AKRyjwEUhQ==",
    ] {
        assert!(!is_key(other), "{other}");
    }
    assert!(!is_key(&"A".repeat(10_000)));
}
