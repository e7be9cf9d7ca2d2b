//! `/cgi-bin/user/*`, and what else an account may ask about itself.

use serde_json::{Value, json};

use crate::lab::{Lab, OFFICIAL};

async fn ask(lab: &Lab, path: &str, query: &str) -> Value {
    let token = lab.token("official").await;
    lab.get(&format!("{path}?access_token={token}{query}")).await.json()
}

async fn tell(lab: &Lab, path: &str, body: &Value) -> Value {
    let token = lab.token("official").await;
    lab.post(&format!("{path}?access_token={token}"), body).await.json()
}

async fn follow(lab: &Lab, user: &str) -> String {
    let reply = lab.post("/_sim/users", &json!({"name": user, "follows": ["official"]})).await;
    assert_eq!(reply.json()["follows"], json!([OFFICIAL]), "an app's name is turned into its appid");
    lab.simulator.openid("official", user).expect("an openid")
}

#[tokio::test]
async fn a_follower_is_told_without_nickname_and_a_stranger_not_at_all() {
    let lab = Lab::start().await;
    let (alice, bob) = (follow(&lab, "alice").await, lab.simulator.openid("official", "bob").unwrap());
    let info = ask(&lab, "/cgi-bin/user/info", &format!("&openid={alice}&lang=zh_CN")).await;
    assert_eq!((&info["subscribe"], &info["openid"], info.get("errcode")), (&json!(1), &json!(alice), None));
    assert!(info["unionid"].is_string() && info["subscribe_time"].is_number());
    for withdrawn in ["nickname", "headimgurl", "sex", "city"] {
        assert!(info.get(withdrawn).is_none(), "{withdrawn}");
    }
    let stranger = ask(&lab, "/cgi-bin/user/info", &format!("&openid={bob}")).await;
    assert_eq!(stranger, json!({"subscribe": 0, "openid": bob}));
    assert_eq!(ask(&lab, "/cgi-bin/user/info", "").await["errcode"], 41009);
    assert_eq!(ask(&lab, "/cgi-bin/user/info", "&openid=oNobody").await["errcode"], 40003);
    let both = json!({"user_list": [{"openid": alice}, {"openid": bob, "lang": "zh_CN"}]});
    let list = tell(&lab, "/cgi-bin/user/info/batchget", &both).await["user_info_list"].clone();
    assert_eq!(list, json!([info, stranger]));
    let many = json!({"user_list": vec![json!({"openid": bob}); 101]});
    assert_eq!(tell(&lab, "/cgi-bin/user/info/batchget", &many).await["errcode"], 40035);
    assert_eq!(tell(&lab, "/cgi-bin/user/info/batchget", &json!({})).await["errcode"], 47001);
}

#[tokio::test]
async fn followers_are_listed_page_by_page() {
    let lab = Lab::start().await;
    assert_eq!(ask(&lab, "/cgi-bin/user/get", "").await, json!({"total": 0, "count": 0, "next_openid": ""}));
    let (alice, bob) = (follow(&lab, "alice").await, follow(&lab, "bob").await);
    let all = ask(&lab, "/cgi-bin/user/get", "").await;
    assert_eq!(all, json!({"total": 2, "count": 2, "data": {"openid": [alice, bob]}, "next_openid": bob}));
    let rest = ask(&lab, "/cgi-bin/user/get", &format!("&next_openid={alice}")).await;
    assert_eq!((&rest["count"], &rest["data"]), (&json!(1), &json!({"openid": [bob]})));
    assert_eq!(ask(&lab, "/cgi-bin/user/get", &format!("&next_openid={bob}")).await["count"], 0);
    assert_eq!(ask(&lab, "/cgi-bin/user/get", "&next_openid=x").await["errcode"], 40003);
    let wrong = lab.post("/_sim/users", &json!({"name": "alice", "follows": ["none"]})).await;
    assert_eq!((wrong.status, wrong.json()["error"].as_str()), (404, Some("follows: no app `none`")));
    let mini = lab.token("mini").await;
    assert_eq!(lab.get(&format!("/cgi-bin/user/get?access_token={mini}")).await.errcode(), 48001);
}

#[tokio::test]
async fn an_app_can_ask_what_is_left_of_its_quota() {
    let lab = Lab::start().await;
    let path = "/cgi-bin/openapi/quota/get";
    let of = |cgi_path: &str| json!({ "cgi_path": cgi_path });
    let told = tell(&lab, path, &of("/cgi-bin/token")).await;
    assert_eq!(told["quota"], json!({"daily_limit": 2000, "used": 1, "remain": 1999}));
    assert_eq!(told["errcode"], 0);
    let minute = tell(&lab, path, &of("/cgi-bin/stable_token")).await;
    assert_eq!(minute["rate_limit"], json!({"call_count": 10_000, "refresh_second": 60}));
    assert_eq!(tell(&lab, path, &of("/sns/userinfo")).await["errcode"], 76022);
    assert_eq!(tell(&lab, path, &of("/cgi-bin/nothing")).await["errcode"], 76021);
    assert_eq!(tell(&lab, path, &of("cgi-bin/token")).await["errcode"], 76003);
    assert_eq!(ask(&lab, "/cgi-bin/getcallbackip", "").await, json!({"ip_list": ["127.0.0.1"]}));
    assert_eq!(lab.get("/cgi-bin/getcallbackip").await.errcode(), 41001);
}
