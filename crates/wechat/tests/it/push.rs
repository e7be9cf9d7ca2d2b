//! Pushes against recorded samples, and broken ones.

use proptest::prelude::*;
use serde::Deserialize;
use serde_json::json;
use weir_base::Secret;
use weir_wechat::push::{
    AesKey, Body, Event, Format, OpenError, PrivacyChange, Push, ReadError, ReplyError, message_signature,
    open_reply, seal_reply, signature, verify, verify_message,
};

const KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
const APPID: &str = "wxb11529c136998cb6";
const RANDOM: &[u8; 16] = b"aaaabbbbccccdddd";

#[derive(Deserialize)]
struct Signed {
    token: Secret,
    timestamp: String,
    nonce: String,
    signature: String,
}

#[derive(Deserialize)]
struct Encrypted {
    key: Secret,
    appid: String,
    random: String,
    message: String,
    encrypted: String,
    signed: Option<Signed>,
}

fn key() -> AesKey {
    AesKey::parse(&Secret::new(KEY)).unwrap()
}

fn read(body: &str) -> Result<Push, ReadError> {
    Body::read(body.as_bytes())?.push()
}

fn event(body: &str) -> Event {
    read(body).unwrap().event().unwrap()
}

#[test]
fn recorded_signatures_are_reproduced_and_any_change_is_noticed() {
    let samples: Vec<Signed> =
        serde_json::from_str(include_str!("../../fixtures/push_signature.json")).unwrap();
    assert_eq!(samples.len(), 3);
    for Signed { token, timestamp, nonce, signature: recorded } in samples {
        assert_eq!(signature(&token, &timestamp, &nonce), recorded);
        assert!(verify(&token, &timestamp, &nonce, &recorded));
        assert!(!verify(&Secret::new("AAAAB"), &timestamp, &nonce, &recorded));
        assert!(!verify(&token, &timestamp, &format!("{nonce}0"), &recorded));
        for other in ["", &recorded[1..], &recorded.to_uppercase(), &format!("{recorded} ")] {
            assert!(!verify(&token, &timestamp, &nonce, other), "{other}");
        }
    }
}

#[test]
fn recorded_ciphertexts_open_and_are_made_again() {
    let samples: Vec<Encrypted> =
        serde_json::from_str(include_str!("../../fixtures/push_encrypted.json")).unwrap();
    assert_eq!(samples.len(), 3);
    for sample in samples {
        let key = AesKey::parse(&sample.key).unwrap();
        let opened = key.decrypt(&sample.encrypted, &sample.appid).unwrap();
        assert_eq!(String::from_utf8(opened).unwrap(), sample.message);
        let random: [u8; 16] = sample.random.as_bytes().try_into().unwrap();
        assert_eq!(key.encrypt(sample.message.as_bytes(), &sample.appid, &random), sample.encrypted);
        assert_eq!(key.decrypt(&sample.encrypted, "wx0000000000000000"), Err(OpenError::OtherApp));
        if let Some(Signed { token, timestamp, nonce, signature: recorded }) = sample.signed {
            assert_eq!(message_signature(&token, &timestamp, &nonce, &sample.encrypted), recorded);
            assert!(verify_message(&token, &timestamp, &nonce, &sample.encrypted, &recorded));
            assert!(!verify_message(&token, &timestamp, &nonce, &sample.encrypted[1..], &recorded));
        }
    }
}

#[test]
fn the_plain_signature_of_a_safe_push_does_not_pass_for_its_own() {
    let token = Secret::new("AAAAA");
    let plain = "6c5c811b55cc85e0e1b54100749188c20beb3f5d";
    assert!(verify(&token, "1714112445", "415670741", plain));
    assert!(!verify_message(&token, "1714112445", "415670741", "anything", plain));
}

#[test]
fn the_reply_of_another_library_is_reproduced() {
    // F3, wechatpy: what is sealed has this signature, so its ciphertext is the recorded one.
    let key = AesKey::parse(&Secret::new("kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR")).unwrap();
    let token = Secret::new("123456");
    let id = "wx49f0ab532d5d035a";
    let message = "<xml>\n<MsgType><![CDATA[text]]></MsgType>\n<Content><![CDATA[test]]></Content>\n\
                   <FromUserName><![CDATA[wx49f0ab532d5d035a]]></FromUserName>\n\
                   <ToUserName><![CDATA[messense]]></ToUserName>\n<AgentID>1</AgentID>\n\
                   <CreateTime>1411525903</CreateTime>\n</xml>";
    let (at, random) = ((1_411_525_903, "461056294"), b"1234567890123456");
    for format in [Format::Xml, Format::Json] {
        let reply = seal_reply(format, message.as_bytes(), id, (&key, &token), at, random);
        assert!(reply.contains("407518b7649e86ef23978113f92d27afa9296533"), "{reply}");
        assert_eq!(open_reply(reply.as_bytes(), id, (&key, &token)).unwrap(), message.as_bytes());
        assert_eq!(Body::read(reply.as_bytes()).unwrap().format(), format);
        let forged = reply.replace("407518b7", "407518b8");
        assert_eq!(open_reply(forged.as_bytes(), id, (&key, &token)), Err(ReplyError::Signature));
        let elsewhere = open_reply(reply.as_bytes(), "wx0000000000000000", (&key, &token));
        assert_eq!(elsewhere, Err(ReplyError::Open(OpenError::OtherApp)));
    }
    assert!(matches!(open_reply(b"success", id, (&key, &token)), Err(ReplyError::Read(_))));
}

#[test]
fn a_key_is_43_characters_whose_last_bits_do_not_count() {
    let parse = |text: &str| AesKey::parse(&Secret::new(text));
    let sealed = key().encrypt(b"same", APPID, RANDOM);
    // G is 000110: its first four bits are the key's, and E, F, G and H begin alike.
    for last in ["E", "F", "G", "H"] {
        let sibling = parse(&format!("{}{last}", &KEY[..42])).unwrap();
        assert_eq!(sibling.decrypt(&sealed, APPID), Ok(b"same".to_vec()), "{last}");
    }
    for other in ["", &KEY[1..], &format!("{KEY}A"), &format!("{}=", &KEY[..42]), &format!("{}-", &KEY[..42])]
    {
        assert!(parse(other).is_none(), "{other}");
    }
    assert!(!format!("{:?}", key()).contains("97, 98"));
}

#[test]
fn padding_of_1_to_32_bytes_is_taken_off() {
    for length in 0..64 {
        let message = vec![b'x'; length];
        let sealed = key().encrypt(&message, APPID, RANDOM);
        assert_eq!(key().decrypt(&sealed, APPID), Ok(message), "{length}");
    }
}

/// A ciphertext of these bytes, whatever they say.
fn raw(plain: &[u8]) -> String {
    use aes::Aes256;
    use base64::{Engine, engine::general_purpose::STANDARD};
    use cbc::cipher::{BlockModeEncrypt, KeyIvInit, block_padding::NoPadding};
    let bits = STANDARD.decode(format!("{}E=", &KEY[..42])).unwrap();
    let key: [u8; 32] = bits.try_into().unwrap();
    let iv: [u8; 16] = key[..16].try_into().unwrap();
    STANDARD
        .encode(cbc::Encryptor::<Aes256>::new(&key.into(), &iv.into()).encrypt_padded_vec::<NoPadding>(plain))
}

#[test]
fn broken_ciphertexts_are_refused() {
    let decrypt = |text: &str| key().decrypt(text, APPID).unwrap_err();
    for malformed in ["", "=", "not base64", "AAAA", &raw(&[0; 32])[1..]] {
        assert_eq!(decrypt(malformed), OpenError::Malformed, "{malformed}");
    }
    let block = |last: u8| {
        let mut plain = [last; 64];
        plain[..20].copy_from_slice(b"aaaabbbbccccdddd\0\0\0\x05");
        plain
    };
    for padding in [0, 33, 48, 255] {
        assert_eq!(decrypt(&raw(&block(padding))), OpenError::Undecipherable, "{padding}");
    }
    let mut uneven = block(16);
    uneven[60] = 15;
    assert_eq!(decrypt(&raw(&uneven)), OpenError::Undecipherable);
    let mut too_long = block(16);
    too_long[16..20].copy_from_slice(&u32::MAX.to_be_bytes());
    assert_eq!(decrypt(&raw(&too_long)), OpenError::Undecipherable);
    // Nothing but padding.
    assert_eq!(decrypt(&raw(&[32; 32])), OpenError::Undecipherable);
    assert_eq!(decrypt(&raw(&block(17))), OpenError::OtherApp);
    let other_key = AesKey::parse(&Secret::new("A".repeat(43))).unwrap();
    assert!(other_key.decrypt(&key().encrypt(b"x", APPID, RANDOM), APPID).is_err());
}

#[test]
fn a_text_message_says_the_same_in_xml_and_json() {
    let xml = "<?xml version=\"1.0\"?><xml><ToUserName><![CDATA[gh_a]]></ToUserName>\
               <FromUserName><![CDATA[oAbc]]></FromUserName><CreateTime> 1348831860 </CreateTime>\
               <MsgType><![CDATA[Text]]></MsgType><Content><![CDATA[<b>&amp;]]></Content>\
               <MsgId>4625712877545553920</MsgId><Empty/></xml>";
    let json = json!({"ToUserName": "gh_a", "FromUserName": "oAbc", "CreateTime": 1_348_831_860, "MsgType": "Text",
        "Content": "<b>&amp;", "MsgId": 4_625_712_877_545_553_920_i64});
    for (body, format) in [(xml, Format::Xml), (&json.to_string(), Format::Json)] {
        let push = read(body).unwrap();
        assert_eq!(push.format, format);
        assert_eq!((push.to_user.as_str(), push.from_user.as_str()), ("gh_a", "oAbc"));
        assert_eq!((push.created_at, push.kind.as_str()), (1_348_831_860, "text"));
        assert_eq!(push.msg_id.as_deref(), Some("4625712877545553920"));
        assert_eq!(push.text("Content").as_deref(), Some("<b>&amp;"));
        assert_eq!((push.event.as_deref(), push.event_key.as_deref()), (None, None));
        assert_eq!(push.repeat_key(), "oAbc:4625712877545553920");
        assert_eq!(push.event(), Ok(Event::Other));
        assert!(!format!("{push:?}").contains("oAbc"));
    }
}

/// The same event as XML, as JSON with a list, and, of one item, as JSON without.
fn three_forms(event: &str, wrapper: &str, items: &[&[(&str, &str)]]) -> Vec<String> {
    let tags = |item: &&[(&str, &str)]| {
        let inner: String =
            item.iter().map(|(name, value)| format!("<{name}><![CDATA[{value}]]></{name}>")).collect();
        format!("<List>{inner}</List>\n")
    };
    let xml = format!(
        "<xml><ToUserName>gh_a</ToUserName><FromUserName>oAbc</FromUserName><CreateTime>1610969440</CreateTime>\
         <MsgType>event</MsgType><Event>{event}</Event><{wrapper}>\n{}</{wrapper}></xml>",
        items.iter().map(tags).collect::<String>()
    );
    let object = |item: &&[(&str, &str)]| {
        serde_json::Value::Object(
            item.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect(),
        )
    };
    let objects: Vec<_> = items.iter().map(object).collect();
    let with = |list: serde_json::Value| {
        json!({"ToUserName": "gh_a", "FromUserName": "oAbc", "CreateTime": "1610969440", "MsgType": "event",
            "Event": event, "List": list})
        .to_string()
    };
    let mut forms = vec![xml, with(json!(objects))];
    if let [only] = &objects[..] {
        forms.push(with(only.clone()));
    }
    forms
}

#[test]
fn answers_to_prompts_are_read_in_every_form() {
    let one: &[(&str, &str)] =
        &[("TemplateId", "T1"), ("SubscribeStatusString", "accept"), ("PopupScene", "0")];
    let two: &[(&str, &str)] =
        &[("TemplateId", "T2"), ("SubscribeStatusString", "reject"), ("PopupScene", "2")];
    for body in three_forms("subscribe_msg_popup_event", "SubscribeMsgPopupEvent", &[one]) {
        let Event::SubscribeAnswers(answers) = event(&body) else { panic!("{body}") };
        assert_eq!(answers.len(), 1, "{body}");
        assert_eq!((answers[0].template_id.as_str(), answers[0].status.as_str()), ("T1", "accept"));
        assert_eq!(answers[0].scene.as_deref(), Some("0"));
    }
    for body in three_forms("subscribe_msg_popup_event", "SubscribeMsgPopupEvent", &[one, two]) {
        let Event::SubscribeAnswers(answers) = event(&body) else { panic!("{body}") };
        let said: Vec<_> = answers.iter().map(|a| (a.template_id.as_str(), a.status.as_str())).collect();
        assert_eq!(said, [("T1", "accept"), ("T2", "reject")], "{body}");
    }
    let change: &[(&str, &str)] = &[("TemplateId", "T1"), ("SubscribeStatusString", "reject")];
    for body in three_forms("subscribe_msg_change_event", "SubscribeMsgChangeEvent", &[change]) {
        assert!(matches!(event(&body), Event::SubscribeChanges(list) if list[0].scene.is_none()), "{body}");
    }
}

#[test]
fn what_became_of_messages_is_read_in_every_form() {
    let item: &[(&str, &str)] = &[
        ("TemplateId", "T1"),
        ("MsgID", "1700827132819554304"),
        ("ErrorCode", "0"),
        ("ErrorStatus", "success"),
    ];
    let mut keys = Vec::new();
    for body in three_forms("subscribe_msg_sent_event", "SubscribeMsgSentEvent", &[item]) {
        let Event::SubscribeSent(sent) = event(&body) else { panic!("{body}") };
        assert_eq!((sent[0].msgid.as_str(), sent[0].error_code), ("1700827132819554304", 0));
        keys.push(read(&body).unwrap().repeat_key());
    }
    assert!(keys.iter().all(|key| *key == keys[0]), "{keys:?}");
    let template = "<xml><ToUserName>gh_a</ToUserName><FromUserName>oAbc</FromUserName><CreateTime>1395658920</CreateTime>\
        <MsgType>event</MsgType><Event>TEMPLATESENDJOBFINISH</Event><MsgID>200163836</MsgID><Status>success</Status></xml>";
    let Event::TemplateSent(sent) = event(template) else { panic!("{template}") };
    assert!(sent.arrived() && sent.msgid == "200163836");
    for failed in ["failed:user block", "failed: system failed"] {
        let body = template.replace("success", failed);
        assert!(matches!(event(&body), Event::TemplateSent(sent) if !sent.arrived()), "{failed}");
    }
}

#[test]
fn privacy_events_name_the_person_whatever_the_case() {
    let sample = r#"{"ToUserName":"gh_870882ca4b1","FromUserName":"oaKk346BaWE-eIn4oSRWbaM9vR7s","CreateTime":1627359464,"MsgType":"event","Event":"user_authorization_revoke","OpenID":"oaKk343WOktAaT2ygsX138BGblrg","AppID":"wx13974bf780d3dc89","RevokeInfo":"1"}"#;
    let Event::Privacy(privacy) = event(sample) else { panic!("a privacy event") };
    assert_eq!(privacy.change, PrivacyChange::Revoked);
    assert_eq!(privacy.openid, "oaKk343WOktAaT2ygsX138BGblrg");
    assert_eq!(privacy.appid.as_deref(), Some("wx13974bf780d3dc89"));
    assert_eq!((privacy.revoked.as_deref(), privacy.unionid.as_deref()), (Some("1"), None));
    assert!(!format!("{privacy:?}").contains("oaKk"));
    let lower = sample
        .replace("OpenID", "openid")
        .replace("AppID", "appid")
        .replace("\"event\"", "\"Event\"")
        .replace("user_authorization_revoke", "user_info_modified");
    assert!(
        matches!(event(&lower), Event::Privacy(p) if p.change == PrivacyChange::ProfileModified && p.openid == privacy.openid)
    );
    let left = sample.replace("authorization_revoke", "authorization_cancellation");
    assert!(matches!(event(&left), Event::Privacy(p) if p.change == PrivacyChange::Cancelled));
    let nobody = sample.replace("OpenID", "Nobody");
    assert_eq!(read(&nobody).unwrap().event(), Err(ReadError::Field { field: "OpenID" }));
    let unkept = sample.replace("oaKk343WOktAaT2ygsX138BGblrg", "o\\u0000");
    assert_eq!(read(&unkept).unwrap().event(), Err(ReadError::Field { field: "OpenID" }));
    // The sender is WeChat's own account: two people in one second are told apart.
    let other = sample.replace("oaKk343WOktAaT2ygsX138BGblrg", "oaKk343WOktAaT2ygsX138BGblrh");
    assert_ne!(read(sample).unwrap().repeat_key(), read(&other).unwrap().repeat_key());
}

#[test]
fn what_tells_repeats_apart_stays_short() {
    let view = |key: &str| {
        json!({"FromUserName": "oAbc", "CreateTime": 1, "MsgType": "event", "Event": "VIEW", "EventKey": key})
            .to_string()
    };
    let key = |text: &str| read(&view(text)).unwrap().repeat_key();
    assert_eq!(key("https://example.com/"), "oAbc:1:view:https://example.com/");
    let long = "x".repeat(5000);
    assert_eq!(key(&long).len(), "oAbc:".len() + 64);
    assert_eq!(key(&long), key(&long));
    assert_ne!(key(&long), key(&format!("{long}x")));
    let list = json!({"FromUserName": "oAbc", "CreateTime": 1, "MsgType": "event", "Event": "x", "List": {"MsgID": "\u{0}"}});
    assert!(!read(&list.to_string()).unwrap().repeat_key().contains('\u{0}'));
}

#[test]
fn bodies_that_could_do_harm_are_refused() {
    let doctype =
        r#"<!DOCTYPE xml [<!ENTITY x SYSTEM "file:///etc/passwd">]><xml><Content>&x;</Content></xml>"#;
    assert_eq!(Body::read(doctype.as_bytes()), Err(ReadError::Doctype));
    for body in [
        "<!DOCTYPE xml SYSTEM \"http://127.0.0.1/x.dtd\"><xml/>",
        "<xml><!DOCTYPE a><a>1</a></xml>",
        "<!doctype xml><xml/>",
    ] {
        assert!(Body::read(body.as_bytes()).is_err(), "{body}");
    }
    assert_eq!(Body::read(b"<xml><a>&x;</a></xml>"), Err(ReadError::Entity));
    assert_eq!(Body::read(b"<xml><a>&#0;</a></xml>"), Err(ReadError::Entity));
    let deep = |levels: usize| format!("{}{}", "<a>".repeat(levels), "</a>".repeat(levels));
    assert!(Body::read(deep(16).as_bytes()).is_ok());
    assert_eq!(Body::read(deep(17).as_bytes()), Err(ReadError::TooDeep));
    let deep = |levels: usize| format!("{}1{}", "{\"a\":".repeat(levels), "}".repeat(levels));
    assert!(Body::read(deep(16).as_bytes()).is_ok());
    assert_eq!(Body::read(deep(17).as_bytes()), Err(ReadError::TooDeep));
    assert_eq!(Body::read(deep(100_000).as_bytes()), Err(ReadError::Malformed));
    // Each element stands twice: a list in every level.
    let lists = |levels: usize| (0..levels).fold(String::new(), |inner, _| format!("<a>{inner}</a><a/>"));
    assert!(Body::read(format!("<xml>{}</xml>", lists(8)).as_bytes()).is_ok());
    assert_eq!(Body::read(format!("<xml>{}</xml>", lists(9)).as_bytes()), Err(ReadError::TooDeep));
    assert_eq!(Body::read(&vec![b' '; (1 << 20) + 1]), Err(ReadError::TooLong));
    assert_eq!(Body::read(&[b'<', 0xff]), Err(ReadError::NotUtf8));
    for malformed in [
        "",
        " ",
        "success",
        "[]",
        "1",
        "{",
        "<xml>",
        "<xml></a>",
        "</xml>",
        "<xml/><xml/>",
        "<xml/>text",
        "<xml><a>1</xml>",
        "<a",
        "<xml>&",
        "<>1</>",
        "<xml><>1</></xml>",
        "{\"a\":1}x",
    ] {
        assert_eq!(Body::read(malformed.as_bytes()), Err(ReadError::Malformed), "{malformed}");
    }
}

#[test]
fn a_push_says_who_and_when() {
    let whole = json!({"ToUserName": "gh_a", "FromUserName": "oAbc", "CreateTime": 1, "MsgType": "event", "Event": "SCAN"});
    assert!(read(&whole.to_string()).unwrap().is("scan"));
    for field in ["FromUserName", "CreateTime", "MsgType"] {
        let mut less = whole.clone();
        less.as_object_mut().unwrap().remove(field);
        assert_eq!(read(&less.to_string()), Err(ReadError::Field { field }));
        for wrong in [json!(""), json!("a\u{0}b"), json!([1]), json!("x".repeat(129))] {
            less[field] = wrong;
            assert_eq!(read(&less.to_string()), Err(ReadError::Field { field }), "{less}");
        }
    }
    let with_mark = format!("\u{feff}\n{whole} ");
    assert!(read(&with_mark).is_ok());
    let mut silent = whole;
    silent["Event"] = json!("subscribe_msg_sent_event");
    assert_eq!(read(&silent.to_string()).unwrap().event(), Err(ReadError::Field { field: "List" }));
}

proptest! {
    #[test]
    fn whatever_is_sealed_opens_for_its_app_only(bits in any::<[u8; 32]>(), random in any::<[u8; 16]>(), message in any::<Vec<u8>>(), appid in "[a-z0-9]{1,32}", spare in 0usize..4) {
        use base64::{Engine, engine::general_purpose::STANDARD};
        const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut text = STANDARD.encode(bits);
        text.truncate(42);
        // The last character has four bits of the key and two that stand for nothing.
        text.push(char::from(ALPHABET[usize::from(bits[31] & 15) << 2 | spare]));
        let key = AesKey::parse(&Secret::new(text)).expect("a key");
        let sealed = key.encrypt(&message, &appid, &random);
        prop_assert_eq!(key.decrypt(&sealed, &appid).expect("opens"), message);
        let other = appid + "x";
        prop_assert_eq!(key.decrypt(&sealed, &other), Err(OpenError::OtherApp));
    }

    #[test]
    fn foreign_bytes_are_read_or_refused(bytes in any::<Vec<u8>>(), text in "[<>/&;!\\[\\]CDATAxml{}\":, ]{0,80}") {
        for body in [&bytes[..], text.as_bytes()] {
            if let Ok(push) = Body::read(body).and_then(Body::push) {
                let _ = (push.event(), push.repeat_key());
            }
        }
    }

    #[test]
    fn text_comes_out_of_xml_as_it_went_in(text in "[^\u{0}-\u{1f}]{0,40}") {
        let cdata = text.replace("]]>", "]]]]><![CDATA[>");
        let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&#62;").replace('"', "&#x22;");
        let body = format!("<xml><A><![CDATA[{cdata}]]></A><B>{escaped}</B></xml>");
        let body = Body::read(body.as_bytes()).expect("well formed");
        prop_assert_eq!(&body.fields()["A"], &json!(text));
        prop_assert_eq!(&body.fields()["B"], &json!(text.trim()));
    }
}
