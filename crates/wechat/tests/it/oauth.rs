//! Signing in on the web: addresses, what is sent, what is read.

use reqwest::Url;
use weir_base::Secret;
use weir_wechat::{Error, Scope};

use crate::server::{CODE, OPENID, SECRET, Server, TOKEN, body, credentials};

const APPID: &str = "wx4f4bc4dec97d474b";

#[tokio::test]
async fn addresses_have_their_parameters_in_wechats_order() {
    let server = Server::start([]).await;
    let redirect = "https://id.example.com/api/wechat/callback?a=1&b=汉";
    let url = server.wechat.authorize_url(APPID, redirect, Scope::UserInfo, "Az09");
    let encoded = "https%3A%2F%2Fid.example.com%2Fapi%2Fwechat%2Fcallback%3Fa%3D1%26b%3D%E6%B1%89";
    let expected = format!(
        "https://open.weixin.qq.com/connect/oauth2/authorize?appid={APPID}&redirect_uri={encoded}&response_type=code\
         &scope=snsapi_userinfo&state=Az09#wechat_redirect"
    );
    assert_eq!(url, expected);
    let url = Url::parse(&server.wechat.qrconnect_url(APPID, redirect, "s")).unwrap();
    assert_eq!(url.path(), "/connect/qrconnect");
    let scope = url.query_pairs().find(|(name, _)| name == "scope").unwrap().1.into_owned();
    assert_eq!(scope, "snsapi_login");
    assert_eq!(url.fragment(), Some("wechat_redirect"));
}

#[tokio::test]
async fn a_code_becomes_a_token_and_says_whether_there_is_a_person() {
    for (extra, scope, unionid, snapshot, tells) in [
        (
            r#","scope":"snsapi_userinfo","unionid":"ocMvos6NjeKL""#,
            "snsapi_userinfo",
            Some("ocMvos6NjeKL"),
            false,
            true,
        ),
        (r#","scope":"snsapi_userinfo,""#, "snsapi_userinfo,", None, false, true),
        (r#","scope":"snsapi_base""#, "snsapi_base", None, false, false),
        (r#","scope":"snsapi_userinfo","is_snapshotuser":1"#, "snsapi_userinfo", None, true, true),
        ("", "", None, false, true),
    ] {
        let answer = format!(
            r#"{{"access_token":"{TOKEN}","expires_in":7200,"refresh_token":"r","openid":"{OPENID}"{extra}}}"#
        );
        let server = Server::start([body(&answer)]).await;
        let token = server.wechat.oauth2_access_token(&credentials(), CODE).await.unwrap();
        assert_eq!((token.openid.as_str(), token.scope.as_str()), (OPENID, scope));
        assert_eq!(
            (token.unionid.as_deref(), token.is_snapshot, token.tells_profile()),
            (unionid, snapshot, tells)
        );
        assert_eq!(token.access_token.expose(), TOKEN);
        let expected = format!(
            "GET /sns/oauth2/access_token?appid={APPID}&secret={SECRET}&code={CODE}&grant_type=authorization_code"
        );
        assert_eq!(server.received()[0].line, expected);
        assert!(!format!("{token:?}").contains(OPENID) && !format!("{token:?}").contains(TOKEN));
    }
}

#[tokio::test]
async fn a_code_is_never_sent_twice_and_its_refusal_keeps_wechats_words() {
    let refusal = r#"{"errcode":40163,"errmsg":"code been used, rid: 6874c752-0dcac9e8-687e7832"}"#;
    let server = Server::start([body(refusal)]).await;
    let error = server.wechat.oauth2_access_token(&credentials(), CODE).await.unwrap_err();
    assert_eq!((error.errcode(), error.reason()), (Some(40163), "code been used"));
    assert!(matches!(error, Error::Refused { .. }));
    let cut = Server::start([]).await;
    cut.wechat.oauth2_access_token(&credentials(), CODE).await.unwrap_err();
    assert_eq!(cut.received().len(), 1);
}

#[tokio::test]
async fn a_profile_may_lack_nearly_everything() {
    let full = format!(
        r#"{{"openid":"{OPENID}","nickname":"爱丽丝 🌸","sex":0,"language":"zh_CN","city":"","province":"","country":"",
            "headimgurl":"https:\/\/thirdwx.qlogo.cn\/mmopen\/vi_32\/x\/132","privilege":["chinaunicom"],"unionid":"oU"}}"#
    );
    let server =
        Server::start([body(&full), body(&format!(r#"{{"openid":"{OPENID}","nickname":null}}"#))]).await;
    let token = Secret::new(TOKEN);
    let info = server.wechat.sns_userinfo(&token, OPENID).await.unwrap();
    assert_eq!((info.nickname.as_str(), info.unionid.as_deref()), ("爱丽丝 🌸", Some("oU")));
    assert_eq!(info.headimgurl, "https://thirdwx.qlogo.cn/mmopen/vi_32/x/132");
    assert_eq!(info.privilege, ["chinaunicom"]);
    let bare = server.wechat.sns_userinfo(&token, OPENID).await.unwrap();
    assert_eq!((bare.nickname.as_str(), bare.sex, bare.headimgurl.as_str()), ("", 0, ""));
    let expected = format!("GET /sns/userinfo?access_token={TOKEN}&openid={OPENID}&lang=zh_CN");
    assert_eq!(server.received()[0].line, expected);
}

#[tokio::test]
async fn a_token_that_is_no_longer_good_is_no_error() {
    let server = Server::start([
        body(r#"{"errcode":0,"errmsg":"ok"}"#),
        body(r#"{"errcode":40003,"errmsg":"invalid openid"}"#),
        body(r#"{"errcode":42001,"errmsg":"access_token expired"}"#),
        body(r#"{"errcode":45011,"errmsg":"api minute-quota reach limit"}"#),
    ])
    .await;
    let token = Secret::new(TOKEN);
    assert_eq!(server.wechat.sns_auth(&token, OPENID).await, Ok(true));
    assert_eq!(server.wechat.sns_auth(&token, OPENID).await, Ok(false));
    assert_eq!(server.wechat.sns_auth(&token, OPENID).await, Ok(false));
    assert!(server.wechat.sns_auth(&token, OPENID).await.is_err());
}

#[tokio::test]
async fn a_token_is_prolonged_with_its_refresh_token() {
    let answer = format!(
        r#"{{"access_token":"{TOKEN}","expires_in":7200,"refresh_token":"r2","openid":"{OPENID}","scope":"snsapi_userinfo"}}"#
    );
    let server = Server::start([body(&answer)]).await;
    let token = server.wechat.oauth2_refresh_token(APPID, &Secret::new("r1")).await.unwrap();
    assert_eq!(token.refresh_token.as_ref().map(Secret::expose), Some("r2"));
    let expected =
        format!("GET /sns/oauth2/refresh_token?appid={APPID}&grant_type=refresh_token&refresh_token=r1");
    assert_eq!(server.received()[0].line, expected);
}
