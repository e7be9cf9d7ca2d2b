//! `/cgi-bin/token`, `/cgi-bin/stable_token`, `/cgi-bin/clear_quota`.

use serde_json::{Value, json};

use crate::lab::{Lab, MINI, OFFICIAL, SECRET, token_target};

#[tokio::test]
async fn a_token_has_wechats_form_and_lives_two_hours() {
    let lab = Lab::start().await;
    let reply = lab.get(&token_target("mini")).await;
    assert_eq!(reply.header("content-type"), Some("application/json; encoding=utf-8"));
    let json = reply.json();
    assert_eq!((json["expires_in"].clone(), json.get("errcode")), (json!(7200), None));
    let token = json["access_token"].as_str().unwrap();
    assert_eq!(token.len(), 136);
    lab.advance(7199);
    assert_eq!(lab.judge(token).await, 0);
    lab.advance(1);
    assert_eq!(lab.judge(token).await, 42001);
}

#[tokio::test]
async fn a_new_token_lets_the_old_one_work_for_five_minutes() {
    let lab = Lab::start().await;
    let old = lab.token("mini").await;
    let new = lab.token("mini").await;
    assert_ne!(old, new);
    lab.advance(299);
    assert_eq!((lab.judge(&old).await, lab.judge(&new).await), (0, 0));
    lab.advance(1);
    assert_eq!((lab.judge(&old).await, lab.judge(&new).await), (40001, 0));
    let official = lab.token("official").await;
    assert_eq!((lab.judge(&official).await, lab.judge(&new).await), (0, 0), "apps do not disturb each other");
}

#[tokio::test]
async fn bad_tokens_are_told_apart() {
    let lab = Lab::start().await;
    assert_eq!(lab.get("/cgi-bin/get_api_domain_ip").await.errcode(), 41001);
    assert_eq!(lab.judge("garbage").await, 40014);
    let unknown = format!("92_{}", "A".repeat(133));
    let reply = lab.get(&format!("/cgi-bin/get_api_domain_ip?access_token={unknown}")).await;
    assert_eq!(reply.errcode(), 40001);
    let wording = "invalid credential, access_token is invalid or not latest, could get access_token by \
                   getStableAccessToken, more details at https://mmbizurl.cn/s/JtxxFh33r rid: 6b49d200-";
    assert!(reply.errmsg().starts_with(wording), "{}", reply.errmsg());
}

#[tokio::test]
async fn every_refusal_of_a_token_has_its_code() {
    let lab = Lab::start().await;
    let of = |query: &str| format!("/cgi-bin/token?{query}");
    let cases = [
        (of("grant_type=client_credential&secret=x"), 41002),
        (of("appid=wx0000000000000000"), 40013),
        (of(&format!("appid={MINI}&secret={SECRET}")), 40002),
        (of(&format!("appid={MINI}&secret={SECRET}&grant_type=authorization_code")), 40002),
        (of(&format!("appid={MINI}&grant_type=client_credential")), 41004),
        (of(&format!("appid={MINI}&grant_type=client_credential&secret={SECRET}x")), 40125),
        (of("appid=wx3000000000000003&grant_type=client_credential&secret=demo-secret-website"), 40013),
    ];
    for (target, errcode) in cases {
        assert_eq!(lab.get(&target).await.errcode(), errcode, "{target}");
        assert!(lab.get(&target).await.errmsg().contains(" rid: "));
    }
    assert_eq!(lab.post(&token_target("mini"), &json!({})).await.errcode(), 43001);
    lab.change_app(&json!({"name": "mini", "secret_frozen": true}));
    assert_eq!(lab.get(&token_target("mini")).await.errcode(), 40243);
}

#[tokio::test]
async fn an_address_outside_the_whitelist_is_named() {
    let lab = Lab::start().await;
    lab.change_app(&json!({"name": "mini", "ip_whitelist": ["10.0.0.0/8"]}));
    let reply = lab.get(&token_target("mini")).await;
    assert_eq!(reply.errcode(), 40164);
    let wording = "invalid ip 127.0.0.1 ipv6 ::ffff:127.0.0.1, not in whitelist rid: ";
    assert!(reply.errmsg().starts_with(wording), "{}", reply.errmsg());
    assert_eq!(lab.stable(false).await["errcode"], 40164);
    lab.change_app(&json!({"name": "mini", "ip_whitelist": ["10.0.0.0/8", "127.0.0.1"]}));
    assert_eq!(lab.get(&token_target("mini")).await.errcode(), 0);
}

fn token_of(json: &Value) -> &str {
    json["access_token"].as_str().unwrap_or_else(|| panic!("{json}"))
}

#[tokio::test]
async fn a_stable_token_stays_until_its_last_five_minutes() {
    let lab = Lab::start().await;
    let first = lab.stable(false).await;
    assert_eq!((token_of(&first).len(), first["expires_in"].clone()), (157, json!(7200)));
    lab.advance(6855);
    let same = lab.stable(false).await;
    assert_eq!((token_of(&same), same["expires_in"].clone()), (token_of(&first), json!(345)));
    lab.advance(45);
    assert_eq!(lab.stable(false).await["expires_in"], 300);
    lab.advance(1);
    let next = lab.stable(false).await;
    assert_ne!(token_of(&next), token_of(&first));
    assert_eq!(next["expires_in"], 7200);
    lab.advance(298);
    assert_eq!((lab.judge(token_of(&first)).await, lab.judge(token_of(&next)).await), (0, 0));
    lab.advance(1);
    assert_eq!((lab.judge(token_of(&first)).await, lab.judge(token_of(&next)).await), (42001, 0));
}

#[tokio::test]
async fn forcing_ends_the_old_token_at_once_but_not_twice_in_thirty_seconds() {
    let lab = Lab::start().await;
    let first = lab.stable(false).await;
    let second = lab.stable(true).await;
    assert_ne!(token_of(&first), token_of(&second));
    assert_eq!((lab.judge(token_of(&first)).await, lab.judge(token_of(&second)).await), (40001, 0));
    lab.advance(29);
    let kept = lab.stable(true).await;
    assert_eq!((token_of(&kept), kept["expires_in"].clone()), (token_of(&second), json!(7171)));
    lab.advance(1);
    assert_ne!(token_of(&lab.stable(true).await), token_of(&second));
    assert_eq!(lab.judge(token_of(&second)).await, 40001);
}

#[tokio::test]
async fn twenty_forced_refreshes_a_day_and_no_more() {
    let lab = Lab::start().await;
    for _ in 0..20 {
        assert!(lab.stable(true).await.get("errcode").is_none());
        lab.advance(30);
    }
    assert_eq!(lab.stable(true).await["errcode"], 45009);
    assert!(lab.stable(false).await.get("errcode").is_none(), "asking without force still works");
    lab.advance(8 * 3600 - 600);
    assert!(lab.stable(true).await.get("errcode").is_none(), "a new day in Beijing");
}

#[tokio::test]
async fn the_two_families_of_tokens_know_nothing_of_each_other() {
    let lab = Lab::start().await;
    let stable = lab.stable(false).await;
    let classic = lab.token("mini").await;
    lab.token("mini").await;
    let forced = lab.stable(true).await;
    assert_eq!(lab.judge(token_of(&stable)).await, 40001, "ended by its own kind");
    assert_eq!(lab.judge(&classic).await, 0, "a forced stable token does not end it");
    lab.advance(300);
    assert_eq!(lab.judge(token_of(&forced)).await, 0, "nor the other way round");
}

#[tokio::test]
async fn a_stable_token_wants_a_json_post() {
    let lab = Lab::start().await;
    let ask = |method: &'static str, body: String| {
        let lab = &lab;
        async move { lab.ask(method, "/cgi-bin/stable_token", &body).await.unwrap().errcode() }
    };
    assert_eq!(ask("GET", String::new()).await, 43002);
    assert_eq!(ask("POST", String::new()).await, 44002);
    assert_eq!(ask("POST", String::from("appid=x&secret=y")).await, 47001);
    assert_eq!(ask("POST", json!({"grant_type": "client_credential"}).to_string()).await, 41002);
    let wrong =
        json!({"grant_type": "client_credential", "appid": MINI, "secret": SECRET, "force_refresh": "yes"});
    assert_eq!(ask("POST", wrong.to_string()).await, 47001);
}

#[tokio::test]
async fn a_days_tokens_run_out_and_can_be_cleared_ten_times_a_month() {
    let lab = Lab::start().await;
    lab.change_app(&json!({"name": "mini", "quotas": {"/cgi-bin/token": {"per_day": 2}}}));
    let token = lab.token("mini").await;
    lab.token("mini").await;
    let refused = lab.get(&token_target("mini")).await;
    assert_eq!(refused.errcode(), 45009);
    assert!(refused.errmsg().starts_with("reach max api daily quota limit rid: "));

    let clear = format!("/cgi-bin/clear_quota?access_token={token}");
    assert_eq!(lab.post(&clear, &json!({"appid": OFFICIAL})).await.errcode(), 40013);
    let cleared = lab.post(&clear, &json!({"appid": MINI})).await.json();
    assert_eq!(cleared, json!({"errcode": 0, "errmsg": "ok"}));
    assert_eq!(lab.get(&token_target("mini")).await.errcode(), 0);

    let v2 = "/cgi-bin/clear_quota/v2";
    assert_eq!(lab.post(v2, &json!({"appid": MINI, "appsecret": "wrong"})).await.errcode(), 40125);
    assert_eq!(lab.post(v2, &json!({"appid": MINI})).await.errcode(), 41004);
    for _ in 0..9 {
        assert_eq!(lab.post(v2, &json!({"appid": MINI, "appsecret": SECRET})).await.errcode(), 0);
    }
    assert_eq!(lab.post(v2, &json!({"appid": MINI, "appsecret": SECRET})).await.errcode(), 48006);
    lab.advance(17 * 86_400);
    let in_the_query = format!("{v2}?appid={MINI}&appsecret={SECRET}");
    assert_eq!(lab.ask("POST", &in_the_query, "").await.unwrap().errcode(), 0, "a new month");
}

#[tokio::test]
async fn two_thousand_tokens_a_day_by_default() {
    let lab = Lab::start().await;
    for _ in 0..2000 {
        lab.token("mini").await;
    }
    assert_eq!(lab.get(&token_target("mini")).await.errcode(), 45009);
    assert!(lab.stable(false).await.get("errcode").is_none(), "quotas count per path");
}
