//! The access table against the description, and against what the server does.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};
use weir_core::apikey::Scope;
use weir_http::access::{Access, OPERATIONS, Operation};
use weir_testkit::{Answer, Client, TestWeir, contract};

use crate::support::{changing_nothing, token_of};

fn described() -> BTreeSet<(String, String)> {
    let paths = contract::description()["paths"].as_object().unwrap();
    let operations = paths.iter().flat_map(|(path, item)| {
        item.as_object().unwrap().keys().map(|method| (method.clone(), path.clone()))
    });
    operations.collect()
}

/// Calls an operation with a body that nothing is wrong with.
async fn call(client: &Client, operation: &Operation) -> Answer {
    let method = Method::from_bytes(operation.method.to_uppercase().as_bytes()).unwrap();
    let path = operation.path.replace("{id}", "1").replace("{app}", "official");
    let path = path.replace("{session_id}", "x").replace("{token}", "x");
    let path = if path.contains("jsconfig") { path + "?url=https%3A%2F%2Flocalhost%2F" } else { path };
    let body = json!({"code": "x", "encryptedData": "AAAAAAAAAAAAAAAAAAAAAA==", "iv": "AAAAAAAAAAAAAAAAAAAAAA==", "version": 1});
    let body = matches!(operation.method, "post" | "patch").then(|| (body.to_string(), "application/json"));
    client.send(method, &path, body).await
}

/// What an operation answers to a credential that does not allow it, if it minds.
async fn assert_status(weir: &TestWeir, credential: Option<&str>, operation: &Operation, status: u16) {
    let client =
        credential.map_or_else(|| weir.client.clone(), |credential| weir.client.with_bearer(credential));
    let answer = changing_nothing(weir, call(&client, operation)).await;
    let named = format!("{} {}", operation.method, operation.path);
    assert_eq!(answer.status, status, "{named}: {}", answer.text);
    assert!(operation.refusals.contains(&status), "{named} does not say that it answers {status}");
}

#[test]
fn every_described_operation_is_in_the_table_and_the_other_way_round() {
    let table: BTreeSet<_> =
        OPERATIONS.iter().map(|entry| (entry.method.to_owned(), entry.path.to_owned())).collect();
    assert_eq!(table.len(), OPERATIONS.len(), "an operation stands twice in the table");
    assert_eq!(table, described());
}

#[test]
fn the_description_names_the_credential_and_every_refusal_of_the_table() {
    for entry in OPERATIONS {
        let operation = &contract::description()["paths"][entry.path][entry.method];
        let security = &operation["security"];
        match entry.access {
            Access::Anyone => assert_eq!(security, &Value::Null, "{}", entry.path),
            Access::Host => assert_eq!(security, &json!([{"hostToken": []}]), "{}", entry.path),
            Access::Poll => assert_eq!(security, &json!([{"pollToken": []}]), "{}", entry.path),
            Access::User => assert_eq!(security, &json!([{"userToken": []}]), "{}", entry.path),
            Access::Key(scope) => {
                assert_eq!(security, &json!([{"apiKey": [scope.as_str()]}]), "{}", entry.path);
            }
            Access::Party(scope) => {
                let either = json!([{"apiKey": [scope.as_str()]}, {"userToken": []}]);
                assert_eq!(security, &either, "{}", entry.path);
            }
        }
        let told = operation["responses"].as_object().unwrap().keys().cloned();
        let told: BTreeSet<_> =
            told.filter(|status| !["202", "204", "302"].contains(&status.as_str())).collect();
        let mut expected: BTreeSet<_> = entry.refusals.iter().map(u16::to_string).collect();
        expected.extend(["200", "405", "500", "503"].map(str::to_owned));
        assert_eq!(told, expected, "{} {}", entry.method, entry.path);
    }
}

weir_testkit::engines! {
    async fn what_needs_credentials_refuses_strangers(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        weir.person("alice").login().await;
        for operation in OPERATIONS.iter().filter(|entry| entry.access != Access::Anyone) {
            assert_status(&weir, None, operation, 401).await;
            assert_status(&weir, Some("garbage"), operation, 401).await;
        }
    }

    async fn what_needs_a_user_refuses_every_key(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let admin = weir.api_key(&Scope::ALL).await;
        for operation in OPERATIONS.iter().filter(|entry| entry.access == Access::User) {
            assert_status(&weir, Some(&admin), operation, 401).await;
        }
    }

    async fn what_needs_a_key_refuses_users_and_keys_of_other_scopes(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let user = token_of(&weir.person("alice").login().await);
        for operation in OPERATIONS {
            let Access::Key(wanted) = operation.access else { continue };
            assert_status(&weir, Some(&user), operation, 403).await;
            let others: Vec<_> =
                Scope::ALL.into_iter().filter(|&scope| scope != wanted && scope != Scope::Admin).collect();
            let weak = weir.api_key(&others).await;
            assert_status(&weir, Some(&weak), operation, 403).await;
        }
    }

    async fn what_is_open_to_anyone_asks_for_no_credentials(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        for operation in OPERATIONS.iter().filter(|entry| entry.access == Access::Anyone) {
            let answer = call(&weir.client, operation).await;
            // A login is refused for its code, not for want of credentials.
            let fine = answer.status == 200
                || answer.text.contains("40029")
                || answer.json["msg"] == "invalid code"
                || operation.path.ends_with("cloud-login")
                // WeChat proves itself by a signature.
                || (operation.path.starts_with("/wechat/push") && answer.text.contains("the signature is wrong"))
                // A phone without a QR code is told what is wrong with its link.
                || (answer.text.starts_with("<!DOCTYPE html>") && [400, 404, 415].contains(&answer.status));
            assert!(fine, "{}: {}", operation.path, answer.text);
        }
    }
}
