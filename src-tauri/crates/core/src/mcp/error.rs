//! Why a server cannot be asked, and why a call brought no result. Messages are for people and
//! name the server; they hold no header, no environment value and no URL query.

use std::time::Duration;

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
    #[error("server \"{server}\" {reason}{}", last_words(stderr))]
    Failed {
        /// Name in the settings.
        server: String,
        /// What happened and what to do; goes on after the server's name.
        reason: String,
        /// The last lines it wrote to stderr.
        stderr: Vec<String>,
    },
}

/// Why a call brought no result.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CallError {
    /// The server is gone, or the way to it.
    #[error("{message}")]
    Disconnected {
        /// What happened, with the server's name.
        message: String,
        /// Whether the call may have reached the server.
        sent: bool,
    },
    /// An HTTP server refused the request.
    #[error("{message}")]
    Http {
        /// Status code.
        status: u16,
        /// When the server wants to be asked again.
        retry_after: Option<Duration>,
        /// What happened, with the server's name.
        message: String,
    },
    /// No answer in time; the server was told to stop.
    #[error(
        "server \"{server}\" did not answer within {} s{}",
        after.as_secs_f64(),
        if *total { " in all, in spite of its progress" } else { "; raise \"timeoutSeconds\" in its entry if it needs longer" }
    )]
    TimedOut {
        /// Name in the settings.
        server: String,
        /// The limit that was reached.
        after: Duration,
        /// Whether it was the total limit, which progress does not restart.
        total: bool,
    },
    /// The server answered with a protocol error.
    #[error("{message}")]
    Rpc {
        /// JSON-RPC error code.
        code: i64,
        /// The server's words, after its name.
        message: String,
    },
    /// The result is larger than what is accepted.
    #[error(
        "the result of server \"{server}\" is larger than {} MiB; ask for less at once",
        limit >> 20
    )]
    TooLarge {
        /// Name in the settings.
        server: String,
        /// The limit in bytes.
        limit: usize,
    },
    /// The caller ended it; the server was told to stop.
    #[error("the call was cancelled")]
    Cancelled,
}

impl ServerError {
    /// What happened, for a place where the server's name stands already.
    pub fn reason(&self) -> String {
        match self {
            Self::Unknown(_) => self.to_string(),
            Self::Invalid { reason, .. } | Self::Failed { reason, .. } => reason.clone(),
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
