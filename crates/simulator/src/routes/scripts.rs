//! `res.wx.qq.com`: the scripts that pages load from WeChat, as stand-ins that call this simulator.

use axum::http::StatusCode;

use super::Call;
use crate::{
    Simulator,
    answer::{Answer, Refusal},
};

/// `/connect/zh_CN/htmledition/js/wxLogin.js`: `new WxLogin({…})` puts the QR page into a frame.
pub fn wx_login(_: &Simulator, _: &Call<'_>) -> Result<Answer, Refusal> {
    Ok(script(include_bytes!("scripts/wxLogin.js")))
}

/// `/open/js/jweixin-1.6.0.js`: the JS-SDK, whose `wx.config` is really checked.
pub fn jweixin(_: &Simulator, _: &Call<'_>) -> Result<Answer, Refusal> {
    Ok(script(include_bytes!("scripts/jweixin.js")))
}

fn script(text: &[u8]) -> Answer {
    Answer::of(StatusCode::OK, "application/javascript; charset=utf-8", text.to_vec())
}
