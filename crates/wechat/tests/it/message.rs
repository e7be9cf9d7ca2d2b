//! Messages and templates, as they are asked for and answered.

use serde_json::{Map, Value, json};
use weir_base::Secret;
use weir_wechat::{
    Error, MiniProgramPage, SubscribeMessage, TemplateMessage,
    template::{Kind, TemplateType},
};

use crate::server::{OPENID, Server, TOKEN, body};

fn token() -> Secret {
    Secret::new(TOKEN)
}

fn data() -> Map<String, Value> {
    let Value::Object(data) = json!({"thing1": {"value": "新客户查看了您的简历"}}) else {
        return Map::new();
    };
    data
}

fn message(data: &Map<String, Value>) -> SubscribeMessage<'_> {
    SubscribeMessage {
        touser: OPENID,
        template_id: "TMPL",
        data,
        page: Some("pages/customer/detail?id=CUS1"),
        miniprogram_state: None,
        lang: Some("zh_CN"),
    }
}

#[tokio::test]
async fn a_subscription_message_is_sent_with_its_number_or_without() {
    let answers = [
        (r#"{"errcode":0,"errmsg":"ok","msgid":1700827132819554304}"#, Some(1_700_827_132_819_554_304)),
        (r#"{"errcode":0,"errmsg":"ok","msgid":"1700827132819554304"}"#, Some(1_700_827_132_819_554_304)),
        (r#"{"errcode":0,"errmsg":"ok"}"#, None),
        (r#"{"errcode":0,"errmsg":"ok","msgid":null}"#, None),
    ];
    for (answer, msgid) in answers {
        let server = Server::start([body(answer)]).await;
        let data = data();
        let sent = server.wechat.send_subscribe_message(&token(), &message(&data)).await.unwrap();
        assert_eq!(sent.msgid, msgid);
        let request = &server.received()[0];
        assert_eq!(request.line, format!("POST /cgi-bin/message/subscribe/send?access_token={TOKEN}"));
        let expected = format!(
            r#"{{"touser":"{OPENID}","template_id":"TMPL","data":{{"thing1":{{"value":"新客户查看了您的简历"}}}},"page":"pages/customer/detail?id=CUS1","lang":"zh_CN"}}"#
        );
        assert_eq!(request.body, expected);
    }
}

#[tokio::test]
async fn a_template_message_is_sent() {
    let server = Server::start([body(r#"{"errcode":0,"errmsg":"ok","msgid":200228332}"#)]).await;
    let data = data();
    let message = TemplateMessage {
        touser: OPENID,
        template_id: "TMPL",
        data: &data,
        url: None,
        miniprogram: Some(MiniProgramPage { appid: "wx1", pagepath: "index" }),
        client_msg_id: Some("once"),
    };
    let sent = server.wechat.send_template_message(&token(), &message).await.unwrap();
    assert_eq!(sent.msgid, Some(200_228_332));
    let request = &server.received()[0];
    assert_eq!(request.line, format!("POST /cgi-bin/message/template/send?access_token={TOKEN}"));
    let sent: Value = serde_json::from_str(&request.body).unwrap();
    assert_eq!(sent["miniprogram"], json!({"appid": "wx1", "pagepath": "index"}));
    assert_eq!((&sent["client_msg_id"], sent.get("url")), (&json!("once"), None));
    assert!(!format!("{message:?}").contains(OPENID));
}

#[tokio::test]
async fn a_message_whose_answer_is_lost_or_busy_is_not_sent_again() {
    use crate::server::Reply;
    for reply in [Reply::Cut, body(r#"{"errcode":-1,"errmsg":"system error"}"#), body("<html>")] {
        let server = Server::start([reply, body(r#"{"errcode":0,"errmsg":"ok"}"#)]).await;
        let data = data();
        server.wechat.send_subscribe_message(&token(), &message(&data)).await.unwrap_err();
        assert_eq!(server.received().len(), 1);
    }
}

#[tokio::test]
async fn a_refusal_says_why_and_names_nobody() {
    let text = format!("user {OPENID} refuse to accept the msg rid: 64229bc2-48d0e8b1-2008ed9b");
    let server = Server::start([body(&format!(r#"{{"errcode":43101,"errmsg":"{text}"}}"#))]).await;
    let data = data();
    let error = server.wechat.send_subscribe_message(&token(), &message(&data)).await.unwrap_err();
    assert!(matches!(error, Error::Refused { errcode: 43101, .. }), "{error:?}");
    assert_eq!(error.reason(), "user •••• refuse to accept the msg");
}

#[tokio::test]
async fn an_apps_templates_are_listed_with_their_fields() {
    let answer = r#"{"errcode":0,"errmsg":"ok","data":[{"priTmplId":"9Aw5ZV1j9xdWTFEkqCpZ7jWySL7aGN6rQom4gXINfJs",
        "title":"报名结果通知","content":"会议时间:{{date2.DATA}}\n会议地点:{{thing1.DATA}}\n状态:{{enum_string3.DATA}}","example":"会议时间:2016年8月8日",
        "type":2,"keywordEnumValueList":[{"keywordCode":"enum_string3.DATA","enumValueList":["是","否"]}]},
        {"priTmplId":"b","title":"","content":"","type":3},{"priTmplId":"c","title":"","content":"{{","type":9}]}"#;
    let server = Server::start([body(answer)]).await;
    let templates = server.wechat.templates(&token()).await.unwrap();
    assert_eq!(templates[0].keys().collect::<Vec<_>>(), ["date2", "thing1", "enum_string3"]);
    assert_eq!(templates[0].enums[0].values, ["是", "否"]);
    let kinds: Vec<_> = templates.iter().map(|template| template.kind).collect();
    assert_eq!(kinds, [TemplateType::OneTime, TemplateType::LongTerm, TemplateType::Other(9)]);
    assert_eq!(templates[2].keys().count(), 0);
    assert_eq!(server.received()[0].line, format!("GET /wxaapi/newtmpl/gettemplate?access_token={TOKEN}"));
}

#[tokio::test]
async fn public_templates_are_found_and_added() {
    let server = Server::start([
        body(r#"{"errcode":0,"errmsg":"ok","data":[{"id":616,"name":"公交"}]}"#),
        body(
            r#"{"errcode":0,"errmsg":"ok","count":55,"data":[{"tid":99,"title":"付款成功通知","type":2,"categoryId":"616"},
            {"tid":100,"title":"乘车提醒","type":3,"categoryId":616}]}"#,
        ),
        body(
            r#"{"errcode":0,"errmsg":"ok","count":1,"data":[{"kid":1,"name":"物品名称","example":"名称","rule":"thing"}]}"#,
        ),
        body(r#"{"errcode":0,"errmsg":"ok","priTmplId":"9Aw5ZV1j9xdWTFEkqCpZ7jWySL7aGN6rQom4gXINfJs"}"#),
        body(r#"{"errcode":0,"errmsg":"ok"}"#),
        body(r#"{"errcode":200022,"errmsg":"x"}"#),
    ])
    .await;
    let (wechat, token) = (&server.wechat, token());
    assert_eq!(wechat.template_categories(&token).await.unwrap()[0].id, 616);
    let page = wechat.public_templates(&token, &[2, 616], 0, 30).await.unwrap();
    assert_eq!((page.count, page.titles[0].tid), (55, 99));
    assert!(page.titles.iter().all(|title| title.category_id == "616"));
    let keywords = wechat.public_keywords(&token, 99).await.unwrap();
    assert_eq!(Kind::named(&keywords[0].rule), Some(Kind::Thing));
    assert_eq!(wechat.add_template(&token, 99, &[1, 2], None).await.unwrap().len(), 43);
    wechat.delete_template(&token, "9Aw5").await.unwrap();
    let error = wechat.add_template(&token, 99, &[1, 2], Some("测试")).await.unwrap_err();
    assert_eq!(error.errcode(), Some(200_022));
    let received = server.received();
    let expected =
        format!("GET /wxaapi/newtmpl/getpubtemplatetitles?access_token={TOKEN}&ids=2%2C616&start=0&limit=30");
    assert_eq!(received[1].line, expected);
    assert_eq!(received[3].body, r#"{"tid":99,"kidList":[1,2]}"#);
    assert_eq!(received[4].body, r#"{"priTmplId":"9Aw5"}"#);
    assert_eq!(received[5].body, r#"{"tid":99,"kidList":[1,2],"sceneDesc":"测试"}"#);
}
