//! The cipher of pushes: AES-256-CBC by the EncodingAESKey (section F3).

use std::fmt;

use aes::Aes256;
use base64::Engine;
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit, block_padding::NoPadding};
use weir_base::Secret;

use crate::crypto::BASE64;

const KEY_LENGTH: usize = 32;
/// AES's own block; the padding goes by blocks of 32 all the same.
const BLOCK: usize = 16;
const PADDED_TO: usize = 32;
/// Chance, and the message's length, in front of every message.
const RANDOM: usize = 16;
const HEAD: usize = RANDOM + 4;
/// `EncodingAESKey` as the console has it.
const ENCODED_LENGTH: usize = 43;

/// Why a ciphertext was not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    #[error("the ciphertext is not base64 of whole blocks")]
    Malformed,
    /// One error for padding and length, so that nobody can learn a text by watching which of them is wrong.
    #[error("the ciphertext does not decrypt with this EncodingAESKey")]
    Undecipherable,
    #[error("the message is for another app")]
    OtherApp,
}

/// An app's EncodingAESKey. `Debug` does not show it.
#[derive(Clone)]
pub struct AesKey([u8; KEY_LENGTH]);

impl AesKey {
    /// `None` unless it is 43 characters of base64. Their last two bits stand for nothing and are set in three of four
    /// keys; they are not looked at.
    pub fn parse(encoding_aes_key: &Secret) -> Option<Self> {
        let text = encoding_aes_key.expose();
        if text.len() != ENCODED_LENGTH {
            return None;
        }
        // 44 characters decode to 33 bytes at most.
        let mut bytes = [0; KEY_LENGTH + 1];
        let length = BASE64.decode_slice(format!("{text}="), &mut bytes).ok()?;
        if length == KEY_LENGTH { bytes[..KEY_LENGTH].try_into().ok().map(Self) } else { None }
    }

    fn iv(&self) -> [u8; BLOCK] {
        std::array::from_fn(|at| self.0[at])
    }

    /// The message in a ciphertext, which must be for this app.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn decrypt(&self, encrypted: &str, appid: &str) -> Result<Vec<u8>, OpenError> {
        let data = BASE64.decode(encrypted.trim()).map_err(|_| OpenError::Malformed)?;
        if data.is_empty() || !data.len().is_multiple_of(BLOCK) {
            return Err(OpenError::Malformed);
        }
        let cipher = cbc::Decryptor::<Aes256>::new(&self.0.into(), &self.iv().into());
        let mut plain =
            cipher.decrypt_padded_vec::<NoPadding>(&data).map_err(|_| OpenError::Undecipherable)?;
        let end = unpadded(&plain).ok_or(OpenError::Undecipherable)?;
        plain.truncate(end);
        let length = plain.get(RANDOM..HEAD).and_then(|bytes| bytes.try_into().ok());
        let length = u32::from_be_bytes(length.ok_or(OpenError::Undecipherable)?);
        let after = usize::try_from(length).ok().and_then(|length| HEAD.checked_add(length));
        let after = after.filter(|&after| after <= plain.len()).ok_or(OpenError::Undecipherable)?;
        if &plain[after..] != appid.as_bytes() {
            return Err(OpenError::OtherApp);
        }
        plain.truncate(after);
        plain.drain(..HEAD);
        Ok(plain)
    }

    /// What [`AesKey::decrypt`] opens: for encrypted replies, and for doubles of WeChat.
    pub fn encrypt(&self, message: &[u8], appid: &str, random: &[u8; RANDOM]) -> String {
        let mut plain = Vec::with_capacity(HEAD + message.len() + appid.len() + PADDED_TO);
        plain.extend_from_slice(random);
        // No body here is as long as four gigabytes.
        plain.extend_from_slice(&u32::try_from(message.len()).unwrap_or(u32::MAX).to_be_bytes());
        plain.extend_from_slice(message);
        plain.extend_from_slice(appid.as_bytes());
        let padding = PADDED_TO - plain.len() % PADDED_TO;
        plain.resize(plain.len() + padding, u8::try_from(padding).unwrap_or_default());
        let cipher = cbc::Encryptor::<Aes256>::new(&self.0.into(), &self.iv().into());
        BASE64.encode(cipher.encrypt_padded_vec::<NoPadding>(&plain))
    }
}

impl fmt::Debug for AesKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AesKey(••••)")
    }
}

/// Where the text ends in front of its padding: 1 to 32 bytes that each tell how many they are. A reader of PKCS #7 with
/// AES's own blocks knows no more than 16.
fn unpadded(plain: &[u8]) -> Option<usize> {
    let padding = usize::from(*plain.last()?);
    let end = plain.len().checked_sub(padding)?;
    let fits = (1..=PADDED_TO).contains(&padding);
    (fits && plain[end..].iter().all(|&byte| usize::from(byte) == padding)).then_some(end)
}
