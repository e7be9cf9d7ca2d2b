//! `X-Forwarded-For` and the networks that are believed: a stranger cannot choose an address.
#![no_main]

use std::net::IpAddr;

use libfuzzer_sys::fuzz_target;
use weir_http::fuzzing::{client_address, is_network};

fuzz_target!(|input: (u128, bool, Vec<&[u8]>, &str)| {
    let (peer, v4, forwarded, network) = input;
    let peer: IpAddr = if v4 { IpAddr::V4((peer as u32).into()) } else { IpAddr::V6(peer.into()) };
    let networks = is_network(network);
    let untrusted = client_address(&[], peer, &forwarded).expect("no network is wrong");
    assert_eq!(untrusted, peer.to_canonical());
    if networks {
        let told = client_address(&[network], peer, &forwarded);
        assert!(told.is_some());
    }
    let everybody = client_address(&["0.0.0.0/0", "::/0"], peer, &forwarded).expect("these are networks");
    let named = forwarded.iter().flat_map(|line| line.split(|byte| *byte == b',')).any(|hop| {
        let hop = std::str::from_utf8(hop).unwrap_or_default().trim();
        hop.parse::<IpAddr>().is_ok_and(|address| address.to_canonical() == everybody)
    });
    assert!(everybody == peer.to_canonical() || named, "an address out of nowhere");
});
