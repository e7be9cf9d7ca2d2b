//! Sealing of secrets at rest: AES-256-GCM with the id of the key in front, so that keys can be rotated.

use std::fmt;

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    digest,
    hkdf::{HKDF_SHA256, Salt},
    hmac,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::{Dice, Secret};

/// Why a sealed text could not be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    #[error("the sealed value is not of the form v1.<key id>.<base64url>")]
    Malformed,
    #[error("the sealed value was made with the key {0:?}, which is not among the configured keys")]
    UnknownKey(String),
    #[error("the sealed value was altered or belongs to something else")]
    Forged,
}

/// Seals and opens short secrets. The first key seals; every key opens.
pub struct Sealer {
    keys: Vec<Key>,
    dice: Dice,
}

struct Key {
    id: String,
    cipher: LessSafeKey,
    digest: hmac::Key,
}

impl Sealer {
    /// `current` seals from now on; `older` secrets still open what they sealed. A secret may be any text with enough
    /// chance in it: the key is derived from it with HKDF-SHA-256 (RFC 5869).
    pub fn new(dice: Dice, current: &Secret, older: &[Secret]) -> Self {
        let keys = std::iter::once(current).chain(older).map(derive).collect();
        Self { keys, dice }
    }

    /// `v1.<key id>.<base64url of nonce, ciphertext and tag>`. `context` names what is sealed and for whom; the same
    /// must be given to open it, so that a sealed value copied to another row does not open there.
    ///
    /// # Panics
    /// Never for values shorter than 64 GiB.
    pub fn seal(&self, plain: &str, context: &str) -> String {
        let key = &self.keys[0];
        let nonce: [u8; NONCE_LEN] = self.dice.bytes();
        let mut text = plain.as_bytes().to_vec();
        let sealed = key.cipher.seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(context.as_bytes()),
            &mut text,
        );
        assert!(sealed.is_ok(), "AES-GCM refuses only texts of more than 64 GiB");
        let mut bytes = nonce.to_vec();
        bytes.append(&mut text);
        format!("v1.{}.{}", key.id, URL_SAFE_NO_PAD.encode(bytes))
    }

    pub fn open(&self, sealed: &str, context: &str) -> Result<Secret, SealError> {
        let (id, body) =
            sealed.strip_prefix("v1.").and_then(|rest| rest.split_once('.')).ok_or(SealError::Malformed)?;
        let mut bytes = URL_SAFE_NO_PAD.decode(body).map_err(|_| SealError::Malformed)?;
        if bytes.len() < NONCE_LEN {
            return Err(SealError::Malformed);
        }
        let key = self.keys.iter().find(|key| key.id == id);
        let key = key.ok_or_else(|| SealError::UnknownKey(id.to_owned()))?;
        let mut text = bytes.split_off(NONCE_LEN);
        let nonce = Nonce::try_assume_unique_for_key(&bytes).map_err(|_| SealError::Malformed)?;
        let plain = key
            .cipher
            .open_in_place(nonce, Aad::from(context.as_bytes()), &mut text)
            .map_err(|_| SealError::Forged)?;
        String::from_utf8(plain.to_vec()).map(Secret::new).map_err(|_| SealError::Forged)
    }

    /// A keyed digest (HMAC-SHA-256, hex), to compare secrets at rest without opening them.
    pub fn digest(&self, plain: &str) -> String {
        let tag = hmac::sign(&self.keys[0].digest, plain.as_bytes());
        tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.keys.iter().map(|key| &key.id)).finish()
    }
}

fn derive(secret: &Secret) -> Key {
    let prk = Salt::new(HKDF_SHA256, b"weir sealing v1").extract(secret.expose().as_bytes());
    let expand = |purpose: &[u8]| {
        let mut key = [0u8; 32];
        let info = [purpose];
        let filled = prk.expand(&info, HKDF_SHA256).and_then(|okm| okm.fill(&mut key));
        assert!(filled.is_ok(), "32 bytes are always to be had from HKDF-SHA-256");
        key
    };
    let bytes = expand(b"aes-256-gcm");
    let unbound = UnboundKey::new(&AES_256_GCM, &bytes);
    let Ok(unbound) = unbound else { unreachable!("the key has 32 bytes") };
    let id = digest::digest(&digest::SHA256, &bytes);
    Key {
        id: URL_SAFE_NO_PAD.encode(&id.as_ref()[..6]),
        cipher: LessSafeKey::new(unbound),
        digest: hmac::Key::new(hmac::HMAC_SHA256, &expand(b"hmac-sha-256")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sealer(secret: &str, older: &[Secret]) -> Sealer {
        Sealer::new(Dice::seeded(1), &Secret::new(secret), older)
    }

    #[test]
    fn a_sealed_value_opens_only_in_its_context() {
        let sealer = sealer("one", &[]);
        let sealed = sealer.seal("tiihtNczf5v6AKRyjwEUhQ==", "session_key:7");
        assert!(!sealed.contains("tiiht"));
        assert_eq!(
            sealer.open(&sealed, "session_key:7").map(|s| s.expose().to_owned()).ok().as_deref(),
            Some("tiihtNczf5v6AKRyjwEUhQ==")
        );
        assert_eq!(sealer.open(&sealed, "session_key:8").err(), Some(SealError::Forged));
    }

    #[test]
    fn a_rotated_key_still_opens_what_it_sealed() {
        let sealed = sealer("old", &[]).seal("x", "c");
        assert!(sealer("new", &[Secret::new("old")]).open(&sealed, "c").is_ok());
        assert!(matches!(sealer("new", &[]).open(&sealed, "c"), Err(SealError::UnknownKey(_))));
    }

    proptest! {
        #[test]
        fn any_text_comes_back_and_any_change_is_noticed(text in ".{0,200}", at in any::<prop::sample::Index>()) {
            let sealer = sealer("k", &[]);
            let sealed = sealer.seal(&text, "c");
            let opened = sealer.open(&sealed, "c").expect("opens");
            prop_assert_eq!(opened.expose(), text.as_str());
            let mut bytes = sealed.into_bytes();
            let at = at.index(bytes.len());
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let altered = String::from_utf8(bytes).expect("ascii");
            prop_assert!(sealer.open(&altered, "c").is_err());
        }

        #[test]
        fn garbage_is_refused_without_a_panic(text in ".{0,100}") {
            prop_assert!(sealer("k", &[]).open(&text, "c").is_err());
        }
    }
}
