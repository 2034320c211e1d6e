//! Addresses on this computer. Neither a model nor a server there is reached through a proxy: one
//! that the environment names for them is somebody's mistake.

use url::{Host, Url};

/// Whether requests stay on this computer.
pub(crate) fn is_loopback(address: &Url) -> bool {
    match address.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_computer_is_told_from_others() {
        for (address, own) in [
            ("http://localhost:1/", true),
            ("http://trawl.localhost/", true),
            ("http://127.1.2.3/", true),
            ("http://[::1]:8080/", true),
            ("http://localhost.example.com/", false),
            ("http://192.168.0.1/", false),
        ] {
            assert_eq!(is_loopback(&Url::parse(address).unwrap()), own, "{address}");
        }
    }
}
