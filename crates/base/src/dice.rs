//! The only place that throws dice. In production they are the system's; in tests and in the simulator they can be
//! seeded, so that a run can be repeated.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};

use crate::Timestamp;

const ALPHANUMERIC: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A source of chance. Cloning gives another handle on the same source.
#[derive(Clone)]
pub struct Dice(Source);

#[derive(Clone)]
enum Source {
    System(SystemRandom),
    Seeded(Arc<Mutex<ChaCha20Rng>>),
}

impl Dice {
    /// Cryptographically secure chance from the operating system.
    pub fn system() -> Self {
        Self(Source::System(SystemRandom::new()))
    }

    /// The same throws for the same seed. Never for real secrets.
    pub fn seeded(seed: u64) -> Self {
        Self(Source::Seeded(Arc::new(Mutex::new(ChaCha20Rng::seed_from_u64(seed)))))
    }

    /// Fills `bytes` with chance.
    ///
    /// # Panics
    /// When the operating system has no randomness to give: going on without it would be worse.
    pub fn fill(&self, bytes: &mut [u8]) {
        match &self.0 {
            Source::System(random) => {
                assert!(random.fill(bytes).is_ok(), "the operating system gives no randomness");
            }
            Source::Seeded(rng) => rng.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(bytes),
        }
    }

    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    pub fn number(&self) -> u64 {
        u64::from_le_bytes(self.bytes())
    }

    /// An unguessable token of `N` bytes as base64url without padding (32 bytes are 43 characters).
    pub fn token<const N: usize>(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.bytes::<N>())
    }

    /// `length` characters of `[0-9A-Za-z]`, each equally likely.
    pub fn alphanumeric(&self, length: usize) -> String {
        let mut text = String::with_capacity(length);
        let mut pool = [0u8; 64];
        while text.len() < length {
            self.fill(&mut pool);
            // 248 is the greatest multiple of 62 that a byte can hold: larger throws would favour the first letters.
            let fair = pool.iter().filter(|&&byte| byte < 248);
            text.extend(
                fair.take(length - text.len()).map(|&byte| char::from(ALPHANUMERIC[usize::from(byte % 62)])),
            );
        }
        text
    }

    /// A version 7 UUID that sorts by `now` (RFC 9562).
    pub fn uuid(&self, now: Timestamp) -> uuid::Uuid {
        let millis = u64::try_from(now.millis()).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &self.bytes()).into_uuid()
    }

    /// A version 4 UUID: nothing but chance (RFC 9562).
    pub fn uuid_v4(&self) -> uuid::Uuid {
        uuid::Builder::from_random_bytes(self.bytes()).into_uuid()
    }

    /// A duration between half of `around` and one and a half of it, so that many who wait do not wake at once.
    pub fn jitter(&self, around: Duration) -> Duration {
        let unit = (self.number() >> 11) as f64 / (1u64 << 53) as f64;
        around.mul_f64(0.5 + unit)
    }
}

impl fmt::Debug for Dice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Source::System(_) => "Dice(system)",
            Source::Seeded(_) => "Dice(seeded)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeded_dice_repeat_and_others_do_not() {
        assert_eq!(Dice::seeded(7).token::<32>(), Dice::seeded(7).token::<32>());
        assert_ne!(Dice::system().token::<32>(), Dice::system().token::<32>());
    }

    #[test]
    fn tokens_have_the_promised_form() {
        let dice = Dice::seeded(1);
        assert_eq!(dice.token::<32>().len(), 43);
        let code = dice.alphanumeric(1000);
        assert!(code.len() == 1000 && code.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    }

    #[test]
    fn uuids_sort_by_time() {
        let dice = Dice::seeded(1);
        let early = dice.uuid(Timestamp::from_seconds(1_800_000_000));
        assert!(early < dice.uuid(Timestamp::from_seconds(1_800_000_001)));
        assert_eq!(early.get_version_num(), 7);
    }

    #[test]
    fn jitter_stays_within_half_of_its_middle() {
        let dice = Dice::seeded(3);
        for _ in 0..1000 {
            let jittered = dice.jitter(Duration::from_secs(2));
            assert!((Duration::from_secs(1)..=Duration::from_secs(3)).contains(&jittered));
        }
    }
}
