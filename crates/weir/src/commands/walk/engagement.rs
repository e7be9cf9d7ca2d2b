//! What a customer does becomes a lead and a message on the advisor's phone; what WeChat pushes is taken in.

use std::{sync::Arc, time::Duration};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use weir_base::clock::pause;
use weir_core::{
    App,
    apikey::{self, Scope},
};

use super::{Walk, caller::Caller};

const TEMPLATE: &str = "TMPL_DEMO_ACTION";
const ADVISOR: &str = "ADV001";
const PHONE: &str = "+86 139 0013 9000";

/// Bob advises, Alice is the customer.
pub(super) async fn all(walk: &mut Walk, app: &Arc<App>) {
    walk.chapter("Actions, leads and messages");
    let (weir, wechat) = (walk.weir.clone(), walk.wechat.clone());
    let people = walk
        .step("an advisor and a customer are known by their openids", async {
            let (advisor, customer) =
                (person(&weir, &wechat, "bob").await?, person(&weir, &wechat, "alice").await?);
            Ok(((advisor, customer), "POST /api/wechat/openid, with a user token each".to_owned()))
        })
        .await;
    let Some((advisor, customer)) = people else { return };
    let keys = walk
        .step("an operator makes an API key for the CRM", async {
            let scopes = [Scope::CrmRead, Scope::CrmWrite, Scope::MessagesSend];
            let made = apikey::flow::create(app, "walk of the CRM", &scopes).await;
            let (_, key) = made.map_err(|failure| anyhow::anyhow!("{failure:?}"))?;
            Ok((weir.with_bearer(key.expose()), "crm:read, crm:write, messages:send".to_owned()))
        })
        .await;
    let Some(crm) = keys else { return };
    subscribe(walk, &advisor).await;
    act(walk, &crm, &advisor, &customer).await;
    lists(walk, &crm).await;
    send(walk, &crm, &advisor).await;
}

/// Somebody of the mini-program, who can speak for themselves.
struct Person {
    openid: String,
    weir: Caller,
}

async fn person(weir: &Caller, wechat: &Caller, user: &str) -> Result<Person> {
    let code = wechat.post("/_sim/login-code", json!({ "appid": "mini", "user": user })).await?;
    let data = weir.post("/api/wechat/openid", json!({ "code": code.json["code"] })).await?.data()?;
    let text = |field: &str| data[field].as_str().with_context(|| format!("no {field}")).map(str::to_owned);
    Ok(Person { openid: text("openid")?, weir: weir.with_bearer(&text("token")?) })
}

async fn subscribe(walk: &mut Walk, advisor: &Person) {
    let wechat = walk.wechat.clone();
    walk.step("the advisor accepts the prompt; WeChat pushes that too", async {
        let accepted = json!({ "appid": "mini", "user": "bob", "template_id": TEMPLATE, "result": "accept", "push": true });
        let answer = wechat.post("/_sim/subscribe", accepted).await?;
        ensure!(answer.status == 200, "{}", answer.json);
        let body = json!({
            "advisorId": ADVISOR, "openid": advisor.openid, "templateId": TEMPLATE, "subscribed": true,
            "subscribeData": { "source": "miniprogram", "subscriptionStatus": "accept" },
        });
        let data = advisor.weir.post("/api/advisor/subscribe", body).await?.data()?;
        ensure!(data["remaining"] == 1, "one accept is one message: {data}");
        Ok(((), "told twice, counted once: 1 message remains".to_owned()))
    })
    .await;
}

async fn act(walk: &mut Walk, crm: &Caller, advisor: &Person, customer: &Person) {
    let wechat = walk.wechat.clone();
    let action = |kind: &str| {
        json!({
            "customerId": customer.openid, "advisorId": ADVISOR, "actionType": kind, "actionData": { "resumeId": "R1" },
            "customerName": "爱丽丝", "customerPhone": PHONE,
        })
    };
    walk.step("a customer looks at a résumé: a lead is made", async {
        let data = customer.weir.post("/api/customer/action", action("view_resume")).await?.data()?;
        ensure!(data["customerCreated"] == true, "no lead: {data}");
        let number = data["customer"]["customerId"].as_str().unwrap_or_default().to_owned();
        Ok(((), number))
    })
    .await;
    walk.step("the advisor's phone shows a message", async {
        let message = arrived(&wechat, "bob").await?;
        let said = message["data"]["thing1"]["value"].as_str().unwrap_or_default().to_owned();
        ensure!(message["touser"] == advisor.openid.as_str(), "it went to somebody else");
        Ok(((), said))
    })
    .await;
    walk.step("WeChat tells that it arrived", async {
        let delivered = waited(async || {
            let list = crm.get("/api/messages?state=delivered").await?.data()?;
            Ok(list["items"].as_array().is_some_and(|items| !items.is_empty()))
        });
        delivered.await.context("no message is delivered")?;
        Ok(((), "state delivered".to_owned()))
    })
    .await;
    walk.step("the same customer again: no second lead, and no credit left", async {
        let data = customer.weir.post("/api/customer/action", action("contact_advisor")).await?.data()?;
        ensure!(data["customerCreated"] == false, "a second lead: {data}");
        ensure!(data["action"]["notified"] == false, "a message without a credit");
        Ok(((), "recorded, and the advisor is not told".to_owned()))
    })
    .await;
    walk.step("nobody acts for another", async {
        let refused = advisor.weir.post("/api/customer/action", action("view_resume")).await?;
        Ok(((), refused.refused(403)?))
    })
    .await;
}

async fn lists(walk: &mut Walk, crm: &Caller) {
    walk.step("the CRM reads leads and actions", async {
        let leads = crm.get("/api/leads").await?.data()?;
        let actions = crm.get("/api/customer/actions").await?.data()?;
        let count = |page: &Value| page["items"].as_array().map_or(0, Vec::len);
        ensure!(
            count(&leads) == 1 && count(&actions) == 2,
            "{} leads, {} actions",
            count(&leads),
            count(&actions)
        );
        ensure!(leads["items"][0]["phone"] == "13900139000", "the phone is not as people write it");
        Ok(((), "1 lead, 2 actions".to_owned()))
    })
    .await;
    walk.step("and what WeChat pushed", async {
        let pushes = crm.get("/api/pushes").await?.json;
        let items = pushes["items"].as_array().context("no list")?;
        ensure!(items.iter().all(|push| push["state"] == "worked"), "{pushes}");
        Ok(((), format!("{} events, each worked on", items.len())))
    })
    .await;
}

async fn send(walk: &mut Walk, crm: &Caller, advisor: &Person) {
    let wechat = walk.wechat.clone();
    let message = json!({
        "touser": advisor.openid, "template_id": TEMPLATE,
        "data": {
            "thing1": { "value": "请联系客户" }, "time2": { "value": "2026-11-26 09:00:00" },
            "thing3": { "value": "13900139000" }, "thing7": { "value": "爱丽丝" },
        },
    });
    walk.step("a message without an accept is WeChat's to refuse", async {
        let answer = crm.post("/api/message/send", message.clone()).await?;
        ensure!(answer.json["error"]["details"]["errcode"] == 43101, "{}", answer.json);
        Ok(((), answer.refused(502)?))
    })
    .await;
    walk.step("with one it is sent at once", async {
        let accepted = json!({ "appid": "mini", "user": "bob", "template_id": TEMPLATE, "result": "accept" });
        wechat.post("/_sim/subscribe", accepted).await?;
        let data = crm.post("/api/message/send", message).await?.data()?;
        ensure!(data["errcode"] == 0, "{data}");
        Ok(((), format!("msgid {}", data["msgid"])))
    })
    .await;
}

async fn arrived(wechat: &Caller, user: &str) -> Result<Value> {
    waited(async || Ok(last(wechat, user).await?.is_some())).await?;
    last(wechat, user).await?.context("no message arrived")
}

async fn last(wechat: &Caller, user: &str) -> Result<Option<Value>> {
    let inbox = wechat.get(&format!("/_sim/inbox?user={user}")).await?.json;
    Ok(inbox["messages"].as_array().and_then(|messages| messages.last()).cloned())
}

/// Until it is so, for some seconds.
async fn waited(mut is_so: impl AsyncFnMut() -> Result<bool>) -> Result<()> {
    for _ in 0..200 {
        if is_so().await? {
            return Ok(());
        }
        pause(Duration::from_millis(25)).await;
    }
    bail!("it did not happen within five seconds")
}
