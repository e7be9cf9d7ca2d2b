//! Envelopes, fields and refusals.

use reqwest::Method;
use serde_json::{Value, json};
use weir_testkit::{TestWeir, phone::read_qr};

use super::{BIND, BINDING, GENERATE, UNBIND, generate, refused, text};
use crate::support::changing_nothing;

weir_testkit::engines! {
    async fn a_qr_code_has_the_published_form(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let user = weir.host(106);
        let made = user.post_empty(GENERATE).await;
        assert_eq!(made.json["success"], true);
        let data = made.data();
        assert_eq!(data.as_object().unwrap().len(), 3, "{data}");
        assert_eq!(data["expires_at"], "2026-11-20T08:05:00.000Z");
        let session = text(&data["session_id"]);
        assert_eq!((session.len(), &session[14..15]), (36, "4"), "{session}");
        let address = read_qr(text(&data["qr_code_data"]));
        let token = address.strip_prefix(&format!("http://{}/s/", weir.client.address())).unwrap();
        assert_eq!(token.len(), 22, "128 bits: {token}");
        assert!(!weir.database.dump().await.values().flatten().any(|row| row.contains(token)));

        let status = user.get(&format!("/api/wechat/status/{session}")).await;
        let expected = json!({
            "id": 1, "session_id": session, "user_id": 106, "qr_code_data": data["qr_code_data"],
            "status": "pending", "expires_at": "2026-11-20T08:05:00.000Z", "created_at": "2026-11-20T08:00:00.000Z",
        });
        assert_eq!(*status.data(), expected);
    }

    async fn a_body_is_not_looked_at_when_there_is_nothing_to_say(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        for body in ["", "{}", "null", "no json"] {
            let answer = weir.host(1).send(Method::POST, GENERATE, Some((body.to_owned(), "application/json"))).await;
            assert_eq!(answer.status, 200, "{body}: {}", answer.text);
        }
    }

    async fn each_code_is_another(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let (one, two) = (generate(&weir.host(1)).await, generate(&weir.host(1)).await);
        assert_ne!(one["session_id"], two["session_id"]);
        assert_ne!(read_qr(text(&one["qr_code_data"])), read_qr(text(&two["qr_code_data"])));
    }

    async fn a_picture_is_a_png_or_an_svg(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let user = weir.host(1);
        let session = generate(&user).await;
        let path = format!("/api/wechat/status/{}/qr", text(&session["session_id"]));
        let png = user.get(&path).await;
        assert_eq!(png.header("content-type"), Some("image/png"));
        let svg = user.with_header("accept", "image/svg+xml").get(&path).await;
        assert_eq!(svg.header("content-type"), Some("image/svg+xml"));
        assert!(svg.text.starts_with("<svg ") && svg.text.contains("<path"), "{}", svg.text);
        refused(&weir.host(2).get(&path).await, 404, "QR session not found");
    }

    async fn another_users_session_and_an_unknown_one_are_the_same(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let session = generate(&weir.host(106)).await;
        let session = text(&session["session_id"]);
        let unknown = ["00000000-0000-4000-8000-000000000000", "x", "%00", "%FF", "1' OR '1'='1"];
        for (user, id) in [(json!(107), session), (json!("106 "), session)].into_iter().chain(unknown.map(|id| (json!(106), id))) {
            for path in ["", "/events", "/qr"] {
                let answer = weir.host(user.clone()).get(&format!("/api/wechat/status/{id}{path}")).await;
                refused(&answer, 404, "QR session not found");
            }
        }
    }

    async fn nobody_is_bound_at_first(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let answer = weir.host(106).get(BINDING).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.json, json!({"success": true, "data": null, "message": "No WeChat account bound"}));
        refused(&weir.host(106).delete(UNBIND).await, 404, "No WeChat account bound to this user");
    }

    async fn wrong_input_is_refused_with_its_name(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let user = weir.host(106);
        let long = |length| "x".repeat(length);
        let wrong: [(Value, &str); 9] = [
            (json!({}), "openid is missing"),
            (json!({"openid": null}), "openid is missing"),
            (json!({"openid": ""}), "openid must not be empty"),
            (json!({"openid": 7}), "openid has the wrong type"),
            (json!({"openid": long(101)}), "openid must not be longer than 100 characters"),
            (json!({"openid": "o", "unionid": long(101)}), "unionid must not be longer than 100 characters"),
            (json!({"openid": "o", "nickname": long(101)}), "nickname must not be longer than 100 characters"),
            (json!({"openid": "o", "headimgurl": long(501)}), "headimgurl must not be longer than 500 characters"),
            (json!([]), "body must be a JSON object"),
        ];
        for (body, what) in wrong {
            let answer = changing_nothing(&weir, user.post(BIND, &body)).await;
            refused(&answer, 400, &format!("Invalid request: {what}"));
        }
        let cut = user.send(Method::POST, BIND, Some(("{".to_owned(), "application/json"))).await;
        assert_eq!(cut.status, 400);
        let form = user.send(Method::POST, BIND, Some(("openid=o".to_owned(), "application/x-www-form-urlencoded"))).await;
        refused(&form, 415, "The request body must be JSON (Content-Type: application/json)");
        let large = user.send(Method::POST, BIND, Some((long(1_048_577), "application/json"))).await;
        refused(&large, 413, "The request body is larger than 1048576 bytes");
    }

    async fn an_openid_without_proof_is_not_bound(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let openid = weir.openid("alice", weir_testkit::OFFICIAL).await;
        let asked = weir.host(106);
        let answer = changing_nothing(&weir, asked.post(BIND, &json!({ "openid": openid }))).await;
        assert_eq!(answer.status, 403, "{}", answer.text);
        assert!(text(&answer.json["message"]).contains("not proven"), "{}", answer.text);
    }

    async fn paths_and_methods_that_are_none_wear_the_familys_envelope(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        refused(&weir.client.get("/api/wechat/nothing").await, 404, "Not found");
        for (method, path, allow) in [(Method::GET, GENERATE, "POST"), (Method::POST, UNBIND, "DELETE"), (Method::PUT, BIND, "POST")] {
            let answer = weir.client.send(method, path, None).await;
            refused(&answer, 405, "Method not allowed");
            assert_eq!(answer.header("allow"), Some(allow));
        }
    }

    async fn codes_of_one_user_are_limited(engine) {
        let Some(weir) = TestWeir::start_with(engine, |setup| setup.core.limits.qr_codes_per_user_per_minute = 3).await else { return };
        for _ in 0..3 {
            generate(&weir.host(1)).await;
        }
        let answer = weir.host(1).post_empty(GENERATE).await;
        assert_eq!(answer.status, 429);
        assert!(answer.header("retry-after").is_some());
        generate(&weir.host(2)).await;
    }
}
