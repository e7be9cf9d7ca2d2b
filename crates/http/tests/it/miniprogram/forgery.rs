//! Tokens that are not ours, or not ours any more.

use std::time::Duration;

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use weir_core::apikey::Scope;
use weir_testkit::TestWeir;

use crate::support::{
    LOGOUT, ME, REFRESH, SECRET, assert_refused, changing_nothing, forge, log_in, part, sign, token_of,
};

const INVALID: &str = "无效的令牌，请重新登录";
const REVOKED: &str = "登录已失效，请重新登录";
const NONE: &str = "未登录: 请携带 Authorization: Bearer <token>";

/// Shows a credential wherever a user token is wanted; each must refuse it with 401 and these words, and do nothing.
async fn assert_worthless(weir: &TestWeir, credential: &str, message: &str) {
    let client = weir.client.with_bearer(credential);
    let work = async {
        assert_refused(&client.get(ME).await, 401, message);
        assert_refused(&client.post_empty(REFRESH).await, 401, message);
        assert_refused(&client.post_empty(LOGOUT).await, 401, message);
        assert_refused(&client.delete(ME).await, 401, message);
    };
    changing_nothing(weir, work).await;
}

fn altered(claims: &Value, name: &str, value: impl Into<Value>) -> Value {
    let mut claims = claims.clone();
    claims[name] = value.into();
    claims
}

weir_testkit::engines! {
    async fn other_algorithms_and_none_are_refused(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let claims = part(&token_of(&log_in(&weir, "alice", &json!({})).await), 1);
        let (sha256, secret) = (hmac::HMAC_SHA256, SECRET.as_bytes());
        let with =
            |alg: &str, algorithm| forge(&json!({"alg": alg, "typ": "JWT"}), &claims, algorithm, secret);
        assert_eq!(
            weir.client.with_bearer(with("HS256", sha256)).get(ME).await.status,
            200,
            "the forger knows how"
        );
        for alg in ["none", "None", "NONE", "nOnE", "RS256", "ES256", "EdDSA", "PS256", "hs256", "HS257", ""]
        {
            assert_worthless(&weir, &with(alg, sha256), INVALID).await;
        }
        assert_worthless(&weir, &with("HS512", hmac::HMAC_SHA512), INVALID).await;
        assert_worthless(&weir, &with("HS384", hmac::HMAC_SHA384), INVALID).await;
        for header in [json!({}), json!({"typ": "JWT"}), json!({"alg": null}), json!(null), json!("HS256")] {
            assert_worthless(&weir, &forge(&header, &claims, sha256, secret), INVALID).await;
        }
        let unsigned = with("none", sha256);
        let (unsigned, _) = unsigned.rsplit_once('.').unwrap();
        assert_worthless(&weir, &format!("{unsigned}."), INVALID).await;
        assert_worthless(&weir, unsigned, INVALID).await;
    }

    async fn a_key_of_the_tokens_own_choosing_is_not_used(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let claims = part(&token_of(&log_in(&weir, "alice", &json!({})).await), 1);
        let own = "a-key-that-the-forger-brings-along-0123456789";
        let key = json!({"kty": "oct", "k": URL_SAFE_NO_PAD.encode(own)});
        for header in [json!({"alg": "HS256", "jwk": key}), json!({"alg": "HS256", "kid": "../../dev/null"})]
        {
            assert_worthless(&weir, &forge(&header, &claims, hmac::HMAC_SHA256, own.as_bytes()), INVALID)
                .await;
            assert_worthless(&weir, &forge(&header, &claims, hmac::HMAC_SHA256, b""), INVALID).await;
        }
    }

    async fn an_altered_token_is_refused(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let token = token_of(&log_in(&weir, "alice", &json!({})).await);
        let mut parts: Vec<_> = token.split('.').map(str::to_owned).collect();
        let (_, signature) = token.rsplit_once('.').unwrap();
        parts[1] = URL_SAFE_NO_PAD.encode(altered(&part(&token, 1), "user_id", 2).to_string());
        assert_worthless(&weir, &parts.join("."), INVALID).await;
        let flipped: String = signature.chars().map(|c| if c == 'A' { 'B' } else { 'A' }).collect();
        assert_worthless(&weir, &token.replace(signature, &flipped), INVALID).await;
        for cut in [1, signature.len() / 2, signature.len(), signature.len() + 1, token.len() - 3] {
            assert_worthless(&weir, &token[..token.len() - cut], INVALID).await;
        }
        for longer in [format!("{token}A"), format!("{token}.A"), format!("{token}="), format!("A{token}")] {
            assert_worthless(&weir, &longer, INVALID).await;
        }
    }

    async fn tokens_for_others_are_refused_though_well_signed(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let claims = part(&token_of(&log_in(&weir, "alice", &json!({})).await), 1);
        for wrong in [
            altered(&claims, "iss", "somebody"),
            altered(&claims, "aud", "somebody"),
            altered(&claims, "aud", json!(["somebody"])),
            altered(&claims, "exp", "never"),
            altered(&claims, "exp", Value::Null),
            altered(&claims, "sub", Value::Null),
            altered(&claims, "sid", 7),
            altered(&claims, "user_id", "1"),
        ] {
            assert_worthless(&weir, &sign(&wrong), INVALID).await;
        }
        for missing in ["iss", "aud", "exp", "sub", "sid", "jti"] {
            let mut without = claims.clone();
            without.as_object_mut().unwrap().remove(missing);
            assert_worthless(&weir, &sign(&without), INVALID).await;
        }
    }

    async fn a_well_signed_token_of_no_session_of_ours_is_refused(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let alice = part(&token_of(&log_in(&weir, "alice", &json!({})).await), 1);
        let bob = part(&token_of(&log_in(&weir, "bob", &json!({})).await), 1);
        let unknown = "ses_01999999999999999999999999";
        let message = |answer: weir_testkit::Answer| answer.refused(401).to_owned();
        for sid in [unknown, "", "ses_", "x", "1", "ses_' OR '1'='1"] {
            let client = weir.client.with_bearer(sign(&altered(&alice, "sid", sid)));
            let said = changing_nothing(&weir, async { message(client.get(ME).await) }).await;
            assert!([INVALID, REVOKED].contains(&&*said), "{sid}: {said}");
        }
        // Another's session with one's own token id.
        let crossed = sign(&altered(&alice, "sid", bob["sid"].clone()));
        assert_refused(&weir.client.with_bearer(crossed).get(ME).await, 401, REVOKED);
        let guessed = sign(&altered(&alice, "jti", "AAAAAAAAAAAAAAAAAAAAAA"));
        assert_refused(&weir.client.with_bearer(guessed).get(ME).await, 401, REVOKED);
    }

    async fn who_a_session_belongs_to_is_not_the_tokens_to_say(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        log_in(&weir, "bob", &json!({})).await;
        let claims = part(&token_of(&log_in(&weir, "alice", &json!({})).await), 1);
        let claims = altered(&altered(&claims, "sub", "1"), "user_id", 1);
        assert_eq!(weir.client.with_bearer(sign(&claims)).get(ME).await.data()["id"], 2);
    }

    async fn a_token_that_says_it_lives_longer_dies_with_its_signature(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let claims = part(&token_of(&log_in(&weir, "alice", &json!({})).await), 1);
        weir.clock.advance(Duration::from_secs(604_800));
        let longer = altered(&claims, "exp", 9_999_999_999_i64);
        let forged = forge(
            &json!({"alg": "HS256"}),
            &longer,
            hmac::HMAC_SHA256,
            b"not the secret of this server, at all",
        );
        assert_worthless(&weir, &forged, INVALID).await;
    }

    async fn what_is_no_token_is_refused(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        for garbage in ["x", "..", "a.b.c", "eyJhbGciOiJIUzI1NiJ9", "null", "undefined", &"a".repeat(8000)] {
            assert_worthless(&weir, garbage, INVALID).await;
        }
    }

    async fn no_credentials_and_half_of_them_are_none(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let token = token_of(&log_in(&weir, "alice", &json!({})).await);
        assert_worthless(&weir, "", NONE).await;
        assert_refused(&weir.client.get(ME).await, 401, NONE);
        for header in [
            "Bearer",
            "Bearer ",
            "bearer",
            "",
            &token,
            &format!("Basic {token}"),
            &format!("Token {token}"),
            &format!("Bearer{token}"),
        ] {
            let answer = weir.client.with_header("authorization", header).get(ME).await;
            assert_refused(&answer, 401, NONE);
        }
    }

    async fn the_scheme_is_read_in_any_case(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let token = token_of(&log_in(&weir, "alice", &json!({})).await);
        for scheme in ["bearer", "BEARER", "Bearer", "Bearer  "] {
            let answer = weir.client.with_header("authorization", format!("{scheme} {token}")).get(ME).await;
            assert_eq!(answer.status, 200, "{scheme}");
        }
    }

    async fn an_api_key_is_no_user_token(engine) {
        let Some(weir) = TestWeir::start(engine).await else { return };
        let key = weir.api_key(&[Scope::Admin]).await;
        let message = format!("{NONE}: a user token is needed here, not an API key");
        assert_worthless(&weir, &key, &message).await;
    }
}
