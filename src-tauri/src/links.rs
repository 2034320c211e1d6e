//! Where the page may go, and what it may open elsewhere.
//!
//! The window shows its own pages and nothing else; a link in an answer is opened by the person's
//! browser or mail program, on the page's explicit wish. Nothing is decided here by what is linked.

use url::Url;

use crate::error::CommandError;

/// Scheme and host of the window's own pages. Windows has no schemes of its own.
const OWN: (&str, &str) =
    if cfg!(windows) { ("http", "tauri.localhost") } else { ("tauri", "localhost") };

/// Whether an address belongs to the window's own pages.
pub(crate) fn is_own(address: &Url) -> bool {
    is_at(address, OWN)
}

fn is_at(address: &Url, (scheme, host): (&str, &str)) -> bool {
    let is_plain =
        address.port().is_none() && address.username().is_empty() && address.password().is_none();
    address.scheme() == scheme && address.host_str() == Some(host) && is_plain
}

/// An address that may be handed to the system.
pub(crate) fn openable(address: &str) -> Result<Url, CommandError> {
    let refused = |why: &str| {
        CommandError::new("link_refused", format!("the link {address:?} is not opened: {why}"))
    };
    let url = Url::parse(address).map_err(|error| refused(&error.to_string()))?;
    match url.scheme() {
        "http" | "https" | "mailto" => Ok(url),
        other => Err(refused(&format!("\"{other}:\" is not among http, https and mailto"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_pages_are_shown() {
        let shown_at = |own, address: &str| is_at(&Url::parse(address).unwrap(), own);
        let (named, plain) = (("tauri", "localhost"), ("http", "tauri.localhost"));
        assert!(shown_at(named, "tauri://localhost/index.html#/run/x"));
        assert!(shown_at(plain, "http://tauri.localhost/index.html"));
        for other in [
            "https://example.com/",
            "https://tauri.localhost/index.html",
            "http://tauri.localhost:8080/",
            "http://me@tauri.localhost/",
            "http://tauri.localhost.example.com/",
            "tauri://localhost:8080/",
            "tauri://me:x@localhost/",
            "tauri://example.com/",
            "file:///etc/passwd",
            "data:text/html,x",
            "about:blank",
        ] {
            assert!(!shown_at(named, other) && !shown_at(plain, other), "{other}");
        }
        // Each platform has one, and what is ours on another is somebody else's here.
        let ours = [named, plain].map(|(scheme, host)| format!("{scheme}://{host}/"));
        assert_eq!(ours.iter().filter(|own| is_own(&Url::parse(own).unwrap())).count(), 1);
    }

    #[test]
    fn only_web_and_mail_are_opened() {
        for fine in ["https://example.com/a?b#c", "http://127.0.0.1:8080", "mailto:a@example.com"] {
            assert!(openable(fine).is_ok(), "{fine}");
        }
        let bad = ["file:///etc/passwd", "javascript:alert(1)", "smb://host/x", "/etc/passwd", "x"];
        for bad in bad {
            assert!(openable(bad).is_err(), "{bad}");
        }
    }
}
