//! Credentials, the whitelist and the clock, as WeChat sees them.

use std::sync::Arc;

use weir_core::{App, AppKind, AppSettings};
use weir_wechat::Error;

use super::{Finding, Status};
use crate::config::Config;

/// WeChat's own clock may differ from ours by so many seconds before codes and signatures suffer.
const SKEW: i64 = 60;

pub(super) async fn examine(app: &Arc<App>, config: &Config) -> Vec<Finding> {
    let mut findings = vec![clock(app, config).await];
    for settings in &config.core.apps {
        if settings.kind == AppKind::Website {
            let check = format!("app {}", settings.name);
            findings.push(Finding::new(
                check,
                Status::Skipped,
                "a website app's secret shows only in a real login",
            ));
            continue;
        }
        findings.push(credentials(app, settings, &config.wechat.api_base).await);
    }
    findings
}

/// Asks for the shared token as everybody does, so that looking does not cost the token that is in use.
async fn credentials(app: &Arc<App>, settings: &AppSettings, api_base: &str) -> Finding {
    let check = format!("app {}", settings.name);
    match app.wechat.stable_token(&settings.credentials(), false).await {
        Ok(_) => {
            Finding::new(check, Status::Ok, format!("WeChat knows {} and its AppSecret", settings.appid))
        }
        Err(error) => refused(check, settings, &error, api_base),
    }
}

fn refused(check: String, settings: &AppSettings, error: &Error, api_base: &str) -> Finding {
    let detail = format!("{error}");
    let failing = Finding::new(check, Status::Failing, detail);
    match error.errcode() {
        Some(40013) => failing.fix(format!("WeChat knows no app {}: compare the appid with WeChat's console (it is case-sensitive)", settings.appid)),
        Some(40125 | 40001) => failing.fix("the AppSecret is wrong or was reset: take the new one from WeChat's console → development settings"),
        Some(40164) => {
            let address = whitelist_address(error.reason()).unwrap_or("the address named above");
            failing.fix(format!("add {address} to the IP whitelist: WeChat's console → development settings → IP whitelist"))
        }
        Some(40243) => failing.fix("the AppSecret is frozen: unfreeze it in WeChat's console; it takes about ten minutes"),
        Some(45009) => failing.fix("the day's quota is used up: wait until midnight in Beijing, or clear it in WeChat's console"),
        Some(_) => failing.fix("look the errcode up in WeChat's list of return codes"),
        None => failing.fix(format!("check that this machine reaches {api_base} (DNS, firewall; a simulator must be running)")),
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
async fn clock(app: &Arc<App>, config: &Config) -> Finding {
    let check = "clock";
    let client = reqwest::Client::builder().no_proxy().timeout(config.wechat.timeout.0).build();
    let answer = match client {
        Ok(client) => client.head(&config.wechat.api_base).send().await,
        Err(error) => return Finding::new(check, Status::Skipped, format!("no HTTP client: {error}")),
    };
    let Ok(answer) = answer else {
        return Finding::new(check, Status::Skipped, "WeChat cannot be reached")
            .fix(format!("check that this machine reaches {}", config.wechat.api_base));
    };
    let date = answer.headers().get("date").and_then(|date| date.to_str().ok()).and_then(http_date);
    match date.map(|date| (app.clock.now().seconds() - date).abs()) {
        None => Finding::new(check, Status::Skipped, "WeChat's answer has no date"),
        Some(off) if off > SKEW => {
            Finding::new(check, Status::Failing, format!("this machine's clock is {off} s off WeChat's"))
                .fix("set the clock, and keep it set with NTP (systemctl enable --now systemd-timesyncd)")
        }
        Some(off) => Finding::new(check, Status::Ok, format!("within {off} s of WeChat's")),
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
