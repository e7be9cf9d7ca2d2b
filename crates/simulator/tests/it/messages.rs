//! Messages to people, and what they accepted.

use serde_json::{Value, json};
use weir_simulator::world::Answer;

use crate::lab::{Lab, Reply};

const ACTION: &str = "TMPL_DEMO_ACTION";
const LONG: &str = "TMPL_DEMO_LONG";

fn data() -> Value {
    json!({
        "thing1": {"value": "新客户查看了您的简历"},
        "time2": {"value": "2027-01-15 16:00:00"},
        "thing3": {"value": "13800138000"},
        "thing7": {"value": "张三"},
    })
}

fn message(lab: &Lab, user: &str, template: &str) -> Value {
    json!({"touser": lab.simulator.openid("mini", user).unwrap(), "template_id": template, "data": data()})
}

async fn send(lab: &Lab, token: &str, message: &Value) -> Reply {
    lab.post(&format!("/cgi-bin/message/subscribe/send?access_token={token}"), message).await
}

fn accept(lab: &Lab, template: &str) -> Option<u64> {
    lab.simulator.subscribe("mini", "alice", template, Answer::Accept).unwrap()
}

async fn inbox(lab: &Lab, user: &str) -> Vec<Value> {
    let reply = lab.get(&format!("/_sim/inbox?user={user}")).await.json();
    reply["messages"].as_array().unwrap().clone()
}

#[tokio::test]
async fn three_accepts_are_three_messages_and_the_fourth_is_refused() {
    let lab = Lab::start().await;
    let token = lab.token("mini").await;
    assert_eq!(
        [accept(&lab, ACTION), accept(&lab, ACTION), accept(&lab, ACTION)],
        [Some(1), Some(2), Some(3)]
    );
    let mut message = message(&lab, "alice", ACTION);
    message["page"] = json!("pages/customer/detail?id=CUS1");
    message["lang"] = json!("zh_CN");
    let mut msgids = Vec::new();
    for _ in 0..3 {
        let sent = send(&lab, &token, &message).await.json();
        assert_eq!((&sent["errcode"], &sent["errmsg"]), (&json!(0), &json!("ok")));
        msgids.push(sent["msgid"].as_i64().unwrap());
    }
    assert!(msgids[0] < msgids[1] && msgids[1] < msgids[2] && msgids[0] > 1 << 53);
    let refused = send(&lab, &token, &message).await;
    assert_eq!(refused.errcode(), 43101);
    assert!(refused.errmsg().starts_with("user refuse to accept the msg rid: "), "{}", refused.errmsg());
    let got = inbox(&lab, "alice").await;
    assert_eq!(got.iter().map(|m| m["msgid"].as_i64().unwrap()).collect::<Vec<_>>(), msgids);
    assert_eq!(got[0]["data"], data());
    assert_eq!(got[0]["page"], "pages/customer/detail?id=CUS1");
    assert_eq!(
        (&got[0]["lang"], &got[0]["miniprogram_state"], &got[0]["at"]),
        (&json!("zh_CN"), &Value::Null, &json!(1_800_000_000_000_i64))
    );
    assert!(inbox(&lab, "bob").await.is_empty());
}

#[tokio::test]
async fn parallel_sends_never_use_an_accept_twice() {
    let lab = Lab::start().await;
    let token = lab.token("mini").await;
    for _ in 0..20 {
        accept(&lab, ACTION);
    }
    let message = message(&lab, "alice", ACTION);
    let sends = (0..60).map(|_| send(&lab, &token, &message));
    let codes: Vec<i64> = futures_util::future::join_all(sends).await.iter().map(Reply::errcode).collect();
    assert_eq!(codes.iter().filter(|code| **code == 0).count(), 20);
    assert_eq!(codes.iter().filter(|code| **code == 43101).count(), 40);
    assert_eq!(inbox(&lab, "alice").await.len(), 20);
}

#[tokio::test]
async fn answers_of_the_person_decide() {
    let lab = Lab::start().await;
    let token = lab.token("mini").await;
    let answer = |answer| lab.simulator.subscribe("mini", "alice", ACTION, answer).unwrap();
    let message = message(&lab, "alice", ACTION);
    for (given, left) in [
        (Answer::Reject, 0),
        (Answer::Accept, 1),
        (Answer::Reject, 1),
        (Answer::Filter, 1),
        (Answer::Accept, 2),
        (Answer::Ban, 2),
    ] {
        assert_eq!(answer(given), Some(left), "{given:?}");
    }
    assert_eq!(send(&lab, &token, &message).await.errcode(), 43107);
    assert_eq!(answer(Answer::Accept), Some(3), "what was accepted before the ban is still there");
    assert_eq!(send(&lab, &token, &message).await.errcode(), 0);
    assert_eq!(answer(Answer::Withdraw), Some(0));
    assert_eq!(send(&lab, &token, &message).await.errcode(), 43101);
}

#[tokio::test]
async fn a_long_term_template_needs_one_accept_and_counts_none() {
    let lab = Lab::start().await;
    let token = lab.token("mini").await;
    let message = message(&lab, "alice", LONG);
    assert_eq!(send(&lab, &token, &message).await.errcode(), 43101);
    assert_eq!(accept(&lab, LONG), None);
    for _ in 0..5 {
        assert_eq!(send(&lab, &token, &message).await.errcode(), 0);
    }
    assert_eq!(lab.simulator.subscribe("mini", "alice", LONG, Answer::Withdraw).unwrap(), None);
    assert_eq!(send(&lab, &token, &message).await.errcode(), 43101);
}

#[tokio::test]
async fn what_is_wrong_with_a_message_is_told_in_wechats_order() {
    let lab = Lab::start().await;
    lab.change_app(&json!({"name": "mini", "pages": ["pages/index", "/pages/customer/detail"], "blocked_words": ["赌博"]}));
    let token = lab.token("mini").await;
    let good = message(&lab, "alice", ACTION);
    let strangers = lab.simulator.openid("official", "alice").unwrap();
    let path = "/cgi-bin/message/subscribe/send";
    assert_eq!(lab.post(path, &good).await.errcode(), 41001);
    assert_eq!(lab.post(&format!("{path}?access_token=x"), &good).await.errcode(), 40014);
    assert_eq!(lab.get(&format!("{path}?access_token={token}")).await.errcode(), 43002);
    let official = lab.token("official").await;
    assert_eq!(send(&lab, &official, &good).await.errcode(), 48001);
    let raw = |body: &'static str| async {
        lab.ask("POST", &format!("{path}?access_token={token}"), body).await.unwrap().errcode()
    };
    assert_eq!([raw("").await, raw("x=1").await, raw("[]").await], [44002, 47001, 47001]);
    // Each has every later mistake too: the first is the one that is told.
    let mut bad = json!({"touser": strangers, "template_id": "T".repeat(65), "page": "pages/none",
        "miniprogram_state": "beta", "lang": "fr", "data": {}});
    let tell = |bad: &Value| {
        let bad = bad.clone();
        let (lab, token) = (&lab, &token);
        async move { send(lab, token, &bad).await }
    };
    assert_eq!(tell(&bad).await.errcode(), 40003);
    bad["touser"] = json!("");
    assert_eq!(tell(&bad).await.errcode(), 40003);
    bad["touser"] = good["touser"].clone();
    assert_eq!(tell(&bad).await.errcode(), 40036);
    for unknown in [json!("TMPL_NONE"), json!(""), Value::Null, json!(7)] {
        bad["template_id"] = unknown;
        assert_eq!(tell(&bad).await.errcode(), 40037);
    }
    bad["template_id"] = json!(ACTION);
    for page in ["pages/none", "https://example.com/pages/index", "pages/index/"] {
        bad["page"] = json!(page);
        assert_eq!(tell(&bad).await.errcode(), 41030, "{page}");
    }
    for page in ["pages/index?a=1", "/pages/index", "pages/customer/detail#x"] {
        bad["page"] = json!(page);
        assert_eq!(tell(&bad).await.errcode(), 40097, "{page}");
    }
    bad["miniprogram_state"] = json!("trial");
    assert_eq!(tell(&bad).await.errcode(), 40097);
    bad["lang"] = json!("en_US");
    assert_eq!(tell(&bad).await.errcode(), 47003);
    bad["data"] = data();
    bad["data"]["thing3"]["value"] = json!("在线赌博");
    assert_eq!(tell(&bad).await.errcode(), 45168);
    bad["data"] = data();
    assert_eq!(tell(&bad).await.errcode(), 43101);
    accept(&lab, ACTION);
    lab.change_app(&json!({"name": "mini", "quotas": {path: {"per_day": 0}}}));
    assert_eq!(tell(&bad).await.errcode(), 45009);
    lab.change_app(&json!({"name": "mini", "quotas": {}}));
    assert_eq!(tell(&bad).await.errcode(), 0, "none of these refusals used the accept up");
}

#[tokio::test]
async fn a_value_that_breaks_its_kinds_rule_is_named() {
    let lab = Lab::start().await;
    lab.change_app(&json!({"name": "mini", "templates": [{"id": "T", "fields": ["thing1", "character_string13", "enum_string2"],
        "enums": {"enum_string2": ["是", "否"]}}]}));
    let token = lab.token("mini").await;
    accept(&lab, "T");
    let whole = json!({"thing1": {"value": "一"}, "character_string13": {"value": "A-1"}, "enum_string2": {"value": "是"}});
    let told = async |data: Value| {
        let mut message = message(&lab, "alice", "T");
        message["data"] = data;
        let reply = send(&lab, &token, &message).await;
        (reply.errcode(), reply.errmsg().split(" rid: ").next().unwrap().to_owned())
    };
    let with = |field: &str, value: Value| {
        let mut data = whole.clone();
        data[field] = value;
        data
    };
    let invalid = (47003, String::from("argument invalid! data.thing1.value invalid"));
    let empty = (47003, String::from("argument invalid! data.thing1.value is empty"));
    for value in ["一".repeat(21), String::from("a\nb"), String::from(" ")] {
        assert_eq!(told(with("thing1", json!({ "value": value }))).await, invalid);
    }
    assert_eq!(told(with("thing1", json!({"value": {}}))).await, invalid);
    for missing in [json!({"value": ""}), json!({}), Value::Null, json!("一")] {
        assert_eq!(told(with("thing1", missing)).await, empty);
    }
    assert_eq!(told(json!(whole.to_string())).await, empty, "data as a JSON text, a common mistake");
    // Cut at 48 characters.
    let cut = (47003, String::from("argument invalid! data.character_string13.value"));
    assert_eq!(told(with("character_string13", json!({"value": "汉"}))).await, cut);
    let listed = (47003, String::from("argument invalid! data.enum_string2.value invali"));
    assert_eq!(told(with("enum_string2", json!({"value": "也许"}))).await, listed);
    let mut more = with("thing1", json!({"value": 12}));
    more["thing99"] = json!({"value": "x".repeat(100)});
    assert_eq!(told(more).await, (0, String::from("ok")), "numbers are text, other fields are passed over");
}

#[tokio::test]
async fn two_sends_to_one_person_collide_only_while_one_is_held_up() {
    for before in [true, false] {
        let lab = Lab::start().await;
        let token = lab.token("mini").await;
        accept(&lab, ACTION);
        accept(&lab, ACTION);
        let path = "/cgi-bin/message/subscribe/send";
        let fault = json!({"path": path, "kind": "delay", "ms": 1000, "times": 1, "before": before});
        assert_eq!(lab.post("/_sim/faults", &fault).await.status, 200);
        let message = message(&lab, "alice", ACTION);
        let held = tokio::spawn({
            let (lab, token, message) = (lab.clone(), token.clone(), message.clone());
            async move { send(&lab, &token, &message).await.errcode() }
        });
        lab.clock.wait_for_sleepers(1).await;
        let refused = send(&lab, &token, &message).await;
        assert_eq!(refused.errcode(), 43108);
        assert!(refused.errmsg().starts_with("concurrent sends"));
        let bob = lab.simulator.subscribe("mini", "bob", ACTION, Answer::Accept).unwrap();
        assert_eq!(bob, Some(1));
        let to_bob = self::message(&lab, "bob", ACTION);
        assert_eq!(send(&lab, &token, &to_bob).await.errcode(), 0, "others are not concerned");
        lab.advance(1);
        assert_eq!(held.await.unwrap(), 0);
        assert_eq!(send(&lab, &token, &message).await.errcode(), 0);
        assert_eq!(inbox(&lab, "alice").await.len(), 2);
    }
}

#[tokio::test]
async fn of_many_held_up_sends_to_one_person_one_goes_through() {
    let lab = Lab::start().await;
    let token = lab.token("mini").await;
    for _ in 0..50 {
        accept(&lab, ACTION);
    }
    let fault = json!({"path": "/cgi-bin/message/subscribe/send", "kind": "delay", "ms": 1000});
    lab.post("/_sim/faults", &fault).await;
    let message = message(&lab, "alice", ACTION);
    let sends = (0..50).map(|_| {
        let (lab, token, message) = (lab.clone(), token.clone(), message.clone());
        tokio::spawn(async move { send(&lab, &token, &message).await.errcode() })
    });
    let sends: Vec<_> = sends.collect();
    wait_for_calls(&lab, 50).await;
    lab.clock.wait_for_sleepers(1).await;
    lab.advance(1);
    let codes: Vec<i64> =
        futures_util::future::join_all(sends).await.into_iter().map(|code| code.unwrap()).collect();
    assert_eq!(codes.iter().filter(|code| **code == 43108).count(), 49, "{codes:?}");
    assert_eq!(inbox(&lab, "alice").await.len(), 1);
}

async fn wait_for_calls(lab: &Lab, count: usize) {
    while lab.simulator.calls(Some("/cgi-bin/message/subscribe/send"), None).len() < count {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn standings_tell_what_a_person_answered() {
    let lab = Lab::start().await;
    let standings = async |user: &str| {
        lab.get(&format!("/_sim/subscriptions?user={user}")).await.json()["subscriptions"].clone()
    };
    assert_eq!(standings("alice").await, json!([]));
    accept(&lab, ACTION);
    accept(&lab, ACTION);
    lab.simulator.subscribe("mini", "alice", LONG, Answer::Ban).unwrap();
    let appid = "wx1000000000000001";
    assert_eq!(
        standings("alice").await,
        json!([
            {"appid": appid, "template_id": ACTION, "credits": 2, "allowed": true, "banned": false},
            {"appid": appid, "template_id": LONG, "credits": 0, "allowed": false, "banned": true},
        ])
    );
    assert_eq!(standings("bob").await, json!([]), "of another person");
    assert_eq!(lab.get("/_sim/subscriptions").await.status, 400);
    assert_eq!(lab.get("/_sim/subscriptions?user=none").await.status, 404);
}

#[tokio::test]
async fn control_calls_name_what_is_wrong() {
    let lab = Lab::start().await;
    let whole = json!({"appid": "mini", "user": "alice", "template_id": ACTION, "result": "accept"});
    let with = |field: &str, value: &str| {
        let mut body = whole.clone();
        body[field] = json!(value);
        body
    };
    assert_eq!(lab.post("/_sim/subscribe", &whole).await.json(), json!({"remaining": 1}));
    for (body, status, error) in [
        (with("appid", "none"), 404, "appid: no app `none`"),
        (with("user", "none"), 404, "user: no user `none`"),
        (with("template_id", "none"), 404, "template_id: no template `none`"),
        (with("result", "maybe"), 400, "result: must be accept, reject, ban, filter or withdraw"),
        (with("colour", "red"), 400, "colour: no such field"),
        (json!({"appid": "mini"}), 400, "user: missing"),
    ] {
        let reply = lab.post("/_sim/subscribe", &body).await;
        assert_eq!((reply.status, reply.json()["error"].as_str()), (status, Some(error)));
    }
    let mut pushed = whole;
    pushed["push"] = json!(true);
    let reply = lab.post("/_sim/subscribe", &pushed).await;
    assert_eq!(reply.status, 400);
    assert!(reply.json()["error"].as_str().unwrap().contains("no push address"));
    assert_eq!(accept(&lab, ACTION), Some(2), "what was refused changed nothing");
    assert_eq!(lab.get("/_sim/inbox").await.status, 400);
    assert_eq!(lab.get("/_sim/inbox?user=none").await.status, 404);
}

#[tokio::test]
async fn a_reset_forgets_accepts_and_messages() {
    let lab = Lab::start().await;
    let token = lab.token("mini").await;
    accept(&lab, ACTION);
    accept(&lab, ACTION);
    let message = message(&lab, "alice", ACTION);
    assert_eq!(send(&lab, &token, &message).await.errcode(), 0);
    lab.simulator.reset();
    assert!(inbox(&lab, "alice").await.is_empty());
    let token = lab.token("mini").await;
    assert_eq!(send(&lab, &token, &message).await.errcode(), 43101);
}

#[tokio::test]
async fn an_account_sends_template_messages_to_its_followers() {
    let lab = Lab::start().await;
    lab.change_app(
        &json!({"name": "official", "templates": [{"id": "OT", "fields": ["first", "thing1", "keyword2"]}]}),
    );
    let token = lab.token("official").await;
    let openid = lab.simulator.openid("official", "alice").unwrap();
    let good = json!({"touser": openid, "template_id": "OT", "url": "https://example.com/",
        "data": {"thing1": {"value": "一"}, "keyword2": {"value": "二", "color": "#173177"}}});
    let send = async |message: &Value| {
        lab.post(&format!("/cgi-bin/message/template/send?access_token={token}"), message).await
    };
    assert_eq!(send(&good).await.errcode(), 43004);
    lab.post("/_sim/users", &json!({"name": "alice", "follows": ["official"]})).await;
    let with = |field: &str, value: Value| {
        let mut message = good.clone();
        message[field] = value;
        message
    };
    assert_eq!(send(&with("touser", json!("o"))).await.errcode(), 40003);
    assert_eq!(send(&with("template_id", json!("none"))).await.errcode(), 40037);
    assert_eq!(send(&with("data", json!({"thing1": {"value": ""}}))).await.errcode(), 47003);
    let page = |appid: &str, path: &str| with("miniprogram", json!({"appid": appid, "pagepath": path}));
    lab.change_app(&json!({"name": "mini", "pages": ["index"]}));
    assert_eq!(send(&page("wx3000000000000003", "index")).await.errcode(), 40013);
    assert_eq!(send(&page("wx1000000000000001", "none")).await.errcode(), 40165);
    assert_eq!(send(&page("wx1000000000000001", "index")).await.errcode(), 0);
    // One openid and one client_msg_id: one message in ten minutes.
    let once = with("client_msg_id", json!("once"));
    let limit = |per_day: u64| json!({"name": "official", "quotas": {"/cgi-bin/message/template/send": {"per_day": per_day}}});
    lab.change_app(&limit(0));
    assert_eq!(send(&once).await.errcode(), 45009);
    lab.change_app(&limit(100));
    let first = send(&once).await.json();
    assert_eq!(send(&once).await.json(), first);
    lab.advance(599);
    assert_eq!(send(&once).await.json(), first);
    lab.advance(1);
    assert_ne!(send(&once).await.json()["msgid"], first["msgid"]);
    let got = inbox(&lab, "alice").await;
    assert_eq!(got.len(), 3);
    assert_eq!(
        (&got[0]["miniprogram"]["pagepath"], &got[1]["url"]),
        (&json!("index"), &json!("https://example.com/"))
    );
    lab.change_app(&json!({"name": "official", "certified": false}));
    assert_eq!(send(&good).await.errcode(), 48001);
}

#[tokio::test]
async fn an_account_sends_subscription_notices_by_accepts_too() {
    let lab = Lab::start().await;
    let templates = json!([{"id": "N", "fields": ["thing1"]}]);
    lab.change_app(&json!({"name": "official", "templates": templates}));
    let token = lab.token("official").await;
    let openid = lab.simulator.openid("official", "alice").unwrap();
    let notice = json!({"touser": openid, "template_id": "N", "page": "https://example.com/",
        "data": {"thing1": {"value": "一"}}});
    let path = format!("/cgi-bin/message/subscribe/bizsend?access_token={token}");
    assert_eq!(lab.post(&path, &notice).await.errcode(), 43101, "nobody need follow, but accept");
    lab.simulator.subscribe("official", "alice", "N", Answer::Accept).unwrap();
    assert_eq!(lab.post(&path, &notice).await.errcode(), 0);
    assert_eq!(lab.post(&path, &notice).await.errcode(), 43101);
    let got = inbox(&lab, "alice").await;
    assert_eq!((got.len(), &got[0]["page"]), (1, &json!("https://example.com/")));
    let mini = lab.token("mini").await;
    let path = format!("/cgi-bin/message/subscribe/bizsend?access_token={mini}");
    assert_eq!(lab.post(&path, &notice).await.errcode(), 48001);
}
