//! `/connect/qrconnect`: a website's QR code, the phone that scans it, and the browser that waits.

use serde_json::json;
use tokio::task::JoinSet;

use crate::lab::{Lab, OFFICIAL, Reply, WEBSITE, oauth_target};

const BACK: &str = "http%3A%2F%2Flocalhost%3A8080%2Fback";

fn link(extra: &str) -> String {
    format!("/connect/qrconnect?appid={WEBSITE}&redirect_uri={BACK}&scope=snsapi_login&state=s-1.~{extra}")
}

/// Opens the page; gives the name of its QR code.
async fn opened(lab: &Lab) -> String {
    let page = lab.get(&link("")).await;
    let (_, rest) = page.body.split_once("/connect/qrcode/").expect("an image");
    rest[..16].to_owned()
}

async fn poll(lab: &Lab, uuid: &str, last: &str) -> String {
    let reply = lab.get(&format!("/connect/l/qrconnect?uuid={uuid}{last}&_=1")).await;
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("text/javascript")));
    reply.body
}

async fn decide(lab: &Lab, uuid: &str, user: &str, decision: &str) -> Reply {
    let fields = [("uuid", uuid), ("_sim_user", user), ("decision", decision)];
    lab.submit("/connect/confirm", &fields).await
}

#[tokio::test]
async fn a_phone_scans_and_agrees_and_the_browser_goes_on() {
    let lab = Lab::start().await;
    let uuid = opened(&lab).await;
    let image = lab.get(&format!("/connect/qrcode/{uuid}")).await;
    assert_eq!((image.status, image.header("content-type")), (200, Some("image/png")));
    let sheet = lab.get(&format!("/connect/confirm?uuid={uuid}")).await;
    assert_eq!(sheet.body.matches("<form method=\"post\" action=\"/connect/confirm\">").count(), 1);
    assert!(sheet.body.contains(&format!("<input type=\"hidden\" name=\"uuid\" value=\"{uuid}\">")));
    assert!(!sheet.body.contains("<script"));
    assert_eq!(poll(&lab, &uuid, "").await, "window.wx_errcode=404;window.wx_code='';");
    assert!(decide(&lab, &uuid, "bob", "allow").await.body.contains("登录成功"));
    let told = poll(&lab, &uuid, "&last=404").await;
    let code = told.strip_prefix("window.wx_errcode=405;window.wx_code='").expect(&told);
    let code = code.strip_suffix("';").expect(&told);
    let on = lab.get(&format!("/connect/continue?uuid={uuid}")).await;
    let location = format!("http://localhost:8080/back?code={code}&state=s-1.%7E");
    assert_eq!((on.status, on.header("location")), (302, Some(location.as_str())));
    let tokens = lab.get(&oauth_target("website", code)).await.json();
    assert_eq!(tokens["openid"], lab.simulator.openid("website", "bob").unwrap());
    assert!(tokens["unionid"].is_string());
    assert!(lab.get(&format!("/connect/confirm?uuid={uuid}")).await.body.contains("二维码已失效"));
}

#[tokio::test]
async fn a_poll_is_held_until_there_is_news_or_twenty_five_seconds_have_passed() {
    let lab = Lab::start().await;
    let uuid = opened(&lab).await;
    let spawned = |last: &'static str| {
        let (lab, uuid) = (lab.clone(), uuid.clone());
        tokio::spawn(async move { poll(&lab, &uuid, last).await })
    };
    let quiet = spawned("");
    // The poll's own limit, and the QR code's.
    lab.clock.wait_for_sleepers(2).await;
    lab.advance(25);
    assert_eq!(quiet.await.unwrap(), "window.wx_errcode=408;window.wx_code='';");

    let waiting = spawned("");
    lab.clock.wait_for_sleepers(2).await;
    lab.get(&format!("/connect/confirm?uuid={uuid}")).await;
    assert_eq!(waiting.await.unwrap(), "window.wx_errcode=404;window.wx_code='';");

    let scanned = spawned("&last=404");
    lab.clock.wait_for_sleepers(2).await;
    decide(&lab, &uuid, "alice", "deny").await;
    assert_eq!(scanned.await.unwrap(), "window.wx_errcode=403;window.wx_code='';");

    let refused = spawned("&last=403");
    lab.clock.wait_for_sleepers(2).await;
    lab.get(&format!("/connect/confirm?uuid={uuid}&_sim_user=alice&_sim_consent=allow")).await;
    let told = refused.await.unwrap();
    assert!(told.starts_with("window.wx_errcode=405;window.wx_code='") && told.len() > 60, "{told}");
}

#[tokio::test]
async fn a_qr_code_expires_after_five_minutes() {
    let lab = Lab::start().await;
    let (uuid, scanned) = (opened(&lab).await, opened(&lab).await);
    lab.advance(299);
    lab.get(&format!("/connect/confirm?uuid={scanned}")).await;
    let waiting = tokio::spawn({
        let (lab, uuid) = (lab.clone(), uuid.clone());
        async move { poll(&lab, &uuid, "").await }
    });
    lab.clock.wait_for_sleepers(2).await;
    lab.advance(1);
    assert_eq!(waiting.await.unwrap(), "window.wx_errcode=402;window.wx_code='';");
    for uuid in [uuid.as_str(), scanned.as_str(), "unknown", ""] {
        assert_eq!(poll(&lab, uuid, "").await, "window.wx_errcode=402;window.wx_code='';");
        assert!(lab.get(&format!("/connect/confirm?uuid={uuid}")).await.body.contains("二维码已失效"));
        assert!(decide(&lab, uuid, "alice", "allow").await.body.contains("二维码已失效"));
        assert_eq!(lab.get(&format!("/connect/qrcode/{uuid}x")).await.status, 404);
        assert!(lab.get(&format!("/connect/continue?uuid={uuid}")).await.body.contains("二维码已失效"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_fifty_phones_that_agree_one_logs_in() {
    let lab = Lab::start().await;
    let uuid = opened(&lab).await;
    let mut tasks = JoinSet::new();
    for _ in 0..50 {
        let (lab, uuid) = (lab.clone(), uuid.clone());
        tasks.spawn(async move { decide(&lab, &uuid, "alice", "allow").await.body.contains("登录成功") });
    }
    assert_eq!(tasks.join_all().await.into_iter().filter(|won| *won).count(), 1);
}

#[tokio::test]
async fn the_page_works_in_a_frame_and_without_script() {
    let lab = Lab::start().await;
    let page = lab.get(&link("&response_type=code&lang=en")).await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    assert!(page.header("x-frame-options").is_none());
    assert!(page.body.contains("<noscript>") && page.body.contains(", window.top, {402: "), "{}", page.body);
    assert!(page.body.contains("Scan the QR code with WeChat to log in to “website”"), "{}", page.body);
    let inside = lab.get(&link("&self_redirect=true")).await;
    assert!(inside.body.contains(", window, {402: "));
    let uuid = opened(&lab).await;
    let waiting = lab.get(&format!("/connect/continue?uuid={uuid}")).await;
    assert!(waiting.body.contains(&format!("/connect/qrcode/{uuid}")));
    let script = lab.get("/connect/zh_CN/htmledition/js/wxLogin.js").await;
    assert_eq!(script.header("content-type"), Some("application/javascript; charset=utf-8"));
    assert!(script.body.contains("window.WxLogin"));
}

#[tokio::test]
async fn the_shortcut_goes_back_at_once() {
    let lab = Lab::start().await;
    let allowed = lab.get(&link("&_sim_user=carol&_sim_consent=allow")).await;
    let location = allowed.header("location").unwrap();
    let (_, rest) = location.split_once("?code=").expect(location);
    let tokens = lab.get(&oauth_target("website", &rest[..32])).await.json();
    assert_eq!(tokens["openid"], lab.simulator.openid("website", "carol").unwrap());
    let denied = lab.get(&link("&_sim_user=carol&_sim_consent=deny")).await;
    assert_eq!((denied.status, denied.header("location")), (200, None));
    assert!(denied.body.contains("你已取消此次登录"));
    assert!(lab.get(&link("&_sim_user=zoe&_sim_consent=allow")).await.body.contains("no user `zoe`"));
}

#[tokio::test]
async fn a_link_with_a_mistake_cannot_be_visited() {
    let lab = Lab::start().await;
    let of = |query: &str| format!("/connect/qrconnect?{query}");
    let evil = "http%3A%2F%2F127.0.0.1%40evil%2F";
    let cases = [
        of(""),
        of(&format!("appid=wx0000000000000000&redirect_uri={BACK}&scope=snsapi_login")),
        of(&format!("appid={OFFICIAL}&redirect_uri={BACK}&scope=snsapi_login")),
        of(&format!("appid={WEBSITE}&scope=snsapi_login")),
        of(&format!("appid={WEBSITE}&redirect_uri={BACK}")),
        of(&format!("appid={WEBSITE}&redirect_uri={BACK}&scope=snsapi_userinfo")),
        of(&format!("appid={WEBSITE}&redirect_uri={BACK}&scope=snsapi_login,snsapi_base")),
        of(&format!("appid={WEBSITE}&redirect_uri={BACK}&scope=snsapi_login&response_type=token")),
        of(&format!("appid={WEBSITE}&redirect_uri={evil}&scope=snsapi_login")),
        of(&format!("appid={WEBSITE}&redirect_uri=http%3A%2F%2Fevil%2F&scope=snsapi_login")),
    ];
    for target in cases {
        let reply = lab.get(&target).await;
        assert_eq!((reply.status, reply.header("location")), (200, None), "{target}");
        assert!(reply.body.contains("该链接无法访问"), "{target}");
    }
}

#[tokio::test]
async fn a_state_of_any_form_comes_back_and_none_is_needed() {
    let lab = Lab::start().await;
    let state = "x".repeat(4000);
    let of = |state: &str| {
        format!(
            "/connect/qrconnect?scope=snsapi_login&redirect_uri={BACK}&appid={WEBSITE}{state}&_sim_user=bob&_sim_consent=allow"
        )
    };
    let reply = lab.get(&of(&format!("&state={state}"))).await;
    assert!(reply.header("location").unwrap().ends_with(&format!("&state={state}")));
    let hostile = lab.get(&of("&state=%22%3E%3Cscript%3E%0d%0aX-Evil:1")).await;
    assert!(hostile.header("location").unwrap().ends_with("&state=%22%3E%3Cscript%3E%0D%0AX-Evil%3A1"));
    assert!(lab.get(&of("")).await.header("location").unwrap().ends_with("&state="));
}

#[tokio::test]
async fn a_reset_lets_the_waiting_browser_go() {
    let lab = Lab::start().await;
    let uuid = opened(&lab).await;
    let waiting = tokio::spawn({
        let (lab, uuid) = (lab.clone(), uuid.clone());
        async move { poll(&lab, &uuid, "").await }
    });
    lab.clock.wait_for_sleepers(2).await;
    lab.post("/_sim/reset", &json!({})).await;
    assert!(waiting.await.unwrap().starts_with("window.wx_errcode=402;"));
}
