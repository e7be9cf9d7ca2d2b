//! Sealed texts: foreign ones do not open, altered ones neither, ours do where they belong.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use weir_base::{Dice, Sealer, Secret};

static SEALER: LazyLock<Sealer> =
    LazyLock::new(|| Sealer::new(Dice::seeded(1), &Secret::new("now"), &[Secret::new("before")]));

/// Its key seals nothing here: libFuzzer learns texts that it sees sealed, and those open.
static ANOTHER: LazyLock<Sealer> =
    LazyLock::new(|| Sealer::new(Dice::seeded(2), &Secret::new("another"), &[]));

fuzz_target!(|input: (&str, &str, usize, u8)| {
    let (text, context, at, flip) = input;
    assert!(ANOTHER.open(text, context).is_err(), "nobody sealed it");
    let _ = SEALER.open(text, context);
    let sealed = SEALER.seal(text, context);
    assert_eq!(SEALER.open(&sealed, context).map(|plain| plain.expose() == text), Ok(true));
    assert!(SEALER.open(&sealed, &format!("{context}.")).is_err(), "it belongs elsewhere");
    let mut altered = sealed.clone().into_bytes();
    let at = at % altered.len();
    altered[at] ^= flip;
    if let Ok(altered) = String::from_utf8(altered)
        && altered != sealed
    {
        assert!(SEALER.open(&altered, context).is_err(), "it was altered");
    }
    let (_, body) = sealed.rsplit_once('.').expect("three parts");
    let _ = SEALER.open(&format!("v1.{context}.{body}"), context);
});
