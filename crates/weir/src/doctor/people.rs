//! Whether people are recognised in one app after another (pain 6).

use std::sync::Arc;

use weir_core::{App, AppSettings, identity};

use super::{Finding, Status, Words};

/// Apps of one open-platform account share unionids, if they really are bound to it: it shows in who has logged in.
pub(super) async fn unionid(app: &Arc<App>, settings: &AppSettings, apps: &[AppSettings]) -> Option<Finding> {
    let platform = &settings.open_platform;
    let shared = apps.iter().filter(|other| other.open_platform == *platform).count() > 1;
    shared.then_some(())?;
    let check = format!("unionid {}", settings.name);
    let with = identity::rows::with_unionid(&app.store, &settings.appid).await;
    let without = identity::rows::without_unionid(&app.store, &settings.appid).await;
    let (with, without) = match (with, without) {
        (Ok(with), Ok(without)) => (with.is_some(), without.is_some()),
        (Err(error), _) | (_, Err(error)) => {
            return Some(Finding::new(check, Status::Skipped, Words::same(error.to_string())));
        }
    };
    Some(match (with, without) {
        (false, true) => {
            let detail = (
                format!(
                    "people log in, but none has a unionid: it is not bound to the open-platform account {platform:?}"
                ),
                format!("有人登录，但都没有 unionid: 该应用未绑定到开放平台账号 {platform:?}"),
            );
            Finding::new(check, Status::Warning, detail).fix((
                "bind it in WeChat's open platform (open.weixin.qq.com → 管理中心), or give it an open_platform of its own: \
                 until then nobody is recognised in the other apps",
                "请在微信开放平台 (open.weixin.qq.com → 管理中心) 绑定该应用，或为它设置单独的 open_platform: 在此之前无法识别其他应用的用户",
            ))
        }
        (true, _) => Finding::new(check, Status::Ok, ("people have unionids", "用户带有 unionid")),
        (false, false) => Finding::new(check, Status::Skipped, ("nobody has logged in yet", "还没有人登录")),
    })
}
