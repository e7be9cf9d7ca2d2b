//! A WeChat app: a mini-program, an official account or a website of the open platform.

use std::{collections::BTreeMap, net::IpAddr};

use serde::{Deserialize, Serialize};
use url::Url;

use super::quotas::Quota;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AppKind {
    MiniProgram,
    OfficialAccount,
    Website,
}

/// One app as its owner has set it up in WeChat's console. The same fields in the world file, in `/_sim/apps` and in
/// the state file.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct App {
    /// A short name that control calls may use in place of the appid.
    pub name: String,
    pub kind: AppKind,
    pub appid: String,
    pub secret: String,
    /// The open-platform account it belongs to; people have one unionid in each. `None`: no unionid.
    #[serde(default)]
    pub open_platform: Option<String>,
    /// The secret is frozen in the console: calls with it are answered 40243.
    #[serde(default)]
    pub secret_frozen: bool,
    /// Addresses and networks that may ask for tokens; empty means everyone (40164 otherwise).
    #[serde(default)]
    pub ip_whitelist: Vec<IpRule>,
    /// Bare hosts that OAuth may redirect to; without one it redirects nowhere. Ports are not looked at.
    #[serde(default)]
    pub callback_domains: Vec<String>,
    /// Bare hosts whose pages may use the JS-SDK.
    #[serde(default)]
    pub jssdk_domains: Vec<String>,
    /// Whether the authorize page insists on WeChat's order of parameters and form of `state`.
    #[serde(default = "yes")]
    pub strict: bool,
    /// Certified accounts may ask for consent, parametric QR codes and user info (10005 and 48001 otherwise).
    #[serde(default = "yes")]
    pub certified: bool,
    /// A test account: only its followers may authorise it (10006 otherwise).
    #[serde(default)]
    pub test_account: bool,
    /// Banned by WeChat: its authorize page says 10004.
    #[serde(default)]
    pub banned: bool,
    #[serde(default)]
    pub push: Option<PushAddress>,
    #[serde(default)]
    pub templates: Vec<Template>,
    /// Pages of the released version, as `pages/index`: a message may lead to these (41030, 40165). Empty: to any.
    #[serde(default)]
    pub pages: Vec<String>,
    /// Words that no message may have in it (45168).
    #[serde(default)]
    pub blocked_words: Vec<String>,
    /// Limits by path. A path that is not here has WeChat's published one, if there is any.
    #[serde(default)]
    pub quotas: BTreeMap<String, Quota>,
    #[serde(default)]
    pub errmsg_style: ErrmsgStyle,
    /// A `wx.login` sooner than this after the session_key was made keeps it. Seconds.
    #[serde(default = "an_hour")]
    pub session_key_refresh_s: u64,
    /// How long a session_key serves after it was last used by a code exchange. WeChat does not publish it. Seconds.
    #[serde(default = "three_days")]
    pub session_key_lifetime_s: u64,
}

impl App {
    /// An app with nothing set up but its secret.
    pub fn new(name: &str, kind: AppKind, appid: &str, secret: &str) -> Self {
        Self {
            name: name.to_owned(),
            kind,
            appid: appid.to_owned(),
            secret: secret.to_owned(),
            open_platform: None,
            secret_frozen: false,
            ip_whitelist: Vec::new(),
            callback_domains: Vec::new(),
            jssdk_domains: Vec::new(),
            strict: true,
            certified: true,
            test_account: false,
            banned: false,
            push: None,
            templates: Vec::new(),
            pages: Vec::new(),
            blocked_words: Vec::new(),
            quotas: BTreeMap::new(),
            errmsg_style: ErrmsgStyle::default(),
            session_key_refresh_s: an_hour(),
            session_key_lifetime_s: three_days(),
        }
    }

    /// Whether OAuth may redirect there: a web page on exactly one of the callback domains, whatever its port, and no
    /// user name that makes one host look like another.
    pub fn may_redirect_to(&self, url: &Url) -> bool {
        is_page(url) && url.host_str().is_some_and(|host| names(&self.callback_domains, host))
    }

    /// Whether a page may use the JS-SDK. Ports are not looked at: on a laptop 80 is seldom free.
    pub fn may_use_jssdk(&self, url: &Url) -> bool {
        is_page(url) && url.host_str().is_some_and(|host| names(&self.jssdk_domains, host))
    }

    /// Whether a message may lead to this page of the app, its query aside.
    pub fn has_page(&self, page: &str) -> bool {
        let path = page.split(['?', '#']).next().unwrap_or_default();
        let path = path.strip_prefix('/').unwrap_or(path);
        let named = |known: &String| known.strip_prefix('/').unwrap_or(known) == path;
        !page.contains("://") && (self.pages.is_empty() || self.pages.iter().any(named))
    }

    pub fn template(&self, id: &str) -> Option<&Template> {
        self.templates.iter().find(|template| template.id == id)
    }

    /// Whether a caller at this address may ask for tokens.
    pub fn lets_in(&self, client: IpAddr) -> bool {
        self.ip_whitelist.is_empty() || self.ip_whitelist.iter().any(|rule| rule.covers(client))
    }
}

fn is_page(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.password().is_none()
}

/// Whether `host`, as a URL parser writes it, is one of these bare hosts.
fn names(domains: &[String], host: &str) -> bool {
    domains.iter().any(|domain| url::Host::parse(domain).is_ok_and(|domain| domain.to_string() == host))
}

fn yes() -> bool {
    true
}

fn an_hour() -> u64 {
    3600
}

fn three_days() -> u64 {
    3 * 86_400
}

/// How `errmsg` is decorated (wechat-protocol.md, section 0.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrmsgStyle {
    /// `invalid code, rid: 64993d2c-2af40adf-01b005b5`: today.
    #[default]
    Rid,
    /// `invalid code, hints: [ req_id: uhJDVZyFe-YZguHA ]`: about 2017 to 2020.
    Hints,
}

/// An address, or a network as `10.0.0.0/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct IpRule {
    network: IpAddr,
    prefix: u32,
}

impl IpRule {
    fn covers(self, client: IpAddr) -> bool {
        match (self.network, client.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(client)) => {
                let difference = u64::from(network.to_bits() ^ client.to_bits());
                difference >> (32 - self.prefix) == 0
            }
            (IpAddr::V6(network), IpAddr::V6(client)) => {
                let difference = network.to_bits() ^ client.to_bits();
                difference.checked_shr(128 - self.prefix).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

impl TryFrom<String> for IpRule {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wrong = || format!("`{text}` is neither an address nor a network such as 10.0.0.0/8");
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text.as_str(), None),
        };
        let network = address.parse::<IpAddr>().map_err(|_| wrong())?;
        let longest = if network.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            Some(prefix) => prefix.parse::<u32>().map_err(|_| wrong())?,
            None => longest,
        };
        if prefix > longest {
            return Err(wrong());
        }
        Ok(Self { network, prefix })
    }
}

impl From<IpRule> for String {
    fn from(rule: IpRule) -> Self {
        format!("{}/{}", rule.network, rule.prefix)
    }
}

/// Where WeChat pushes messages and events of the app.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PushAddress {
    pub url: String,
    pub token: String,
    /// EncodingAESKey, 43 characters.
    #[serde(default)]
    pub aes_key: Option<String>,
    #[serde(default)]
    pub format: PushFormat,
    #[serde(default)]
    pub mode: PushMode,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PushFormat {
    #[default]
    Xml,
    Json,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PushMode {
    #[default]
    Plain,
    Compatible,
    Safe,
}

/// A subscription message template in the app's list.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    pub id: String,
    #[serde(default)]
    pub title: String,
    #[serde(default)]
    pub kind: TemplateKind,
    /// Field names with their kind and number, such as `thing1`.
    pub fields: Vec<String>,
    /// What enum fields may say, by field name.
    #[serde(default)]
    pub enums: BTreeMap<String, Vec<String>>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TemplateKind {
    /// One accepted prompt, one message.
    #[default]
    OneTime,
    LongTerm,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(text: &str) -> IpRule {
        IpRule::try_from(text.to_owned()).unwrap()
    }

    #[test]
    fn a_rule_covers_its_network_and_nothing_else() {
        let covers = |text: &str, client: &str| rule(text).covers(client.parse().unwrap());
        assert!(covers("127.0.0.1", "127.0.0.1") && covers("127.0.0.1", "::ffff:127.0.0.1"));
        assert!(!covers("127.0.0.1", "127.0.0.2") && !covers("127.0.0.1", "::1"));
        assert!(covers("10.0.0.0/8", "10.255.0.1") && !covers("10.0.0.0/8", "11.0.0.1"));
        assert!(covers("0.0.0.0/0", "203.0.113.9") && covers("::/0", "2001:db8::1"));
        assert!(covers("2001:db8::/32", "2001:db8:ffff::1") && !covers("2001:db8::/32", "2001:db9::1"));
    }

    #[test]
    fn a_rule_that_is_no_network_is_refused() {
        for text in ["", "localhost", "10.0.0.0/33", "10.0.0.0/x", "::/129"] {
            assert!(IpRule::try_from(text.to_owned()).is_err(), "{text}");
        }
        assert_eq!(String::from(rule("10.0.0.0/8")), "10.0.0.0/8");
    }
}
