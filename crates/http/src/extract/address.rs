use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr},
};

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, request::Parts},
};

use weir_core::{Code, Outcome};

use crate::{Shared, connection::Peer, problem::Refusal};

/// Networks in CIDR form.
#[derive(Clone, Debug, Default)]
pub(crate) struct Networks(Vec<(IpAddr, u8)>);

impl Networks {
    /// `10.0.0.0/8`, `::1`, …; the sentence names `setting`.
    pub(crate) fn parse(setting: &str, texts: &[String]) -> Result<Self, String> {
        let parsed = texts.iter().map(|text| {
            let refused =
                || format!("{setting}: {text:?} is neither an address nor a network such as 10.0.0.0/8");
            let (address, bits) =
                text.trim().split_once('/').map_or((text.trim(), None), |(a, b)| (a, Some(b)));
            let address: IpAddr = address.parse().map_err(|_| refused())?;
            let most = if address.is_ipv4() { 32 } else { 128 };
            let bits = bits.map_or(Ok(most), str::parse::<u8>).map_err(|_| refused())?;
            if bits > most { Err(refused()) } else { Ok((address, bits)) }
        });
        parsed.collect::<Result<_, _>>().map(Self)
    }

    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|(network, bits)| match (network, address) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(*bits)).unwrap_or(0);
                u32::from(*network) & mask == u32::from(address) & mask
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(*bits)).unwrap_or(0);
                u128::from(*network) & mask == u128::from(address) & mask
            }
            _ => false,
        })
    }
}

/// The address that the request comes from: the peer's, or what trusted proxies say.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClientAddress(pub(crate) IpAddr);

impl ClientAddress {
    pub(crate) fn of(server: &crate::Server, peer: Option<IpAddr>, headers: &HeaderMap) -> Self {
        let peer = peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        Self(behind(&server.trusted_proxies, peer, headers))
    }
}

/// Who is behind `peer`, as far as the proxies that we trust vouch for it.
pub(crate) fn behind(trusted: &Networks, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
    let mut address = peer.to_canonical();
    let forwarded = headers.get_all("x-forwarded-for").iter();
    // Hop by hop, in bytes: a line that a stranger has begun with other than ASCII ends with what the proxy added.
    let hops: Vec<&[u8]> = forwarded.flat_map(|line| line.as_bytes().split(|byte| *byte == b',')).collect();
    // From the last hop backwards: each proxy vouches for the address before it.
    for hop in hops.iter().rev() {
        if !trusted.contains(address) {
            break;
        }
        let hop = std::str::from_utf8(hop).unwrap_or_default().trim();
        let Ok(before) = hop.parse::<IpAddr>() else { break };
        address = before.to_canonical();
    }
    address
}

impl FromRequestParts<Shared> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, server: &Shared) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<Peer>().map(|peer| peer.0.ip());
        Ok(Self::of(server, peer, &parts.headers))
    }
}

/// The address of somebody who may ask, for endpoints that cost something and need no credentials. Stands before the
/// body among a handler's arguments: who asks too much is refused before their body is read.
pub(crate) struct Asker(pub(crate) IpAddr);

impl FromRequestParts<Shared> for Asker {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, server: &Shared) -> Result<Self, Refusal> {
        let Ok(ClientAddress(address)) = ClientAddress::from_request_parts(parts, server).await;
        server.app.limits.request(address)?;
        Ok(Self(address))
    }
}

impl Asker {
    /// A login that WeChat refuses costs the address.
    pub(crate) fn charged<T>(&self, server: &Shared, login: Outcome<T>) -> Outcome<T> {
        login.inspect_err(|failure| {
            if failure.code == Code::LoginRefused {
                server.app.limits.failure(self.0);
            }
        })
    }
}

/// Anybody may ask, but not without end: for endpoints that cost nothing and need no credentials.
pub(crate) struct Stranger;

impl FromRequestParts<Shared> for Stranger {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, server: &Shared) -> Result<Self, Refusal> {
        let Ok(ClientAddress(address)) = ClientAddress::from_request_parts(parts, server).await;
        server.app.limits.look(address)?;
        Ok(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_hold_what_they_say() {
        let texts = ["10.0.0.0/8", "192.0.2.7", "2001:db8::/32", "0.0.0.0/0"].map(str::to_owned);
        let some = Networks::parse("s", &texts[..3]).unwrap();
        for (address, held) in [
            ("10.255.0.1", true),
            ("11.0.0.1", false),
            ("192.0.2.7", true),
            ("192.0.2.8", false),
            ("2001:db8::1", true),
            ("::1", false),
            ("::ffff:10.1.1.1", true),
        ] {
            assert_eq!(some.contains(address.parse().unwrap()), held, "{address}");
        }
        assert!(Networks::parse("s", &texts[3..]).unwrap().contains("203.0.113.9".parse().unwrap()));
        for wrong in ["10.0.0.0/33", "nonsense", "::1/129", "10.0.0.0/-1"] {
            assert!(
                Networks::parse("server.trusted_proxies", &[wrong.to_owned()])
                    .is_err_and(|e| e.contains("trusted_proxies"))
            );
        }
    }
}
