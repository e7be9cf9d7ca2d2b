//! What is pushed, by WeChat or by somebody in its place: XML or JSON, read or refused, and never deeper than it may be.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use weir_wechat::push::{Body, Event, ReadError};

const DEEPEST: usize = 16;

fuzz_target!(|input: &[u8]| {
    let Ok(body) = Body::read(input) else { return };
    assert!(depth(&Value::Object(body.fields().clone())) <= DEEPEST);
    assert!(body.encrypted().is_none_or(|text| !text.is_empty()));
    let Ok(push) = body.push() else { return };
    assert!(!push.from_user.is_empty() && !push.kind.is_empty());
    let clear = |text: &str| !text.contains(char::is_control);
    assert!([&push.to_user, &push.from_user, &push.kind].into_iter().all(|text| clear(text)));
    assert!([&push.event, &push.event_key, &push.msg_id].into_iter().flatten().all(|text| clear(text)));
    assert!(push.repeat_key().starts_with(&push.from_user));
    match push.event() {
        Ok(Event::SubscribeAnswers(list) | Event::SubscribeChanges(list)) => assert!(!list.is_empty()),
        Ok(Event::SubscribeSent(list)) => assert!(list.iter().all(|sent| !sent.msgid.is_empty())),
        Ok(Event::Privacy(privacy)) => assert!(!privacy.openid.is_empty()),
        Ok(Event::TemplateSent(_) | Event::Other) => {}
        Err(error) => assert!(matches!(error, ReadError::Field { .. })),
    }
});

fn depth(value: &Value) -> usize {
    match value {
        Value::Object(fields) => 1 + fields.values().map(depth).max().unwrap_or(0),
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}
