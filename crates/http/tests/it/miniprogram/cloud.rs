//! Logging in from WeChat's cloud hosting, whose headers anybody can forge.

use serde_json::json;
use weir_core::apikey::Scope;
use weir_testkit::{Client, Engine, TestWeir};

use crate::support::{ME, assert_refused, changing_nothing, log_in, token_of};

const CLOUD: &str = "/api/v1/auth/cloud-login";
const REFUSED: &str = "没有权限: this address is not in auth.cloud_trusted_networks, and no API key was sent";
const OPENID: &str = "oCloudOpenid00000000000000001";

async fn start(
    engine: Engine,
    cloud: &'static [&'static str],
    proxies: &'static [&'static str],
) -> Option<TestWeir> {
    let owned = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
    let change = |setup: &mut weir_testkit::weir::Setup| {
        setup.core.auth.cloud_trusted_networks = owned(cloud);
        setup.server.trusted_proxies = owned(proxies);
    };
    TestWeir::start_with(engine, change).await
}

fn from_the_cloud(client: &Client, openid: &str) -> Client {
    client.with_header("x-wx-openid", openid).with_header("x-wx-source", "wx_devtools")
}

weir_testkit::engines! {
    async fn by_default_nobody_is_believed(engine) {
        let Some(weir) = start(engine, &[], &[]).await else { return };
        let client = from_the_cloud(&weir.client, OPENID);
        for body in [json!({}), json!({"openid": OPENID})] {
            let answer = changing_nothing(&weir, client.post(CLOUD, &body)).await;
            assert_refused(&answer, 403, REFUSED);
        }
    }

    async fn a_trusted_networks_header_logs_in(engine) {
        let Some(weir) = start(engine, &["127.0.0.0/8"], &[]).await else { return };
        let client = from_the_cloud(&weir.client, OPENID);
        let answer = client.post(CLOUD, &json!({"nickname": "云", "avatar": "a"})).await;
        let data = answer.data();
        assert_eq!(data["token_type"], "Bearer");
        assert_eq!(data["expires_in"], 604_800);
        let user = json!({"id": 1, "openid": OPENID, "nickname": "云", "avatar": "a", "created_at": "2026-11-20T08:00:00.000Z"});
        assert_eq!(data["user"], user);
        let me = weir.client.with_bearer(token_of(data)).get(ME).await;
        assert_eq!(me.data()["openid"], OPENID);
        assert_eq!(client.post(CLOUD, &json!({})).await.data()["user"], user);
    }

    async fn the_body_names_nobody_even_from_a_trusted_network(engine) {
        let Some(weir) = start(engine, &["127.0.0.1"], &[]).await else { return };
        let body = json!({"openid": "oSomebodyElse0000000000000001", "unionid": "uElse"});
        let answer = changing_nothing(&weir, weir.client.post(CLOUD, &body)).await;
        assert_refused(&answer, 400, "参数错误: x-wx-openid is missing");
        let answer = from_the_cloud(&weir.client, OPENID).post(CLOUD, &body).await;
        assert_eq!(answer.data()["user"]["openid"], OPENID);
    }

    async fn the_cloud_and_the_code_know_the_same_person(engine) {
        let Some(weir) = start(engine, &["127.0.0.1"], &[]).await else { return };
        let user = log_in(&weir, "alice", &json!({"nickName": "张三"})).await["user"].clone();
        let client = from_the_cloud(&weir.client, user["openid"].as_str().unwrap());
        let client = client.with_header("x-wx-appid", "wx1000000000000001");
        assert_eq!(client.post(CLOUD, &json!({})).await.data()["user"], user);
    }

    async fn a_header_of_another_app_is_refused(engine) {
        let Some(weir) = start(engine, &["127.0.0.1"], &[]).await else { return };
        let client = from_the_cloud(&weir.client, OPENID).with_header("x-wx-appid", "wx9999999999999999");
        let answer = changing_nothing(&weir, client.post(CLOUD, &json!({}))).await;
        assert_refused(&answer, 400, "参数错误: appid names no mini-program of this server");
    }

    async fn a_forged_forwarding_header_is_not_believed(engine) {
        // Nobody is a trusted proxy, so the header that says 10.1.2.3 is a stranger's.
        let Some(weir) = start(engine, &["10.0.0.0/8"], &[]).await else { return };
        let client = from_the_cloud(&weir.client, OPENID).with_header("x-forwarded-for", "10.1.2.3");
        let answer = changing_nothing(&weir, client.post(CLOUD, &json!({}))).await;
        assert_refused(&answer, 403, REFUSED);
    }

    async fn behind_a_trusted_proxy_the_last_foreign_hop_counts(engine) {
        let Some(weir) = start(engine, &["10.0.0.0/8"], &["127.0.0.1", "192.0.2.1"]).await else { return };
        for (hops, status) in [
            ("10.1.2.3", 200),
            ("203.0.113.9, 10.1.2.3", 200),
            ("10.1.2.3, 192.0.2.1", 200),
            ("203.0.113.9", 403),
            ("10.1.2.3, 203.0.113.9", 403),
            ("10.1.2.3, 203.0.113.9, 192.0.2.1", 403),
            ("10.1.2.3, unknown", 403),
            ("", 403),
        ] {
            let client = from_the_cloud(&weir.client, OPENID).with_header("x-forwarded-for", hops);
            assert_eq!(client.post(CLOUD, &json!({})).await.status, status, "{hops:?}");
        }
    }

    async fn an_api_key_names_the_person_in_the_body(engine) {
        let Some(weir) = start(engine, &[], &[]).await else { return };
        let host = weir.client.with_bearer(weir.api_key(&[Scope::UsersWrite]).await);
        let answer = host.post(CLOUD, &json!({"openid": OPENID, "nickname": "云"})).await;
        assert_eq!(answer.data()["user"]["openid"], OPENID);
        let missing = host.with_header("x-wx-openid", OPENID).post(CLOUD, &json!({})).await;
        assert_refused(&missing, 400, "参数错误: openid is missing");
    }

    async fn keys_without_the_scope_and_what_is_no_key_are_refused(engine) {
        let Some(weir) = start(engine, &["127.0.0.1"], &[]).await else { return };
        let user = token_of(&weir.person("alice").login().await);
        let weak = weir.api_key(&[Scope::UsersRead, Scope::CrmWrite]).await;
        for (credential, status, message) in [
            (&*weak, 403, "没有权限: the API key lacks the scope users:write"),
            (&*user, 403, "没有权限: an API key is needed here, not a user token"),
            ("garbage", 401, "无效的令牌，请重新登录"),
            (&format!("weir_{}", "a".repeat(43)), 401, "无效的令牌，请重新登录"),
        ] {
            // Even from a trusted network: a wrong credential is not the same as none.
            let client = from_the_cloud(&weir.client, OPENID).with_bearer(credential);
            let answer = changing_nothing(&weir, client.post(CLOUD, &json!({"openid": OPENID}))).await;
            assert_refused(&answer, status, message);
        }
    }

    async fn what_is_no_openid_is_refused(engine) {
        let Some(weir) = start(engine, &["127.0.0.1"], &[]).await else { return };
        let host = weir.client.with_bearer(weir.api_key(&[Scope::Admin]).await);
        for openid in
            [String::new(), "o".repeat(101), "with space".to_owned(), "a\u{0}b".to_owned(), "汉字".to_owned()]
        {
            let answer = changing_nothing(&weir, host.post(CLOUD, &json!({ "openid": openid }))).await;
            assert_refused(&answer, 400, "参数错误: openid is no openid");
            let answer =
                changing_nothing(&weir, host.post(CLOUD, &json!({"openid": OPENID, "unionid": openid})))
                    .await;
            assert_refused(&answer, 400, "参数错误: unionid is no unionid");
        }
        for (field, limit) in [("nickname", 50), ("avatar", 255)] {
            let body = json!({"openid": OPENID, (field): "x".repeat(limit + 1)});
            let answer = changing_nothing(&weir, host.post(CLOUD, &body)).await;
            assert_refused(
                &answer,
                400,
                &format!("参数错误: {field} must not be longer than {limit} characters"),
            );
        }
    }
}
