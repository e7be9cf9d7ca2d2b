//! What reads foreign bytes, for the fuzz targets (`fuzz/`), which a socket would slow down. For nobody else.

use std::net::IpAddr;

use axum::http::{HeaderMap, HeaderValue};
use serde::de::DeserializeOwned;
use weir_core::Failure;

use crate::extract::{Networks, behind, parse};

/// A request's body.
pub fn body<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Failure> {
    parse(bytes)
}

/// Whether `text` is an address or a network.
pub fn is_network(text: &str) -> bool {
    Networks::parse("fuzzing", &[text.to_owned()]).is_ok()
}

/// The client's address, by the lines of `X-Forwarded-For` that a header can hold; none when a network is none.
pub fn client_address(trusted: &[&str], peer: IpAddr, forwarded: &[&[u8]]) -> Option<IpAddr> {
    let trusted: Vec<String> = trusted.iter().map(|&network| network.to_owned()).collect();
    let mut headers = HeaderMap::new();
    for line in forwarded.iter().filter_map(|line| HeaderValue::from_bytes(line).ok()) {
        headers.append("x-forwarded-for", line);
    }
    Some(behind(&Networks::parse("fuzzing", &trusted).ok()?, peer, &headers))
}
