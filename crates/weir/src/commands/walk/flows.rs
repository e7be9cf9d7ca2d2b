//! The flows themselves.

use std::{sync::Arc, time::Duration};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use weir_base::clock::pause;
use weir_core::{
    App,
    apikey::{self, Scope},
};

use super::{Walk, caller::Caller};

const APP: &str = "mini";

/// Every flow that exists.
pub(super) async fn all(walk: &mut Walk, app: &Arc<App>) {
    login(walk).await;
    tokens(walk).await;
    secrets_of_wechat(walk).await;
    operators(walk, app).await;
    super::web::all(walk).await;
    super::pages::all(walk, app).await;
    super::binding::all(walk, app).await;
    super::engagement::all(walk, app).await;
    wechat_misbehaves(walk).await;
    goodbye(walk).await;
}

fn text<'a>(value: &'a Value, field: &str) -> Result<&'a str> {
    value[field].as_str().with_context(|| format!("no {field} in the answer"))
}

/// What `wx.login` gives on somebody's phone.
async fn code(wechat: &Caller, user: &str) -> Result<String> {
    let answer = wechat.post("/_sim/login-code", json!({ "appid": APP, "user": user })).await?;
    Ok(text(&answer.json, "code")?.to_owned())
}

async fn log_in(weir: &Caller, wechat: &Caller, user: &str) -> Result<Value> {
    let code = code(wechat, user).await?;
    weir.post("/api/v1/auth/wx-login", json!({ "code": code })).await?.data()
}

async fn signed_in(walk: &Walk, user: &str) -> Result<Caller> {
    let data = log_in(&walk.weir, &walk.wechat, user).await?;
    Ok(walk.weir.with_bearer(text(&data, "access_token")?))
}

async fn login(walk: &mut Walk) {
    walk.chapter("Mini-program login");
    let (weir, wechat) = (walk.weir.clone(), walk.wechat.clone());
    let first = walk
        .step("alice's first login makes a user", async {
            let code = code(&wechat, "alice").await?;
            let body = json!({ "code": code, "nickName": "Alice", "avatarUrl": "https://example.com/a.png" });
            let data = weir.post("/api/v1/auth/wx-login", body).await?.data()?;
            let told = format!("user {}, openid {}", data["user"]["id"], text(&data["user"], "openid")?);
            Ok((data, told))
        })
        .await;
    let first = first.unwrap_or_default();
    walk.step("her second login is the same user, with her name kept", async {
        let data = log_in(&weir, &wechat, "alice").await?;
        ensure!(data["user"]["id"] == first["user"]["id"], "another user: {}", data["user"]["id"]);
        ensure!(data["user"]["nickname"] == "Alice", "the nickname is {}", data["user"]["nickname"]);
        Ok(((), format!("user {}", data["user"]["id"])))
    })
    .await;
    walk.step("bob is somebody else", async {
        let data = log_in(&weir, &wechat, "bob").await?;
        ensure!(data["user"]["id"] != first["user"]["id"], "the same user");
        Ok(((), format!("user {}", data["user"]["id"])))
    })
    .await;
    let me = weir.with_bearer(first["access_token"].as_str().unwrap_or_default());
    walk.step("she reads and changes her profile", async {
        ensure!(me.get("/api/v1/users/me").await?.data()?["nickname"] == "Alice", "not her profile");
        let changed =
            me.call("PATCH", "/api/v1/users/me", Some(json!({ "bio": "likes tea" }))).await?.data()?;
        Ok(((), format!("bio {}", changed["bio"])))
    })
    .await;
}

async fn tokens(walk: &mut Walk) {
    walk.chapter("Tokens");
    let (weir, wechat) = (walk.weir.clone(), walk.wechat.clone());
    walk.step("a refreshed token works and the old one is dead", async {
        let data = log_in(&weir, &wechat, "alice").await?;
        let old = weir.with_bearer(text(&data, "access_token")?);
        let refreshed = old.post("/api/v1/auth/refresh", json!({})).await?.data()?;
        let new = weir.with_bearer(text(&refreshed, "access_token")?);
        new.get("/api/v1/users/me").await?.data()?;
        old.get("/api/v1/users/me").await?.refused(401)?;
        Ok(((), format!("good for {} s", refreshed["expires_in"])))
    })
    .await;
    walk.step("a token refreshed twice ends its session: theft", async {
        let data = log_in(&weir, &wechat, "alice").await?;
        let old = weir.with_bearer(text(&data, "access_token")?);
        let refreshed = old.post("/api/v1/auth/refresh", json!({})).await?.data()?;
        let told = old.post("/api/v1/auth/refresh", json!({})).await?.refused(401)?;
        weir.with_bearer(text(&refreshed, "access_token")?).get("/api/v1/users/me").await?.refused(401)?;
        Ok(((), told))
    })
    .await;
    let alice = signed_in(walk, "alice").await;
    walk.step("after logging out the token is dead", async {
        let alice = alice?;
        alice.post("/api/v1/auth/logout", json!({})).await?.data()?;
        let told = alice.get("/api/v1/users/me").await?.refused(401)?;
        Ok(((), told))
    })
    .await;
    walk.step("a made-up token is refused", async {
        let told =
            weir.with_bearer("eyJhbGciOiJub25lIn0.e30.").get("/api/v1/users/me").await?.refused(401)?;
        Ok(((), told))
    })
    .await;
}

async fn secrets_of_wechat(walk: &mut Walk) {
    walk.chapter("What WeChat keeps for its users");
    let wechat = walk.wechat.clone();
    let alice = signed_in(walk, "alice").await;
    let Some(alice) = walk.step("alice logs in", async { Ok((alice?, String::new())) }).await else { return };
    walk.step("she gives her phone number", async {
        let given = wechat.post("/_sim/phone-code", json!({ "appid": APP, "user": "alice" })).await?;
        let phone = alice.post("/api/v1/auth/phone", json!({ "code": given.json["code"] })).await?.data()?;
        ensure!(phone["purePhoneNumber"] == "13800138000", "another number");
        Ok(((), "through the app's shared access_token".to_owned()))
    })
    .await;
    walk.step("data encrypted for her is decrypted", async {
        let sent = encrypted(&wechat).await?;
        let data = alice.post("/api/v1/auth/decrypt", sent).await?.data()?;
        ensure!(data["steps"] == 4321, "other data: {data}");
        Ok(((), format!("steps {}", data["steps"])))
    })
    .await;
    walk.step("WeChat still knows her session", async {
        let data = alice.get("/api/v1/auth/session").await?.data()?;
        ensure!(data["valid"] == true, "it does not");
        Ok(((), String::new()))
    })
    .await;
    walk.step("a session_key that WeChat replaced is told as stale", async {
        wechat.post("/_sim/session-key", json!({ "appid": APP, "user": "alice" })).await?;
        let sent = encrypted(&wechat).await?;
        let told = alice.post("/api/v1/auth/decrypt", sent).await?.refused(409)?;
        Ok(((), told))
    })
    .await;
}

async fn encrypted(wechat: &Caller) -> Result<Value> {
    let body = json!({ "appid": APP, "user": "alice", "data": { "steps": 4321 } });
    Ok(wechat.post("/_sim/encrypted-data", body).await?.json)
}

async fn operators(walk: &mut Walk, app: &Arc<App>) {
    walk.chapter("The host application");
    let weir = walk.weir.clone();
    let alice = signed_in(walk, "alice").await;
    walk.step("it writes counters and logs her in with an API key", async {
        let alice = alice?;
        let me = alice.get("/api/v1/users/me").await?.data()?;
        let (id, openid) = (me["id"].clone(), me["openid"].clone());
        let (_, key) = apikey::flow::create(app, "demo", &[Scope::UsersWrite])
            .await
            .map_err(|failure| anyhow::anyhow!("no key: {}", failure.code.as_str()))?;
        let path = format!("/api/v1/users/{id}/counters");
        let host = weir.with_bearer(key.expose());
        host.call("PATCH", &path, Some(json!({ "recipe_count": 7 }))).await?.data()?;
        let seen = alice.get("/api/v1/users/me").await?.data()?;
        ensure!(seen["recipe_count"] == 7, "she sees {}", seen["recipe_count"]);
        alice.call("PATCH", &path, Some(json!({ "recipe_count": 8 }))).await?.refused(403)?;
        let cloud = json!({ "openid": openid });
        let told = host.post("/api/v1/auth/cloud-login", cloud.clone()).await?.data()?;
        ensure!(told["user"]["id"] == id, "the cloud's login is another user");
        weir.post("/api/v1/auth/cloud-login", cloud).await?.refused(403)?;
        Ok(((), "and she cannot; it logs her in from the cloud, and a stranger cannot".to_owned()))
    })
    .await;
}

async fn wechat_misbehaves(walk: &mut Walk) {
    walk.chapter("WeChat misbehaves");
    let (weir, wechat) = (walk.weir.clone(), walk.wechat.clone());
    walk.step("a code that WeChat does not know", async {
        let body = json!({ "code": "invalid-code" });
        let told = weir.post("/api/v1/auth/wx-login", body).await?.refused(401)?;
        ensure!(told == "微信登录失败: invalid code (错误码: 40029)", "{told}");
        Ok(((), told))
    })
    .await;
    walk.step("a code used twice", async {
        let code = code(&wechat, "bob").await?;
        weir.post("/api/v1/auth/wx-login", json!({ "code": code })).await?.data()?;
        let told = weir.post("/api/v1/auth/wx-login", json!({ "code": code })).await?.refused(401)?;
        Ok(((), told))
    })
    .await;
    let faults = [
        ("is busy", json!({ "kind": "errcode", "errcode": -1 }), 503),
        ("answers a page of HTML", json!({ "kind": "garbage", "form": "html" }), 502),
        ("cuts the line", json!({ "kind": "disconnect" }), 502),
    ];
    for (what, mut fault, status) in faults {
        walk.step(&format!("WeChat {what}"), async {
            fault["path"] = json!("/sns/jscode2session");
            fault["times"] = json!(1);
            wechat.post("/_sim/faults", fault).await?;
            let code = code(&wechat, "bob").await?;
            let told = weir.post("/api/v1/auth/wx-login", json!({ "code": code })).await?.refused(status)?;
            wechat.call("DELETE", "/_sim/faults", None).await?;
            Ok(((), format!("{status} {told}")))
        })
        .await;
    }
    walk.step("WeChat does not answer in time", async {
        let fault = json!({ "path": "/sns/jscode2session", "kind": "timeout", "times": 1 });
        wechat.post("/_sim/faults", fault).await?;
        let body = json!({ "code": code(&wechat, "bob").await? });
        let waiting = weir.post("/api/v1/auth/wx-login", body);
        // The demo's time is pushed on, so that nobody has to wait for the limit.
        let push = async {
            pause(Duration::from_millis(100)).await;
            wechat.post("/_sim/clock", json!({ "advance_s": 6 })).await
        };
        let (answer, pushed) = tokio::join!(waiting, push);
        pushed?;
        let told = answer?.refused(504)?;
        wechat.call("DELETE", "/_sim/faults", None).await?;
        Ok(((), format!("504 {told}")))
    })
    .await;
    walk.step("and is well again", async {
        log_in(&weir, &wechat, "bob").await?;
        Ok(((), String::new()))
    })
    .await;
}

async fn goodbye(walk: &mut Walk) {
    walk.chapter("Goodbye");
    let (weir, wechat) = (walk.weir.clone(), walk.wechat.clone());
    let carol = signed_in(walk, "carol").await;
    walk.step("carol cancels her account; coming back she is somebody new", async {
        let carol = carol?;
        let id = carol.get("/api/v1/users/me").await?.data()?["id"].clone();
        carol.call("DELETE", "/api/v1/users/me", None).await?.data()?;
        carol.get("/api/v1/users/me").await?.refused(401)?;
        let again = log_in(&weir, &wechat, "carol").await?;
        ensure!(again["user"]["id"] != id, "the same user");
        Ok(((), format!("user {id}, then user {}", again["user"]["id"])))
    })
    .await;
    walk.step("the server is well", async {
        let health = weir.get("/api/health").await?;
        ensure!(health.status == 200, "{}", health.json);
        Ok(((), health.json["checks"].to_string()))
    })
    .await;
}
