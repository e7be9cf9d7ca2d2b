//! Which names and addresses lead to this machine and nowhere else.

use url::Host;

/// Loopback addresses, `localhost` and the names below it, which never leave a machine (RFC 6761, 6.3).
pub fn is_this_machine(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost" || name.ends_with(".localhost"),
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}
