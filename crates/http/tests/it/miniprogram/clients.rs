//! The exact requests of the published mini-program clients (the document of family D), and what they read of the
//! answers.

use reqwest::Method;
use serde_json::json;
use weir_testkit::{Client, TestWeir};

use crate::support::{ME, token_of};

/// As `api-proxy` forwards a call: JSON whatever the method, with what the page gave as its headers.
fn proxied(client: &Client) -> Client {
    client.with_header("accept", "application/json, text/plain, */*").with_header("user-agent", "axios/1.6.0")
}

weir_testkit::engines! {
    async fn the_login_of_the_published_clients_works_unchanged(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let client = proxied(&weir.client);
        let code = weir.person("alice").code().await;
        let body = format!(
            "{{\"code\":\"{code}\",\"nickName\":\"张三\",\"avatarUrl\":\"https://thirdwx.qlogo.cn/mmopen/vi_32/x/132\"}}"
        );
        let answer =
            client.send(Method::POST, "/api/v1/auth/wx-login", Some((body, "application/json"))).await;
        assert_eq!((answer.status, &answer.json["code"]), (200, &json!(200)));
        let user = &answer.data()["user"];
        assert!(user["id"].is_i64() && user["openid"].is_string());
        assert_eq!(user["nickname"], "张三");
        assert_eq!(user["avatar"], "https://thirdwx.qlogo.cn/mmopen/vi_32/x/132");
        assert_eq!(answer.data()["expires_in"], 604_800);

        let token = token_of(answer.data());
        let profile = client.with_bearer(&*token).get("/api/v1/user/profile").await;
        assert_eq!(profile.data()["nickname"], "张三");

        let refreshed = client.with_bearer(&*token);
        let refreshed = refreshed
            .send(Method::POST, "/api/v1/auth/refresh", Some(("{}".to_owned(), "application/json")))
            .await;
        assert_eq!(
            (&refreshed.json["code"], &refreshed.data()["expires_in"]),
            (&json!(200), &json!(604_800))
        );

        let next = client.with_bearer(token_of(refreshed.data()));
        let out =
            next.send(Method::POST, "/api/v1/auth/logout", Some(("{}".to_owned(), "application/json"))).await;
        assert_eq!((&out.json["message"], &out.data()["message"]), (&json!("退出成功"), &json!("退出成功")));
        assert_eq!(next.get("/api/v1/user/profile").await.status, 401);
    }

    async fn a_client_that_was_away_refreshes_after_its_401(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let client = weir.person("alice").signed_in().await;
        weir.clock.advance(std::time::Duration::from_secs(8 * 86_400));
        assert_eq!(client.get("/api/v1/user/profile").await.status, 401);
        let token = token_of(client.post("/api/v1/auth/refresh", &json!({})).await.data());
        assert_eq!(weir.client.with_bearer(token).get(ME).await.status, 200);
    }

    async fn a_get_with_a_content_type_and_a_body_is_still_a_get(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let alice = weir.person("alice").signed_in().await;
        let answer = alice.send(Method::GET, ME, Some(("{}".to_owned(), "application/json"))).await;
        assert_eq!(answer.data()["id"], 1);
    }
}
