//! Bodies of pushes as WeChat writes them.

use serde_json::{Map, Value};

use crate::world::PushFormat;

/// How deep fields may lie in one another; as deep as readers go.
const DEEPEST: usize = 15;

/// Fields that cannot be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    #[error("`{0}` cannot be the name of an XML element")]
    Name(String),
    #[error("lies in more than {DEEPEST} levels")]
    TooDeep,
}

pub fn body(format: PushFormat, fields: &Map<String, Value>) -> Result<String, WriteError> {
    match format {
        PushFormat::Json => Ok(Value::Object(fields.clone()).to_string()),
        PushFormat::Xml => {
            let mut text = String::from("<xml>");
            match wrapper(fields) {
                None => write_fields(&mut text, fields, 1)?,
                Some((name, list)) => {
                    let mut rest = fields.clone();
                    rest.remove("List");
                    let wrapped = Map::from_iter([(String::from("List"), list.clone())]);
                    rest.insert(name, Value::Object(wrapped));
                    write_fields(&mut text, &rest, 1)?;
                }
            }
            text.push_str("</xml>");
            Ok(text)
        }
    }
}

/// In XML the list of a `subscribe_msg_popup_event` stands in a `SubscribeMsgPopupEvent`.
fn wrapper(fields: &Map<String, Value>) -> Option<(String, &Value)> {
    let event =
        fields.get("Event").and_then(Value::as_str).filter(|event| event.starts_with("subscribe_msg_"))?;
    let capital = |word: &str| match word.split_at_checked(1) {
        Some((first, rest)) => format!("{}{rest}", first.to_ascii_uppercase()),
        None => String::new(),
    };
    Some((event.split('_').map(capital).collect(), fields.get("List")?))
}

fn write_fields(text: &mut String, fields: &Map<String, Value>, depth: usize) -> Result<(), WriteError> {
    if depth > DEEPEST {
        return Err(WriteError::TooDeep);
    }
    for (name, value) in fields {
        if !is_name(name) {
            return Err(WriteError::Name(name.clone()));
        }
        match value {
            // A list is its items, one element each.
            Value::Array(items) => items.iter().try_for_each(|item| write_field(text, name, item, depth))?,
            value => write_field(text, name, value, depth)?,
        }
    }
    Ok(())
}

fn write_field(text: &mut String, name: &str, value: &Value, depth: usize) -> Result<(), WriteError> {
    text.push_str(&format!("<{name}>"));
    match value {
        Value::Null => {}
        Value::Bool(_) | Value::Number(_) => text.push_str(&value.to_string()),
        Value::String(number) if is_bare(name, number) => text.push_str(number),
        Value::String(verbatim) => {
            text.push_str("<![CDATA[");
            text.push_str(&verbatim.replace("]]>", "]]]]><![CDATA[>"));
            text.push_str("]]>");
        }
        Value::Object(fields) => write_fields(text, fields, depth + 1)?,
        Value::Array(_) => return Err(WriteError::TooDeep),
    }
    text.push_str(&format!("</{name}>"));
    Ok(())
}

/// Numbers that JSON has as texts.
fn is_bare(name: &str, text: &str) -> bool {
    matches!(name, "CreateTime" | "MsgId" | "MsgID" | "PopupScene" | "ErrorCode")
        && !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use weir_wechat::push::{Body, Event};

    use super::*;
    use crate::push::popup_event;

    #[test]
    fn a_list_stands_in_a_wrapper_in_xml_and_by_itself_in_json() {
        let mut fields = popup_event("oAbc", "T1", "accept");
        fields.insert("CreateTime".into(), json!("1610969440"));
        fields.insert("MsgType".into(), json!("event"));
        let xml = body(PushFormat::Xml, &fields).unwrap();
        assert!(xml.contains("<SubscribeMsgPopupEvent><List><PopupScene>0</PopupScene>"), "{xml}");
        assert!(xml.contains("<CreateTime>1610969440</CreateTime>"), "{xml}");
        for text in [xml, body(PushFormat::Json, &fields).unwrap()] {
            let push = Body::read(text.as_bytes()).and_then(Body::push).unwrap();
            assert!(matches!(push.event(), Ok(Event::SubscribeAnswers(list)) if list.len() == 1), "{text}");
        }
    }

    #[test]
    fn text_is_kept_and_what_xml_cannot_name_is_refused() {
        let fields = |value: Value| value.as_object().cloned().unwrap();
        let odd = fields(json!({"A": "a]]>b<&", "B": null, "C": [1, {"D": true}]}));
        let xml = body(PushFormat::Xml, &odd).unwrap();
        let read = Body::read(xml.as_bytes()).unwrap();
        assert_eq!(read.fields()["A"], json!("a]]>b<&"));
        assert_eq!(read.fields()["C"], json!(["1", {"D": "true"}]));
        assert_eq!(body(PushFormat::Xml, &fields(json!({"a b": 1}))), Err(WriteError::Name("a b".into())));
        assert_eq!(body(PushFormat::Xml, &fields(json!({"a": [[1]]}))), Err(WriteError::TooDeep));
        let deep = (0..16).fold(json!(1), |inner, _| json!({"a": inner}));
        assert_eq!(body(PushFormat::Xml, &fields(deep)), Err(WriteError::TooDeep));
    }
}
