//! Who pushes: signatures by the token that WeChat's console was given (sections F1 to F3).

use sha1::{Digest, Sha1};
use weir_base::{Secret, secret::same};

/// `hex(SHA-1(token, timestamp and nonce, sorted byte by byte, one after the other))`: the query's `signature`.
pub fn signature(token: &Secret, timestamp: &str, nonce: &str) -> String {
    of(&mut [token.expose(), timestamp, nonce])
}

/// The same over the ciphertext too: the query's `msg_signature`, and a reply's.
pub fn message_signature(token: &Secret, timestamp: &str, nonce: &str, encrypted: &str) -> String {
    of(&mut [token.expose(), timestamp, nonce, encrypted])
}

/// Whether `given` is [`signature`]'s, in a time that does not tell where it differs.
pub fn verify(token: &Secret, timestamp: &str, nonce: &str, given: &str) -> bool {
    same(signature(token, timestamp, nonce).as_bytes(), given.as_bytes())
}

/// Whether `given` is [`message_signature`]'s, in a time that does not tell where it differs.
pub fn verify_message(token: &Secret, timestamp: &str, nonce: &str, encrypted: &str, given: &str) -> bool {
    same(message_signature(token, timestamp, nonce, encrypted).as_bytes(), given.as_bytes())
}

fn of(parts: &mut [&str]) -> String {
    parts.sort_unstable();
    let digest = parts.iter().fold(Sha1::new(), |digest, part| digest.chain_update(part));
    hex::encode(digest.finalize())
}
