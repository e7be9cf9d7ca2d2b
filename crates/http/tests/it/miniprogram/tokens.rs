//! User tokens: what they say and how long they are good.

use std::{collections::BTreeSet, time::Duration};

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use weir_base::Secret;
use weir_testkit::{START, TestWeir};

use crate::support::{ME, REFRESH, SECRET, assert_refused, log_in, part, token_of};

/// The same header and claims, signed with HMAC-SHA-256 and this secret.
fn resigned(token: &str, secret: &str) -> String {
    let (signed, _) = token.rsplit_once('.').unwrap();
    let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

weir_testkit::engines! {
    async fn a_token_says_what_the_contract_lists(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        log_in(&weir, "bob", &json!({})).await;
        let token = token_of(&log_in(&weir, "alice", &json!({"nickName": "张三"})).await);
        let (header, claims) = (part(&token, 0), part(&token, 1));
        assert_eq!(header, json!({"alg": "HS256", "typ": "JWT"}));
        let names: BTreeSet<_> = claims.as_object().unwrap().keys().map(String::as_str).collect();
        let listed = ["sub", "user_id", "openid", "nickname", "iss", "aud", "iat", "exp", "jti", "sid"];
        assert_eq!(names, BTreeSet::from(listed));
        assert_eq!(claims["sub"], "2");
        assert_eq!(claims["user_id"], 2);
        assert_eq!(claims["openid"], weir.simulator.openid("mini", "alice").unwrap());
        assert_eq!(claims["nickname"], "张三");
        assert_eq!((&claims["iss"], &claims["aud"]), (&json!("weir"), &json!("weir")));
        assert_eq!(claims["iat"], START.seconds());
        assert_eq!(claims["exp"], START.seconds() + 7 * 86_400);
        assert!(claims["sid"].as_str().unwrap().starts_with("ses_"));
        assert!(claims["jti"].as_str().unwrap().len() >= 20);
    }

    async fn a_token_is_signed_with_the_secret_and_nothing_else(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let token = token_of(&log_in(&weir, "alice", &json!({})).await);
        assert_eq!(token, resigned(&token, SECRET));
    }

    async fn every_login_and_refresh_gives_another_token(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let first = token_of(&log_in(&weir, "alice", &json!({})).await);
        let second = token_of(&log_in(&weir, "alice", &json!({})).await);
        let third = token_of(weir.client.with_bearer(&*second).post_empty(REFRESH).await.data());
        let claim = |token: &str, name: &str| part(token, 1)[name].clone();
        assert_ne!(claim(&first, "jti"), claim(&second, "jti"));
        assert_ne!(claim(&first, "sid"), claim(&second, "sid"));
        assert_ne!(claim(&second, "jti"), claim(&third, "jti"));
        assert_eq!(claim(&second, "sid"), claim(&third, "sid"));
    }

    async fn a_token_is_good_until_the_second_it_expires(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let alice = weir.person("alice").signed_in().await;
        weir.clock.advance(Duration::from_secs(604_799));
        assert_eq!(alice.get(ME).await.status, 200);
        weir.clock.advance(Duration::from_millis(999));
        assert_eq!(alice.get(ME).await.status, 200);
        weir.clock.advance(Duration::from_millis(1));
        assert_refused(&alice.get(ME).await, 401, "登录已过期，请重新登录");
    }

    async fn the_life_of_a_token_is_a_setting(engine) {
        let start = TestWeir::start_with(engine, |setup| {
            setup.core.auth.expires_in = weir_base::settings::Span::seconds(60);
            setup.core.auth.issuer = "https://id.example".to_owned();
            setup.core.auth.audience = "shop".to_owned();
        });
        let Some(weir) = start.await else { return };
        let data = log_in(&weir, "alice", &json!({})).await;
        let claims = part(&token_of(&data), 1);
        assert_eq!(data["expires_in"], 60);
        assert_eq!(claims["exp"], START.seconds() + 60);
        assert_eq!((&claims["iss"], &claims["aud"]), (&json!("https://id.example"), &json!("shop")));
        let alice = weir.client.with_bearer(token_of(&data));
        weir.clock.advance(Duration::from_secs(59));
        assert_eq!(alice.get(ME).await.status, 200);
        weir.clock.advance(Duration::from_secs(1));
        assert_eq!(alice.get(ME).await.status, 401);
    }

    async fn tokens_of_a_secret_used_before_stay_good_and_new_ones_use_the_new(engine) {
        let old = "the-secret-of-last-year-9876543210-abcdefgh";
        let start = TestWeir::start_with(engine, |setup| {
            setup.core.auth.jwt_previous_secrets =
                vec![Secret::new("another-older-secret-0123456789-abcdefgh"), Secret::new(old)];
        });
        let Some(weir) = start.await else { return };
        let token = token_of(&log_in(&weir, "alice", &json!({})).await);
        let aged = |secret: &str| resigned(&token, secret);
        assert_eq!(token, aged(SECRET));
        assert_eq!(weir.client.with_bearer(aged(old)).get(ME).await.data()["id"], 1);
        let stranger = weir.client.with_bearer(aged("a-secret-that-was-never-ours-0123456789")).get(ME).await;
        assert_refused(&stranger, 401, "无效的令牌，请重新登录");
        let refreshed = token_of(weir.client.with_bearer(aged(old)).post_empty(REFRESH).await.data());
        assert_eq!(refreshed, resigned(&refreshed, SECRET));
    }

    async fn a_token_follows_the_profile_not_the_claims(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let alice = weir.person("alice").signed_in().await;
        alice.patch(ME, &json!({"nickname": "新名"})).await.data();
        assert_eq!(alice.get(ME).await.data()["nickname"], "新名");
        let refreshed = token_of(alice.post_empty(REFRESH).await.data());
        assert_eq!(part(&refreshed, 1)["nickname"], Value::from("新名"));
    }
}
