//! Signing in on web pages: in WeChat's browser, by a website's QR code, and on a page that drives the login itself.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::{Walk, caller::Caller};

pub(super) async fn all(walk: &mut Walk) {
    walk.chapter("Signing in on web pages");
    let (weir, wechat) = (walk.weir.clone(), walk.wechat.clone());
    let mini = walk
        .step("carol is known from the mini-program", async {
            let code = wechat.post("/_sim/login-code", json!({ "appid": "mini", "user": "carol" })).await?;
            let login = weir.post("/auth/wechat/mini", json!({ "code": code.json["code"] })).await?.data()?;
            Ok((login["user"]["id"].clone(), format!("user {}", login["user"]["id"])))
        })
        .await;
    for (app, scope, name) in [
        ("official", "snsapi_userinfo", "the same person signs in on a page in WeChat's browser"),
        ("website", "snsapi_login", "and on a website, by its QR code"),
    ] {
        walk.step(name, async {
            let code = oauth_code(&wechat, app, scope).await?;
            let login = weir.post("/auth/wechat", json!({ "code": code, "app": app })).await?.data()?;
            ensure!(Some(&login["user"]["id"]) == mini.as_ref(), "another user: {}", login["user"]);
            Ok(((), format!("user {} again", login["user"]["id"])))
        })
        .await;
    }
    walk.step("a code that comes twice at once is exchanged once", async {
        let body = json!({ "code": oauth_code(&wechat, "official", "snsapi_userinfo").await? });
        let before = exchanges(&wechat).await?;
        let (one, two) = tokio::try_join!(
            weir.post("/api/wechat/auth", body.clone()),
            weir.post("/api/wechat/auth", body)
        )?;
        let (one, two) = (one.data()?, two.data()?);
        ensure!(one["user_info"]["openid"] == two["user_info"]["openid"], "two people");
        let calls = exchanges(&wechat).await? - before;
        ensure!(calls == 1, "{calls} calls to WeChat");
        Ok(((), "two good answers, one call to WeChat".to_owned()))
    })
    .await;
    walk.step("an openid tells a stranger nothing", async {
        let code = oauth_code(&wechat, "official", "snsapi_userinfo").await?;
        let login = weir.post("/api/wechat/auth", json!({ "code": code })).await?.data()?;
        let openid = login["user_info"]["openid"].as_str().context("no openid")?.to_owned();
        let told = weir.get(&format!("/api/user/{openid}")).await?.data()?;
        ensure!(told["exists"] == false, "{told}");
        Ok(((), told["message"].as_str().unwrap_or_default().to_owned()))
    })
    .await;
    walk.step("a page that is on no list gets nobody sent to it", async {
        let refused = weir.get("/api/wechat/authorize-url?redirect=https%3A%2F%2Fevil.example%2F").await?;
        Ok(((), refused.refused(403)?))
    })
    .await;
    walk.step("a preview page of WeChat's makes no account", async {
        let asked = json!({ "appid": "official", "user": "shade", "scope": "snsapi_userinfo" });
        let code = wechat.post("/_sim/oauth-code", asked).await?.json["code"].clone();
        let refused = weir.post("/api/wechat/auth", json!({ "code": code })).await?;
        Ok(((), refused.refused(422)?))
    })
    .await;
}

async fn oauth_code(wechat: &Caller, app: &str, scope: &str) -> Result<Value> {
    let asked = json!({ "appid": app, "user": "carol", "scope": scope });
    let code = wechat.post("/_sim/oauth-code", asked).await?.json["code"].clone();
    ensure!(code.is_string(), "no code");
    Ok(code)
}

async fn exchanges(wechat: &Caller) -> Result<usize> {
    let calls = wechat.get("/_sim/calls?path=/sns/oauth2/access_token").await?;
    Ok(calls.json["calls"].as_array().context("no list of calls")?.len())
}
