//! `/_sim/jsapi-check`: what WeChat's browser finds out about a `wx.config` (wechat-protocol.md, section D).

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use serde_json::{Value, json};
use url::Url;

use super::{Asked, ControlError};
use crate::{
    Simulator,
    world::{App, AppKind, tickets::TicketKind},
};

/// What a page gave `wx.config`, and where the page is.
struct Config {
    appid: String,
    timestamp: String,
    nonce: String,
    signature: String,
    /// The page's address without fragment.
    url: String,
}

/// `{errMsg}` as WeChat's browser words it; with a mistake also `{why}`, which WeChat would not tell.
pub fn check(simulator: &Simulator, mut asked: Asked) -> Result<Value, ControlError> {
    let config = Config {
        appid: text(&mut asked, "appid")?,
        timestamp: text(&mut asked, "timestamp")?,
        nonce: text(&mut asked, "nonceStr")?,
        signature: text(&mut asked, "signature")?,
        url: text(&mut asked, "url")?,
    };
    asked.fields.end()?;
    let world = simulator.world();
    let account = world.app(&config.appid).filter(|(_, app)| app.kind == AppKind::OfficialAccount);
    let Some((key, app)) = account else {
        return Ok(failed("invalid appid", "it is no official account's"));
    };
    if !Url::parse(&config.url).is_ok_and(|url| app.may_use_jssdk(&url)) {
        return Ok(failed("invalid url domain", "the page's host is not among the app's jssdk_domains"));
    }
    let ticket = simulator.tickets().last(key, TicketKind::Jsapi);
    let fits = ticket.as_ref().is_some_and(|ticket| signature(&ticket.text, &config) == config.signature);
    let lives = ticket.is_some_and(|ticket| simulator.clock().now() < ticket.ends);
    match (fits, lives) {
        _ if !is_seconds(&config.timestamp) => {
            Ok(failed("invalid signature", "timestamp must be whole seconds, not milliseconds"))
        }
        (true, true) => Ok(passed(app)),
        (true, false) => Ok(failed("invalid signature", "the jsapi_ticket has ended")),
        (false, false) => Ok(failed("invalid signature", "there is no jsapi_ticket that lives")),
        (false, true) if config.url.contains('#') => {
            Ok(failed("invalid signature", "url must be the address without # and what follows"))
        }
        (false, true) => Ok(failed(
            "invalid signature",
            "it is not the SHA-1 of the current ticket with this nonce, timestamp and url",
        )),
    }
}

fn passed(app: &App) -> Value {
    json!({ "errMsg": "config:ok", "jssdk_domains": app.jssdk_domains })
}

fn failed(reason: &str, why: &str) -> Value {
    json!({ "errMsg": format!("config:fail,{reason}"), "why": why })
}

/// From the body, else from the query; a timestamp may be a number.
fn text(asked: &mut Asked, name: &str) -> Result<String, ControlError> {
    match asked.fields.take(name) {
        Some(Value::String(text)) => Ok(text),
        Some(Value::Number(number)) => Ok(number.to_string()),
        Some(_) => Err(ControlError::wrong(name, "must be a text")),
        None => asked.param(name).ok_or_else(|| ControlError::wrong(name, "missing")),
    }
}

/// Ten digits until the year 2286.
fn is_seconds(timestamp: &str) -> bool {
    (1..=10).contains(&timestamp.len()) && timestamp.bytes().all(|byte| byte.is_ascii_digit())
}

fn signature(ticket: &str, config: &Config) -> String {
    let Config { nonce, timestamp, url, .. } = config;
    let text = format!("jsapi_ticket={ticket}&noncestr={nonce}&timestamp={timestamp}&url={url}");
    hex::encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_wechats_documentation() {
        let ticket = "sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg";
        let config = |url: &str| Config {
            appid: String::new(),
            timestamp: String::from("1414587457"),
            nonce: String::from("Wm3WZYTPz0wzccnW"),
            signature: String::new(),
            url: url.to_owned(),
        };
        let signed = |url| signature(ticket, &config(url));
        assert_eq!(
            signed("http://mp.weixin.qq.com?params=value"),
            "0f9de62fce790f9a083d5c99e95740ceb90c27ed"
        );
        assert_eq!(signed("http://mp.weixin.qq.com"), "f4d90daf4b3bca3078ab155816175ba34c443a7b");
    }
}
