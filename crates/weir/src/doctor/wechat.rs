//! Credentials, the whitelist, quotas and the clock, as WeChat sees them.

use std::sync::Arc;

use weir_base::Secret;
use weir_core::{App, AppKind, AppSettings};
use weir_wechat::Error;

use super::{Finding, Status, Words};
use crate::config::Config;

/// WeChat's own clock may differ from ours by so many seconds before codes and signatures suffer.
const SKEW: i64 = 60;
/// A quota of which less than one part in so many is left is worth a warning.
const SCARCE: i64 = 10;

/// Asks for the shared token as everybody does, so that looking does not cost the token that is in use; then for what
/// comes with it.
pub(super) async fn credentials(app: &Arc<App>, settings: &AppSettings, api_base: &str) -> Vec<Finding> {
    let check = format!("app {}", settings.name);
    let token = match app.wechat.stable_token(&settings.credentials(), false).await {
        Ok(token) => token.token,
        Err(error) => return vec![refused(check, settings, &error, api_base)],
    };
    let appid = &settings.appid;
    let detail =
        (format!("WeChat knows {appid} and its AppSecret"), format!("微信认可 {appid} 及其 AppSecret"));
    let mut findings = vec![Finding::new(check, Status::Ok, detail)];
    let mut path = "/cgi-bin/stable_token";
    if settings.kind == AppKind::OfficialAccount {
        findings.push(ticket(app, settings, &token, api_base).await);
        path = "/cgi-bin/ticket/getticket";
    }
    findings.push(quota(app, settings, &token, path).await);
    findings
}

async fn ticket(app: &Arc<App>, settings: &AppSettings, token: &Secret, api_base: &str) -> Finding {
    let check = format!("ticket {}", settings.name);
    match app.wechat.getticket(token).await {
        Ok(_) => Finding::new(check, Status::Ok, ("WeChat gives a jsapi_ticket", "微信提供 jsapi_ticket")),
        Err(error) if error.errcode() == Some(48001) => {
            Finding::new(check, Status::Failing, Words::same(error.to_string())).fix((
                "this account may not use the JS-SDK: it must be a certified service account",
                "该账号没有 JS-SDK 权限: 需要已认证的服务号",
            ))
        }
        Err(error) => refused(check, settings, &error, api_base),
    }
}

async fn quota(app: &Arc<App>, settings: &AppSettings, token: &Secret, path: &str) -> Finding {
    let check = format!("quota {}", settings.name);
    let quota = match app.wechat.quota(token, path).await {
        Ok(quota) => quota,
        Err(error) if error.errcode() == Some(45009) => {
            let finding = Finding::new(check, Status::Failing, Words::same(error.to_string()));
            return finding.fix(used_up());
        }
        Err(error) => {
            let detail = (format!("WeChat does not tell: {error}"), format!("微信未告知: {error}"));
            return Finding::new(check, Status::Skipped, detail);
        }
    };
    let (left, of) = (quota.remain, quota.daily_limit);
    let detail = (
        format!("{left} of {of} calls of {path} are left today"),
        format!("{path} 今日剩余 {left} 次，共 {of} 次"),
    );
    let status = match left {
        _ if of == 0 => Status::Ok,
        ..=0 => Status::Failing,
        left if left < of / SCARCE => Status::Warning,
        _ => Status::Ok,
    };
    let finding = Finding::new(check, status, detail);
    match status {
        Status::Failing => finding.fix(used_up()),
        Status::Warning => finding.fix((
            "find out who else asks WeChat for tokens with this appid; they can get ours: /api/apps/{app}/access-token",
            "请检查还有谁在用该 appid 获取 token; 他们可以改用本服务的 /api/apps/{app}/access-token",
        )),
        _ => finding,
    }
}

fn used_up() -> (&'static str, &'static str) {
    (
        "the day's quota is used up: wait until midnight in Beijing, or clear it in WeChat's console",
        "今日额度已用完: 请等到北京时间零点，或在微信后台清零",
    )
}

fn refused(check: String, settings: &AppSettings, error: &Error, api_base: &str) -> Finding {
    let failing = Finding::new(check, Status::Failing, Words::same(error.to_string()));
    let appid = &settings.appid;
    match error.errcode() {
        Some(40013) => failing.fix((
            format!(
                "WeChat knows no app {appid}: compare the appid with WeChat's console (it is case-sensitive)"
            ),
            format!("微信没有 {appid} 这个应用: 请与微信后台的 AppID 核对 (区分大小写)"),
        )),
        Some(40125 | 40001) => failing.fix((
            "the AppSecret is wrong or was reset: take the new one from WeChat's console → development settings",
            "AppSecret 错误或已被重置: 请到微信后台 → 开发设置 获取新的",
        )),
        Some(40164) => {
            let address = whitelist_address(error.reason());
            failing.fix((
                format!(
                    "add {} to the IP whitelist: WeChat's console → development settings → IP whitelist",
                    address.unwrap_or("the address named above")
                ),
                format!(
                    "请把 {} 加入 IP 白名单: 微信后台 → 开发设置 → IP 白名单",
                    address.unwrap_or("上面的地址")
                ),
            ))
        }
        Some(40243) => failing.fix((
            "the AppSecret is frozen: unfreeze it in WeChat's console; it takes about ten minutes",
            "AppSecret 已被冻结: 请在微信后台解冻，约十分钟后生效",
        )),
        Some(45009) => failing.fix(used_up()),
        Some(_) => {
            failing.fix(("look the errcode up in WeChat's list of return codes", "请在微信的全局返回码中查找该错误码"))
        }
        None => failing.fix((
            format!("check that this machine reaches {api_base} (DNS, firewall; a simulator must be running)"),
            format!("请确认本机能访问 {api_base} (DNS、防火墙; 模拟器需先启动)"),
        )),
    }
}

/// `invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in whitelist` → `203.0.113.7`
fn whitelist_address(reason: &str) -> Option<&str> {
    let word = reason.split("invalid ip ").nth(1)?.split([' ', ',']).next()?;
    word.parse::<std::net::IpAddr>().ok().map(|_| word)
}

/// Our clock against the Date header of WeChat's answer (RFC 9110, 6.6.1).
#[expect(
    clippy::disallowed_methods,
    reason = "the header is of no use to the client that everybody else calls with"
)]
pub(super) async fn clock(app: &Arc<App>, config: &Config) -> Finding {
    let check = "clock";
    let client = reqwest::Client::builder().no_proxy().timeout(config.wechat.timeout.0).build();
    let answer = match client {
        Ok(client) => client.head(&config.wechat.api_base).send().await,
        Err(error) => {
            return Finding::new(check, Status::Skipped, Words::same(format!("no HTTP client: {error}")));
        }
    };
    let Ok(answer) = answer else {
        let base = &config.wechat.api_base;
        return Finding::new(check, Status::Skipped, ("WeChat cannot be reached", "无法访问微信"))
            .fix((format!("check that this machine reaches {base}"), format!("请确认本机能访问 {base}")));
    };
    let date = answer.headers().get("date").and_then(|date| date.to_str().ok()).and_then(http_date);
    match date.map(|date| (app.clock.now().seconds() - date).abs()) {
        None => Finding::new(check, Status::Skipped, ("WeChat's answer has no date", "微信的应答中没有时间")),
        Some(off) if off > SKEW => {
            let detail = (
                format!("this machine's clock is {off} s off WeChat's"),
                format!("本机时钟与微信相差 {off} 秒"),
            );
            Finding::new(check, Status::Failing, detail).fix((
                "set the clock, and keep it set with NTP (systemctl enable --now systemd-timesyncd)",
                "请校准时钟，并用 NTP 保持 (systemctl enable --now systemd-timesyncd)",
            ))
        }
        Some(off) => {
            let detail = (format!("within {off} s of WeChat's"), format!("与微信相差不超过 {off} 秒"));
            Finding::new(check, Status::Ok, detail)
        }
    }
}

/// `Fri, 20 Nov 2026 08:00:00 GMT` (RFC 9110, 5.6.7) as Unix seconds.
fn http_date(text: &str) -> Option<i64> {
    Some(jiff::fmt::rfc2822::parse(text).ok()?.timestamp().as_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_to_whitelist_is_read_out_of_wechats_words() {
        let reason = "invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in whitelist";
        assert_eq!(whitelist_address(reason), Some("203.0.113.7"));
        assert_eq!(whitelist_address("invalid ip nonsense, not in whitelist"), None);
    }

    #[test]
    fn dates_of_http_are_read() {
        assert_eq!(http_date("Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
        assert_eq!(http_date("Fri, 20 Nov 2026 08:00:00 GMT"), Some(1_795_161_600));
        assert_eq!(http_date("Thu, 29 Feb 2024 23:59:59 GMT"), Some(1_709_251_199));
        assert_eq!(http_date("yesterday"), None);
    }
}
