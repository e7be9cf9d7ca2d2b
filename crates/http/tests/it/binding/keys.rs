//! Host tokens that are checked with published keys: those of another Weir, which signs with a private one.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use weir_core::session::settings::JwtAlgorithm;
use weir_testkit::{Engine, TestWeir};

use super::BINDING;
use crate::{
    miniprogram::signing::private_key,
    support::{log_in, part, token_of},
};

const KEYS: &str = "/.well-known/jwks.json";

/// A host application: what it publishes, and tokens of its users.
async fn host(algorithm: JwtAlgorithm, issuer: &str) -> TestWeir {
    let issuer = issuer.to_owned();
    let started = TestWeir::start_with(Engine::Sqlite, |setup| {
        setup.core.auth.jwt_algorithm = algorithm;
        setup.core.auth.jwt_private_key = Some(private_key(algorithm));
        setup.core.auth.issuer = issuer;
    });
    started.await.unwrap()
}

/// An address that answers what it is told to, and counts.
struct Place {
    address: String,
    body: Arc<Mutex<String>>,
    asked: Arc<AtomicUsize>,
}

impl Place {
    async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/keys", listener.local_addr().unwrap());
        let (body, asked) = (Arc::new(Mutex::new(String::new())), Arc::new(AtomicUsize::new(0)));
        let (said, counted) = (Arc::clone(&body), Arc::clone(&asked));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                let body = said.lock().unwrap().clone();
                let head =
                    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
                let mut request = [0; 2048];
                let _ = stream.read(&mut request).await;
                let _ = stream.write_all((head + &body).as_bytes()).await;
            }
        });
        Self { address, body, asked }
    }

    fn say(&self, body: &str) {
        body.clone_into(&mut self.body.lock().unwrap());
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

async fn trusting(engine: Engine, place: &Place) -> Option<TestWeir> {
    let address = place.address.clone();
    TestWeir::start_with(engine, |setup| {
        setup.core.host.jwks_url = address;
        setup.core.host.issuer = "shop".to_owned();
    })
    .await
}

async fn asked_with(weir: &TestWeir, token: &str) -> u16 {
    weir.client.with_bearer(token).get(BINDING).await.status
}

weir_testkit::engines! {
    async fn published_keys_are_believed_and_fetched_once(engine) {
        let place = Place::open().await;
        let Some(weir) = trusting(engine, &place).await else { return };
        for algorithm in [JwtAlgorithm::EdDSA, JwtAlgorithm::ES256] {
            let shop = host(algorithm, "shop").await;
            place.say(&shop.client.get(KEYS).await.text);
            weir.clock.advance(Duration::from_secs(30));
            let token = token_of(&log_in(&shop, "alice", &json!({})).await);
            let before = place.asked();
            for _ in 0..20 {
                assert_eq!(asked_with(&weir, &token).await, 200, "{algorithm:?}");
            }
            assert_eq!(place.asked(), before + 1);
        }
        // With published keys a shared secret is believed only when it is named.
        assert_eq!(weir.host(1).get(BINDING).await.status, 401);
        let other = host(JwtAlgorithm::EdDSA, "another").await;
        place.say(&other.client.get(KEYS).await.text);
        weir.clock.advance(Duration::from_secs(30));
        assert_eq!(asked_with(&weir, &token_of(&log_in(&other, "bob", &json!({})).await)).await, 401, "another issuer");
    }

    async fn keys_may_change_and_their_address_may_be_away(engine) {
        let place = Place::open().await;
        let Some(weir) = trusting(engine, &place).await else { return };
        let (old, new) = (host(JwtAlgorithm::EdDSA, "shop").await, host(JwtAlgorithm::EdDSA, "shop").await);
        let old_token = token_of(&log_in(&old, "alice", &json!({})).await);
        let new_token = token_of(&log_in(&new, "alice", &json!({})).await);
        place.say("no key set");
        assert_eq!(asked_with(&weir, &old_token).await, 503, "there are no keys yet");
        place.say(&old.client.get(KEYS).await.text);
        assert_eq!(asked_with(&weir, &old_token).await, 503, "not asked again at once, and nobody is told that their token is wrong");
        weir.clock.advance(Duration::from_secs(30));
        assert_eq!(asked_with(&weir, &old_token).await, 200);
        // A stranger's made-up key ids make us ask once in 30 seconds, whatever their number.
        let before = place.asked();
        for _ in 0..20 {
            assert_eq!(asked_with(&weir, &new_token).await, 401);
        }
        assert_eq!(place.asked(), before);
        weir.clock.advance(Duration::from_secs(30));
        let both: Vec<Value> = [&old, &new].map(|shop| shop.app.signer.public_key().map(|key| serde_json::to_value(key).unwrap()).unwrap()).into();
        place.say(&json!({ "keys": both }).to_string());
        assert_eq!(asked_with(&weir, &new_token).await, 200);
        assert_eq!(asked_with(&weir, &old_token).await, 200);
        place.say("away");
        weir.clock.advance(Duration::from_secs(7200));
        assert_eq!(asked_with(&weir, &new_token).await, 200, "the keys that we have serve on");
    }

    async fn a_shared_secret_in_a_public_document_is_no_key(engine) {
        let place = Place::open().await;
        let Some(weir) = trusting(engine, &place).await else { return };
        place.say(&json!({"keys": [{"kty": "oct", "k": "YS10ZXN0LXNlY3JldA", "alg": "HS256", "kid": "1"}]}).to_string());
        let shop = host(JwtAlgorithm::EdDSA, "shop").await;
        let token = token_of(&log_in(&shop, "alice", &json!({})).await);
        assert_eq!(part(&token, 0)["alg"], "EdDSA");
        assert_eq!(asked_with(&weir, &token).await, 401);
        let claims = json!({"sub": "1", "iss": "shop", "exp": weir.clock.now().seconds() + 60});
        let forged = weir_testkit::phone::sign(&claims, "a-test-secret");
        assert_eq!(asked_with(&weir, &forged).await, 401);
    }
}
