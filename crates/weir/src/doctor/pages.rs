//! Domains: where WeChat may send people back to, and which pages may use the JS-SDK (pains 3 and 13).

use std::sync::Arc;

use url::Url;
use weir_core::{App, AppKind, AppSettings};
use weir_wechat::oauth::Scope;

use super::{Finding, Status, Words};
use crate::config::Config;

/// What WeChat's pages say, with what to do about it.
const PAGES: &[(&str, &str, &str)] = &[
    (
        "10003",
        "WeChat does not send people back there: type the host of web.redirect_uri into WeChat's console (网页授权域名; \
         for a website app 授权回调域), without scheme, port or path",
        "微信不接受该回调域名: 请把 web.redirect_uri 的域名填入微信后台的 网页授权域名 (网站应用为 授权回调域)，不带协议、端口和路径",
    ),
    ("10004", "the account is banned: see WeChat's console", "该账号已被封禁: 请查看微信后台"),
    (
        "10005",
        "the account may not ask for people's profiles: it must be a certified service account",
        "该账号没有网页授权权限: 需要已认证的服务号",
    ),
    (
        "10016",
        "this is an open-platform appid: use the official account's",
        "这是开放平台的 appid: 请使用公众号的 appid",
    ),
    ("40013", "WeChat knows no app with this appid of this kind", "微信没有该类型的这个 appid"),
    (
        "该链接无法访问",
        "WeChat's login page does not open: type the host of web.redirect_uri into the open platform's 授权回调域, \
         without scheme, port or path",
        "微信登录页无法打开: 请把 web.redirect_uri 的域名填入开放平台的 授权回调域，不带协议、端口和路径",
    ),
];

fn is_one_of(domains: &[String], host: &str) -> bool {
    domains.iter().any(|domain| domain.trim().eq_ignore_ascii_case(host))
}

/// Whether WeChat would send people back to our callback: by what we are told of its console, and by its own page.
pub(super) async fn callback(app: &Arc<App>, settings: &AppSettings, config: &Config) -> Finding {
    let check = format!("callback {}", settings.name);
    let redirect = &app.web.redirect_uri;
    let host =
        Url::parse(redirect).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
    let domains = &settings.callback_domains;
    if !domains.is_empty() && !is_one_of(domains, &host) {
        let detail = (
            format!(
                "{host}, the host of web.redirect_uri, is none of callback_domains: people would see 10003"
            ),
            format!("web.redirect_uri 的域名 {host} 不在 callback_domains 中: 用户会看到错误 10003"),
        );
        return Finding::new(check, Status::Failing, detail).fix((
            format!(
                "type {host} into WeChat's console (网页授权域名, 授权回调域) and into callback_domains, or set \
                 web.redirect_uri (WECHAT_REDIRECT_URI) to an address on {}",
                domains.join(" or ")
            ),
            format!(
                "请把 {host} 填入微信后台 (网页授权域名, 授权回调域) 和 callback_domains，或把 web.redirect_uri \
                 (WECHAT_REDIRECT_URI) 改到 {}",
                domains.join(" 或 ")
            ),
        ));
    }
    let asked = match settings.kind {
        AppKind::Website => app.wechat.qrconnect_url(&settings.appid, redirect, "doctor"),
        _ => app.wechat.authorize_url(&settings.appid, redirect, Scope::UserInfo, "doctor"),
    };
    let Some(page) = page(&asked, config).await else {
        let detail = (
            format!("{redirect}: WeChat's page does not answer, so it was not asked"),
            format!("{redirect}: 微信的授权页没有应答，未能验证"),
        );
        return Finding::new(check, Status::Skipped, detail);
    };
    match PAGES.iter().find(|(sign, ..)| page.contains(sign)) {
        Some((sign, english, chinese)) => {
            let detail = (
                format!("WeChat's page refuses {redirect}: {sign}"),
                format!("微信的授权页拒绝 {redirect}: {sign}"),
            );
            Finding::new(check, Status::Failing, detail).fix((*english, *chinese))
        }
        None => {
            let detail = (format!("WeChat's page takes {redirect}"), format!("微信的授权页接受 {redirect}"));
            Finding::new(check, Status::Ok, detail)
        }
    }
}

/// What WeChat's page shows to a browser of WeChat's.
#[expect(clippy::disallowed_methods, reason = "a page for people, not a call of WeChat's API")]
async fn page(address: &str, config: &Config) -> Option<String> {
    let client = reqwest::Client::builder()
        .no_proxy()
        .timeout(config.wechat.timeout.0)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent("Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 MicroMessenger/8.0.50")
        .build();
    let answer = client.ok()?.get(address).send().await.ok()?;
    if answer.status().is_server_error() {
        return None;
    }
    answer.text().await.ok()
}

/// Whether our own pages may use the JS-SDK.
pub(super) fn jssdk(app: &Arc<App>, settings: &AppSettings) -> Finding {
    let check = format!("js-sdk {}", settings.name);
    let host = app.web.public_url.host_str().unwrap_or_default();
    let domains = &settings.jssdk_domains;
    if domains.is_empty() {
        let detail = (
            "jssdk_domains is empty: pages of any host are signed",
            "jssdk_domains 为空: 任何域名的页面都会被签名",
        );
        return Finding::new(check, Status::Warning, detail).fix((
            "write the JS接口安全域名 of WeChat's console into jssdk_domains of this app",
            "请把微信后台的 JS接口安全域名 写入该应用的 jssdk_domains",
        ));
    }
    if !is_one_of(domains, host) {
        let detail = (
            format!(
                "{host}, the host of web.public_url, is none of jssdk_domains: our pages cannot use the JS-SDK"
            ),
            format!("web.public_url 的域名 {host} 不在 jssdk_domains 中: 本站页面无法使用 JS-SDK"),
        );
        return Finding::new(check, Status::Warning, detail).fix((
            format!(
                "when they should, type {host} into WeChat's console (JS接口安全域名) and into jssdk_domains"
            ),
            format!("如需使用，请把 {host} 填入微信后台的 JS接口安全域名 和 jssdk_domains"),
        ));
    }
    Finding::new(check, Status::Ok, Words::same(domains.join(", ")))
}
