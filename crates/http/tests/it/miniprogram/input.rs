//! Bad bodies: refused by name, in the family's envelope, before WeChat is asked, with nothing written.

use reqwest::Method;
use serde_json::{Value, json};
use weir_testkit::{Answer, TestWeir};

use crate::support::{LOGIN, assert_refused, changing_nothing, log_in, post_head, raw};

const JSON: &str = "application/json";

/// Posts a login that must be refused without any effect.
async fn refused_login(weir: &TestWeir, body: String, kind: &str) -> Answer {
    let calls = weir.calls("/sns/jscode2session").await;
    let answer = changing_nothing(weir, weir.client.send(Method::POST, LOGIN, Some((body, kind)))).await;
    assert_eq!(weir.calls("/sns/jscode2session").await, calls, "WeChat was asked");
    answer
}

weir_testkit::engines! {
    async fn a_code_that_is_none_is_refused(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        for (body, message) in [
            (json!({}), "code is missing"),
            (json!({"code": null}), "code is missing"),
            (json!({"code": ""}), "code must not be empty"),
            (json!({"code": 81}), "code has the wrong type"),
            (json!({"code": true}), "code has the wrong type"),
            (json!({"code": ["a"]}), "code has the wrong type"),
            (json!({"code": {"code": "a"}}), "code has the wrong type"),
            (json!({"code": "a\u{0}b"}), "code must not contain the character U+0000"),
            (json!({"code": "c".repeat(129)}), "code must not be longer than 128 characters"),
            (json!({"code": "码".repeat(129)}), "code must not be longer than 128 characters"),
        ] {
            let answer = refused_login(&weir, body.to_string(), JSON).await;
            assert_refused(&answer, 400, &format!("参数错误: {message}"));
        }
    }

    async fn a_code_at_the_limit_is_shown_to_wechat(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        for code in ["c".repeat(128), "码".repeat(128)] {
            let answer = weir.client.post(LOGIN, &json!({ "code": code })).await;
            assert_refused(&answer, 401, "微信登录失败: invalid code (错误码: 40029)");
        }
        assert_eq!(weir.calls("/sns/jscode2session").await, 2);
    }

    async fn names_and_pictures_are_limited_in_characters_and_refused_under_the_name_sent(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        for (field, shown, limit) in [
            ("nickName", "nickname", 50),
            ("nickname", "nickname", 50),
            ("avatarUrl", "avatar", 255),
            ("avatar", "avatar", 255),
        ] {
            for letter in ["a", "汉", "😀"] {
                let at_limit = letter.repeat(limit);
                let user = log_in(&weir, "alice", &json!({ (field): at_limit })).await;
                assert_eq!(user["user"][shown], at_limit);
                let code = weir.person("alice").code().await;
                let over = json!({"code": code, (field): letter.repeat(limit + 1)});
                let answer = refused_login(&weir, over.to_string(), JSON).await;
                let message = format!("参数错误: {field} must not be longer than {limit} characters");
                assert_refused(&answer, 400, &message);
            }
        }
    }

    async fn names_and_pictures_of_other_types_are_refused(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        for field in ["nickName", "nickname", "avatarUrl", "avatar"] {
            for wrong in [json!(1), json!(false), json!([]), json!({})] {
                let answer =
                    refused_login(&weir, json!({"code": "c", (field): wrong}).to_string(), JSON).await;
                assert_refused(&answer, 400, &format!("参数错误: {field} has the wrong type"));
            }
            let answer =
                refused_login(&weir, json!({"code": "c", (field): "a\u{0}"}).to_string(), JSON).await;
            assert_refused(&answer, 400, &format!("参数错误: {field} must not contain the character U+0000"));
        }
    }

    async fn what_is_no_json_object_is_refused(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let not_an_object = "参数错误: body must be a JSON object";
        for (body, message) in [
            ("", "参数错误: code is missing"),
            ("{\"code\":\n}", "参数错误: body is not valid JSON (line 2, column 1)"),
            ("{code: 'x'}", "参数错误: body is not valid JSON (line 1, column 2)"),
            (r#"{"code":"\ud800"}"#, "参数错误: body is not valid JSON (line 1, column 16)"),
            ("null", not_an_object),
            ("1", not_an_object),
            (r#""code""#, not_an_object),
            ("[]", not_an_object),
            (r#" ["c",null,null,null,null,null]"#, not_an_object),
            (r#"{"code":"c"} {"code":"c"}"#, "参数错误: body must be one JSON object and nothing after it"),
            (r#"{"code":"c"},"#, "参数错误: body must be one JSON object and nothing after it"),
        ] {
            let answer = refused_login(&weir, body.to_owned(), JSON).await;
            assert_refused(&answer, 400, message);
        }
    }

    async fn a_field_sent_twice_is_refused(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let answer = refused_login(&weir, r#"{"code":"a","code":"b"}"#.to_owned(), JSON).await;
        assert_refused(&answer, 400, "参数错误: body names a field twice");
    }

    async fn bytes_that_are_no_utf8_are_refused(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let mut request =
            post_head(LOGIN, "content-type: application/json\r\ncontent-length: 12\r\n").into_bytes();
        request.extend_from_slice(b"{\"code\":\"\xff\"}");
        let (status, answer) = changing_nothing(&weir, raw(&weir.client, &request)).await;
        assert_eq!(status, 400, "{answer}");
        assert!(answer.contains("参数错误: "), "{answer}");
    }

    async fn unknown_fields_are_ignored_however_deep(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let deep = (0..100).fold(json!(1), |inner, _| json!([inner]));
        let more =
            json!({"state": "x", "userInfo": {"nickName": 1}, "deep": deep, "session_key": 5, "": null});
        assert_eq!(log_in(&weir, "alice", &more).await["user"]["nickname"], "微信用户");
    }

    async fn other_content_types_are_refused(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        for kind in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "application/jsonp",
            "x",
        ] {
            let answer = refused_login(&weir, r#"{"code":"c"}"#.to_owned(), kind).await;
            assert_refused(&answer, 415, "请求体必须是 JSON (Content-Type: application/json)");
        }
    }

    async fn json_under_its_usual_names_and_under_none_is_taken(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        for kind in [
            "application/json",
            "application/json; charset=utf-8",
            "Application/JSON;charset=UTF-8",
            "application/vnd.api+json",
            "",
        ] {
            let body = json!({"code": weir.person("alice").code().await}).to_string();
            let answer = weir.client.send(Method::POST, LOGIN, Some((body, kind))).await;
            assert_eq!(answer.data()["user"]["id"], 1, "{kind}");
        }
    }

    async fn a_body_of_a_mebibyte_is_read_and_one_byte_more_is_too_large(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let mut body = json!({"code": weir.person("alice").code().await}).to_string();
        body.push_str(&" ".repeat((1 << 20) - body.len()));
        let answer = weir.client.send(Method::POST, LOGIN, Some((body.clone(), JSON))).await;
        assert_eq!(answer.data()["user"]["id"], 1);
        for more in [1, 3 << 20] {
            let answer = refused_login(&weir, body.clone() + &" ".repeat(more), JSON).await;
            assert_refused(&answer, 413, "请求体过大，上限为 1048576 字节");
        }
    }

    async fn a_chunked_body_is_measured_as_it_comes(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let head = post_head(LOGIN, "content-type: application/json\r\ntransfer-encoding: chunked\r\n");
        let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
        let request = format!("{head}{}0\r\n\r\n", chunk.repeat(20));
        let (status, answer) = changing_nothing(&weir, raw(&weir.client, request.as_bytes())).await;
        assert_eq!(status, 413, "{answer}");
        assert!(answer.contains(r#""message":"请求体过大，上限为 1048576 字节""#), "{answer}");
        let code = weir.person("alice").code().await;
        let chunks = format!("9\r\n{{\"code\":\"\r\n{:x}\r\n{code}\r\n2\r\n\"}}\r\n0\r\n\r\n", code.len());
        let (status, answer) = raw(&weir.client, format!("{head}{chunks}").as_bytes()).await;
        assert_eq!(status, 200, "{answer}");
    }

    async fn who_asks_before_sending_too_much_is_told_at_once(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let headers =
            "content-type: application/json\r\ncontent-length: 5000000000\r\nexpect: 100-continue\r\n";
        let (status, answer) = raw(&weir.client, post_head(LOGIN, headers).as_bytes()).await;
        assert_eq!(status, 413, "{answer}");
    }

    async fn every_endpoint_with_a_body_refuses_what_is_none(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let alice = weir.person("alice").signed_in().await;
        for (method, path) in [
            (Method::POST, "/api/v1/auth/wechat-login"),
            (Method::POST, "/api/v1/auth/phone"),
            (Method::POST, "/api/v1/auth/decrypt"),
            (Method::PATCH, "/api/v1/users/me"),
        ] {
            let send = |body: &str, kind| alice.send(method.clone(), path, Some((body.to_owned(), kind)));
            assert_refused(&send("[]", JSON).await, 400, "参数错误: body must be a JSON object");
            assert_refused(
                &send("{", JSON).await,
                400,
                "参数错误: body is not valid JSON (line 1, column 1)",
            );
            assert_eq!(send("{}", "text/plain").await.status, 415);
            assert_eq!(send(&" ".repeat(2 << 20), JSON).await.status, 413);
        }
    }

    async fn the_error_names_the_path_that_was_asked(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let answer = weir.client.post(&format!("{LOGIN}?code=secret"), &json!({})).await;
        assert_eq!(answer.json["path"], LOGIN);
        assert_eq!(answer.json["timestamp"], "2026-11-20T08:00:00.000Z");
        let unknown = weir.client.get("/api/v1/nothing/here").await;
        assert_refused(&unknown, 404, "接口不存在");
        assert_eq!(unknown.json["path"], Value::from("/api/v1/nothing/here"));
    }
}
