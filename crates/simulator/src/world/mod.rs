//! What there is in this WeChat: apps and people, and what it remembers of them (codes, sessions, tokens, counts).

mod app;
pub(crate) mod authorizations;
pub(crate) mod codes;
mod demo;
pub(crate) mod ident;
pub(crate) mod inbox;
pub(crate) mod library;
mod person;
pub(crate) mod quotas;
pub(crate) mod scans;
pub(crate) mod scenes;
pub(crate) mod sessions;
mod shards;
pub(crate) mod subscriptions;
pub(crate) mod tickets;
pub(crate) mod tokens;
pub(crate) mod turns;

use std::{collections::HashMap, sync::Arc};

use serde::Deserialize;
use weir_base::Secret;
use weir_wechat::push::AesKey;

pub use app::{App, AppKind, ErrmsgStyle, IpRule, PushAddress, PushFormat, PushMode, Template, TemplateKind};
pub use inbox::Message;
pub use person::Person;
pub use quotas::Quota;
pub use subscriptions::Answer;

/// Where an app stands in its [`World`]. Apps are changed but never removed, so a key stays good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AppKey(u32);

/// Where a person stands in their [`World`]. People are changed but never removed, so a key stays good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PersonKey(u32);

/// Apps and people.
#[derive(Clone, Default)]
pub struct World {
    apps: Vec<Arc<App>>,
    people: Vec<Arc<Person>>,
    by_appid: HashMap<String, AppKey>,
    by_app_name: HashMap<String, AppKey>,
    by_person_id: HashMap<String, PersonKey>,
    by_person_name: HashMap<String, PersonKey>,
    /// Openids are made from apps and people, which never change their ids.
    by_openid: HashMap<String, (AppKey, PersonKey)>,
}

/// A world that cannot be.
#[derive(Debug, thiserror::Error)]
pub enum WorldError {
    #[error("world file: {0}")]
    Syntax(#[from] toml::de::Error),
    #[error("{field}: {reason}")]
    Field { field: &'static str, reason: String },
}

impl WorldError {
    fn field(field: &'static str, reason: impl Into<String>) -> Self {
        Self::Field { field, reason: reason.into() }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WorldFile {
    #[serde(default)]
    apps: Vec<App>,
    #[serde(default)]
    people: Vec<Person>,
}

impl World {
    /// Reads a world file: tables `[[apps]]` and `[[people]]` with the fields of [`App`] and [`Person`].
    ///
    /// # Errors
    /// When it is not TOML of that shape, or two apps or two people have the same name or id.
    pub fn from_toml(text: &str) -> Result<Self, WorldError> {
        let file: WorldFile = toml::from_str(text)?;
        Self::new(file.apps, file.people)
    }

    /// # Errors
    /// When two apps or two people have the same name or id, or one of these is empty.
    pub fn new(
        apps: impl IntoIterator<Item = App>,
        people: impl IntoIterator<Item = Person>,
    ) -> Result<Self, WorldError> {
        let mut world = Self::default();
        for app in apps {
            if world.by_appid.contains_key(&app.appid) {
                return Err(WorldError::field("appid", format!("`{}` stands twice", app.appid)));
            }
            world.put_app(app)?;
        }
        for person in people {
            if world.by_person_id.contains_key(&person.id) {
                return Err(WorldError::field("id", format!("`{}` stands twice", person.id)));
            }
            world.put_person(person)?;
        }
        Ok(world)
    }

    /// Adds an app, or changes the one that has its appid.
    pub(crate) fn put_app(&mut self, app: App) -> Result<AppKey, WorldError> {
        if app.appid.is_empty() || !app.appid.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(WorldError::field("appid", "must be letters and digits"));
        }
        if app.name.is_empty() {
            return Err(WorldError::field("name", "must not be empty"));
        }
        if app.secret.is_empty() {
            return Err(WorldError::field("secret", "must not be empty"));
        }
        check_domains("callback_domains", &app.callback_domains)?;
        check_domains("jssdk_domains", &app.jssdk_domains)?;
        check_push(app.push.as_ref())?;
        check_templates(&app.templates)?;
        let present = self.by_appid.get(&app.appid).copied();
        if self.by_app_name.get(&app.name).is_some_and(|&owner| Some(owner) != present) {
            return Err(WorldError::field("name", format!("`{}` is another app's", app.name)));
        }
        let key = present.unwrap_or(AppKey(index(self.apps.len())));
        if let Some(old) = self.apps.get(key.0 as usize) {
            self.by_app_name.remove(&old.name);
        }
        self.by_appid.insert(app.appid.clone(), key);
        self.by_app_name.insert(app.name.clone(), key);
        if present.is_none() {
            let openids =
                self.people.iter().zip(0..).map(|(person, at)| (person.openid(&app), (key, PersonKey(at))));
            self.by_openid.extend(openids);
        }
        put(&mut self.apps, key.0, app);
        Ok(key)
    }

    /// Adds a person, or changes the one that has their id.
    pub(crate) fn put_person(&mut self, person: Person) -> Result<PersonKey, WorldError> {
        check_person(&person)?;
        let present = self.by_person_id.get(&person.id).copied();
        if self.by_person_name.get(&person.name).is_some_and(|&owner| Some(owner) != present) {
            return Err(WorldError::field("name", format!("`{}` is another person's", person.name)));
        }
        let key = present.unwrap_or(PersonKey(index(self.people.len())));
        if let Some(old) = self.people.get(key.0 as usize) {
            self.by_person_name.remove(&old.name);
        }
        self.by_person_id.insert(person.id.clone(), key);
        self.by_person_name.insert(person.name.clone(), key);
        if present.is_none() {
            let openids = self.apps.iter().zip(0..).map(|(app, at)| (person.openid(app), (AppKey(at), key)));
            self.by_openid.extend(openids);
        }
        put(&mut self.people, key.0, person);
        Ok(key)
    }

    /// An id that no person has yet.
    pub(crate) fn free_person_id(&self) -> String {
        let mut number = self.people.len() + 1;
        loop {
            let id = format!("u{number}");
            if self.person(&id).is_none() {
                return id;
            }
            number += 1;
        }
    }

    pub fn apps(&self) -> impl ExactSizeIterator<Item = &App> {
        self.apps.iter().map(Arc::as_ref)
    }

    pub fn people(&self) -> impl ExactSizeIterator<Item = &Person> {
        self.people.iter().map(Arc::as_ref)
    }

    pub(crate) fn app_at(&self, key: AppKey) -> Option<&App> {
        self.apps.get(key.0 as usize).map(Arc::as_ref)
    }

    pub(crate) fn person_at(&self, key: PersonKey) -> Option<&Person> {
        self.people.get(key.0 as usize).map(Arc::as_ref)
    }

    /// The app with this appid; upper and lower case differ, as at WeChat.
    pub(crate) fn app_by_appid(&self, appid: &str) -> Option<(AppKey, &App)> {
        let key = *self.by_appid.get(appid)?;
        Some((key, self.app_at(key)?))
    }

    /// The app with this appid or name.
    pub(crate) fn app(&self, appid_or_name: &str) -> Option<(AppKey, &App)> {
        let key = *self.by_appid.get(appid_or_name).or_else(|| self.by_app_name.get(appid_or_name))?;
        Some((key, self.app_at(key)?))
    }

    /// The person of an openid, if it is one of this app.
    pub(crate) fn person_of(&self, app: AppKey, openid: &str) -> Option<(PersonKey, &Person)> {
        let &(_, key) = self.by_openid.get(openid).filter(|(owner, _)| *owner == app)?;
        Some((key, self.person_at(key)?))
    }

    /// The app and the person of an openid.
    pub(crate) fn owner(&self, openid: &str) -> Option<(AppKey, PersonKey)> {
        self.by_openid.get(openid).copied()
    }

    /// The person with this id or name.
    pub(crate) fn person(&self, id_or_name: &str) -> Option<(PersonKey, &Person)> {
        let key = *self.by_person_id.get(id_or_name).or_else(|| self.by_person_name.get(id_or_name))?;
        Some((key, self.person_at(key)?))
    }
}

/// WeChat's console takes bare hosts: no scheme, no port, no path.
fn check_domains(field: &'static str, domains: &[String]) -> Result<(), WorldError> {
    match domains.iter().find(|domain| url::Host::parse(domain).is_err()) {
        None => Ok(()),
        Some(domain) => {
            let reason =
                format!("`{domain}` is no bare host such as www.example.com: no scheme, port or path");
            Err(WorldError::field(field, reason))
        }
    }
}

/// What WeChat's console would not take as a push address.
fn check_push(push: Option<&PushAddress>) -> Result<(), WorldError> {
    let Some(push) = push else { return Ok(()) };
    let wrong = |reason: &str| Err(WorldError::field("push", reason));
    if !url::Url::parse(&push.url).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
    {
        return wrong("url must be an http or https address");
    }
    if push.token.is_empty() {
        return wrong("token must not be empty");
    }
    match (&push.aes_key, push.mode) {
        (None, PushMode::Compatible | PushMode::Safe) => wrong("this mode needs an aes_key"),
        (Some(key), _) if AesKey::parse(&Secret::new(key.as_str())).is_none() => {
            wrong("aes_key must be 43 characters of base64")
        }
        _ => Ok(()),
    }
}

fn check_templates(templates: &[Template]) -> Result<(), WorldError> {
    for (at, template) in templates.iter().enumerate() {
        if template.id.is_empty() {
            return Err(WorldError::field("templates", "an id must not be empty"));
        }
        if templates[..at].iter().any(|other| other.id == template.id) {
            return Err(WorldError::field("templates", format!("`{}` stands twice", template.id)));
        }
    }
    Ok(())
}

fn check_person(person: &Person) -> Result<(), WorldError> {
    if person.id.is_empty() {
        return Err(WorldError::field("id", "must not be empty"));
    }
    if person.name.is_empty() {
        return Err(WorldError::field("name", "must not be empty"));
    }
    let digits = |text: &str, longest| {
        (1..=longest).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    if person.phone.as_deref().is_some_and(|phone| !digits(phone, 20)) {
        return Err(WorldError::field("phone", "must be digits, without the country's prefix"));
    }
    if !digits(&person.country_code, 4) {
        return Err(WorldError::field("country_code", "must be digits"));
    }
    let plain = |text: &str| {
        (1..=64).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
    };
    if person.unionid.as_deref().is_some_and(|unionid| !plain(unionid)) {
        return Err(WorldError::field("unionid", "must be letters, digits, `_` and `-`"));
    }
    Ok(())
}

fn index(length: usize) -> u32 {
    // Four billion apps or people do not fit into memory.
    u32::try_from(length).unwrap_or(u32::MAX)
}

fn put<T>(list: &mut Vec<Arc<T>>, at: u32, item: T) {
    match list.get_mut(at as usize) {
        Some(place) => *place = Arc::new(item),
        None => list.push(Arc::new(item)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_world_is_what_scripts_count_on() {
        let world = World::demo();
        let apps: Vec<_> =
            world.apps().map(|a| (a.name.as_str(), a.appid.as_str(), a.secret.as_str())).collect();
        assert_eq!(
            apps,
            [
                ("mini", "wx1000000000000001", "demo-secret-mini"),
                ("official", "wx2000000000000002", "demo-secret-official"),
                ("website", "wx3000000000000003", "demo-secret-website"),
            ]
        );
        let people: Vec<_> = world.people().map(|p| (p.name.as_str(), p.phone.as_deref())).collect();
        assert_eq!(
            people,
            [
                ("alice", Some("13800138000")),
                ("bob", Some("13800138001")),
                ("carol", Some("13800138002")),
                ("shade", None),
                ("nobody", None),
            ]
        );
        let (_, mini) = world.app("mini").unwrap();
        let templates: Vec<_> =
            mini.templates.iter().map(|t| (t.id.as_str(), t.kind, t.fields.join(" "))).collect();
        assert_eq!(
            templates[0],
            ("TMPL_DEMO_ACTION", TemplateKind::OneTime, "thing1 time2 thing3 thing7".into())
        );
        assert_eq!((templates[1].0, templates[1].1), ("TMPL_DEMO_LONG", TemplateKind::LongTerm));
    }

    #[test]
    fn one_unionid_per_platform_and_none_without_one() {
        let world = World::demo();
        let (_, alice) = world.person("alice").unwrap();
        let unionids: Vec<_> = world.apps().map(|app| alice.unionid(app)).collect();
        assert!(unionids[0].is_some() && unionids[0] == unionids[1] && unionids[1] == unionids[2]);
        let elsewhere = App { open_platform: Some("other".into()), ..world.app("mini").unwrap().1.clone() };
        assert_ne!(alice.unionid(&elsewhere), unionids[0]);
        assert_eq!(alice.unionid(&App { open_platform: None, ..elsewhere }), None);
        let (_, nobody) = world.person("nobody").unwrap();
        assert!(world.apps().all(|app| nobody.unionid(app).is_none()));
    }

    #[test]
    fn a_world_file_seeds_apps_and_people() {
        let world = World::from_toml(
            r#"
            [[apps]]
            name = "shop"
            kind = "mini_program"
            appid = "wx00000000000000aa"
            secret = "s"
            ip_whitelist = ["10.0.0.0/8"]
            quotas = { "/sns/jscode2session" = { per_person_per_minute = 100 } }

            [[people]]
            id = "p"
            name = "pat"
            nickname = "Pat"
            "#,
        )
        .unwrap();
        assert_eq!(world.app("shop").unwrap().1.appid, "wx00000000000000aa");
        assert_eq!(world.person("pat").unwrap().1.id, "p");
    }

    #[test]
    fn a_world_file_with_mistakes_says_where() {
        let message = |text: &str| World::from_toml(text).err().unwrap().to_string();
        assert!(message("[[apps]]\nname = 'x'\n").contains("kind"));
        assert!(message("[[people]]\nid='a'\nname='a'\nnickname='a'\nshoe_size=43\n").contains("shoe_size"));
        let twice =
            "[[people]]\nid='a'\nname='a'\nnickname='a'\n[[people]]\nid='a'\nname='b'\nnickname='b'\n";
        assert!(message(twice).starts_with("id: "), "{}", message(twice));
    }

    #[test]
    fn renaming_frees_the_old_name_and_a_taken_name_is_refused() {
        let mut world = World::demo();
        let alice = Person { name: "alicia".into(), ..world.person("alice").unwrap().1.clone() };
        let id = alice.id.clone();
        world.put_person(alice).unwrap();
        assert!(world.person("alice").is_none());
        assert_eq!(world.person("alicia").unwrap().1.id, id);
        assert!(world.put_person(Person::new("u9", "bob", "Bob II")).is_err());
        assert!(world.person("u9").is_none());
    }
}
