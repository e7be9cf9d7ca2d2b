//! Every answer that a test receives is held against the API description: its status must be described for that
//! operation, and its body must have the described form.

use std::{
    collections::HashMap,
    sync::{Mutex, OnceLock, PoisonError},
};

use jsonschema::Validator;
use serde_json::{Value, json};

/// The description that the server gives at `/openapi.json`.
pub fn description() -> &'static Value {
    static DESCRIPTION: OnceLock<Value> = OnceLock::new();
    DESCRIPTION.get_or_init(|| match serde_json::from_str(weir_http::openapi_json()) {
        Ok(description) => description,
        Err(error) => panic!("openapi.json is no JSON: {error}"),
    })
}

/// Panics when an answer is not as described. Paths and methods that are not described at all (a test of 404 or 405)
/// are let through.
///
/// # Panics
/// With the operation, the status and what differs.
pub fn check(method: &str, path: &str, status: u16, content_type: &str, body: &[u8]) {
    let Some((template, operation)) = operation(method, path) else { return };
    let named = format!("{} {template}", method.to_uppercase());
    let response = &operation["responses"][status.to_string()];
    assert!(response.is_object(), "{named} answered {status}, which its description does not list");
    let kind = content_type.split(';').next().unwrap_or_default();
    let content = response["content"].as_object();
    let Some(content) = content else {
        assert!(body.is_empty(), "{named} answered {status} with a body, and none is described");
        return;
    };
    assert!(
        content.contains_key(kind),
        "{named} answered {status} as {kind:?}; described is {:?}",
        content.keys()
    );
    if !kind.ends_with("json") {
        return;
    }
    let body: Value = match serde_json::from_slice(body) {
        Ok(body) => body,
        Err(error) => panic!("{named} answered {status} with a body that is no JSON: {error}"),
    };
    let pointer =
        format!("/paths/{}/{method}/responses/{status}/content/{}/schema", escape(&template), escape(kind));
    let faults = faults(&pointer, &body);
    assert!(faults.is_empty(), "{named} answered {status} not as described: {faults:?}\n{body:#}");
}

/// The declared path and its operation.
fn operation(method: &str, path: &str) -> Option<(String, &'static Value)> {
    let paths = description()["paths"].as_object()?;
    let fits = |template: &str| {
        let (mut declared, mut asked) = (template.split('/'), path.split('/'));
        loop {
            match (declared.next(), asked.next()) {
                (None, None) => return true,
                (Some(declared), Some(asked)) if declared == asked || declared.starts_with('{') => {}
                _ => return false,
            }
        }
    };
    // A path that is declared to the letter goes before one with a placeholder.
    let template = paths
        .contains_key(path)
        .then_some(path)
        .or_else(|| paths.keys().map(String::as_str).find(|t| fits(t)))?;
    let operation = paths[template].get(method)?;
    Some((template.to_owned(), operation))
}

fn faults(pointer: &str, body: &Value) -> Vec<String> {
    static VALIDATORS: Mutex<Option<HashMap<String, Validator>>> = Mutex::new(None);
    let mut validators = VALIDATORS.lock().unwrap_or_else(PoisonError::into_inner);
    let validator = validators.get_or_insert_default().entry(pointer.to_owned()).or_insert_with(|| {
        let mut schema = description().clone();
        schema["$ref"] = json!(format!("#{pointer}"));
        match jsonschema::draft202012::new(&schema) {
            Ok(validator) => validator,
            Err(error) => panic!("the schema at {pointer} is wrong: {error}"),
        }
    });
    validator.iter_errors(body).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

/// One part of a JSON pointer that stands in a URI's fragment.
fn escape(part: &str) -> String {
    part.replace('~', "~0").replace('/', "~1").replace('{', "%7B").replace('}', "%7D")
}
