//! `/cgi-bin/user/*`: what an official account learns of its followers (wechat-protocol.md, section H).

use serde_json::{Value, json};

use crate::{
    Simulator,
    answer::Refusal,
    world::{App, Person},
};

use super::{Call, credentials};

/// `subscribe_time` of everybody: people follow since 2023-11-14.
const FOLLOWED_AT: i64 = 1_700_000_000;
const MOST_IN_BATCH: usize = 100;
const MOST_IN_PAGE: usize = 10_000;

/// `GET /cgi-bin/user/info?access_token&openid&lang` → no errcode; nothing but openid of who does not follow.
pub fn info(simulator: &Simulator, call: &Call<'_>) -> Result<String, Refusal> {
    let world = simulator.world();
    let (key, app) = credentials::certified_bearer(simulator, &world, call)?;
    let openid = call.param("openid").ok_or_else(|| Refusal::of(41009))?;
    let (_, person) = world.person_of(key, &openid).ok_or_else(|| Refusal::of(40003))?;
    simulator.quotas().take((key, app), call.path, call.now)?;
    Ok(seen(app, person).to_string())
}

/// `POST /cgi-bin/user/info/batchget {user_list: [{openid, lang}]}`, a hundred at most.
pub fn batchget(simulator: &Simulator, call: &Call<'_>) -> Result<String, Refusal> {
    let world = simulator.world();
    let (key, app) = credentials::certified_bearer(simulator, &world, call)?;
    let list = call.json()?.get("user_list").and_then(Value::as_array).ok_or_else(|| Refusal::of(47001))?;
    if !(1..=MOST_IN_BATCH).contains(&list.len()) {
        return Err(Refusal::of(40035));
    }
    let of = |item: &Value| {
        let openid = item.get("openid").and_then(Value::as_str).ok_or_else(|| Refusal::of(41009))?;
        let (_, person) = world.person_of(key, openid).ok_or_else(|| Refusal::of(40003))?;
        Ok(seen(app, person))
    };
    let people = list.iter().map(of).collect::<Result<Vec<_>, _>>()?;
    simulator.quotas().take((key, app), call.path, call.now)?;
    Ok(json!({ "user_info_list": people }).to_string())
}

/// `GET /cgi-bin/user/get?access_token&next_openid` → the followers' openids, ten thousand at most, after that one.
pub fn get(simulator: &Simulator, call: &Call<'_>) -> Result<String, Refusal> {
    let world = simulator.world();
    let (key, app) = credentials::certified_bearer(simulator, &world, call)?;
    let followers: Vec<String> =
        world.people().filter(|person| follows(person, app)).map(|person| person.openid(app)).collect();
    let start = match call.param("next_openid") {
        None => 0,
        Some(last) => {
            let at = followers.iter().position(|openid| *openid == last);
            at.ok_or_else(|| Refusal::of(40003))? + 1
        }
    };
    simulator.quotas().take((key, app), call.path, call.now)?;
    let page = &followers[start..followers.len().min(start + MOST_IN_PAGE)];
    let mut answer = json!({ "total": followers.len(), "count": page.len() });
    if let Some(last) = page.last() {
        answer["data"] = json!({ "openid": page });
        answer["next_openid"] = json!(last);
    } else {
        answer["next_openid"] = json!("");
    }
    Ok(answer.to_string())
}

pub fn follows(person: &Person, app: &App) -> bool {
    person.follows.contains(&app.appid)
}

/// Without nickname and avatar, which WeChat has not told here since the end of 2021.
fn seen(app: &App, person: &Person) -> Value {
    let openid = person.openid(app);
    if !follows(person, app) {
        return json!({ "subscribe": 0, "openid": openid });
    }
    let mut seen = json!({
        "subscribe": 1,
        "openid": openid,
        "language": "zh_CN",
        "subscribe_time": FOLLOWED_AT,
        "remark": "",
        "groupid": 0,
        "tagid_list": [],
        "subscribe_scene": "ADD_SCENE_QR_CODE",
        "qr_scene": 0,
        "qr_scene_str": "",
    });
    if let Some(unionid) = person.unionid(app) {
        seen["unionid"] = json!(unionid);
    }
    seen
}
