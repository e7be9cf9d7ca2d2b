//! `/connect/oauth2/authorize`.

use serde_json::json;
use url::Url;

use crate::lab::{Lab, MINI, OFFICIAL, Reply, WEBSITE, oauth_target};

const BACK: &str = "http://127.0.0.1:8080/back?keep=1";

fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// The link in WeChat's order, with these values.
fn link(redirect_uri: &str, scope: &str, state: &str) -> String {
    let (redirect_uri, state) = (encoded(redirect_uri), encoded(state));
    format!(
        "/connect/oauth2/authorize?appid={OFFICIAL}&redirect_uri={redirect_uri}&response_type=code&scope={scope}&state={state}"
    )
}

fn good(scope: &str) -> String {
    link(BACK, scope, "abc123")
}

/// Where a redirect leads, and its parameters.
fn target(reply: &Reply) -> (Url, Vec<(String, String)>) {
    assert_eq!(reply.status, 302, "{}", reply.body);
    let url = Url::parse(reply.header("location").expect("a location")).expect("a URL");
    let pairs = url.query_pairs().into_owned().collect();
    (url, pairs)
}

/// The openid that the code of a redirect stands for.
async fn openid_of(lab: &Lab, reply: &Reply) -> String {
    let (_, pairs) = target(reply);
    let code = &pairs.iter().find(|(name, _)| name == "code").expect("a code").1;
    let json = lab.get(&oauth_target("official", code)).await.json();
    json["openid"].as_str().unwrap_or_else(|| panic!("{json}")).to_owned()
}

#[track_caller]
fn is_page(reply: &Reply, text: &str) {
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("text/html; charset=utf-8")));
    assert!(reply.header("location").is_none());
    assert!(reply.body.contains(text), "{text} is not in {}", reply.body);
}

#[tokio::test]
async fn snsapi_base_goes_back_at_once_with_a_code_and_the_state() {
    let lab = Lab::start().await;
    let reply = lab.get(&good("snsapi_base")).await;
    let (url, pairs) = target(&reply);
    assert_eq!((url.host_str(), url.port(), url.path()), (Some("127.0.0.1"), Some(8080), "/back"));
    let names: Vec<_> = pairs.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["keep", "code", "state"], "an existing query stays");
    assert_eq!((pairs[1].1.len(), pairs[2].1.as_str()), (32, "abc123"));
    assert_eq!(openid_of(&lab, &reply).await, lab.simulator.openid("official", "alice").unwrap());
    let bare = lab.get(&link("https://localhost", "snsapi_base", "x")).await;
    assert!(bare.header("location").unwrap().starts_with("https://localhost/?code="));
    let fragment = lab.get(&link("http://localhost/#/page", "snsapi_base", "x")).await;
    assert!(fragment.header("location").unwrap().ends_with("&state=x#/page"));
}

#[tokio::test]
async fn snsapi_userinfo_shows_one_form_that_works_without_script() {
    let lab = Lab::start().await;
    let reply = lab.get(&good("snsapi_userinfo")).await;
    is_page(&reply, "申请使用");
    let page = &reply.body;
    assert_eq!(page.matches("<form method=\"post\"").count(), 1);
    assert!(!page.contains("<script"));
    for input in [
        format!("<input type=\"hidden\" name=\"appid\" value=\"{OFFICIAL}\">"),
        format!("<input type=\"hidden\" name=\"redirect_uri\" value=\"{BACK}\">"),
        String::from("<input type=\"hidden\" name=\"response_type\" value=\"code\">"),
        String::from("<input type=\"hidden\" name=\"scope\" value=\"snsapi_userinfo\">"),
        String::from("<input type=\"hidden\" name=\"state\" value=\"abc123\">"),
        String::from("<button type=\"submit\" name=\"decision\" value=\"allow\">允许</button>"),
        String::from("<button type=\"submit\" name=\"decision\" value=\"deny\">拒绝</button>"),
        String::from("<select name=\"_sim_user\">"),
    ] {
        assert!(page.contains(&input), "{input}");
    }
}

fn fields<'a>(user: &'a str, decision: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("decision", decision),
        ("appid", OFFICIAL),
        ("redirect_uri", BACK),
        ("response_type", "code"),
        ("scope", "snsapi_userinfo"),
        ("state", "abc123"),
        ("_sim_user", user),
    ]
}

#[tokio::test]
async fn the_forms_buttons_allow_with_a_redirect_and_deny_with_a_page() {
    let lab = Lab::start().await;
    let path = "/connect/oauth2/authorize";
    let allowed = lab.submit(path, &fields("bob", "allow")).await;
    assert_eq!(openid_of(&lab, &allowed).await, lab.simulator.openid("official", "bob").unwrap());
    is_page(&lab.submit(path, &fields("bob", "deny")).await, "你已拒绝授权");
    is_page(&lab.submit(path, &fields("zoe", "allow")).await, "_sim_user: no user `zoe`");
    is_page(&lab.submit(path, &fields("bob", "perhaps")).await, "must be allow or deny");
    let mut foreign = fields("bob", "allow");
    foreign[2].1 = "http://evil.example/";
    is_page(&lab.submit(path, &foreign).await, "10003");
}

#[tokio::test]
async fn the_shortcut_answers_at_once() {
    let lab = Lab::start().await;
    let with = |extra: &str| format!("{}{extra}", good("snsapi_userinfo"));
    let allowed = lab.get(&with("&_sim_user=carol&_sim_consent=allow")).await;
    assert_eq!(openid_of(&lab, &allowed).await, lab.simulator.openid("official", "carol").unwrap());
    is_page(&lab.get(&with("&_sim_user=carol&_sim_consent=deny")).await, "你已拒绝授权");
    let sheet = lab.get(&with("&_sim_user=carol")).await;
    is_page(&sheet, "<option value=\"u3\" selected>");
    is_page(&lab.get(&with("&_sim_consent=maybe")).await, "_sim_consent: must be allow or deny");
    let base = lab.get(&format!("{}&_sim_user=bob", good("snsapi_base"))).await;
    assert_eq!(openid_of(&lab, &base).await, lab.simulator.openid("official", "bob").unwrap());
}

#[tokio::test]
async fn a_browser_remembers_who_was_chosen_last() {
    let lab = Lab::start().await;
    let allowed = lab.submit("/connect/oauth2/authorize", &fields("bob", "allow")).await;
    let cookie = allowed.header("set-cookie").expect("a cookie").split(';').next().unwrap().to_owned();
    let again = lab.get_with_cookie(&good("snsapi_base"), &cookie).await;
    assert_eq!(openid_of(&lab, &again).await, lab.simulator.openid("official", "bob").unwrap());
    let gone = lab.get_with_cookie(&good("snsapi_base"), "_sim_user=nobodyknows").await;
    assert_eq!(openid_of(&lab, &gone).await, lab.simulator.openid("official", "alice").unwrap());
}

#[tokio::test]
async fn what_is_wrong_shows_wechats_page_with_its_code() {
    let lab = Lab::start().await;
    let of = |query: &str| format!("/connect/oauth2/authorize?{query}");
    let back = encoded(BACK);
    let cases = [
        (of(""), "错误码：10012"),
        (of(&format!("appid=&redirect_uri={back}")), "错误码：10012"),
        (of("appid=wx0000000000000000"), "错误码：40013"),
        (of(&format!("appid={WEBSITE}")), "错误码：10016"),
        (of(&format!("appid={MINI}")), "错误码：10016"),
        (of(&format!("appid={OFFICIAL}&response_type=code&scope=snsapi_base&state=1")), "错误码：10011"),
        (of(&format!("appid={OFFICIAL}&redirect_uri={back}&response_type=code&state=1")), "错误码：10010"),
        (
            of(&format!("appid={OFFICIAL}&redirect_uri={back}&response_type=code&scope=snsapi_base")),
            "错误码：10013",
        ),
        (link(BACK, "snsapi_base", ""), "错误码：10013"),
        (link(BACK, "snsapi_login", "1"), "错误码：10005"),
        (link(BACK, "SNSAPI_BASE", "1"), "错误码：10005"),
        (
            of(&format!(
                "appid={OFFICIAL}&redirect_uri={back}&response_type=token&scope=snsapi_base&state=1"
            )),
            "response_type 参数错误",
        ),
    ];
    for (target, text) in cases {
        is_page(&lab.get(&target).await, text);
    }
    let calls = lab.simulator.calls(Some("/connect/oauth2/authorize"), None);
    let errcodes: Vec<_> = calls.iter().filter_map(|call| call.errcode).collect();
    assert_eq!(errcodes, [10012, 10012, 40013, 10016, 10016, 10011, 10010, 10013, 10013, 10005, 10005, -1]);
}

#[tokio::test]
async fn only_the_exact_hosts_of_the_app_are_gone_back_to() {
    let lab = Lab::start().await;
    lab.change_app(&json!({"name": "official", "callback_domains": ["www.qq.com", "127.0.0.1"]}));
    for allowed in ["https://www.qq.com/x", "http://WWW.QQ.COM:8443/", "http://127.0.0.1/"] {
        assert_eq!(lab.get(&link(allowed, "snsapi_base", "1")).await.status, 302, "{allowed}");
    }
    let foreign = [
        "http://qq.com/",
        "http://pay.qq.com/",
        "http://www.qq.com.evil.example/",
        "http://evil.example/?www.qq.com",
        "http://127.0.0.1@evil/",
        "http://evil@127.0.0.1/",
        "http://127.0.0.1:80@evil.example/",
        "http://evil.example#@127.0.0.1/",
        "http://evil.example\\@127.0.0.1/",
        "http://127.0.0.1%2eevil.example/",
        "//127.0.0.1/",
        "/back",
        "127.0.0.1",
        "javascript://127.0.0.1/%0aalert(1)",
        "ftp://127.0.0.1/",
        "data:text/html,127.0.0.1",
        "http%3A%2F%2F127.0.0.1%2F",
        "http://",
    ];
    for redirect_uri in foreign {
        is_page(&lab.get(&link(redirect_uri, "snsapi_base", "1")).await, "错误码：10003");
    }
    lab.change_app(&json!({"name": "official", "callback_domains": []}));
    is_page(&lab.get(&good("snsapi_base")).await, "错误码：10003");
}

#[tokio::test]
async fn a_redirect_cannot_be_split_into_other_headers() {
    let lab = Lab::start().await;
    let reply = lab.get(&link("http://127.0.0.1/a\r\nX-Evil: 1", "snsapi_base", "1")).await;
    assert!(reply.header("x-evil").is_none());
    lab.change_app(&json!({"name": "official", "strict": false}));
    let reply = lab.get(&link(BACK, "snsapi_base", "a\r\nX-Evil: 1&code=other#")).await;
    assert!(reply.header("x-evil").is_none());
    let (_, pairs) = target(&reply);
    assert_eq!(pairs[2], (String::from("state"), String::from("a\r\nX-Evil: 1&code=other#")));
    assert_eq!(pairs.len(), 3);
}

#[tokio::test]
async fn the_order_of_parameters_counts_unless_the_app_is_lenient() {
    let lab = Lab::start().await;
    let back = encoded(BACK);
    let of = |query: String| format!("/connect/oauth2/authorize?{query}");
    let reordered = [
        of(format!("redirect_uri={back}&appid={OFFICIAL}&response_type=code&scope=snsapi_base&state=1")),
        of(format!("appid={OFFICIAL}&redirect_uri={back}&scope=snsapi_base&response_type=code&state=1")),
        of(format!("appid={OFFICIAL}&redirect_uri={back}&response_type=code&state=1&scope=snsapi_base")),
        of(format!(
            "appid={OFFICIAL}&connect_redirect=1&redirect_uri={back}&response_type=code&scope=snsapi_base&state=1"
        )),
        format!("{}&nonce=1", good("snsapi_base")),
        format!("{}&appid={MINI}", good("snsapi_base")),
    ];
    for target in &reordered {
        is_page(&lab.get(target).await, "参数顺序");
    }
    for extra in ["&connect_redirect=1", "&forcePopup=true&connect_redirect=1"] {
        assert_eq!(lab.get(&format!("{}{extra}", good("snsapi_base"))).await.status, 302, "{extra}");
    }
    lab.change_app(&json!({"name": "official", "strict": false}));
    for target in &reordered {
        assert_eq!(lab.get(target).await.status, 302, "{target}");
    }
    let stateless = of(format!("appid={OFFICIAL}&redirect_uri={back}&response_type=code&scope=snsapi_base"));
    assert_eq!(lab.get(&stateless).await.status, 302);
}

#[tokio::test]
async fn a_state_is_128_letters_and_digits_at_most_unless_the_app_is_lenient() {
    let lab = Lab::start().await;
    let (fits, long) = ("a".repeat(128), "a".repeat(129));
    assert_eq!(lab.get(&link(BACK, "snsapi_base", &fits)).await.status, 302);
    let refused = [long.as_str(), "a-b", "a.b", "a b", "状态"];
    for state in refused {
        is_page(&lab.get(&link(BACK, "snsapi_base", state)).await, "state 参数错误");
    }
    lab.change_app(&json!({"name": "official", "strict": false}));
    for state in refused {
        let (_, pairs) = target(&lab.get(&link(BACK, "snsapi_base", state)).await);
        assert_eq!(pairs[2].1, state);
    }
    let endless = link(BACK, "snsapi_base", &"a".repeat(9000));
    assert_eq!(lab.get(&endless).await.status, 414);
}

#[tokio::test]
async fn nothing_that_is_shown_becomes_markup() {
    let lab = Lab::start().await;
    lab.simulator.change_person(&json!({"name": "alice", "nickname": "<script>alert(1)</script>"})).unwrap();
    lab.change_app(&json!({"name": "official", "strict": false}));
    let state = "\"><script>alert(2)</script>";
    let sheet = lab.get(&link(BACK, "snsapi_userinfo", state)).await;
    is_page(&sheet, "&lt;script&gt;alert(1)");
    assert!(!sheet.body.contains("<script"));
    let unknown = lab.get(&format!("{}&_sim_user=%3Cscript%3E", good("snsapi_base"))).await;
    is_page(&unknown, "&lt;script&gt;");
    assert!(!unknown.body.contains("<script"));
}

#[tokio::test]
async fn accounts_that_may_not_say_so() {
    let lab = Lab::start().await;
    let set = |fields| lab.change_app(&fields);
    set(json!({"name": "official", "certified": false}));
    is_page(&lab.get(&good("snsapi_userinfo")).await, "错误码：10005");
    assert_eq!(lab.get(&good("snsapi_base")).await.status, 302);
    set(json!({"name": "official", "certified": true, "test_account": true}));
    is_page(&lab.get(&good("snsapi_base")).await, "错误码：10006");
    lab.simulator.change_person(&json!({"name": "alice", "follows": [OFFICIAL]})).unwrap();
    assert_eq!(lab.get(&good("snsapi_base")).await.status, 302);
    set(json!({"name": "official", "quotas": {"/connect/oauth2/authorize": {"per_minute": 1}}}));
    assert_eq!(lab.get(&good("snsapi_base")).await.status, 302);
    is_page(&lab.get(&good("snsapi_base")).await, "错误码：10009");
    set(json!({"name": "official", "banned": true}));
    is_page(&lab.get(&good("snsapi_base")).await, "错误码：10004");
}

#[tokio::test]
async fn faults_strike_pages_too() {
    let lab = Lab::start().await;
    let arm = |fault: serde_json::Value| {
        let lab = &lab;
        async move { lab.post("/_sim/faults", &fault).await }
    };
    let path = "/connect/oauth2/authorize";
    arm(json!({"path": path, "kind": "errcode", "errcode": 10009, "times": 1})).await;
    is_page(&lab.get(&good("snsapi_base")).await, "错误码：10009");
    arm(json!({"path": path, "kind": "http_status", "status": 502, "times": 1})).await;
    assert_eq!(lab.get(&good("snsapi_base")).await.status, 502);
    arm(json!({"path": "/connect/*", "kind": "garbage", "form": "html", "times": 1})).await;
    is_page(&lab.get(&good("snsapi_base")).await, "系统繁忙");
    assert_eq!(lab.get(&good("snsapi_base")).await.status, 302);
}
