use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use weir_core::apikey::Scope;
use weir_testkit::{Client, START, TestWeir};

use super::{AUTH, official, refused, set_cookie};

async fn log_in(weir: &TestWeir, user: &str) -> (String, Client) {
    let answer = weir.client.post(AUTH, &json!({ "code": official(weir, user).await })).await;
    let openid = answer.data()["user_info"]["openid"].as_str().unwrap().to_owned();
    let cookie = set_cookie(&answer, "weir_h5").unwrap();
    (openid, weir.client.with_header("cookie", format!("other=1; weir_h5={cookie}")))
}

fn nobody() -> serde_json::Value {
    json!({ "code": 200, "message": "success", "data": { "exists": false, "need_auth": true, "message": "用户不存在，需要重新授权" } })
}

/// What the published code does with the page.
#[derive(Debug, PartialEq)]
enum Shown {
    /// `displayUserInfo`, with the nickname and the end of the consent.
    User(String, i64),
    /// `startWechatAuth`
    Consent,
    /// `showLoginButton`
    Button,
    /// `showError`, with the server's message.
    Error(String),
}

/// A browser with the published page: what its code asks and what it looks at, step by step as in its document.
#[derive(Clone)]
struct PublishedPage {
    site: Client,
    cookie: String,
    /// `wechat_openid` in its `localStorage`.
    openid: Option<String>,
}

impl PublishedPage {
    fn new(site: &Client) -> Self {
        Self { site: site.clone(), cookie: "other=1".to_owned(), openid: None }
    }

    fn browser(&self) -> Client {
        self.site.with_header("cookie", self.cookie.as_str())
    }

    /// `handleWechatCallback`
    async fn comes_back(&mut self, code: &str) -> Shown {
        let answer = self.browser().post(AUTH, &json!({ "code": code, "state": "aPagesOwn7" })).await;
        if answer.json["code"] != 200 {
            return Shown::Error(answer.json["message"].as_str().unwrap().to_owned());
        }
        let user = &answer.json["data"]["user_info"];
        self.openid = Some(user["openid"].as_str().unwrap().to_owned());
        self.cookie = format!("other=1; weir_h5={}", set_cookie(&answer, "weir_h5").unwrap());
        self.opens().await
    }

    /// `window.onload` without a code in the address: `checkAuthStatus`.
    async fn opens(&self) -> Shown {
        let Some(openid) = &self.openid else { return Shown::Button };
        let answer = self.browser().get(&format!("/api/user/{openid}")).await;
        assert_eq!((answer.status, &answer.json["code"]), (200, &json!(200)), "{}", answer.text);
        let result = &answer.json["data"];
        let is = |field: &str| result[field].as_bool().unwrap_or_else(|| panic!("{}", answer.text));
        if !is("exists") || is("need_auth") {
            return Shown::Consent;
        }
        let user = &result["user_info"];
        Shown::User(user["nickname"].as_str().unwrap().to_owned(), user["expires_at"].as_i64().unwrap())
    }
}

weir_testkit::engines! {
    async fn the_published_page_works_until_a_day_is_over_and_asks_again_from_then_on(engine) {
        let Some(mut weir) = TestWeir::start(engine).await else { return };
        let mut page = PublishedPage::new(&weir.client);
        assert_eq!(page.opens().await, Shown::Button);
        let first = official(&weir, "bob").await;
        let day = 86_400;
        let bob = |since: i64| Shown::User("Bob".to_owned(), since + day);
        assert_eq!(page.comes_back(&first).await, bob(START.seconds()));
        let (_, replica) = weir.replica().await;
        let elsewhere = PublishedPage { site: replica, ..page.clone() };

        // A reload in the last second, then in the first one after, and ever after.
        weir.clock.advance(Duration::from_millis(86_399_999));
        assert_eq!(page.opens().await, bob(START.seconds()));
        assert_eq!(elsewhere.opens().await, bob(START.seconds()));
        weir.clock.advance(Duration::from_millis(1));
        assert_eq!(page.opens().await, Shown::Consent);
        assert_eq!(elsewhere.opens().await, Shown::Consent);
        weir.clock.advance(Duration::from_secs(7 * 86_400));
        assert_eq!(page.opens().await, Shown::Consent);

        // The old code brings nobody in again; the page's error is WeChat's reason. A new consent is good for a day of its own.
        let Shown::Error(message) = page.comes_back(&first).await else { panic!("a code works once") };
        assert!(message.starts_with("微信授权失败: "), "{message}");
        assert_eq!(page.opens().await, Shown::Consent);
        let again = START.seconds() + 8 * day;
        assert_eq!(page.comes_back(&official(&weir, "bob").await).await, bob(again));
        weir.clock.advance(Duration::from_secs(86_399));
        assert_eq!(page.opens().await, bob(again));
        weir.clock.advance(Duration::from_secs(1));
        assert_eq!(page.opens().await, Shown::Consent);
    }

    async fn whoever_proves_who_they_are_is_told_that_the_day_is_over(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let (alice, alices) = log_in(&weir, "alice").await;
        let token = weir.person("alice").login().await["access_token"].as_str().unwrap().to_owned();
        let key = weir.api_key(&[Scope::UsersRead]).await;
        let path = format!("/api/user/{alice}");
        let everybody = [alices, weir.client.with_bearer(token), weir.client.with_bearer(key)];
        for (ahead, over) in [(86_399, false), (1, true), (86_400, true)] {
            weir.clock.advance(Duration::from_secs(ahead));
            for known in &everybody {
                let data = known.get(&path).await.data().clone();
                assert_eq!((&data["exists"], &data["need_auth"]), (&json!(true), &json!(over)));
                assert_eq!(data["user_info"]["expires_at"], START.seconds() + 86_400);
                assert!(data.get("message").is_none());
            }
            assert_eq!(weir.client.get(&path).await.json, nobody(), "a stranger learns nothing, before or after");
        }
    }

    async fn a_login_answers_as_published(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let answer = weir.client.post(AUTH, &json!({ "code": official(&weir, "alice").await, "state": "aPagesOwn7" })).await;
        assert_eq!(answer.json["code"], 200);
        assert_eq!(answer.json["message"], "success");
        assert_eq!(answer.data()["message"], "微信登录成功");
        let user = &answer.data()["user_info"];
        assert_eq!(user["login_time"], START.seconds());
        for (field, value) in [("nickname", json!("爱丽丝 🌸")), ("sex", json!(0)), ("country", json!("")), ("province", json!("")), ("city", json!("")), ("privilege", json!([]))] {
            assert_eq!(user[field], value, "{field}");
        }
        assert!(user["headimgurl"].is_string() && user["language"].is_string() && user.get("expires_at").is_none());
        let line = answer.headers.get("set-cookie").unwrap().to_str().unwrap();
        assert!(line.contains("HttpOnly") && line.contains("SameSite=Lax") && !line.contains("Secure"), "{line}");
        // Longer than the day, so that whoever comes back is told that it is over, and not that nobody knows them.
        assert!(line.contains("; Max-Age=2592000;"), "{line}");
    }

    async fn on_https_cookies_stay_there(engine) {
        let Some(weir) = TestWeir::start_with(engine, |setup| "https://id.example.com".clone_into(&mut setup.core.web.public_url)).await else { return };
        let answer = weir.client.post(AUTH, &json!({ "code": official(&weir, "alice").await })).await;
        let line = answer.headers.get("set-cookie").unwrap().to_str().unwrap();
        assert!(line.starts_with("__Host-weir_h5=") && line.contains("Path=/;") && line.ends_with("; Secure"), "{line}");
        let openid = answer.data()["user_info"]["openid"].as_str().unwrap();
        let cookie = set_cookie(&answer, "__Host-weir_h5").unwrap();
        for (name, knows) in [("__Host-weir_h5", true), ("weir_h5", false)] {
            // Without the prefix a page on a sibling domain may have planted it.
            let browser = weir.client.with_header("cookie", format!("{name}={cookie}"));
            assert_eq!(browser.get(&format!("/api/user/{openid}")).await.data()["exists"], knows, "{name}");
        }
    }

    async fn bad_input_is_named_as_published(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let required = "请求参数错误: Key: 'WechatAuthRequest.Code' Error:Field validation for 'Code' failed on the 'required' tag";
        refused(&weir.client.post(AUTH, &json!({})).await, 400, required);
        refused(&weir.client.post(AUTH, &json!({ "code": "" })).await, 400, required);
        refused(&weir.client.post(AUTH, &json!({ "code": 7 })).await, 400, "请求参数错误: code has the wrong type");
        refused(&weir.client.send(Method::POST, AUTH, Some(("{".into(), "application/json"))).await, 400, "请求参数错误: ");
        refused(&weir.client.send(Method::POST, AUTH, Some(("x".into(), "text/plain"))).await, 415, "");
        refused(&weir.client.get(AUTH).await, 405, "");
        refused(&weir.client.get("/api/user/a/b").await, 404, "");
        refused(&weir.client.post(AUTH, &json!({ "code": "x".repeat(1 << 20) })).await, 413, "");
    }

    async fn an_openid_is_told_about_to_its_person_only(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let ((alice, alices), (_, bobs)) = (log_in(&weir, "alice").await, log_in(&weir, "bob").await);
        let path = format!("/api/user/{alice}");
        let data = alices.get(&path).await.data().clone();
        assert_eq!((&data["exists"], &data["need_auth"]), (&json!(true), &json!(false)));
        assert_eq!(data["user_info"]["expires_at"], START.seconds() + 86_400);
        let token = weir.person("alice").login().await["access_token"].as_str().unwrap().to_owned();
        assert_eq!(weir.client.with_bearer(&token).get(&path).await.data()["exists"], true, "the same person's mini-program");
        let key = weir.api_key(&[Scope::UsersRead]).await;
        assert_eq!(weir.client.with_bearer(key).get(&path).await.data()["exists"], true);
        let bobs_token = weir.person("bob").login().await["access_token"].as_str().unwrap().to_owned();
        let wrong_key = weir.api_key(&[Scope::CrmRead]).await;
        for stranger in [
            weir.client.clone(),
            bobs,
            weir.client.with_bearer(bobs_token),
            weir.client.with_bearer(wrong_key),
            weir.client.with_bearer("nonsense"),
            weir.client.with_header("cookie", "weir_h5=v1.nonsense.AAAA"),
        ] {
            assert_eq!(stranger.get(&path).await.json, nobody());
            assert_eq!(stranger.get("/api/user/oNobodyAtAll").await.json, nobody());
        }
    }

    async fn a_consent_ends_after_a_day_to_the_second(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let (alice, alices) = log_in(&weir, "alice").await;
        let path = format!("/api/user/{alice}");
        weir.clock.advance(Duration::from_secs(86_399));
        assert_eq!(alices.get(&path).await.data()["need_auth"], false);
        weir.clock.advance(Duration::from_secs(1));
        let over = alices.get(&path).await.data().clone();
        assert_eq!((&over["exists"], &over["need_auth"]), (&json!(true), &json!(true)));
        assert_eq!(over["user_info"]["openid"], alice);
        let (_, again) = log_in(&weir, "alice").await;
        assert_eq!(again.get(&path).await.data()["need_auth"], false);
    }

    async fn an_erased_person_is_nobody_and_their_cookie_is_dead(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let (alice, alices) = log_in(&weir, "alice").await;
        weir.person("alice").signed_in().await.delete("/api/v1/users/me").await.data();
        assert_eq!(alices.get(&format!("/api/user/{alice}")).await.json, nobody());
        assert_eq!(weir.database.dump().await["authorizations"].len(), 0);
        assert!(!weir.database.dump().await.values().flatten().any(|row| row.contains(&alice)));
    }

    async fn the_code_of_an_erased_person_brings_nobody_back(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let body = json!({ "code": official(&weir, "alice").await });
        weir.client.post(AUTH, &body).await.data();
        weir.person("alice").signed_in().await.delete("/api/v1/users/me").await.data();
        refused(&weir.client.post(AUTH, &body).await, 500, "微信授权失败: code been used");
        let dump = weir.database.dump().await;
        assert!(dump["users"].iter().all(|row| row.contains("erased")), "{:?}", dump["users"]);
    }

    async fn the_page_and_its_script_are_served(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let page = weir.client.get("/wechat/frontend-driven").await;
        assert!(page.status == 200 && page.text.contains("/wechat/frontend-driven.js"));
        let policy = page.headers.get("content-security-policy").unwrap().to_str().unwrap();
        assert!(policy.starts_with("default-src 'self'") && !policy.contains("unsafe"), "{policy}");
        for part in ["object-src 'none'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"] {
            assert!(policy.contains(part), "{policy}");
        }
        let script = weir.client.get("/wechat/frontend-driven.js").await;
        assert!(script.text.contains("state !== sessionStorage.getItem('wechat_state')"), "a foreign state logs nobody in");
        assert!(script.status == 200 && script.text.contains("/api/wechat/auth"));
        let style = weir.client.get("/wechat/frontend-driven.css").await;
        assert!(style.status == 200 && style.text.contains(".weui-btn_primary"), "built with Node or not");
        // Nothing comes from elsewhere, and every word that the page shows first exists in the script's three languages.
        for text in [&page.text, &script.text, &style.text] {
            for link in ["src=\"http", "href=\"http", "url(http", "import "] {
                assert!(!text.contains(link), "{link}");
            }
        }
        for word in page.text.split("data-word=\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
            assert_eq!(script.text.matches(&format!("{word}:")).count(), 3, "{word}");
        }
    }
}
