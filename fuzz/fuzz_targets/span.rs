//! A length of time in the settings: what is read is printed so that it reads the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use weir_base::settings::Span;

fuzz_target!(|text: &str| {
    match text.parse::<Span>() {
        Ok(span) => assert_eq!(span.to_string().parse(), Ok(span)),
        Err(sentence) => assert!(sentence.contains("no length of time")),
    }
});
