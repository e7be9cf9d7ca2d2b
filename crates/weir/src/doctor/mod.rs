//! What is wrong, and how to mend it.

mod here;
mod pages;
mod people;
mod push;
mod wechat;
mod words;

use std::sync::Arc;

use anyhow::Result;
use serde::Serialize;
use weir_core::{App, AppKind, AppSettings};

use crate::{
    config::Config,
    wire::{self, Ground},
};

pub use words::Language;
use words::Words;

/// How one thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    Ok,
    Warning,
    Failing,
    /// Could not be looked at because something before it fails, or because there is nothing to look at.
    Skipped,
}

/// One thing looked at.
#[derive(Clone, Debug)]
pub struct Finding {
    check: String,
    pub status: Status,
    detail: Words,
    fix: Words,
}

/// A finding in one language. `fix` is empty when there is nothing to do.
#[derive(Debug, Serialize)]
pub struct Told<'a> {
    check: &'a str,
    status: Status,
    detail: &'a str,
    fix: &'a str,
}

impl Finding {
    fn new(check: impl Into<String>, status: Status, detail: impl Into<Words>) -> Self {
        Self { check: check.into(), status, detail: detail.into(), fix: Words::default() }
    }

    fn fix(mut self, fix: impl Into<Words>) -> Self {
        self.fix = fix.into();
        self
    }

    pub fn told(&self, language: Language) -> Told<'_> {
        Told {
            check: &self.check,
            status: self.status,
            detail: self.detail.in_language(language),
            fix: self.fix.in_language(language),
        }
    }

    /// For people.
    pub fn text(&self, language: Language) -> String {
        let mark = match self.status {
            Status::Ok => "✓",
            Status::Warning => "!",
            Status::Failing => "✗",
            Status::Skipped => "-",
        };
        let Told { check, detail, fix, .. } = self.told(language);
        let told = format!("{mark} {check}: {detail}");
        if fix.is_empty() { told } else { format!("{told}\n    → {fix}") }
    }
}

/// Looks at everything that can be looked at.
pub(crate) async fn examine(config: Result<Config>) -> Vec<Finding> {
    let config = match config {
        Ok(config) => config,
        Err(error) => {
            let finding = Finding::new("settings", Status::Failing, Words::same(format!("{error:#}")));
            return vec![finding.fix((
                "mend the setting that is named; `weir config --reference settings` lists them all",
                "请修改上面指出的配置项; `weir config --reference settings` 列出全部配置",
            ))];
        }
    };
    let mut findings = vec![here::settings(&config)];
    findings.extend(here::secrets(&config));
    findings.extend(here::origins(&config));
    let app = match wire::build(&config, Ground::system()).await {
        Ok(app) => {
            findings.push(here::database(&app).await);
            app
        }
        Err(error) => {
            let broken = findings[0].status == Status::Failing;
            findings.push(here::no_database(&error, broken));
            findings.push(Finding::new("wechat", Status::Skipped, ("not looked at", "未检查")));
            return findings;
        }
    };
    findings.push(wechat::clock(&app, &config).await);
    for settings in &config.core.apps {
        findings.extend(app_of_wechat(&app, settings, &config).await);
    }
    findings
}

/// Everything about one app.
async fn app_of_wechat(app: &Arc<App>, settings: &AppSettings, config: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    if settings.kind == AppKind::Website {
        let detail = (
            "a website app's secret shows only in a real login",
            "网站应用的 AppSecret 只有真实登录时才能验证",
        );
        findings.push(Finding::new(format!("app {}", settings.name), Status::Skipped, detail));
    } else {
        findings.extend(wechat::credentials(app, settings, &config.wechat.api_base).await);
    }
    if settings.kind != AppKind::MiniProgram {
        findings.push(pages::callback(app, settings, config).await);
    }
    if settings.kind == AppKind::OfficialAccount {
        findings.push(pages::jssdk(app, settings));
    }
    findings.push(push::push(app, settings));
    findings.extend(people::unionid(app, settings, &config.core.apps).await);
    findings
}
