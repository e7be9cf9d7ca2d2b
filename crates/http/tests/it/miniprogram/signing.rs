//! Tokens signed with a private key, and the public key that anybody can check them with.

use aws_lc_rs::{
    hmac,
    signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair, Ed25519KeyPair,
        UnparsedPublicKey,
    },
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};
use weir_base::Secret;
use weir_core::session::settings::JwtAlgorithm;
use weir_testkit::{Engine, TestWeir};

use crate::support::{ME, REFRESH, SECRET, assert_refused, forge, log_in, part, token_of};

const KEYS: &str = "/.well-known/jwks.json";

/// A new private key, as `openssl genpkey` writes it.
pub fn private_key(algorithm: JwtAlgorithm) -> Secret {
    let document = match algorithm {
        JwtAlgorithm::ES256 => {
            EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap().to_pkcs8v1().unwrap()
        }
        _ => Ed25519KeyPair::generate().unwrap().to_pkcs8v1().unwrap(),
    };
    let text = STANDARD.encode(document.as_ref());
    let lines: Vec<_> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    Secret::new(format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n")))
}

async fn start(engine: Engine, algorithm: JwtAlgorithm) -> Option<TestWeir> {
    let key = private_key(algorithm);
    let change = |setup: &mut weir_testkit::weir::Setup| {
        setup.core.auth.jwt_algorithm = algorithm;
        setup.core.auth.jwt_private_key = Some(key);
    };
    TestWeir::start_with(engine, change).await
}

/// Checks a signature as another service would: with the published key, and nothing of ours.
fn is_signed_by(key: &Value, token: &str) -> bool {
    let decode = |text: &Value| URL_SAFE_NO_PAD.decode(text.as_str().unwrap()).unwrap();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    if key["kty"] == "OKP" {
        let key = UnparsedPublicKey::new(&ED25519, decode(&key["x"]));
        return key.verify(signed.as_bytes(), &signature).is_ok();
    }
    let point = [vec![4], decode(&key["x"]), decode(&key["y"])].concat();
    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
    key.verify(signed.as_bytes(), &signature).is_ok()
}

weir_testkit::engines! {
    async fn a_token_signed_with_es256_is_verified_by_the_published_key(engine) {
        let Some(weir) = start(engine, JwtAlgorithm::ES256).await else { return };
        verified_by_the_published_key(&weir, "ES256", json!({"kty": "EC", "crv": "P-256"})).await;
    }

    async fn a_token_signed_with_eddsa_is_verified_by_the_published_key(engine) {
        let Some(weir) = start(engine, JwtAlgorithm::EdDSA).await else { return };
        verified_by_the_published_key(&weir, "EdDSA", json!({"kty": "OKP", "crv": "Ed25519"})).await;
    }

    async fn the_public_key_taken_for_a_secret_signs_nothing(engine) {
        for algorithm in [JwtAlgorithm::ES256, JwtAlgorithm::EdDSA] {
            let Some(weir) = start(engine, algorithm).await else { return };
            let token = token_of(&log_in(&weir, "alice", &json!({})).await);
            let keys = weir.client.get(KEYS).await;
            let public = keys.json["keys"][0].clone();
            let claims = part(&token, 1);
            let mut header = part(&token, 0);
            let x = URL_SAFE_NO_PAD.decode(public["x"].as_str().unwrap()).unwrap();
            for alg in ["HS256", "none", "RS256", header["alg"].clone().as_str().unwrap()] {
                header["alg"] = alg.into();
                for secret in [&*x, public.to_string().as_bytes(), SECRET.as_bytes()] {
                    let forged = forge(&header, &claims, hmac::HMAC_SHA256, secret);
                    let answer = weir.client.with_bearer(forged).get(ME).await;
                    assert_refused(&answer, 401, "无效的令牌，请重新登录");
                }
            }
        }
    }

    async fn another_servers_key_is_not_ours(engine) {
        let Some(ours) = start(engine, JwtAlgorithm::EdDSA).await else { return };
        let Some(theirs) = start(engine, JwtAlgorithm::EdDSA).await else { return };
        ours.person("alice").login().await;
        let token = token_of(&log_in(&theirs, "alice", &json!({})).await);
        assert_refused(&ours.client.with_bearer(token).get(ME).await, 401, "无效的令牌，请重新登录");
    }
}

async fn verified_by_the_published_key(weir: &TestWeir, alg: &str, form: Value) {
    let token = token_of(&log_in(weir, "alice", &json!({})).await);
    let keys = weir.client.get(KEYS).await;
    assert_eq!(keys.status, 200);
    assert_eq!(keys.json["keys"].as_array().unwrap().len(), 1);
    let key = &keys.json["keys"][0];
    for (name, value) in form.as_object().unwrap() {
        assert_eq!(&key[name], value);
    }
    assert!(key.get("d").is_none(), "the private part is published");
    let header = part(&token, 0);
    assert_eq!(header["alg"], alg);
    assert_eq!(header["kid"], key["kid"]);
    assert!(key["kid"].is_string());
    assert!(is_signed_by(key, &token));
    let refreshed = token_of(weir.client.with_bearer(&*token).post_empty(REFRESH).await.data());
    assert!(is_signed_by(key, &refreshed));
    assert_eq!(weir.client.with_bearer(&*refreshed).get(ME).await.data()["id"], 1);
    let (signed, _) = token.rsplit_once('.').unwrap();
    let (_, other_signature) = refreshed.rsplit_once('.').unwrap();
    let crossed = format!("{signed}.{other_signature}");
    assert!(!is_signed_by(key, &crossed));
    assert_refused(&weir.client.with_bearer(crossed).get(ME).await, 401, "无效的令牌，请重新登录");
}
