//! Who a token of the host application names, and which tokens are none.

use aws_lc_rs::hmac;
use serde_json::{Value, json};
use weir_testkit::{TestWeir, phone::host_token};

use super::{BINDING, generate, text};
use crate::support::{SECRET, changing_nothing, forge, log_in, part, sign, token_of};

/// The user that a token's claims come to, as the status tells it.
async fn user_of(weir: &TestWeir, claims: Value) -> Value {
    let client = weir.client.with_bearer(host_token(&claims));
    let session = generate(&client).await;
    let path = format!("/api/wechat/status/{}", text(&session["session_id"]));
    client.get(&path).await.data()["user_id"].clone()
}

weir_testkit::engines! {
    async fn the_user_is_user_id_else_sub_and_digits_are_a_number(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let exp = weir.clock.now().seconds() + 60;
        for (claims, user) in [
            (json!({"user_id": 106, "sub": "7"}), json!(106)),
            (json!({"user_id": "106"}), json!(106)),
            (json!({"sub": "106"}), json!(106)),
            (json!({"sub": 106}), json!(106)),
            (json!({"user_id": null, "sub": "5"}), json!(5)),
            (json!({"sub": "alice@example.com"}), json!("alice@example.com")),
            (json!({"sub": "007"}), json!("007")),
            (json!({"sub": "18446744073709551615"}), json!(18_446_744_073_709_551_615_u64)),
            (json!({"sub": "18446744073709551616"}), json!("18446744073709551616")),
        ] {
            let mut claims = claims;
            claims["exp"] = json!(exp);
            assert_eq!(user_of(&weir, claims.clone()).await, user, "{claims}");
        }
    }

    async fn a_user_of_weir_is_not_the_hosts_user_of_that_number(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let alice = weir.person("alice").login().await;
        assert_eq!(alice["user"]["id"], 1);
        let own = weir.client.with_bearer(token_of(&alice));
        let session = generate(&own).await;
        let path = format!("/api/wechat/status/{}", text(&session["session_id"]));
        assert_eq!(own.get(&path).await.data()["user_id"], 1);
        weir.host(1).get(&path).await.refused(404);
    }

    async fn a_token_of_weir_is_never_taken_for_the_hosts(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let token = token_of(&log_in(&weir, "alice", &json!({})).await);
        weir.client.with_bearer(token.as_str()).post_empty("/api/v1/auth/logout").await.data();
        let dead = weir.client.with_bearer(token.as_str()).get(BINDING).await;
        assert_eq!(dead.status, 401, "its session has ended: {}", dead.text);
        // As whoever knows the shared secret could make one: there is no such session.
        let mut claims = part(&token, 1);
        claims["sub"] = json!("106");
        claims["user_id"] = json!(106);
        claims["sid"] = json!("ses_0190a6e0000070008000000000000000");
        assert_eq!(weir.client.with_bearer(sign(&claims)).get(BINDING).await.status, 401);
    }

    async fn what_is_no_good_token_is_refused(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let now = weir.clock.now().seconds();
        let good = json!({"sub": "106", "exp": now + 1});
        assert_eq!(weir.client.with_bearer(host_token(&good)).get(BINDING).await.status, 200);
        let wrong_claims = [
            json!({"sub": "106"}),
            json!({"sub": "106", "exp": now}),
            json!({"sub": "106", "exp": now - 86_400}),
            json!({"sub": "106", "exp": "tomorrow"}),
            json!({"sub": "106", "exp": now + 60, "nbf": now + 120}),
            json!({"exp": now + 60}),
            json!({"sub": "", "exp": now + 60}),
            json!({"sub": true, "exp": now + 60}),
            json!({"user_id": 1.5, "exp": now + 60}),
            json!({"user_id": -1, "exp": now + 60}),
            json!({"user_id": {"$ne": 1}, "exp": now + 60}),
            json!({"sub": "x".repeat(101), "exp": now + 60}),
            json!({"sub": "a\u{0}b", "exp": now + 60}),
        ];
        let mut tokens: Vec<String> = wrong_claims.iter().map(host_token).collect();
        let with = |alg: &str, algorithm, secret: &[u8]| forge(&json!({"alg": alg, "typ": "JWT"}), &good, algorithm, secret);
        tokens.push(with("HS256", hmac::HMAC_SHA256, b"another secret that is long enough"));
        tokens.push(with("none", hmac::HMAC_SHA256, SECRET.as_bytes()));
        tokens.push(with("RS256", hmac::HMAC_SHA256, SECRET.as_bytes()));
        tokens.push(with("ES256", hmac::HMAC_SHA256, SECRET.as_bytes()));
        tokens.push(with("HS512", hmac::HMAC_SHA512, SECRET.as_bytes()));
        tokens.push(host_token(&good).rsplit_once('.').unwrap().0.to_owned() + ".");
        tokens.push("x".repeat(9000));
        tokens.extend(["a.b.c", "..", "garbage"].map(str::to_owned));
        for token in tokens {
            let client = weir.client.with_bearer(token.as_str());
            let answer = changing_nothing(&weir, client.post_empty(super::GENERATE)).await;
            assert_eq!(answer.status, 401, "{token}: {}", answer.text);
            assert_eq!(answer.json["success"], false);
        }
        weir.client.get(BINDING).await.refused(401);
    }

    async fn issuer_and_audience_are_held_to_when_they_are_set(engine) {
        let started = TestWeir::start_with(engine, |setup| {
            setup.core.host.issuer = "shop".to_owned();
            setup.core.host.audience = "weir-clients".to_owned();
        });
        let Some(weir) = started.await else { return };
        let exp = weir.clock.now().seconds() + 60;
        for (iss, aud, status) in [
            (json!("shop"), json!("weir-clients"), 200),
            (json!("shop"), json!(["a", "weir-clients"]), 200),
            (json!("other"), json!("weir-clients"), 401),
            (json!("shop"), json!(["a"]), 401),
            (json!("shop"), json!(null), 401),
        ] {
            let token = host_token(&json!({"sub": "1", "exp": exp, "iss": iss, "aud": aud}));
            assert_eq!(weir.client.with_bearer(token).get(BINDING).await.status, status, "{iss} {aud}");
        }
    }
}
