//! The demo world, which scripts count on (contracts.md, "The demo world").

use std::collections::BTreeMap;

use super::{
    World,
    app::{App, AppKind, Template, TemplateKind},
    person::Person,
};

const PLATFORM: &str = "demo";

pub fn apps() -> Vec<App> {
    let app = |name: &str, kind, appid: &str| App {
        open_platform: Some(PLATFORM.to_owned()),
        callback_domains: local(),
        jssdk_domains: local(),
        ..App::new(name, kind, appid, &format!("demo-secret-{name}"))
    };
    let mut mini = app("mini", AppKind::MiniProgram, "wx1000000000000001");
    mini.templates = vec![
        template("TMPL_DEMO_ACTION", "客户行为通知", TemplateKind::OneTime),
        template("TMPL_DEMO_LONG", "服务进度通知", TemplateKind::LongTerm),
    ];
    vec![
        mini,
        app("official", AppKind::OfficialAccount, "wx2000000000000002"),
        app("website", AppKind::Website, "wx3000000000000003"),
    ]
}

fn local() -> Vec<String> {
    vec![String::from("127.0.0.1"), String::from("localhost")]
}

fn template(id: &str, title: &str, kind: TemplateKind) -> Template {
    let fields = ["thing1", "time2", "thing3", "thing7"].map(String::from).to_vec();
    Template { id: id.to_owned(), title: title.to_owned(), kind, fields, enums: BTreeMap::new() }
}

pub fn people() -> Vec<Person> {
    let with_phone = |person: Person, phone: &str| Person { phone: Some(phone.to_owned()), ..person };
    vec![
        with_phone(Person::new("u1", "alice", "爱丽丝 🌸"), "13800138000"),
        with_phone(Person::new("u2", "bob", "Bob"), "13800138001"),
        with_phone(Person::new("u3", "carol", "卡罗尔"), "13800138002"),
        Person { snapshot: true, ..Person::new("u4", "shade", "微信用户") },
        Person { no_unionid: true, ..Person::new("u5", "nobody", "Nobody") },
    ]
}

impl World {
    /// Apps `mini`, `official` and `website` in one open-platform account; alice, bob, carol, shade and nobody.
    pub fn demo() -> Self {
        let mut world = Self::default();
        // The demo's names and appids are distinct, so there is nothing that these could refuse.
        apps().into_iter().for_each(|app| drop(world.put_app(app)));
        people().into_iter().for_each(|person| drop(world.put_person(person)));
        world
    }
}
