//! The control interface.

use serde_json::{Value, json};

use crate::lab::{Lab, MINI, START, exchange_target, token_target};

#[tokio::test]
async fn what_is_wrong_is_named() {
    let lab = Lab::start().await;
    let cases = [
        ("/_sim/login-code", json!({"user": "alice"}), 400, "appid: missing"),
        ("/_sim/login-code", json!({"appid": "mini"}), 400, "user: missing"),
        ("/_sim/login-code", json!({"appid": 7, "user": "alice"}), 400, "appid: must be a text"),
        ("/_sim/login-code", json!({"appid": "none", "user": "alice"}), 404, "appid: no app `none`"),
        ("/_sim/login-code", json!({"appid": "mini", "user": "zoe"}), 404, "user: no user `zoe`"),
        ("/_sim/login-code", json!({"appid": "website", "user": "alice"}), 400, "appid: `website` is not"),
        ("/_sim/login-code", json!({"appid": "mini", "user": "alice", "x": 1}), 400, "x: no such field"),
        ("/_sim/login-code", json!({"appid": "mini", "user": "alice", "count": 0}), 400, "count: must be"),
        ("/_sim/phone-code", json!({"appid": "mini", "user": "shade"}), 400, "user: `shade` has no phone"),
        ("/_sim/encrypted-data", json!({"appid": "mini", "user": "bob", "data": 1}), 400, "data: must be"),
        ("/_sim/session-key", json!([]), 400, "body: must be a JSON object"),
        ("/_sim/apps", json!({"name": "x"}), 400, "kind: missing"),
        ("/_sim/apps", json!({"name": "mini", "ip_whitelist": ["x"]}), 400, "ip_whitelist: `x` is neither"),
        ("/_sim/apps", json!({"name": "mini", "shoe_size": 43}), 400, "shoe_size: unknown field"),
        ("/_sim/apps", json!({"appid": MINI, "name": "website"}), 400, "name: `website` is another"),
        ("/_sim/users", json!({"name": "zoe"}), 400, "nickname: missing"),
        ("/_sim/users", json!({"nickname": "Zoe", "phone": "+1"}), 400, "phone: must be digits"),
        ("/_sim/users", json!({"nickname": "Zoe", "risky": "no"}), 400, "risky: invalid type"),
        ("/_sim/users", json!({"id": "none"}), 404, "id: no user `none`"),
        ("/_sim/faults", json!({"kind": "timeout"}), 400, "path: missing"),
        ("/_sim/faults", json!({"path": "/x", "kind": "rain"}), 400, "kind: there is no kind `rain`"),
        ("/_sim/faults", json!({"path": "/x", "kind": "errcode", "errcode": 0}), 400, "errcode: must be"),
        ("/_sim/faults", json!({"path": "/x", "kind": "garbage", "form": "x"}), 400, "form: must be"),
        ("/_sim/faults", json!({"path": "/x", "kind": "http_status"}), 400, "status: missing"),
        ("/_sim/faults", json!({"path": "/x", "kind": "delay", "ms": -1}), 400, "ms: must be"),
        ("/_sim/faults", json!({"path": "/x", "kind": "timeout", "times": 0}), 400, "times: must be"),
        (
            "/_sim/faults",
            json!({"path": "/x", "kind": "timeout", "probability": 2}),
            400,
            "probability: must",
        ),
        ("/_sim/faults", json!({"path": "/x", "kind": "timeout", "appid": "none"}), 404, "appid: no app"),
        ("/_sim/clock", json!({}), 400, "advance_s: missing"),
        ("/_sim/clock", json!({"advance_s": -1}), 400, "advance_s: must be"),
        ("/_sim/nothing", json!({}), 404, "/_sim/nothing: no such control call"),
        ("/_sim/health", json!({}), 405, "/_sim/health: takes GET"),
    ];
    for (path, body, status, error) in cases {
        let reply = lab.post(path, &body).await;
        let said = reply.json()["error"].as_str().unwrap_or_default().to_owned();
        assert_eq!(reply.status, status, "{path} {body}: {said}");
        assert!(said.starts_with(error), "{path} {body}: {said}");
    }
    let broken = lab.ask("POST", "/_sim/login-code", "{").await.unwrap();
    assert_eq!(broken.status, 400);
    assert!(broken.json()["error"].as_str().unwrap().starts_with("body: "));
}

#[tokio::test]
async fn people_are_listed_added_and_changed() {
    let lab = Lab::start().await;
    let users = lab.get("/_sim/users").await.json()["users"].clone();
    let alice = &users[0];
    assert_eq!((alice["name"].as_str(), alice["phone"].as_str()), (Some("alice"), Some("13800138000")));
    assert_eq!(alice["openids"].as_object().unwrap().len(), 3);
    assert_eq!(alice["openids"][MINI], lab.simulator.openid("mini", "alice").unwrap());
    assert_eq!(alice["unionid"].as_str().unwrap().len(), 28);
    assert!(users[4]["unionid"].is_null(), "nobody has none");

    let added =
        lab.post("/_sim/users", &json!({"nickname": "Zoe", "name": "zoe", "unionid": "oFixed"})).await;
    let zoe = added.json();
    assert_eq!((zoe["name"].as_str(), zoe["unionid"].as_str()), (Some("zoe"), Some("oFixed")));
    let changed = json!({"id": zoe["id"], "nickname": "Zoé", "unionid": null});
    let changed = lab.post("/_sim/users", &changed).await.json();
    assert_eq!((changed["nickname"].as_str(), changed["name"].as_str()), (Some("Zoé"), Some("zoe")));
    assert!(changed["unionid"].is_null());
    assert_eq!(changed["openids"], zoe["openids"]);
    assert_eq!(lab.get("/_sim/users").await.json()["users"].as_array().unwrap().len(), 6);
    let code = lab.post("/_sim/login-code", &json!({"appid": "mini", "user": "zoe"})).await.json();
    let session = lab.exchange(code["code"].as_str().unwrap()).await.json();
    assert_eq!(session["openid"], zoe["openids"][MINI]);
}

#[tokio::test]
async fn apps_are_listed_added_and_changed() {
    let lab = Lab::start().await;
    let listed = lab.get("/_sim/apps").await.json()["apps"].clone();
    assert_eq!(
        (listed[0]["secret"].as_str(), listed[0]["kind"].as_str()),
        (Some("demo-secret-mini"), Some("mini_program"))
    );
    assert_eq!(listed[0]["templates"][0]["id"], "TMPL_DEMO_ACTION");
    let changed = lab.post("/_sim/apps", &json!({"appid": MINI, "secret": "new"})).await.json();
    assert_eq!((changed["secret"].as_str(), changed["name"].as_str()), (Some("new"), Some("mini")));
    assert_eq!(changed["templates"], listed[0]["templates"], "what is not given stays");
    assert_eq!(lab.exchange(&lab.code()).await.errcode(), 40125);
    let added = lab.post("/_sim/apps", &json!({"name": "fresh", "kind": "mini_program"})).await.json();
    let (appid, secret) = (added["appid"].as_str().unwrap(), added["secret"].as_str().unwrap());
    assert!(appid.starts_with("wx") && appid.len() == 18 && secret.len() == 32);
    let code = lab.simulator.login_code(appid, "alice").unwrap();
    let session = lab.get(&exchange_target(appid, secret, &code)).await.json();
    assert!(session["openid"].is_string() && session.get("unionid").is_none());
}

#[tokio::test]
async fn many_codes_can_be_had_at_once() {
    let lab = Lab::start().await;
    let asked = json!({"appid": "mini", "user": "alice", "count": 500});
    let reply = lab.post("/_sim/login-code", &asked).await.json();
    let codes = reply["codes"].as_array().unwrap();
    assert_eq!((codes.len(), &codes[0]), (500, &reply["code"]));
    let distinct: std::collections::HashSet<_> = codes.iter().map(Value::to_string).collect();
    assert_eq!(distinct.len(), 500);
}

#[tokio::test]
async fn calls_are_recorded_filtered_and_forgotten() {
    let lab = Lab::start().await;
    lab.exchange("0bad").await;
    lab.advance(3);
    lab.get(&token_target("official")).await;
    lab.get("/nowhere").await;
    let all = lab.get("/_sim/calls").await.json()["calls"].clone();
    let first = json!({
        "path": "/sns/jscode2session", "appid": MINI, "at": START.millis(), "errcode": 40029,
        "client": "127.0.0.1", "ms": 0, "fault": null,
    });
    assert_eq!((all.as_array().unwrap().len(), &all[0]), (3, &first));
    assert_eq!(all[1]["at"], START.millis() + 3000);
    assert_eq!((all[2]["path"].as_str(), all[2]["errcode"].as_i64()), (Some("/nowhere"), Some(40066)));
    let by = |query: &str| format!("/_sim/calls?{query}");
    assert_eq!(lab.get(&by("path=/cgi-bin/token")).await.json()["calls"][0], all[1]);
    assert_eq!(lab.get(&by(&format!("appid={MINI}"))).await.json()["calls"], json!([first]));
    assert_eq!(lab.get(&by("appid=mini")).await.json()["calls"], json!([first]));
    assert_eq!(lab.ask("DELETE", "/_sim/calls", "").await.unwrap().status, 200);
    assert_eq!(lab.get("/_sim/calls").await.json(), json!({"calls": []}));
}

#[tokio::test]
async fn time_can_be_moved() {
    let lab = Lab::start().await;
    assert_eq!(lab.get("/_sim/clock").await.json(), json!({"now_ms": START.millis()}));
    let code = lab.code();
    let moved = lab.post("/_sim/clock", &json!({"advance_s": 300.5})).await.json();
    assert_eq!(moved, json!({"now_ms": START.millis() + 300_500}));
    assert_eq!(lab.exchange(&code).await.errcode(), 40029);
}

#[tokio::test]
async fn a_reset_forgets_what_happened_and_goes_back_to_the_configured_world() {
    let lab = Lab::start().await;
    let (code, token) = (lab.code(), lab.token("mini").await);
    let consent = lab.authorize("official", "alice", "snsapi_userinfo").await;
    lab.change_app(&json!({"name": "mini", "secret": "other"}));
    lab.post("/_sim/users", &json!({"nickname": "Zoe", "name": "zoe"})).await;
    lab.post("/_sim/faults", &json!({"path": "*", "kind": "timeout"})).await;
    assert_eq!(lab.ask("POST", "/_sim/reset", "").await.unwrap().status, 200);
    assert_eq!(lab.exchange(&code).await.errcode(), 40029);
    assert_eq!(lab.judge(&token).await, 40001);
    let (access, openid) = (consent["access_token"].as_str().unwrap(), consent["openid"].as_str().unwrap());
    let profile = format!("/sns/userinfo?access_token={access}&openid={openid}");
    assert_eq!(lab.get(&profile).await.errcode(), 40001);
    assert_eq!(lab.get("/_sim/users").await.json()["users"].as_array().unwrap().len(), 5);
    assert_eq!(lab.exchange(&lab.code()).await.errcode(), 0);
}

#[tokio::test]
async fn there_is_a_page_that_lists_everything_and_a_health_check() {
    let lab = Lab::start().await;
    assert_eq!(lab.get("/_sim/health").await.json(), json!({"status": "ok"}));
    let root = lab.get("/").await;
    assert_eq!((root.status, root.header("location")), (200, None));
    let page = lab.get("/_sim/").await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    for part in [
        "/sns/jscode2session",
        "/wxa/business/getuserphonenumber",
        "/_sim/faults",
        "/connect/qrcode/{uuid}",
        "Not served yet",
    ] {
        assert!(page.body.contains(part), "{part}");
    }
}

/// A website whose name leads to this machine (DNS rebinding) is of the same origin as what it asks for, so a browser tells
/// nobody that it is a website: only the name does.
#[tokio::test]
async fn only_names_that_no_website_can_have_are_answered() {
    let lab = Lab::start().await;
    for target in ["/_sim/apps", "/_sim/calls", "/_phone/open?user=alice&url=http%3A%2F%2F127.0.0.1%2F"] {
        for (host, status) in [
            ("127.0.0.1:7070", 200),
            ("192.168.1.5:7070", 200),
            ("[::1]:7070", 200),
            ("localhost:7070", 200),
            ("phone.weir.localhost:7070", 200),
            ("simulator:7070", 200),
            ("host.docker.internal:7070", 200),
            ("simulator.default.svc.cluster.local", 200),
            ("wechat.test:7070", 200),
            ("api.weixin.qq.com", 200),
            ("res.wx.qq.com", 200),
            ("evil.example.com:7070", 403),
            ("127.0.0.1.evil.example.com", 403),
            ("localhost.evil.example.com", 403),
            ("weixin.qq.com.evil.example.com", 403),
            ("evilweixin.qq.com.", 403),
            ("evil.example.com@127.0.0.1", 403),
            ("", 403),
        ] {
            let answer = lab.ask_as("GET", target, &format!("Host: {host}\r\n")).await;
            assert_eq!(answer.status, status, "{host} {target}: {}", answer.body);
            assert!(status == 200 || answer.json()["error"].as_str().unwrap().contains("127.0.0.1"));
        }
    }
    // WeChat's own paths are WeChat's, whatever it is called.
    let script = lab.ask_as("GET", "/open/js/jweixin-1.6.0.js", "Host: evil.example.com\r\n").await;
    assert_eq!(script.status, 200);
}

#[tokio::test]
async fn a_website_changes_nothing_even_where_a_browser_keeps_its_origin_back() {
    let lab = Lab::start().await;
    let ask = async |headers: &str| {
        let headers = format!("Host: 127.0.0.1\r\n{headers}");
        lab.ask_as("POST", "/_sim/reset", &headers).await
    };
    let refused = ask("Sec-Fetch-Site: cross-site\r\n").await;
    assert_eq!(refused.status, 403);
    assert_eq!(refused.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(ask("Origin: javascript://localhost\r\n").await.status, 403);
    assert_eq!(ask("Sec-Fetch-Site: none\r\n").await.status, 200);
    assert_eq!(
        ask("Origin: http://demo.weir.localhost:1\r\nSec-Fetch-Site: cross-site\r\n").await.status,
        200
    );
}
