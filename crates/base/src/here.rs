//! Which names and addresses lead to this machine and nowhere else.

use url::{Host, Url};

/// Loopback addresses, `localhost` and the names below it, which never leave a machine (RFC 6761, 6.3).
pub fn is_this_machine(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost" || name.ends_with(".localhost"),
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

/// Whether an address or origin is of a page of this machine: HTTP, and a host that leads nowhere else.
pub fn is_page_here(address: &str) -> bool {
    Url::parse(address).is_ok_and(|page| {
        matches!(page.scheme(), "http" | "https") && page.host().is_some_and(|host| is_this_machine(&host))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_this_machine_are_told_from_those_of_websites_and_from_no_pages() {
        for here in
            ["http://127.0.0.1:8080", "https://localhost/x", "http://demo.weir.localhost", "http://[::1]"]
        {
            assert!(is_page_here(here), "{here}");
        }
        for elsewhere in [
            "http://example.com",
            "http://localhost.example.com",
            "http://192.168.0.1",
            "javascript://localhost",
            "null",
            "",
        ] {
            assert!(!is_page_here(elsewhere), "{elsewhere}");
        }
    }
}
