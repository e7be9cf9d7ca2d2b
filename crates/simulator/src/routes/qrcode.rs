//! `/cgi-bin/qrcode/create` and the picture of what it made (wechat-protocol.md, section G).

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::Value;

use crate::{
    Simulator,
    answer::{Answer, HTML, Refusal},
    qr,
    world::scenes::Scene,
};

use super::{Call, credentials};

/// Seconds that a temporary code serves: unless told otherwise, and at most.
const USUAL_LIFE: u64 = 60;
const LONGEST_LIFE: u64 = 30 * 86_400;

/// `POST {action_name, action_info: {scene: {scene_id | scene_str}}, expire_seconds?}` → ticket and content, no errcode.
pub fn create(simulator: &Simulator, call: &Call<'_>) -> Result<String, Refusal> {
    let world = simulator.world();
    let (key, app) = credentials::certified_bearer(simulator, &world, call)?;
    let (permanent, text) = match call.field("action_name")? {
        Some("QR_SCENE") => (false, false),
        Some("QR_STR_SCENE") => (false, true),
        Some("QR_LIMIT_SCENE") => (true, false),
        Some("QR_LIMIT_STR_SCENE") => (true, true),
        _ => return Err(Refusal::of(40052)),
    };
    let scene = call.json()?.get("action_info").and_then(|info| info.get("scene"));
    let scene = match (scene, text) {
        (Some(scene), true) => scene_text(scene.get("scene_str")),
        (Some(scene), false) => scene_id(scene.get("scene_id"), permanent),
        (None, _) => None,
    };
    let scene = scene.ok_or_else(|| Refusal::of(40053))?;
    let life = life(call.json()?.get("expire_seconds"))?;
    simulator.quotas().take((key, app), call.path, call.now)?;
    let (scenes, dice) = (simulator.scenes(), simulator.dice());
    if permanent {
        let made = scenes.permanent(key, scene, call.now, dice);
        let (ticket, url) = made.ok_or_else(|| Refusal::of(45029))?;
        return Ok(format!(r#"{{"ticket":"{ticket}","url":"{}"}}"#, slashes(&url)));
    }
    let (ticket, url) = scenes.temporary(key, scene, Duration::from_secs(life), call.now, dice);
    Ok(format!(r#"{{"ticket":"{ticket}","expire_seconds":{life},"url":"{}"}}"#, slashes(&url)))
}

/// 1 to 64 characters.
fn scene_text(given: Option<&Value>) -> Option<Scene> {
    let text = given?.as_str()?;
    (1..=64).contains(&text.chars().count()).then(|| Scene::Text(text.to_owned()))
}

/// Not zero. Permanent ones end at 100,000; temporary ones above 32 bits come back as the greatest.
fn scene_id(given: Option<&Value>, permanent: bool) -> Option<Scene> {
    let id = given?.as_u64().filter(|id| *id > 0)?;
    if permanent && id > 100_000 {
        return None;
    }
    Some(Scene::Id(u32::try_from(id).unwrap_or(u32::MAX)))
}

fn life(given: Option<&Value>) -> Result<u64, Refusal> {
    match given {
        None | Some(Value::Null) => Ok(USUAL_LIFE),
        Some(value) => match value.as_u64() {
            Some(0) => Ok(USUAL_LIFE),
            Some(seconds) => Ok(seconds.min(LONGEST_LIFE)),
            None => Err(Refusal::of(47001)),
        },
    }
}

/// As WeChat writes an address into JSON.
fn slashes(url: &str) -> String {
    url.replace('/', "\\/")
}

/// `GET /cgi-bin/showqrcode?ticket`, at `mp.weixin.qq.com`: the picture, or HTTP 404.
pub fn show(simulator: &Simulator, call: &Call<'_>) -> Result<Answer, Refusal> {
    let drawn = call.param("ticket").and_then(|ticket| simulator.scenes().drawn(&ticket, call.now));
    Ok(match drawn.and_then(|drawn| qr::png(&drawn.url)) {
        Some(image) => Answer::of(StatusCode::OK, "image/png", image),
        None => Answer::of(StatusCode::NOT_FOUND, HTML, Vec::new()),
    })
}
