//! A request's body: a value or a refusal that names a field.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde::{Deserialize, de::IgnoredAny};
use serde_json::Value;
use weir_core::Code;
use weir_http::fuzzing::body;

/// One field of each kind that our bodies have.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    code: Option<String>,
    #[serde(default)]
    recipe_count: Option<i64>,
    subscribed: Option<bool>,
    action_data: Option<Value>,
    list: Option<Vec<Inner>>,
}

#[derive(Debug, Deserialize)]
struct Inner {
    name: String,
}

fuzz_target!(|input: &[u8]| {
    match body::<Body>(input) {
        Ok(read) => {
            // An unknown field may hold a number that no type of ours holds: it is passed over.
            assert!(serde_json::from_slice::<IgnoredAny>(input).is_ok(), "{read:?}");
            assert_eq!(input.trim_ascii_start().first(), Some(&b'{'), "{read:?}");
            for inner in read.list.iter().flatten() {
                assert!(input.len() > inner.name.len());
            }
            let _ = (read.code, read.recipe_count, read.subscribed, read.action_data);
        }
        Err(refusal) => {
            assert_eq!(refusal.code, Code::Invalid);
            assert!(refusal.field.is_some_and(|field| !field.is_empty()) && refusal.detail.is_some());
        }
    }
});
