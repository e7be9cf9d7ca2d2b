//! A person with a WeChat account.

use serde::{Deserialize, Serialize};

use super::{App, ident};

/// One person. The same fields in the world file and in the state file.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// What openids and unionids are made from: the same id has the same ones in every run.
    pub id: String,
    /// A short name that control calls may use in place of the id.
    pub name: String,
    pub nickname: String,
    /// Address of the avatar; `None` is one made from the id, empty is none at all.
    #[serde(default)]
    pub avatar: Option<String>,
    /// The number without its country's prefix.
    #[serde(default)]
    pub phone: Option<String>,
    #[serde(default = "mainland")]
    pub country_code: String,
    /// A unionid to use in every open-platform account instead of the one made from the id.
    #[serde(default)]
    pub unionid: Option<String>,
    /// Has no unionid, whatever the app belongs to.
    #[serde(default)]
    pub no_unionid: bool,
    /// Opens pages as a snapshot user: a virtual account without profile.
    #[serde(default)]
    pub snapshot: bool,
    /// Rated high-risk: login is refused with 40226.
    #[serde(default)]
    pub risky: bool,
    /// Appids of the official accounts the person follows.
    #[serde(default)]
    pub follows: Vec<String>,
}

impl Person {
    pub fn new(id: &str, name: &str, nickname: &str) -> Self {
        Self {
            id: id.to_owned(),
            name: name.to_owned(),
            nickname: nickname.to_owned(),
            avatar: None,
            phone: None,
            country_code: mainland(),
            unionid: None,
            no_unionid: false,
            snapshot: false,
            risky: false,
            follows: Vec::new(),
        }
    }

    pub fn openid(&self, app: &App) -> String {
        ident::openid(&app.appid, &self.id)
    }

    /// `None` when the app belongs to no open-platform account, or the person has no unionid.
    pub fn unionid(&self, app: &App) -> Option<String> {
        app.open_platform.as_deref().and_then(|platform| self.unionid_in(platform))
    }

    pub fn unionid_in(&self, platform: &str) -> Option<String> {
        if self.no_unionid {
            return None;
        }
        Some(self.unionid.clone().unwrap_or_else(|| ident::unionid(platform, &self.id)))
    }

    /// The openid of the virtual account that stands in for the person in a snapshot.
    pub fn virtual_openid(&self, app: &App) -> String {
        ident::openid(&app.appid, &self.virtual_id())
    }

    pub fn virtual_unionid(&self, app: &App) -> Option<String> {
        app.open_platform.as_deref().map(|platform| ident::unionid(platform, &self.virtual_id()))
    }

    /// All virtual accounts have the same avatar.
    pub fn virtual_avatar() -> String {
        ident::avatar("snapshot")
    }

    fn virtual_id(&self) -> String {
        // No id can end so: the byte cannot be typed.
        format!("{}\u{0}snapshot", self.id)
    }

    pub fn avatar(&self) -> String {
        self.avatar.clone().unwrap_or_else(|| ident::avatar(&self.id))
    }
}

fn mainland() -> String {
    String::from("86")
}
