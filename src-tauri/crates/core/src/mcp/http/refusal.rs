//! What the failures of an HTTP server mean: in words for people, in kinds for those who retry.
//!
//! Words go on after the server's name. They never repeat a URL, which may hold a secret.

use std::error::Error;
use std::time::Duration;

use rmcp::transport::streamable_http_client::StreamableHttpError;

use crate::backoff::retry_after;

/// Why a call over HTTP brought no answer. Words go on after the server's name.
#[derive(Debug)]
pub(in crate::mcp) enum CallFailure {
    Status {
        status: u16,
        retry_after: Option<Duration>,
        words: String,
    },
    TooLarge,
    /// Nothing was delivered.
    Unreachable(String),
    /// Something may have been delivered.
    Broken(String),
    Lost,
}

/// What an error of the transport means for a call; `None` for one that is not HTTP's.
pub(in crate::mcp) fn call_failure(error: &(dyn Error + 'static)) -> Option<CallFailure> {
    use StreamableHttpError as E;
    let status = |status: u16, retry_after: Option<Duration>| CallFailure::Status {
        status,
        retry_after,
        words: status_words(status),
    };
    Some(match find(error)? {
        E::HttpStatus(refusal) => {
            status(refusal.status, refusal.retry_after.as_deref().and_then(retry_after))
        }
        E::AuthRequired(_) => status(401, None),
        E::InsufficientScope(_) => status(403, None),
        E::ResponseBodyTooLarge { .. } => CallFailure::TooLarge,
        E::SessionExpired | E::ReinitializationFailed(_) => {
            CallFailure::Unreachable("does not know our session any longer".to_owned())
        }
        E::Client(error) if error.is_connect() => CallFailure::Unreachable(unreachable(error)),
        E::Client(error) => {
            CallFailure::Broken(format!("broke off the connection: {}", root(error)))
        }
        other => CallFailure::Broken(format!("did not answer as an MCP server does: {other}")),
    })
}

/// What an error of the first exchange means, to go on after the server's name.
pub(in crate::mcp) fn connect_failure(error: &(dyn Error + 'static)) -> Option<String> {
    use StreamableHttpError as E;
    Some(match find(error)? {
        E::HttpStatus(refusal) => status_words(refusal.status),
        E::AuthRequired(_) => status_words(401),
        E::InsufficientScope(_) => status_words(403),
        E::Client(error) if error.is_connect() => unreachable(error),
        E::Client(error) => {
            format!("did not answer as an HTTP server does ({}); check its URL", root(error))
        }
        E::UnexpectedServerResponse(words) => match status_in(words) {
            Some(status) => status_words(status),
            None => "answered, but not as an MCP server does; check the path of its URL".to_owned(),
        },
        E::UnexpectedContentType(kind) => format!(
            "answered with {} instead of MCP messages; check the path of its URL",
            kind.as_deref().unwrap_or("something unnamed")
        ),
        E::ReservedHeaderConflict(name) => {
            format!("cannot be asked with the header \"{name}\", which the protocol uses itself")
        }
        _ => return None,
    })
}

fn status_words(status: u16) -> String {
    let advice = match status {
        401 => "wants to know who is asking (HTTP 401); give it a valid token in \"headers\"",
        403 => "does not let us in (HTTP 403); the token in \"headers\" may lack a permission",
        404 => "does not exist at this address (HTTP 404); check the path of its URL",
        429 => "is asked too often (HTTP 429); set \"requestsPerSecond\" in its entry",
        502..=504 => "is not available at the moment",
        500..=599 => "failed inside",
        _ => "refused the request",
    };
    if advice.contains("HTTP") { advice.to_owned() } else { format!("{advice} (HTTP {status})") }
}

fn unreachable(error: &reqwest::Error) -> String {
    format!("cannot be reached: {}; check that it runs and that its URL is right", root(error))
}

fn find<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a StreamableHttpError<reqwest::Error>> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(found) = error.downcast_ref::<StreamableHttpError<reqwest::Error>>() {
            return Some(found);
        }
        cause = error.source();
    }
    None
}

/// The last cause: the outer ones repeat the URL, which may hold a secret.
pub(in crate::mcp) fn root(error: &dyn Error) -> String {
    let mut cause: &dyn Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

/// The library puts the status of some refusals into words.
fn status_in(words: &str) -> Option<u16> {
    words.strip_prefix("HTTP ")?.get(..3)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_in_words() {
        assert!(status_words(401).contains("\"headers\""));
        assert_eq!(status_words(503), "is not available at the moment (HTTP 503)");
        assert_eq!(status_in("HTTP 404 Not Found: nothing here"), Some(404));
        assert_eq!(status_in("could not parse"), None);
    }
}
