//! How every HTTP client of ours begins, whether it talks to a model or to a server.
//!
//! Certificates are checked against the system's store. Proxies are those that the environment
//! names (`HTTP_PROXY`, `HTTPS_PROXY`, `NO_PROXY`), except on the way to this computer itself: one
//! there is a mistake in somebody's environment.

use reqwest::ClientBuilder;
use url::{Host, Url};

/// A client for addresses on this computer, or for all others.
pub(crate) fn client(loopback: bool) -> ClientBuilder {
    let builder = reqwest::Client::builder();
    if loopback { builder.no_proxy() } else { builder }
}

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
