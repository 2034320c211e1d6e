//! Why a server cannot be asked, and why a call brought no result. Messages are for people and
//! name the server; they hold no header, no environment value and no URL query.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use crate::reason::Reason;

/// Why a server cannot be asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ServerError {
    /// The settings have no enabled server of that name.
    #[error("there is no enabled server \"{0}\" in the settings")]
    Unknown(String),
    /// Its entry in the settings is of the wrong shape.
    #[error("the entry of server \"{server}\" is wrong: {reason}")]
    Invalid {
        /// Name in the settings.
        server: String,
        /// What is wrong.
        reason: String,
    },
    /// It could not be started or reached, or did not answer as an MCP server does.
    #[error("{}", self.reason())]
    Failed {
        /// Name in the settings.
        server: String,
        /// Goes on after the server's name.
        reason: Reason,
        /// The last lines it wrote to stderr.
        stderr: Vec<String>,
    },
}

/// Why a call brought no result.
#[derive(Debug, Clone, PartialEq)]
pub enum CallError {
    /// The server is gone, or the way to it.
    Disconnected {
        /// With the server's name.
        reason: Reason,
        /// Whether the call may have reached the server.
        sent: bool,
    },
    /// An HTTP server refused the request.
    Http {
        /// Status code.
        status: u16,
        /// When the server wants to be asked again.
        retry_after: Option<Duration>,
        /// With the server's name.
        reason: Reason,
    },
    /// No answer in time; the server was told to stop.
    TimedOut {
        /// Name in the settings.
        server: String,
        /// The limit that was reached.
        after: Duration,
        /// Whether it was the total limit, which progress does not restart.
        total: bool,
    },
    /// The server answered with a protocol error.
    Rpc {
        /// JSON-RPC error code.
        code: i64,
        /// The server's words, after its name.
        reason: Reason,
    },
    /// The result is larger than what is accepted.
    TooLarge {
        /// Name in the settings.
        server: String,
        /// The limit in bytes.
        limit: usize,
    },
    /// The caller ended it; the server was told to stop.
    Cancelled,
}

impl CallError {
    /// What happened, and what to do.
    pub fn reason(&self) -> Reason {
        match self {
            Self::Disconnected { reason, .. }
            | Self::Http { reason, .. }
            | Self::Rpc { reason, .. } => reason.clone(),
            Self::TimedOut { server, after, total } => {
                let what =
                    format!("server \"{server}\" did not answer within {} s", after.as_secs_f64());
                if *total {
                    return format!("{what} in all, in spite of its progress").into();
                }
                Reason::new(what, "raise \"timeoutSeconds\" in its entry if it needs longer")
            }
            Self::TooLarge { server, limit } => Reason::new(
                format!("the result of server \"{server}\" is larger than {} MiB", limit >> 20),
                "ask for less at once",
            ),
            Self::Cancelled => "the call was cancelled".into(),
        }
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reason().fmt(out)
    }
}

impl Error for CallError {}

impl ServerError {
    /// What happened, with the server's name and its last words, and what to do.
    pub fn reason(&self) -> Reason {
        match self {
            Self::Unknown(_) | Self::Invalid { .. } => self.to_string().into(),
            Self::Failed { server, reason, stderr } => reason
                .clone()
                .retold(|what| format!("server \"{server}\" {what}{}", last_words(stderr))),
        }
    }

    /// The same, for a place where the server's name and its last words stand already.
    pub fn bare_reason(&self) -> Reason {
        match self {
            Self::Unknown(_) => self.to_string().into(),
            Self::Invalid { reason, .. } => reason.clone().into(),
            Self::Failed { reason, .. } => reason.clone(),
        }
    }

    /// The last lines that the server wrote to stderr.
    pub fn stderr(&self) -> &[String] {
        match self {
            Self::Failed { stderr, .. } => stderr,
            Self::Unknown(_) | Self::Invalid { .. } => &[],
        }
    }
}

fn last_words(stderr: &[String]) -> String {
    if stderr.is_empty() {
        return String::new();
    }
    // The whole ring is in the status; a message is read in one line or two.
    let from = stderr.len().saturating_sub(5);
    format!("; its last words: {}", stderr[from..].join(" | "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_name_the_server_and_say_what_to_do() {
        let failed = ServerError::Failed {
            server: "files".into(),
            reason: "ended with code 1 before it answered".into(),
            stderr: vec!["no such folder".into()],
        };
        assert_eq!(
            failed.to_string(),
            "server \"files\" ended with code 1 before it answered; its last words: no such folder"
        );
        let large = CallError::TooLarge { server: "files".into(), limit: 256 << 20 };
        assert!(large.to_string().contains("larger than 256 MiB"));
    }
}
