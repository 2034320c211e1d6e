//! What the failures of an HTTP server mean: in words for people, in kinds for those who retry.
//!
//! Words go on after the server's name. They never repeat a URL, which may hold a secret.

use std::error::Error;
use std::time::Duration;

use rmcp::transport::streamable_http_client::StreamableHttpError;

use crate::backoff::retry_after;
use crate::reason::Reason;

const CHECK_PATH: &str = "check the path of its URL";

/// Why a call over HTTP brought no answer. Words go on after the server's name.
#[derive(Debug)]
pub(in crate::mcp) enum CallFailure {
    Status {
        status: u16,
        retry_after: Option<Duration>,
        /// Goes on after the server's name, as all of these do.
        reason: Reason,
    },
    TooLarge,
    /// Nothing was delivered.
    Unreachable(Reason),
    /// Something may have been delivered.
    Broken(Reason),
    Lost,
}

/// What an error of the transport means for a call; `None` for one that is not HTTP's.
pub(in crate::mcp) fn call_failure(error: &(dyn Error + 'static)) -> Option<CallFailure> {
    use StreamableHttpError as E;
    let status = |status: u16, retry_after: Option<Duration>| CallFailure::Status {
        status,
        retry_after,
        reason: status_reason(status),
    };
    Some(match find(error)? {
        E::HttpStatus(refusal) => {
            status(refusal.status, refusal.retry_after.as_deref().and_then(retry_after))
        }
        E::AuthRequired(_) => status(401, None),
        E::InsufficientScope(_) => status(403, None),
        E::ResponseBodyTooLarge { .. } => CallFailure::TooLarge,
        E::SessionExpired | E::ReinitializationFailed(_) => {
            CallFailure::Unreachable("does not know our session any longer".into())
        }
        E::Client(error) if error.is_connect() => CallFailure::Unreachable(unreachable(error)),
        E::Client(error) => {
            CallFailure::Broken(format!("broke off the connection: {}", root(error)).into())
        }
        other => {
            CallFailure::Broken(format!("did not answer as an MCP server does: {other}").into())
        }
    })
}

/// What an error of the first exchange means, to go on after the server's name.
pub(in crate::mcp) fn connect_failure(error: &(dyn Error + 'static)) -> Option<Reason> {
    use StreamableHttpError as E;
    Some(match find(error)? {
        E::HttpStatus(refusal) => status_reason(refusal.status),
        E::AuthRequired(_) => status_reason(401),
        E::InsufficientScope(_) => status_reason(403),
        E::Client(error) if error.is_connect() => unreachable(error),
        E::Client(error) => Reason::new(
            format!("did not answer as an HTTP server does ({})", root(error)),
            "check its URL",
        ),
        E::UnexpectedServerResponse(words) => match status_in(words) {
            Some(status) => status_reason(status),
            None => Reason::new("answered, but not as an MCP server does", CHECK_PATH),
        },
        E::UnexpectedContentType(kind) => {
            let kind = kind.as_deref().unwrap_or("something unnamed");
            Reason::new(format!("answered with {kind} instead of MCP messages"), CHECK_PATH)
        }
        E::ReservedHeaderConflict(name) => {
            format!("cannot be asked with the header \"{name}\", which the protocol uses itself")
                .into()
        }
        _ => return None,
    })
}

fn status_reason(status: u16) -> Reason {
    match status {
        401 => Reason::new(
            "wants to know who is asking (HTTP 401)",
            "give it a valid token in \"headers\"",
        ),
        403 => Reason::new(
            "does not let us in (HTTP 403)",
            "the token in \"headers\" may lack a permission",
        ),
        404 => Reason::new("does not exist at this address (HTTP 404)", CHECK_PATH),
        429 => {
            Reason::new("is asked too often (HTTP 429)", "set \"requestsPerSecond\" in its entry")
        }
        502..=504 => format!("is not available at the moment (HTTP {status})").into(),
        500..=599 => format!("failed inside (HTTP {status})").into(),
        _ => format!("refused the request (HTTP {status})").into(),
    }
}

fn unreachable(error: &reqwest::Error) -> Reason {
    let what = format!("cannot be reached: {}", root(error));
    Reason::new(what, "check that it runs and that its URL is right")
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
        assert!(status_reason(401).todo.unwrap().contains("\"headers\""));
        assert_eq!(status_reason(503).to_string(), "is not available at the moment (HTTP 503)");
        assert_eq!(status_in("HTTP 404 Not Found: nothing here"), Some(404));
        assert_eq!(status_in("could not parse"), None);
    }
}
