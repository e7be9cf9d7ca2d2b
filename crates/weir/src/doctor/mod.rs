//! What is wrong, and how to mend it.

mod wechat;

use std::{fmt, path::PathBuf};

use anyhow::Result;
use serde::Serialize;

use crate::{
    config::Config,
    wire::{self, Ground},
};

/// How one thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    Ok,
    Warning,
    Failing,
    /// Could not be looked at because something before it fails.
    Skipped,
}

/// One thing looked at.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    pub check: String,
    pub status: Status,
    pub detail: String,
    /// What to do; empty when there is nothing to do.
    pub fix: String,
}

impl Finding {
    pub(crate) fn new(check: impl Into<String>, status: Status, detail: impl Into<String>) -> Self {
        Self { check: check.into(), status, detail: detail.into(), fix: String::new() }
    }

    pub(crate) fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = fix.into();
        self
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = match self.status {
            Status::Ok => "✓",
            Status::Warning => "!",
            Status::Failing => "✗",
            Status::Skipped => "-",
        };
        write!(f, "{mark} {}: {}", self.check, self.detail)?;
        if !self.fix.is_empty() {
            write!(f, "\n    → {}", self.fix)?;
        }
        Ok(())
    }
}

/// Looks at everything that can be looked at.
pub(crate) async fn examine(config: Result<Config>) -> Vec<Finding> {
    let config = match config {
        Ok(config) => config,
        Err(error) => {
            return vec![
                Finding::new("settings", Status::Failing, format!("{error:#}"))
                    .fix("mend the setting that is named; `weir config --reference settings` lists them all"),
            ];
        }
    };
    let mut findings = vec![settings(&config)];
    findings.extend(secrets(&config));
    let app = match wire::build(&config, Ground::system()).await {
        Ok(app) => {
            findings.push(database(&app).await);
            Some(app)
        }
        Err(error) if findings[0].status == Status::Failing => {
            findings.push(Finding::new("database", Status::Skipped, format!("not looked at: {error:#}")));
            None
        }
        Err(error) => {
            findings.push(Finding::new("database", Status::Failing, format!("{error:#}")).fix(
                "check database.url (DB_HOST …), that the server runs, and that its user may create tables",
            ));
            None
        }
    };
    match &app {
        Some(app) => findings.extend(wechat::examine(app, &config).await),
        None => findings.push(Finding::new("wechat", Status::Skipped, "not looked at")),
    }
    findings
}

fn settings(config: &Config) -> Finding {
    match config.core.validate() {
        Err(sentence) => {
            Finding::new("settings", Status::Failing, sentence).fix("mend the setting that is named")
        }
        Ok(()) if config.core.apps.is_empty() => {
            Finding::new("settings", Status::Warning, "no WeChat app is configured: nobody can log in")
                .fix("add [[apps]] to weir.toml, or set WX_APPID and WX_SECRET")
        }
        Ok(()) if config.core.sandbox => Finding::new("settings", Status::Warning, "sandbox = true")
            .fix("for development only: take it out before real users come"),
        Ok(()) => Finding::new("settings", Status::Ok, format!("{} app(s)", config.core.apps.len())),
    }
}

/// Files that hold secrets and that others may read.
fn secrets(config: &Config) -> Vec<Finding> {
    use std::os::unix::fs::PermissionsExt;
    let open = config
        .secret_files
        .iter()
        .filter(|path| std::fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o077 != 0));
    let finding = |path: &PathBuf| {
        let path = path.display();
        Finding::new(
            "file permissions",
            Status::Warning,
            format!("{path} holds secrets, and others on this machine may read it"),
        )
        .fix(format!("chmod 600 {path}"))
    };
    open.map(finding).collect()
}

async fn database(app: &weir_core::App) -> Finding {
    match app.store.ping().await {
        Ok(()) => {
            Finding::new("database", Status::Ok, format!("{} answers and is up to date", app.store.engine()))
        }
        Err(error) => Finding::new("database", Status::Failing, format!("{error}"))
            .fix("check that the database server runs and that database.url is right"),
    }
}
