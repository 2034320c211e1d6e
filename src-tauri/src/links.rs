//! Where the page may go, and what it may open elsewhere.
//!
//! The window shows its own pages and nothing else; a link in an answer is opened by the person's
//! browser or mail program, on the page's explicit wish. Nothing is decided here by what is linked.

use url::Url;

use crate::error::CommandError;

/// Whether an address belongs to the window's own pages.
pub(crate) fn is_own(address: &Url) -> bool {
    match address.scheme() {
        "tauri" => address.host_str() == Some("localhost"),
        // Windows and Android have no schemes of their own.
        "http" | "https" => address.host_str() == Some("tauri.localhost"),
        _ => false,
    }
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
        let check = |address: &str, expect| {
            assert_eq!(is_own(&Url::parse(address).unwrap()), expect, "{address}");
        };
        check("tauri://localhost/index.html", true);
        check("https://tauri.localhost/index.html", true);
        check("https://example.com/", false);
        check("https://tauri.localhost.example.com/", false);
        check("tauri://example.com/", false);
        check("file:///etc/passwd", false);
        check("data:text/html,x", false);
        check("about:blank", false);
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
