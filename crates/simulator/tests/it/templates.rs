//! `/wxaapi/newtmpl/*`, as an SDK manages templates.

use serde_json::{Value, json};

use crate::lab::Lab;

async fn ask(lab: &Lab, token: &str, call: &str, query: &str) -> Value {
    lab.get(&format!("/wxaapi/newtmpl/{call}?access_token={token}{query}")).await.json()
}

async fn tell(lab: &Lab, token: &str, call: &str, body: &Value) -> Value {
    lab.post(&format!("/wxaapi/newtmpl/{call}?access_token={token}"), body).await.json()
}

#[tokio::test]
async fn an_apps_templates_are_listed_with_their_content() {
    let lab = Lab::start().await;
    let token = lab.token("mini").await;
    let list = ask(&lab, &token, "gettemplate", "").await;
    assert_eq!(list["errcode"], 0);
    let first = &list["data"][0];
    assert_eq!((&first["priTmplId"], &first["type"]), (&json!("TMPL_DEMO_ACTION"), &json!(2)));
    assert!(first["content"].as_str().unwrap().starts_with("事物:{{thing1.DATA}}\n时间:{{time2.DATA}}\n"));
    assert!(first.get("keywordEnumValueList").is_none());
    assert_eq!(list["data"][1]["type"], 3);
    let templates = json!([{"id": "E", "fields": ["enum_string1"], "enums": {"enum_string1": ["是", "否"]}}]);
    lab.change_app(&json!({"name": "mini", "templates": templates}));
    let list = ask(&lab, &token, "gettemplate", "").await;
    let enums = json!([{"keywordCode": "enum_string1.DATA", "enumValueList": ["是", "否"]}]);
    assert_eq!(list["data"][0]["keywordEnumValueList"], enums);
    assert_eq!(lab.get("/wxaapi/newtmpl/gettemplate").await.errcode(), 41001);
    assert_eq!(tell(&lab, &token, "gettemplate", &json!({})).await["errcode"], 43001);
}

#[tokio::test]
async fn a_public_template_is_found_taken_used_and_given_up() {
    let lab = Lab::start().await;
    let token = lab.token("official").await;
    let categories = ask(&lab, &token, "getcategory", "").await;
    assert_eq!(categories["data"][0], json!({"id": 616, "name": "公交"}));
    let titles = ask(&lab, &token, "getpubtemplatetitles", "&ids=2,616&start=0&limit=30").await;
    assert_eq!(titles["count"], 2);
    assert_eq!(
        titles["data"][0],
        json!({"tid": 99, "title": "付款成功通知", "type": 2, "categoryId": "616"})
    );
    let second = ask(&lab, &token, "getpubtemplatetitles", "&ids=616&start=1&limit=1").await;
    assert_eq!((&second["count"], &second["data"][0]["tid"]), (&json!(2), &json!(100)));
    let keywords = ask(&lab, &token, "getpubtemplatekeywords", "&tid=99").await;
    assert_eq!(keywords["count"], 5);
    assert_eq!(
        keywords["data"][0],
        json!({"kid": 1, "name": "物品名称", "example": "年卡", "rule": "thing"})
    );
    let added =
        tell(&lab, &token, "addtemplate", &json!({"tid": 99, "kidList": [1, 3], "sceneDesc": "付款"})).await;
    let id = added["priTmplId"].as_str().unwrap().to_owned();
    assert_eq!(id.len(), 43);
    let again = tell(&lab, &token, "addtemplate", &json!({"tid": "99", "kidList": ["1", "3"]})).await;
    assert_eq!(again["errcode"], 200_022);
    let list = ask(&lab, &token, "gettemplate", "").await;
    assert_eq!(list["data"][0]["content"], "事物:{{thing1.DATA}}\n金额:{{amount3.DATA}}\n");
    assert_eq!(tell(&lab, &token, "deltemplate", &json!({"priTmplId": id})).await["errcode"], 0);
    assert_eq!(tell(&lab, &token, "deltemplate", &json!({"priTmplId": id})).await["errcode"], 40037);
    assert_eq!(ask(&lab, &token, "gettemplate", "").await["data"], json!([]));
}

#[tokio::test]
async fn wrong_parameters_have_codes_of_their_own() {
    let lab = Lab::start().await;
    let token = lab.token("mini").await;
    for (query, code) in [
        ("", 200_018),
        ("&ids=a&start=0&limit=1", 200_019),
        ("&ids=616&limit=1", 200_016),
        ("&ids=616&start=0", 200_017),
        ("&ids=616&start=0&limit=31", 200_017),
        ("&ids=616&start=0&limit=0", 200_017),
    ] {
        let told = ask(&lab, &token, "getpubtemplatetitles", query).await;
        assert_eq!(told["errcode"], code, "{query}");
    }
    assert_eq!(ask(&lab, &token, "getpubtemplatekeywords", "&tid=1").await["errcode"], 200_014);
    for (body, code) in [
        (json!({"tid": 1, "kidList": [1, 2]}), 200_014),
        (json!({"kidList": [1, 2]}), 200_014),
        (json!({"tid": 99}), 200_020),
        (json!({"tid": 99, "kidList": [1]}), 200_020),
        (json!({"tid": 99, "kidList": [1, 1]}), 200_020),
        (json!({"tid": 99, "kidList": [1, 6]}), 200_020),
        (json!({"tid": 99, "kidList": [0, 1]}), 200_020),
        (json!({"tid": 99, "kidList": [1, 2, 3, 4, 5, 6]}), 200_020),
        (json!({"tid": 99, "kidList": [1, 2], "sceneDesc": "一".repeat(16)}), 200_021),
    ] {
        assert_eq!(tell(&lab, &token, "addtemplate", &body).await["errcode"], code, "{body}");
    }
    let many: Vec<Value> = (0..25).map(|n| json!({"id": format!("T{n}"), "fields": ["thing1"]})).collect();
    lab.change_app(&json!({"name": "mini", "templates": many}));
    let full = tell(&lab, &token, "addtemplate", &json!({"tid": 99, "kidList": [1, 2]})).await;
    assert_eq!(full["errcode"], 200_012);
}

#[tokio::test]
async fn our_own_client_manages_templates() {
    use weir_base::{Clock, Dice, Secret};
    use weir_wechat::{Endpoints, Transport, TransportSettings, WeChat, template::TemplateType};
    let lab = Lab::start().await;
    let token = Secret::new(lab.token("mini").await);
    let transport = Transport::new(TransportSettings::default(), Clock::system(), Dice::seeded(1)).unwrap();
    let endpoints = Endpoints { api_base: format!("http://{}", lab.address), ..Endpoints::default() };
    let wechat = WeChat::new(&endpoints, transport).unwrap();
    let templates = wechat.templates(&token).await.unwrap();
    assert_eq!(templates[0].keys().collect::<Vec<_>>(), ["thing1", "time2", "thing3", "thing7"]);
    assert_eq!((templates[0].kind, templates[1].kind), (TemplateType::OneTime, TemplateType::LongTerm));
    let category = wechat.template_categories(&token).await.unwrap()[0].id;
    let page = wechat.public_templates(&token, &[category], 0, 30).await.unwrap();
    let keywords = wechat.public_keywords(&token, page.titles[0].tid).await.unwrap();
    let kids = [keywords[0].kid, keywords[1].kid];
    let id = wechat.add_template(&token, page.titles[0].tid, &kids, None).await.unwrap();
    assert_eq!(wechat.templates(&token).await.unwrap().len(), 3);
    wechat.delete_template(&token, &id).await.unwrap();
}
