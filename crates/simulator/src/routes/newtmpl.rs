//! `/wxaapi/newtmpl/*`: an app's templates, and the public ones that it may take (wechat-protocol.md, section E4).

use std::{collections::BTreeMap, fmt::Write};

use serde_json::{Value, json};
use weir_wechat::template::Kind;

use crate::{
    Simulator,
    answer::Refusal,
    world::{
        App, Template, TemplateKind, ident,
        library::{CATEGORIES, Keyword, PublicTemplate, TEMPLATES},
    },
};

use super::{Call, credentials};

const OK: &str = r#"{"errcode":0,"errmsg":"ok"}"#;
/// As many templates may an app have.
const MOST: usize = 25;
const MOST_IN_PAGE: usize = 30;
const LONGEST_SCENE: usize = 15;

/// `GET /wxaapi/newtmpl/getcategory?access_token` → `data: [{id, name}]`.
pub fn getcategory(simulator: &Simulator, call: &Call<'_>) -> Result<String, Refusal> {
    credentials::bearer(simulator, &simulator.world(), call)?;
    let data: Vec<Value> =
        CATEGORIES.iter().map(|category| json!({"id": category.id, "name": category.name})).collect();
    Ok(listed(&data, None))
}

/// `GET /wxaapi/newtmpl/getpubtemplatetitles?access_token&ids&start&limit` → `count` and a page of templates.
pub fn getpubtemplatetitles(simulator: &Simulator, call: &Call<'_>) -> Result<String, Refusal> {
    credentials::bearer(simulator, &simulator.world(), call)?;
    let ids = call.param("ids").ok_or_else(|| Refusal::of(200_018))?;
    let ids = ids.split(',').map(|id| id.trim().parse::<u32>()).collect::<Result<Vec<_>, _>>();
    let ids = ids.map_err(|_| Refusal::of(200_019))?;
    let number = |name: &str| call.param(name).and_then(|text| text.parse::<usize>().ok());
    let start = number("start").ok_or_else(|| Refusal::of(200_016))?;
    let limit = number("limit").filter(|limit| (1..=MOST_IN_PAGE).contains(limit));
    let limit = limit.ok_or_else(|| Refusal::of(200_017))?;
    let found: Vec<_> = TEMPLATES.iter().filter(|template| ids.contains(&template.category)).collect();
    let page = found.iter().skip(start).take(limit).map(|template| {
        json!({
            "tid": template.tid,
            "title": template.title,
            "type": number_of(template.kind),
            "categoryId": template.category.to_string(),
        })
    });
    Ok(listed(&page.collect::<Vec<_>>(), Some(found.len())))
}

/// `GET /wxaapi/newtmpl/getpubtemplatekeywords?access_token&tid` → `count` and the template's fields.
pub fn getpubtemplatekeywords(simulator: &Simulator, call: &Call<'_>) -> Result<String, Refusal> {
    credentials::bearer(simulator, &simulator.world(), call)?;
    let template = call.param("tid").and_then(|tid| tid.parse().ok()).and_then(PublicTemplate::of);
    let keywords = template.ok_or_else(|| Refusal::of(200_014))?.keywords;
    let data: Vec<Value> = keywords
        .iter()
        .zip(1..)
        .map(|(Keyword { name, example, rule }, kid): (_, u32)| {
            json!({"kid": kid, "name": name, "example": example, "rule": rule})
        })
        .collect();
    Ok(listed(&data, Some(data.len())))
}

/// `POST /wxaapi/newtmpl/addtemplate?access_token {tid, kidList, sceneDesc?}` → `priTmplId`.
pub fn addtemplate(simulator: &Simulator, call: &Call<'_>) -> Result<String, Refusal> {
    let mut app = owner(simulator, call)?;
    let body = call.json()?;
    let number = |value: &Value| match value {
        Value::String(text) => text.parse().ok(),
        value => value.as_u64().and_then(|number| u32::try_from(number).ok()),
    };
    let public = body.get("tid").and_then(number).and_then(PublicTemplate::of);
    let public = public.ok_or_else(|| Refusal::of(200_014))?;
    let kids = body.get("kidList").and_then(Value::as_array).filter(|kids| (2..=5).contains(&kids.len()));
    let kids = kids.and_then(|kids| kids.iter().map(number).collect::<Option<Vec<u32>>>());
    let kids = kids.filter(|kids| kids.iter().zip(1..).all(|(kid, next)| !kids[next..].contains(kid)));
    let kids = kids.ok_or_else(|| Refusal::of(200_020))?;
    let chosen = kids.iter().map(|&kid| Some((kid, public.keyword(kid)?))).collect::<Option<Vec<_>>>();
    let chosen = chosen.ok_or_else(|| Refusal::of(200_020))?;
    if call.field("sceneDesc")?.is_some_and(|scene| scene.chars().count() > LONGEST_SCENE) {
        return Err(Refusal::of(200_021));
    }
    let id = ident::template(&app.appid, public.tid, &kids);
    if app.template(&id).is_some() {
        return Err(Refusal::of(200_022));
    }
    if app.templates.len() >= MOST {
        return Err(Refusal::of(200_012));
    }
    app.templates.push(Template {
        id: id.clone(),
        title: public.title.to_owned(),
        kind: public.kind,
        fields: chosen.iter().map(|(kid, keyword)| format!("{}{kid}", keyword.rule)).collect(),
        enums: BTreeMap::new(),
    });
    put(simulator, app)?;
    Ok(format!(r#"{{"errcode":0,"errmsg":"ok","priTmplId":"{id}"}}"#))
}

/// `GET /wxaapi/newtmpl/gettemplate?access_token` → the app's templates.
pub fn gettemplate(simulator: &Simulator, call: &Call<'_>) -> Result<String, Refusal> {
    let world = simulator.world();
    let (_, app) = credentials::bearer(simulator, &world, call)?;
    Ok(listed(&app.templates.iter().map(seen).collect::<Vec<_>>(), None))
}

/// `POST /wxaapi/newtmpl/deltemplate?access_token {priTmplId}`.
pub fn deltemplate(simulator: &Simulator, call: &Call<'_>) -> Result<String, Refusal> {
    let mut app = owner(simulator, call)?;
    let id = call.field("priTmplId")?.unwrap_or_default();
    let before = app.templates.len();
    app.templates.retain(|template| template.id != id);
    if app.templates.len() == before {
        return Err(Refusal::of(40037));
    }
    put(simulator, app)?;
    Ok(OK.to_owned())
}

/// The app that calls, to be changed.
fn owner(simulator: &Simulator, call: &Call<'_>) -> Result<App, Refusal> {
    let world = simulator.world();
    credentials::bearer(simulator, &world, call).map(|(_, app)| app.clone())
}

fn put(simulator: &Simulator, app: App) -> Result<(), Refusal> {
    simulator.world_mut().put_app(app).map(drop).map_err(|_| Refusal::of(-1))
}

fn listed(data: &[Value], count: Option<usize>) -> String {
    let mut answer = json!({"errcode": 0, "errmsg": "ok", "data": data});
    if let Some(count) = count {
        answer["count"] = json!(count);
    }
    answer.to_string()
}

fn number_of(kind: TemplateKind) -> u8 {
    match kind {
        TemplateKind::OneTime => 2,
        TemplateKind::LongTerm => 3,
    }
}

fn seen(template: &Template) -> Value {
    let (mut content, mut example) = (String::new(), String::new());
    for field in &template.fields {
        let (label, sample) = described(field);
        // Writing to a string cannot fail.
        let _ = writeln!(content, "{label}:{{{{{field}.DATA}}}}");
        let _ = writeln!(example, "{label}:{sample}");
    }
    let mut seen = json!({
        "priTmplId": template.id,
        "title": template.title,
        "content": content,
        "example": example,
        "type": number_of(template.kind),
    });
    if !template.enums.is_empty() {
        let lists: Vec<Value> = template
            .enums
            .iter()
            .map(|(field, values)| json!({"keywordCode": format!("{field}.DATA"), "enumValueList": values}))
            .collect();
        seen["keywordEnumValueList"] = json!(lists);
    }
    seen
}

/// What a field is called, by its kind, and an example of it.
fn described(field: &str) -> (&'static str, &'static str) {
    match Kind::of(field) {
        Some(Kind::Thing) | None => ("事物", "内容"),
        Some(Kind::Number) => ("数字", "12"),
        Some(Kind::Letter) => ("字母", "A"),
        Some(Kind::Symbol) => ("符号", "+"),
        Some(Kind::CharacterString) => ("字符串", "A-12"),
        Some(Kind::Time) => ("时间", "2019年10月1日 15:01"),
        Some(Kind::Date) => ("日期", "2019年10月1日"),
        Some(Kind::Amount) => ("金额", "￥12.5元"),
        Some(Kind::PhoneNumber) => ("电话", "+86-0766-66888866"),
        Some(Kind::CarNumber) => ("车牌", "粤A8Z888挂"),
        Some(Kind::Name) => ("姓名", "张三"),
        Some(Kind::Phrase) => ("汉字", "同意"),
        Some(Kind::Enum) => ("枚举值", "是"),
    }
}
