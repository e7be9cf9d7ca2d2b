//! `database.url`: read or refused, and its password in no message.
#![no_main]

use libfuzzer_sys::fuzz_target;
use weir_store::DatabaseUrl;

const PASSWORD: &str = "hunter2-hunter2";

fuzz_target!(|text: &str| {
    if let Ok(DatabaseUrl::Sqlite(path)) = DatabaseUrl::parse(text) {
        assert!(text.starts_with("sqlite:") && !path.as_os_str().is_empty());
    }
    let secret = format!("{text}{PASSWORD}");
    let told = match DatabaseUrl::parse(&secret) {
        // The path of a file is no secret.
        Ok(DatabaseUrl::Sqlite(_)) => return,
        Ok(url) => format!("{url:?}"),
        Err(error) => format!("{error} {error:?}"),
    };
    assert!(!told.contains(PASSWORD), "{told}");
});
