//! What can be looked at without WeChat: settings, files, the database.

use std::path::PathBuf;

use super::{Finding, Status, Words};
use crate::config::Config;

pub(super) fn settings(config: &Config) -> Finding {
    match config.core.validate() {
        Err(sentence) => Finding::new("settings", Status::Failing, Words::same(sentence))
            .fix(("mend the setting that is named", "请修改上面指出的配置项")),
        Ok(()) if config.core.apps.is_empty() => {
            let detail =
                ("no WeChat app is configured: nobody can log in", "没有配置任何微信应用: 谁也无法登录");
            Finding::new("settings", Status::Warning, detail).fix((
                "add [[apps]] to weir.toml, or set WX_APPID and WX_SECRET",
                "请在 weir.toml 中添加 [[apps]]，或设置环境变量 WX_APPID 与 WX_SECRET",
            ))
        }
        Ok(()) if config.core.sandbox => {
            Finding::new("settings", Status::Warning, Words::same("sandbox = true")).fix((
                "for development only: take it out before real users come",
                "仅供开发使用: 正式上线前请去掉",
            ))
        }
        Ok(()) => {
            let apps = config.core.apps.len();
            Finding::new("settings", Status::Ok, (format!("{apps} app(s)"), format!("{apps} 个应用")))
        }
    }
}

/// Files that hold secrets and that others may read.
pub(super) fn secrets(config: &Config) -> Vec<Finding> {
    use std::os::unix::fs::PermissionsExt;
    let open = config
        .secret_files
        .iter()
        .filter(|path| std::fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o077 != 0));
    let finding = |path: &PathBuf| {
        let path = path.display();
        let detail = (
            format!("{path} holds secrets, and others on this machine may read it"),
            format!("{path} 中有密钥，而本机其他用户可以读取"),
        );
        Finding::new("file permissions", Status::Warning, detail)
            .fix(Words::same(format!("chmod 600 {path}")))
    };
    open.map(finding).collect()
}

/// Whose pages may call from a browser, where it is everybody's.
pub(super) fn origins(config: &Config) -> Option<Finding> {
    config.server.cors_origins.iter().any(|origin| origin == "*").then(|| {
        let detail = (
            "server.cors_origins (CORS_ORIGIN) is *: the pages of every website may call, and none of them with cookies, so \
             logins of pages on other origins that rest on a cookie fail",
            "server.cors_origins (CORS_ORIGIN) 为 *: 任何网站的页面都可以调用，但都不能携带 Cookie，因此其他来源的页面依靠 Cookie \
             的登录会失败",
        );
        Finding::new("origins", Status::Warning, detail).fix((
            "name the origins of your pages, separated by commas: CORS_ORIGIN=https://app.example.com",
            "请写明页面的来源，多个用逗号分隔: CORS_ORIGIN=https://app.example.com",
        ))
    })
}

pub(super) async fn database(app: &weir_core::App) -> Finding {
    match app.store.ping().await {
        Ok(()) => {
            let engine = app.store.engine();
            let detail =
                (format!("{engine} answers and is up to date"), format!("{engine} 工作正常，表结构为最新"));
            Finding::new("database", Status::Ok, detail)
        }
        Err(error) => Finding::new("database", Status::Failing, Words::same(error.to_string())).fix((
            "check that the database server runs and that database.url is right",
            "请确认数据库正在运行，且 database.url 正确",
        )),
    }
}

/// The product could not be built: on the settings when they are broken, else on the database.
pub(super) fn no_database(error: &anyhow::Error, settings_are_broken: bool) -> Finding {
    if settings_are_broken {
        let detail = (format!("not looked at: {error:#}"), format!("未检查: {error:#}"));
        return Finding::new("database", Status::Skipped, detail);
    }
    Finding::new("database", Status::Failing, Words::same(format!("{error:#}"))).fix((
        "check database.url (DB_HOST …), that the server runs, and that its user may create tables",
        "请检查 database.url (DB_HOST 等)、数据库是否运行、用户是否有建表权限",
    ))
}
