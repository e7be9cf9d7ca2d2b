//! Pages for the JS-SDK, and tokens that services share.

use std::sync::Arc;

use anyhow::{Context, Result, anyhow, ensure};
use serde_json::{Value, json};
use weir_core::{
    App,
    apikey::{self, Scope},
};

use super::{Walk, caller::Caller};

/// `http://localhost/shop?id=7#/cart`, as a page sends it.
const PAGE: &str = "http%3A%2F%2Flocalhost%2Fshop%3Fid%3D7%23%2Fcart";
const SIGNED: &str = "http://localhost/shop?id=7";

pub(super) async fn all(walk: &mut Walk, app: &Arc<App>) {
    jssdk(walk).await;
    shared(walk, app).await;
}

/// What the JS-SDK on a phone says to this signature.
async fn judged(wechat: &Caller, data: &Value) -> Result<String> {
    let asked = json!({
        "appid": data["appId"], "timestamp": data["timestamp"], "nonceStr": data["nonceStr"],
        "signature": data["signature"], "url": SIGNED,
    });
    let told = wechat.post("/_sim/jsapi-check", asked).await?;
    Ok(told.json["errMsg"].as_str().context("no judgement")?.to_owned())
}

async fn jssdk(walk: &mut Walk) {
    walk.chapter("Pages for the JS-SDK");
    let (weir, wechat) = (walk.weir.clone(), walk.wechat.clone());
    walk.step("a page is signed, and WeChat's script takes the signature", async {
        let data = weir.get(&format!("/wechat/jsconfig?url={PAGE}")).await?.data()?;
        let said = judged(&wechat, &data).await?;
        ensure!(said == "config:ok", "{said}");
        Ok(((), format!("{said} for {}", data["appId"])))
    })
    .await;
    walk.step("a page of another host is not", async {
        let refused = weir.get("/wechat/jsconfig?url=https%3A%2F%2Fevil.example%2F").await?;
        ensure!(refused.status == 403, "answered {}", refused.status);
        Ok(((), refused.json["msg"].as_str().unwrap_or_default().to_owned()))
    })
    .await;
    walk.step("what is wrong with an address is explained", async {
        let twice = PAGE.replace('%', "%25");
        let told = weir.get(&format!("/wechat/jsconfig/explain?url={twice}")).await?.data()?;
        let finding = &told["findings"][0];
        ensure!(finding["code"] == "encoded_twice", "{finding}");
        Ok(((), finding["message"].as_str().unwrap_or_default().to_owned()))
    })
    .await;
}

async fn shared(walk: &mut Walk, app: &Arc<App>) {
    walk.chapter("One token for all services");
    let (weir, wechat) = (walk.weir.clone(), walk.wechat.clone());
    let key = apikey::flow::create(app, "demo tokens", &[Scope::TokensRead]).await;
    walk.step("a service gets it by API key, or over WeChat's own path", async {
        let (_, key) = key.map_err(|failure| anyhow!("no key: {}", failure.code.as_str()))?;
        let own = weir.with_bearer(key.expose()).get("/api/apps/official/access-token").await?.json;
        let token = own["access_token"].as_str().context("no token")?;
        let appid = own["appid"].as_str().context("no appid")?;
        let path =
            format!("/cgi-bin/token?grant_type=client_credential&appid={appid}&secret={}", key.expose());
        ensure!(weir.get(&path).await?.json["access_token"] == token, "another token over WeChat's path");
        let asked = format!("/cgi-bin/ticket/getticket?type=jsapi&access_token={token}");
        let (ours, theirs) = (weir.get(&asked).await?.json, wechat.get(&asked).await?.json);
        ensure!(ours["errcode"] == 0 && ours["ticket"] == theirs["ticket"], "another ticket");
        Ok(((), format!("version {}, good for {} s", own["version"], own["expires_in"])))
    })
    .await;
}
