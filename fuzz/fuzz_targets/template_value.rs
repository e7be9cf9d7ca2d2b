//! Values of a message's fields: whatever they are, cut they are short enough, and cutting again changes nothing.
#![no_main]

use libfuzzer_sys::fuzz_target;
use weir_wechat::template::{Flaw, Kind, fit};

fuzz_target!(|input: (u8, &str, &str)| {
    let (kind, key, value) = input;
    let kind = Kind::ALL[usize::from(kind) % Kind::ALL.len()];
    let cut = kind.cut(value);
    assert!(cut.chars().count() <= value.chars().count());
    assert_eq!(kind.cut(&cut), cut);
    let too_long = matches!(kind.check(&cut), Err(Flaw::TooLong { .. }));
    assert!(!too_long || matches!(kind, Kind::Number | Kind::Amount), "{kind:?}: {cut}");
    if kind.check(value).is_ok() && kind != Kind::Thing {
        assert_eq!(cut, value, "{kind:?}: what WeChat takes is left as it is");
    }
    match Kind::of(key) {
        Some(kind) => assert_eq!(fit(key, value), kind.cut(value)),
        None => assert_eq!(fit(key, value), value),
    }
});
