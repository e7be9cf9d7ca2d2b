//! What the JS-SDK checks before a page may use it (section D). Pure.

use sha1::{Digest, Sha1};
use weir_base::Secret;

/// The part of a page's address that is signed: all before the `#`.
pub fn without_fragment(url: &str) -> &str {
    url.split_once('#').map_or(url, |(signed, _)| signed)
}

/// `hex(SHA-1(jsapi_ticket=…&noncestr=…&timestamp=…&url=…))`. Nothing is encoded: `url` is the address as the browser
/// has it, without its fragment ([`without_fragment`]). `timestamp` counts seconds.
pub fn signature(ticket: &Secret, noncestr: &str, timestamp: i64, url: &str) -> String {
    let digest = Sha1::new()
        .chain_update("jsapi_ticket=")
        .chain_update(ticket.expose())
        .chain_update(tail(noncestr, timestamp, url));
    hex::encode(digest.finalize())
}

/// The text that is signed, with dots for the ticket, to show to whoever compares it with their own.
pub fn masked_string(noncestr: &str, timestamp: i64, url: &str) -> String {
    format!("jsapi_ticket=••••{}", tail(noncestr, timestamp, url))
}

fn tail(noncestr: &str, timestamp: i64, url: &str) -> String {
    format!("&noncestr={noncestr}&timestamp={timestamp}&url={url}")
}
