//! Whether a failed call is made again, and when. Pure.
//!
//! Lost connections and HTTP 429, 502, 503 and 504 are worth another try; time-outs and a tool's own
//! errors only when the server's entry says so. A call that may have reached the server is repeated
//! only when its tool says that this does no harm.

use std::time::Duration;

use crate::backoff;
use crate::catalog::Hints;
use crate::mcp::CallError;
use crate::settings::ServerEntry;

/// Calls of one task, the first one included.
pub const ATTEMPTS: usize = 3;

/// The longest wait before the second.
const FIRST_PAUSE: Duration = Duration::from_millis(250);

/// The longest wait before each further attempt.
pub(super) fn ceilings() -> impl Iterator<Item = Duration> {
    backoff::ceilings(FIRST_PAUSE, ATTEMPTS - 1)
}

/// Whether a call that brought no result may be made again.
pub(super) fn call_may_be_repeated(error: &CallError, hints: Hints, entry: &ServerEntry) -> bool {
    match error {
        CallError::Disconnected { sent, .. } => !sent || hints.repeatable(),
        CallError::Http { status, .. } => {
            matches!(status, 429 | 502 | 503 | 504) && hints.repeatable()
        }
        CallError::TimedOut { .. } => entry.retry_timeouts && hints.repeatable(),
        CallError::Rpc { .. } | CallError::TooLarge { .. } | CallError::Cancelled => false,
    }
}

/// Whether a call that the tool answered with an error of its own may be made again.
pub(super) fn tool_error_may_be_repeated(hints: Hints, entry: &ServerEntry) -> bool {
    entry.retry_tool_errors && hints.repeatable()
}

/// When the server wants to be asked again.
pub(super) fn retry_after(error: &CallError) -> Option<Duration> {
    match error {
        CallError::Http { retry_after, .. } => *retry_after,
        _ => None,
    }
}

/// Whether the server refused the call as one too many.
pub(super) fn is_one_too_many(error: &CallError) -> bool {
    match error {
        CallError::Http { status, .. } => matches!(status, 429 | 503),
        CallError::Rpc { code, reason } => *code == 429 || speaks_of_too_many(&reason.what),
        _ => false,
    }
}

/// The same in a tool's or a server's own words: a few, since a long text may be about anything.
pub(super) fn speaks_of_too_many(words: &str) -> bool {
    let words = words.to_lowercase();
    words.len() <= 500 && (words.contains("too many requests") || words.contains("rate limit"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reason::Reason;

    #[test]
    fn only_what_does_no_harm_is_repeated() {
        let entry = ServerEntry::builtin("stories");
        let lenient =
            ServerEntry { retry_timeouts: true, retry_tool_errors: true, ..entry.clone() };
        let writes = Hints::default();
        let reads = Hints { read_only: true, ..writes };
        let upserts = Hints { idempotent: true, ..writes };
        let (reason, server) = (Reason::default(), String::new());
        let lost = |sent| CallError::Disconnected { reason: reason.clone(), sent };
        let http = |status| CallError::Http { status, retry_after: None, reason: reason.clone() };
        let late = CallError::TimedOut { server, after: Duration::ZERO, total: false };
        let rpc = CallError::Rpc { code: -32603, reason: reason.clone() };
        let check = |error: &CallError, hints, entry, expect| {
            assert_eq!(call_may_be_repeated(error, hints, entry), expect, "{error:?} {hints:?}");
        };
        check(&lost(false), writes, &entry, true);
        check(&lost(true), writes, &entry, false);
        check(&lost(true), upserts, &entry, true);
        for status in [429, 502, 503, 504] {
            check(&http(status), reads, &entry, true);
            check(&http(status), writes, &entry, false);
        }
        check(&http(500), reads, &entry, false);
        check(&late, reads, &entry, false);
        check(&late, reads, &lenient, true);
        check(&late, writes, &lenient, false);
        check(&rpc, reads, &lenient, false);
        assert!(tool_error_may_be_repeated(reads, &lenient));
        assert!(!tool_error_may_be_repeated(reads, &entry));
        assert!(!tool_error_may_be_repeated(writes, &lenient));
    }
}
