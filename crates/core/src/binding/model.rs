use weir_base::Timestamp;
use weir_store::row;

use crate::{Outcome, account::model::text, exchange::WebPerson, host::HostId};

pub const OPENID_MAX: usize = 100;
pub const NICKNAME_MAX: usize = 100;
pub const AVATAR_MAX: usize = 500;

row! {
    /// A WeChat account that is, or was, bound to a host user.
    pub struct Binding {
        pub id: i64,
        pub user_id: HostId,
        pub wechat_openid: String,
        pub wechat_unionid: Option<String>,
        pub nickname: Option<String>,
        pub avatar_url: Option<String>,
        pub is_active: bool,
        pub created_at: Timestamp,
        pub updated_at: Timestamp,
    }
}

row! {
    /// A WeChat account as WeChat told us of it.
    #[derive(PartialEq, Eq)]
    pub struct Account {
        pub appid: String,
        pub platform: String,
        pub openid: String,
        pub unionid: Option<String>,
        pub nickname: Option<String>,
        pub avatar_url: Option<String>,
    }
}

impl Account {
    /// Cuts what WeChat told to what is kept. An avatar that is no address of a picture is dropped.
    pub fn cut(mut self) -> Self {
        let shown = |text: String| text.chars().filter(|c| *c != '\0').take(NICKNAME_MAX).collect::<String>();
        self.nickname = self.nickname.map(shown).filter(|text| !text.is_empty());
        let usable = |url: &String| {
            url.chars().count() <= AVATAR_MAX
                && !url.contains('\0')
                && (url.starts_with("https://") || url.starts_with("http://"))
        };
        self.avatar_url = self.avatar_url.filter(usable);
        self
    }
}

impl From<WebPerson> for Account {
    fn from(person: WebPerson) -> Self {
        let (nickname, avatar_url) = person.info.map(|info| (info.nickname, info.headimgurl)).unzip();
        Self {
            appid: person.appid,
            platform: person.platform,
            openid: person.openid,
            unionid: person.unionid,
            nickname,
            avatar_url,
        }
        .cut()
    }
}

/// What a page sends to bind an account that was proven before.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    pub openid: String,
    pub unionid: Option<String>,
    pub nickname: Option<String>,
    pub avatar_url: Option<String>,
}

impl Asked {
    pub fn validate(&self) -> Outcome<()> {
        if self.openid.is_empty() {
            return Err(crate::Failure::invalid("openid", "must not be empty"));
        }
        text("openid", Some(&self.openid), OPENID_MAX)?;
        text("unionid", self.unionid.as_deref(), OPENID_MAX)?;
        text("nickname", self.nickname.as_deref(), NICKNAME_MAX)?;
        text("headimgurl", self.avatar_url.as_deref(), AVATAR_MAX)
    }
}
