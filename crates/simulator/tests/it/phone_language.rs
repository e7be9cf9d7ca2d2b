//! Whose phone it is and which language it is set to, as WeChat's pages and everybody's are told.

use serde_json::json;

use crate::{
    lab::Lab,
    phone::{Site, ask, view},
};

#[tokio::test]
async fn pages_are_in_the_phones_language_and_know_whose_it_is() {
    let (lab, (site, address)) = (Lab::start().await, Site::start().await);
    let asked = "appid=wx2000000000000002&redirect_uri=http%3A%2F%2F127.0.0.1%3A8080%2F&response_type=code&scope=snsapi_userinfo&state=1";
    let consent = format!("/connect/oauth2/authorize?{asked}");
    // Whoever comes with a browser of their own gets WeChat's wording, and says who they are.
    let bare = lab.get(&consent).await.body;
    assert!(bare.contains(">允许<") && bare.contains("<html lang=\"zh-CN\">") && bare.contains("<select"));

    let (host, own) = (view(&lab, "u2", address), view(&lab, "u2", lab.address));
    ask(&lab, &host, "GET", "/page", "Accept-Language: fr\r\n", "").await;
    assert_eq!(site.last().1["accept-language"], "fr", "a phone that has not said is the browser's");
    assert!(
        ask(&lab, &host, "GET", "/_phone/view.js", "", "").await.body.contains("'' || navigator.language")
    );
    for (language, allow, refused, gone) in [
        ("en", ">Allow<", "You did not allow it", "has been used or has expired"),
        ("ru", ">Разрешить<", "Вы не дали разрешения", "уже использован"),
        ("zh", ">允许<", "你已拒绝授权", "二维码已失效"),
    ] {
        let set = format!("/_phone/open?user=bob&lang={language}&url=http%3A%2F%2F{address}%2Fpage");
        assert_eq!(lab.get(&set).await.status, 200);
        let sheet = ask(&lab, &own, "GET", &consent, "", "").await.body;
        assert!(sheet.contains(allow), "{sheet}");
        assert!(sheet.contains("<input type=\"hidden\" name=\"_sim_user\" value=\"u2\">"), "{sheet}");
        assert!(sheet.contains("<bdi>Bob</bdi>") && !sheet.contains("<select"), "{sheet}");
        let answer = format!("{asked}&_sim_user=u2&decision=deny");
        let form = "Content-Type: application/x-www-form-urlencoded\r\nSec-Fetch-Site: same-origin\r\n";
        let denied = ask(&lab, &own, "POST", "/connect/oauth2/authorize", form, &answer).await;
        assert!(denied.body.contains(refused), "{}", denied.body);
        let unknown = ask(&lab, &own, "GET", "/connect/confirm?uuid=unknown", "", "").await;
        assert!(unknown.body.contains(gone), "{}", unknown.body);

        ask(&lab, &host, "GET", "/page", "Accept-Language: fr\r\n", "").await;
        let (_, headers, _) = site.last();
        let tag = if language == "zh" { "zh-CN" } else { language };
        assert_eq!(headers["accept-language"], tag);
        let agent = headers["user-agent"].to_str().unwrap();
        assert!(agent.ends_with(&format!(" Language/{}", tag.replace('-', "_"))), "{agent}");
        let script = ask(&lab, &host, "GET", "/_phone/view.js", "", "").await.body;
        assert!(script.contains(&format!("'{tag}' || navigator.language")), "{script}");
    }
    assert_eq!(lab.get("/_phone/open?user=bob&lang=de&url=http%3A%2F%2F127.0.0.1%2F").await.status, 400);
    lab.get("/_phone/open?user=bob&lang=ru&url=http%3A%2F%2F127.0.0.1%2F").await;
    lab.post("/_sim/reset", &json!({})).await;
    assert!(ask(&lab, &own, "GET", &consent, "", "").await.body.contains(">允许<"));
}

#[tokio::test]
async fn a_browser_without_views_opens_the_page_in_a_tab() {
    let lab = Lab::start().await;
    let tab = async |query: &str| lab.get(&format!("/_phone/tab?{query}")).await;
    let answer = tab("user=bob&lang=en&url=http%3A%2F%2F127.0.0.1%3A8080%2Fs%2Fabc%3Fx%3D1").await;
    assert_eq!((answer.status, answer.header("location")), (303, Some("http://127.0.0.1:8080/s/abc?x=1")));
    for cookie in ["_sim_user=u2; Path=/", "_sim_lang=en; Path=/"] {
        assert!(answer.head.contains(cookie), "{}", answer.head);
    }
    for (query, status) in [
        ("user=bob", 400),
        ("user=mallory&url=http%3A%2F%2F127.0.0.1%2F", 400),
        ("user=bob&lang=x&url=http%3A%2F%2F127.0.0.1%2F", 400),
        ("user=bob&url=https%3A%2F%2Fexample.com%2F", 403),
        ("user=bob&url=javascript%3Aalert(1)", 403),
    ] {
        let refused = tab(query).await;
        assert_eq!((refused.status, refused.header("location")), (status, None), "{query}");
        assert!(refused.header("set-cookie").is_none(), "{query}");
    }
}
