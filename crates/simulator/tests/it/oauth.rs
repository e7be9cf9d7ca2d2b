//! `/sns/oauth2/*`, `/sns/auth`, `/sns/userinfo`.

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::lab::{Lab, MINI, OFFICIAL, WEBSITE, oauth_target};

fn keys(json: &Value) -> Vec<&str> {
    json.as_object().expect("an object").keys().map(String::as_str).collect()
}

fn text<'a>(json: &'a Value, name: &str) -> &'a str {
    json[name].as_str().unwrap_or_else(|| panic!("{name} in {json}"))
}

fn userinfo(tokens: &Value) -> String {
    format!(
        "/sns/userinfo?access_token={}&openid={}&lang=zh_CN",
        text(tokens, "access_token"),
        text(tokens, "openid")
    )
}

fn refresh_target(appid: &str, token: &str) -> String {
    format!("/sns/oauth2/refresh_token?appid={appid}&grant_type=refresh_token&refresh_token={token}")
}

#[tokio::test]
async fn a_code_gives_tokens_openid_and_scope_and_no_errcode() {
    let lab = Lab::start().await;
    let code = lab.simulator.oauth_code("official", "alice", None).unwrap();
    let reply = lab.get(&oauth_target("official", &code)).await;
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("text/plain")));
    let json = reply.json();
    assert_eq!(keys(&json), ["access_token", "expires_in", "openid", "refresh_token", "scope", "unionid"]);
    assert_eq!((json["expires_in"].clone(), text(&json, "scope")), (json!(7200), "snsapi_userinfo"));
    assert_eq!((text(&json, "access_token").len(), text(&json, "refresh_token").len()), (89, 89));
    assert_eq!(json["openid"], lab.simulator.openid("official", "alice").unwrap());
}

#[tokio::test]
async fn unionid_needs_consent_at_an_account_and_nothing_at_a_website() {
    let lab = Lab::start().await;
    assert!(lab.authorize("official", "alice", "snsapi_base").await.get("unionid").is_none());
    let official = lab.authorize("official", "alice", "snsapi_userinfo").await;
    let website = lab.authorize("website", "alice", "snsapi_login").await;
    assert!(official["unionid"].is_string() && official["unionid"] == website["unionid"]);
    assert_ne!(official["openid"], website["openid"]);
    assert!(lab.authorize("website", "nobody", "snsapi_login").await.get("unionid").is_none());
    lab.change_app(&json!({"name": "website", "open_platform": null}));
    assert!(lab.authorize("website", "alice", "snsapi_login").await.get("unionid").is_none());
}

#[tokio::test]
async fn every_refusal_of_an_exchange_has_its_code_and_leaves_the_code_good() {
    let lab = Lab::start().await;
    let code = lab.simulator.oauth_code("official", "alice", None).unwrap();
    let of = |query: &str| format!("/sns/oauth2/access_token?{query}");
    let good = format!("appid={OFFICIAL}&secret=demo-secret-official");
    let cases = [
        (of(""), 41002),
        (of("appid=wx0000000000000000"), 40013),
        (of(&format!("appid={MINI}&secret=demo-secret-mini&code={code}")), 40013),
        (of(&format!("appid={OFFICIAL}&code={code}")), 41004),
        (of(&format!("appid={OFFICIAL}&secret=wrong&code={code}")), 40125),
        (of(&good), 41008),
        (of(&format!("{good}&code={code}")), 40002),
        (of(&format!("{good}&code={code}&grant_type=client_credential")), 40002),
        (of(&format!("{good}&code=0nobody&grant_type=authorization_code")), 40029),
        (oauth_target("website", &code), 40029),
    ];
    for (target, errcode) in cases {
        let reply = lab.get(&target).await;
        assert_eq!((reply.status, reply.errcode()), (200, errcode), "{target}");
        assert!(reply.errmsg().contains(", rid: "), "{}", reply.errmsg());
        assert_eq!(reply.header("content-type"), Some("text/plain"));
    }
    let login = lab.code();
    assert_eq!(lab.get(&oauth_target("official", &login)).await.errcode(), 40029, "a wx.login code");
    assert_eq!(lab.exchange(&code).await.errcode(), 40029, "a page's code at jscode2session");
    assert_eq!(lab.get(&oauth_target("official", &code)).await.errcode(), 0);
    lab.change_app(&json!({"name": "official", "secret_frozen": true}));
    assert_eq!(lab.get(&oauth_target("official", &code)).await.errcode(), 40243);
}

#[tokio::test]
async fn an_exchange_may_be_posted_as_a_form_a_query_or_both() {
    let lab = Lab::start().await;
    let code = || lab.simulator.oauth_code("website", "bob", None).unwrap();
    let path = "/sns/oauth2/access_token";
    let whole = |code: &str| {
        vec![
            ("appid", WEBSITE.to_owned()),
            ("secret", String::from("demo-secret-website")),
            ("code", code.to_owned()),
            ("grant_type", String::from("authorization_code")),
        ]
    };
    let form = whole(&code());
    let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(lab.submit(path, &form).await.errcode(), 0);
    assert_eq!(lab.submit(&oauth_target("website", &code()), &[]).await.errcode(), 0);
    let query = format!("{path}?appid={WEBSITE}&secret=demo-secret-website");
    let rest = [("code", code()), ("grant_type", String::from("authorization_code"))];
    let rest: Vec<_> = rest.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(lab.submit(&query, &rest).await.errcode(), 0);
    let calls = lab.simulator.calls(Some(path), Some("website"));
    assert_eq!(calls.len(), 3, "each is recorded under its app");
    assert_eq!(lab.ask("PUT", path, "").await.unwrap().errcode(), 43001);
}

#[tokio::test]
async fn a_code_is_good_once_five_minutes_at_an_account_and_ten_at_a_website() {
    let lab = Lab::start().await;
    let code = |app| lab.simulator.oauth_code(app, "alice", None).unwrap();
    let (early, late) = (code("official"), code("official"));
    let (early_site, late_site) = (code("website"), code("website"));
    lab.advance(299);
    assert_eq!(lab.get(&oauth_target("official", &early)).await.errcode(), 0);
    let again = lab.get(&oauth_target("official", &early)).await;
    assert_eq!(again.errcode(), 40163);
    assert!(again.errmsg().starts_with("code been used, rid: "));
    lab.advance(1);
    assert_eq!(lab.get(&oauth_target("official", &late)).await.errcode(), 40029);
    lab.advance(299);
    assert_eq!(lab.get(&oauth_target("website", &early_site)).await.errcode(), 0);
    lab.advance(1);
    assert_eq!(lab.get(&oauth_target("website", &late_site)).await.errcode(), 40029);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_fifty_who_bring_the_same_code_one_gets_the_tokens() {
    let lab = Lab::start().await;
    let target = oauth_target("website", &lab.simulator.oauth_code("website", "alice", None).unwrap());
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
async fn userinfo_tells_nickname_and_avatar_but_neither_gender_nor_place() {
    let lab = Lab::start().await;
    let tokens = lab.authorize("official", "alice", "snsapi_userinfo").await;
    let reply = lab.get(&userinfo(&tokens)).await;
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("text/plain")));
    let json = reply.json();
    assert_eq!((text(&json, "nickname"), json["sex"].clone()), ("爱丽丝 🌸", json!(0)));
    assert_eq!((text(&json, "province"), text(&json, "city"), text(&json, "country")), ("", "", ""));
    assert!(text(&json, "headimgurl").starts_with("https://thirdwx.qlogo.cn/mmopen/vi_32/"));
    assert_eq!((&json["privilege"], &json["unionid"]), (&json!([]), &tokens["unionid"]));
    assert!(json.get("errcode").is_none());
    lab.simulator.change_person(&json!({"name": "alice", "nickname": "a\"b\\c\n"})).unwrap();
    assert_eq!(lab.get(&userinfo(&tokens)).await.json()["nickname"], "a\"b\\c\n");
    let base = lab.authorize("official", "alice", "snsapi_base").await;
    let refused = lab.get(&userinfo(&base)).await;
    assert_eq!(refused.errcode(), 48001);
    assert!(refused.errmsg().starts_with("api unauthorized, rid: "));
}

#[tokio::test]
async fn peoples_tokens_and_apps_tokens_know_nothing_of_each_other() {
    let lab = Lab::start().await;
    let tokens = lab.authorize("official", "alice", "snsapi_userinfo").await;
    let (openid, access) = (text(&tokens, "openid"), text(&tokens, "access_token"));
    let app = lab.token("official").await;
    let with = |token: &str| format!("/sns/userinfo?access_token={token}&openid={openid}");
    let refused = lab.get(&with(&app)).await;
    assert_eq!(refused.errcode(), 40001);
    assert!(refused.errmsg().starts_with("invalid credential, access_token is invalid or not latest, rid: "));
    assert_eq!(lab.judge(access).await, 40014, "a person's token is too short for an app's");
    let bob = lab.simulator.openid("official", "bob").unwrap();
    let cases = [
        (String::from("/sns/userinfo"), 41001),
        (format!("/sns/userinfo?access_token={access}"), 41009),
        (format!("/sns/userinfo?access_token={access}&openid={bob}"), 40003),
        (format!("/sns/userinfo?access_token={}&openid={openid}", text(&tokens, "refresh_token")), 40001),
        (with("garbage"), 40001),
        (format!("/sns/auth?access_token={access}&openid={bob}"), 40003),
        (format!("/sns/auth?access_token={app}&openid={openid}"), 40001),
    ];
    for (target, errcode) in cases {
        assert_eq!(lab.get(&target).await.errcode(), errcode, "{target}");
    }
    let good = lab.get(&format!("/sns/auth?access_token={access}&openid={openid}")).await;
    assert_eq!(good.json(), json!({"errcode": 0, "errmsg": "ok"}));
}

#[tokio::test]
async fn refreshing_prolongs_a_living_token_and_replaces_a_dead_one() {
    let lab = Lab::start().await;
    let first = lab.authorize("official", "alice", "snsapi_userinfo").await;
    let target = refresh_target(OFFICIAL, text(&first, "refresh_token"));
    lab.advance(7199);
    let same = lab.get(&target).await.json();
    assert_eq!(keys(&same), ["access_token", "expires_in", "openid", "refresh_token", "scope"]);
    assert_eq!(same["access_token"], first["access_token"]);
    assert_eq!(same["expires_in"], 7200);
    lab.advance(7199);
    assert_eq!(lab.get(&userinfo(&first)).await.errcode(), 0);
    lab.advance(1);
    assert_eq!(lab.get(&userinfo(&first)).await.errcode(), 42001);
    let new = lab.get(&target).await.json();
    assert_ne!(new["access_token"], first["access_token"]);
    assert_eq!(new["refresh_token"], first["refresh_token"]);
    assert_eq!(lab.get(&userinfo(&new)).await.errcode(), 0);
    assert_eq!(lab.get(&target).await.json()["access_token"], new["access_token"], "the new one is kept");
}

#[tokio::test]
async fn a_refresh_token_lives_thirty_days_from_the_consent() {
    let lab = Lab::start().await;
    let tokens = lab.authorize("website", "alice", "snsapi_login").await;
    let target = refresh_target(WEBSITE, text(&tokens, "refresh_token"));
    lab.advance(29 * 86_400);
    assert_eq!(lab.get(&target).await.errcode(), 0);
    lab.advance(86_399);
    assert_eq!(lab.get(&target).await.errcode(), 0);
    lab.advance(1);
    assert_eq!(lab.get(&target).await.errcode(), 42002);
}

#[tokio::test]
async fn every_refusal_of_a_refresh_has_its_code() {
    let lab = Lab::start().await;
    let tokens = lab.authorize("official", "alice", "snsapi_base").await;
    let refresh = text(&tokens, "refresh_token");
    let cases = [
        (String::from("/sns/oauth2/refresh_token"), 41002),
        (refresh_target("wx0000000000000000", refresh), 40013),
        (format!("/sns/oauth2/refresh_token?appid={OFFICIAL}&refresh_token={refresh}"), 40002),
        (format!("/sns/oauth2/refresh_token?appid={OFFICIAL}&grant_type=refresh_token"), 41003),
        (refresh_target(OFFICIAL, "garbage"), 40030),
        (refresh_target(OFFICIAL, text(&tokens, "access_token")), 40030),
        (refresh_target(WEBSITE, refresh), 40030),
    ];
    for (target, errcode) in cases {
        assert_eq!(lab.get(&target).await.errcode(), errcode, "{target}");
    }
    assert!(
        lab.get(&refresh_target(OFFICIAL, "x")).await.errmsg().starts_with("invalid refresh_token, rid: ")
    );
    assert_eq!(lab.get(&refresh_target(OFFICIAL, refresh)).await.json()["scope"], "snsapi_base");
}

#[tokio::test]
async fn a_snapshot_gives_a_virtual_person_that_says_so() {
    let lab = Lab::start().await;
    let tokens = lab.authorize("official", "shade", "snsapi_userinfo").await;
    assert_eq!(tokens["is_snapshotuser"], 1);
    assert_ne!(tokens["openid"], lab.simulator.openid("official", "shade").unwrap());
    let profile = lab.get(&userinfo(&tokens)).await.json();
    assert_eq!((text(&profile, "nickname"), &profile["openid"]), ("微信用户", &tokens["openid"]));
    assert_eq!(profile["unionid"], tokens["unionid"]);
    // In full service, as after a tap on the snapshot's button, the same person is a real one.
    lab.simulator.change_person(&json!({"name": "shade", "snapshot": false})).unwrap();
    let real = lab.authorize("official", "shade", "snsapi_userinfo").await;
    assert!(real.get("is_snapshotuser").is_none());
    assert_eq!(real["openid"], lab.simulator.openid("official", "shade").unwrap());
    assert_ne!(real["unionid"], tokens["unionid"]);
}

#[tokio::test]
async fn a_website_has_no_snapshots() {
    let lab = Lab::start().await;
    let tokens = lab.authorize("website", "shade", "snsapi_login").await;
    assert!(tokens.get("is_snapshotuser").is_none());
    assert_eq!(tokens["openid"], lab.simulator.openid("website", "shade").unwrap());
}

#[tokio::test]
async fn a_minutes_exchanges_run_out_and_another_minute_brings_more() {
    let lab = Lab::start().await;
    lab.change_app(&json!({"name": "official", "quotas": {"/sns/oauth2/access_token": {"per_minute": 1}}}));
    assert!(lab.authorize("official", "alice", "snsapi_base").await.get("errcode").is_none());
    let waiting = lab.simulator.oauth_code("official", "alice", None).unwrap();
    assert_eq!(lab.get(&oauth_target("official", &waiting)).await.errcode(), 45011);
    lab.advance(60);
    assert_eq!(lab.get(&oauth_target("official", &waiting)).await.errcode(), 0);
}

#[tokio::test]
async fn invalidated_tokens_of_people_want_a_new_consent() {
    let lab = Lab::start().await;
    let tokens = lab.authorize("official", "alice", "snsapi_userinfo").await;
    let app = lab.token("official").await;
    lab.post("/_sim/faults", &json!({"path": "/sns/userinfo", "kind": "invalidate_tokens", "times": 1}))
        .await;
    assert_eq!(lab.get(&userinfo(&tokens)).await.errcode(), 42007);
    let refreshed = lab.get(&refresh_target(OFFICIAL, text(&tokens, "refresh_token"))).await;
    assert_eq!(refreshed.errcode(), 42007);
    assert_eq!(lab.judge(&app).await, 0, "the app's own token is another matter");
    assert!(lab.authorize("official", "alice", "snsapi_userinfo").await.get("errcode").is_none());
}

#[tokio::test]
async fn codes_can_be_had_from_the_control_interface() {
    let lab = Lab::start().await;
    let ask = |body: Value| {
        let lab = &lab;
        async move { lab.post("/_sim/oauth-code", &body).await }
    };
    let code = ask(json!({"appid": "official", "user": "bob", "scope": "snsapi_base"})).await.json();
    let tokens = lab.get(&oauth_target("official", text(&code, "code"))).await.json();
    assert_eq!(text(&tokens, "scope"), "snsapi_base");
    let site = ask(json!({"appid": WEBSITE, "user": "bob", "count": 3})).await.json();
    assert_eq!(site["codes"].as_array().unwrap().len(), 3);
    let site = lab.get(&oauth_target("website", text(&site, "code"))).await.json();
    assert_eq!(text(&site, "scope"), "snsapi_login");
    let cases = [
        (json!({"user": "bob"}), 400, "appid: missing"),
        (json!({"appid": "mini", "user": "bob"}), 400, "appid: `mini` is neither"),
        (json!({"appid": "none", "user": "bob"}), 404, "appid: no app"),
        (json!({"appid": "website", "user": "zoe"}), 404, "user: no user"),
        (
            json!({"appid": "website", "user": "bob", "scope": "snsapi_base"}),
            400,
            "scope: must be snsapi_login",
        ),
        (json!({"appid": "official", "user": "bob", "scope": "x"}), 400, "scope: must be snsapi_userinfo or"),
    ];
    for (body, status, error) in cases {
        let reply = ask(body).await;
        let said = reply.json()["error"].as_str().unwrap_or_default().to_owned();
        assert_eq!(reply.status, status, "{said}");
        assert!(said.starts_with(error), "{said}");
    }
}
