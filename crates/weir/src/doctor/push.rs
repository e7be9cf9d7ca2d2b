//! The message push: whether it is set, and what to type into WeChat's console.

use std::sync::Arc;

use weir_core::{App, AppSettings};

use super::{Finding, Status, Words};

pub(super) fn push(app: &Arc<App>, settings: &AppSettings) -> Finding {
    let name = &settings.name;
    let check = format!("push {name}");
    let url = app.web.address(&format!("/wechat/push/{name}"));
    let typed = |mode: (&str, &str)| {
        Words::new(
            format!(
                "in WeChat's console (message push): URL {url}, Token as apps.{name}.token, EncodingAESKey as \
                 apps.{name}.aes_key, mode {}",
                mode.0
            ),
            format!(
                "微信后台 → 消息推送: URL 填 {url}，Token 填 apps.{name}.token 的值，EncodingAESKey 填 apps.{name}.aes_key \
                 的值，加密方式选 {}",
                mode.1
            ),
        )
    };
    let safe = ("safe (安全模式)", "安全模式");
    if settings.token.is_none() {
        let detail = (
            "not set: WeChat's events, people's wishes to be forgotten among them, do not arrive",
            "未配置: 收不到微信的事件，包括用户撤回授权和注销的通知",
        );
        let how = typed(safe);
        return Finding::new(check, Status::Skipped, detail).fix((
            format!("set apps.{name}.token and apps.{name}.aes_key, then {}", how.english),
            format!("请设置 apps.{name}.token 和 apps.{name}.aes_key，然后在{}", how.chinese),
        ));
    }
    // Anything else WeChat's console does not take (section F).
    if app.web.public_url.port().is_some() {
        let detail = (
            format!("WeChat pushes to ports 80 and 443 only, and not to {url}"),
            format!("微信只推送到 80 和 443 端口，不会推送到 {url}"),
        );
        return Finding::new(check, Status::Warning, detail).fix((
            "set web.public_url to the address that WeChat reaches, without a port",
            "请把 web.public_url 设为微信能访问的、不带端口的地址",
        ));
    }
    if settings.aes_key.is_none() {
        let detail = (
            format!("plain mode only: {}", typed(("plain (明文模式)", "明文模式")).english),
            format!("仅明文模式: {}", typed(("plain (明文模式)", "明文模式")).chinese),
        );
        return Finding::new(check, Status::Warning, detail).fix((
            format!(
                "set apps.{name}.aes_key to the EncodingAESKey and choose {}: in plain mode the signature does not cover \
                 what is pushed",
                safe.0
            ),
            format!(
                "请把 apps.{name}.aes_key 设为 EncodingAESKey，并选择{}: 明文模式的签名不覆盖推送内容",
                safe.1
            ),
        ));
    }
    Finding::new(check, Status::Ok, typed(safe))
}
