//! What a person's session_key opens: phone number, encrypted data, and whether WeChat still knows the session.

use std::time::Duration;

use serde_json::{Value, json};
use weir_core::apikey::Scope;
use weir_testkit::{START, TestWeir};

use crate::support::{assert_refused, changing_nothing};

const PHONE: &str = "/api/v1/auth/phone";
const DECRYPT: &str = "/api/v1/auth/decrypt";
const SESSION: &str = "/api/v1/auth/session";
const STALE: &str = "session_stale: session_key 已失效，请重新调用 wx.login 后再试";
const FORM: &str = "参数错误: encryptedData and iv must be base64, of whole blocks and of 16 bytes";

/// What `wx.getUserInfo` hands to the page of this person.
async fn sealed(weir: &TestWeir, person: &'static str, data: Value) -> Value {
    weir.person(person).control("/_sim/encrypted-data", json!({ "data": data })).await
}

weir_testkit::engines! {
    async fn a_phone_code_gives_the_number(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let alice = weir.person("alice").signed_in().await;
        let code = weir.person("alice").control("/_sim/phone-code", json!({})).await["code"].clone();
        let answer = alice.post(PHONE, &json!({ "code": code })).await;
        let number =
            json!({"phoneNumber": "13800138000", "purePhoneNumber": "13800138000", "countryCode": "86"});
        assert_eq!(answer.data(), &number);
        let again = alice.post(PHONE, &json!({ "code": code })).await;
        assert_refused(&again, 502, "微信接口调用失败: invalid code (错误码: 40029)");
    }

    async fn another_persons_phone_code_is_refused(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let bob = weir.person("bob").signed_in().await;
        let code = weir.person("alice").control("/_sim/phone-code", json!({})).await["code"].clone();
        let answer = bob.post(PHONE, &json!({ "code": code })).await;
        assert_eq!(answer.status, 502, "{}", answer.text);
        assert!(!answer.text.contains("13800138000"));
        assert!(answer.json["message"].as_str().unwrap().ends_with("(错误码: 40003)"), "{}", answer.text);
    }

    async fn bad_phone_codes_are_refused_before_wechat_is_asked(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let alice = weir.person("alice").signed_in().await;
        for (body, message) in [
            (json!({}), "code is missing"),
            (json!({"code": null}), "code is missing"),
            (json!({"code": ""}), "code must not be empty"),
            (json!({"code": 1}), "code has the wrong type"),
            (json!({"code": "c".repeat(129)}), "code must not be longer than 128 characters"),
            (json!({"code": "a\u{0}"}), "code must not contain the character U+0000"),
        ] {
            let answer = changing_nothing(&weir, alice.post(PHONE, &body)).await;
            assert_refused(&answer, 400, &format!("参数错误: {message}"));
        }
        assert_eq!(weir.calls("/wxa/business/getuserphonenumber").await, 0);
    }

    async fn encrypted_data_is_opened_with_and_without_its_signature(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let alice = weir.person("alice").signed_in().await;
        let data = json!({"stepInfoList": [{"timestamp": 1, "step": 100}], "名": "值"});
        let sent = sealed(&weir, "alice", data.clone()).await;
        let mut expected = data;
        expected["watermark"] = json!({"appid": "wx1000000000000001", "timestamp": START.seconds()});
        assert_eq!(alice.post(DECRYPT, &sent).await.data(), &expected);
        let bare = json!({"encryptedData": sent["encryptedData"], "iv": sent["iv"]});
        assert_eq!(alice.post(DECRYPT, &bare).await.data(), &expected);
    }

    async fn data_that_the_session_key_does_not_open_asks_for_a_new_login(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let alice = weir.person("alice").signed_in().await;
        weir.person("bob").login().await;
        let sent = sealed(&weir, "alice", json!({"n": 1})).await;
        let with = |field: &str, value: Value| {
            let mut body = sent.clone();
            body[field] = value;
            body
        };
        for body in [
            sealed(&weir, "bob", json!({})).await,
            with("signature", json!("0".repeat(40))),
            with("signature", json!("")),
            with("rawData", json!("{}")),
            json!({"encryptedData": "A".repeat(64), "iv": sent["iv"]}),
        ] {
            let answer = changing_nothing(&weir, alice.post(DECRYPT, &body)).await;
            assert_refused(&answer, 409, STALE);
        }
    }

    async fn a_foreign_iv_never_passes_for_the_right_one(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let alice = weir.person("alice").signed_in().await;
        let mut sent = sealed(&weir, "alice", json!({"phone": "13800138000"})).await;
        sent["iv"] = json!("AAAAAAAAAAAAAAAAAAAAAA==");
        let answer = changing_nothing(&weir, alice.post(DECRYPT, &sent)).await;
        assert_refused(&answer, 409, STALE);
    }

    async fn what_is_no_encrypted_data_is_refused(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let alice = weir.person("alice").signed_in().await;
        let good = sealed(&weir, "alice", json!({})).await;
        let (data, iv) = (&good["encryptedData"], &good["iv"]);
        for (body, message) in [
            (json!({"iv": iv}), "参数错误: encryptedData is missing"),
            (json!({"encryptedData": data}), "参数错误: iv is missing"),
            (json!({"encryptedData": 1, "iv": iv}), "参数错误: encryptedData has the wrong type"),
            (json!({"encryptedData": data, "iv": []}), "参数错误: iv has the wrong type"),
            (json!({"encryptedData": "", "iv": iv}), FORM),
            (json!({"encryptedData": "not base64!", "iv": iv}), FORM),
            (json!({"encryptedData": "QUJD", "iv": iv}), FORM),
            (json!({"encryptedData": data, "iv": ""}), FORM),
            (json!({"encryptedData": data, "iv": "QUJD"}), FORM),
            (json!({"encryptedData": data, "iv": "***"}), FORM),
            (
                json!({"encryptedData": data, "iv": "A".repeat(65)}),
                "参数错误: iv must not be longer than 64 characters",
            ),
            (
                json!({"encryptedData": data, "iv": iv, "rawData": "{}"}),
                "参数错误: signature comes with rawData, and rawData with signature",
            ),
            (
                json!({"encryptedData": data, "iv": iv, "signature": "0"}),
                "参数错误: signature comes with rawData, and rawData with signature",
            ),
            (
                json!({"encryptedData": "A".repeat(300_000), "iv": iv}),
                "参数错误: encryptedData must not be longer than 262144 characters",
            ),
        ] {
            let answer = changing_nothing(&weir, alice.post(DECRYPT, &body)).await;
            assert_refused(&answer, 400, message);
        }
    }

    async fn data_of_another_app_or_of_none_is_refused(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let alice = weir.person("alice").signed_in().await;
        let now = START.seconds();
        let unmarked = "the data does not say for whom and when it was made";
        for (watermark, detail) in [
            (
                json!({"appid": "wx2000000000000002", "timestamp": now}),
                "the data was encrypted for another app",
            ),
            (json!({"timestamp": now}), unmarked),
            (json!("nonsense"), unmarked),
            (json!({"appid": "wx1000000000000001"}), unmarked),
            (json!({"appid": "wx1000000000000001", "timestamp": "now"}), unmarked),
        ] {
            let sent = sealed(&weir, "alice", json!({"secret": "value", "watermark": watermark})).await;
            let answer = changing_nothing(&weir, alice.post(DECRYPT, &sent)).await;
            assert_refused(&answer, 422, &format!("数据无法使用: {detail}"));
        }
    }

    async fn data_is_good_for_an_hour_and_not_from_the_future(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let alice = weir.person("alice").signed_in().await;
        let old = "数据无法使用: the data is too old, or this server's clock is wrong";
        for (age, message) in
            [(3600, None), (3601, Some(old)), (-300, None), (-301, Some(old)), (i64::MIN / 2000, Some(old))]
        {
            let watermark =
                json!({"appid": "wx1000000000000001", "timestamp": START.seconds().saturating_sub(age)});
            let sent = sealed(&weir, "alice", json!({ "watermark": watermark })).await;
            let answer = alice.post(DECRYPT, &sent).await;
            match message {
                None => assert_eq!(answer.status, 200, "{age}: {}", answer.text),
                Some(message) => assert_refused(&answer, 422, message),
            }
        }
    }

    async fn after_a_rotation_the_new_login_opens_new_and_old_data(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let first = weir.person("alice").signed_in().await;
        let old = sealed(&weir, "alice", json!({"n": 1})).await;
        weir.person("alice").control("/_sim/session-key", json!({})).await;
        let new = sealed(&weir, "alice", json!({"n": 2})).await;
        assert_refused(&first.post(DECRYPT, &new).await, 409, STALE);
        let second = weir.person("alice").signed_in().await;
        for (client, data, n) in
            [(&second, &new, 2), (&second, &old, 1), (&first, &new, 2), (&first, &old, 1)]
        {
            assert_eq!(client.post(DECRYPT, data).await.data()["n"], n);
        }
        weir.person("alice").control("/_sim/session-key", json!({})).await;
        let third = weir.person("alice").signed_in().await;
        assert_refused(&third.post(DECRYPT, &old).await, 409, STALE);
        assert_eq!(third.post(DECRYPT, &new).await.data()["n"], 2);
    }

    async fn a_login_without_a_session_key_opens_nothing(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let host = weir.client.with_bearer(weir.api_key(&[Scope::UsersWrite]).await);
        let data = host
            .post(
                "/api/v1/auth/cloud-login",
                &json!({"openid": weir.simulator.openid("mini", "alice").unwrap()}),
            )
            .await;
        let alice = weir.client.with_bearer(data.data()["access_token"].as_str().unwrap());
        let sent = sealed(&weir, "alice", json!({})).await;
        assert_refused(&alice.post(DECRYPT, &sent).await, 409, STALE);
        assert_eq!(alice.get(SESSION).await.data(), &json!({"valid": false}));
    }

    async fn wechat_tells_whether_it_still_knows_the_session(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let alice = weir.person("alice").signed_in().await;
        assert_eq!(alice.get(SESSION).await.data(), &json!({"valid": true}));
        weir.person("alice").control("/_sim/session-key", json!({})).await;
        assert_eq!(alice.get(SESSION).await.data(), &json!({"valid": false}));
        weir.clock.advance(Duration::from_secs(1));
        let again = weir.person("alice").signed_in().await;
        assert_eq!(again.get(SESSION).await.data(), &json!({"valid": true}));
        assert_eq!(alice.get(SESSION).await.data(), &json!({"valid": true}));
    }
}
