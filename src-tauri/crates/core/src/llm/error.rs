//! What can go wrong with a model, in words that a person can act on.
//!
//! No variant holds a key: what a server says passes through [`super::refusal`], which takes the
//! key out, before it comes here.

use std::time::Duration;

/// Why a model did not reply, or not to the end. `server` is its host and port.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// The settings name no model.
    #[error("no model is chosen; choose one in the settings")]
    NoModel,
    /// The settings' address is none.
    #[error("the model's address {address} cannot be used ({reason}); correct it in the settings")]
    BadAddress {
        /// As it stands in the settings, without user name and password.
        address: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Nobody listens, or not in HTTP.
    #[error(
        "cannot reach {server} ({reason}); check that it is running and that the address is right"
    )]
    Unreachable {
        /// Which one.
        server: String,
        /// Of the network.
        reason: String,
    },
    /// 401 or 403 with a key.
    #[error("{server} refused the key ({said}); set the right key in the settings")]
    WrongKey {
        /// Which one.
        server: String,
        /// Its own words.
        said: String,
    },
    /// 401 or 403 without a key.
    #[error("{server} needs a key and none is set; set one in the settings")]
    MissingKey {
        /// Which one.
        server: String,
    },
    /// The account is empty.
    #[error(
        "{server} says that the account has no credit left ({said}); add credit there or choose another model"
    )]
    NoCredit {
        /// Which one.
        server: String,
        /// Its own words.
        said: String,
    },
    /// The server does not have the model.
    #[error("{server} has no model \"{model}\" ({said}); choose one from its list in the settings")]
    UnknownModel {
        /// Which one.
        server: String,
        /// As the settings name it.
        model: String,
        /// Its own words.
        said: String,
    },
    /// Something answers, but not a model's server.
    #[error(
        "{server} does not answer like a model's server ({said}); check the address and the provider in the settings"
    )]
    WrongAddress {
        /// Which one.
        server: String,
        /// What came instead.
        said: String,
    },
    /// The prompt is longer than the model reads.
    #[error(
        "the prompt is longer than the model can read ({said}); set limits.contextTokens to what it can, or choose another model"
    )]
    TooLong {
        /// The server's own words.
        said: String,
    },
    /// 429.
    #[error("{server} takes no more requests for now ({said}); try again later")]
    Busy {
        /// Which one.
        server: String,
        /// Its own words.
        said: String,
        /// What it asks to wait.
        retry_after: Option<Duration>,
    },
    /// 5xx and 529, or an error inside a stream.
    #[error("{server} failed ({said}); try again, or choose another model")]
    Failed {
        /// Which one.
        server: String,
        /// Its own words.
        said: String,
        /// What it asks to wait.
        retry_after: Option<Duration>,
    },
    /// Any other refusal of the request itself.
    #[error("{server} refused the request ({said}); choose another model or server")]
    Refused {
        /// Which one.
        server: String,
        /// Its own words.
        said: String,
    },
    /// A limit of time passed.
    #[error("{server} {waited} for {} s; {advice}", after.as_secs_f64())]
    TimedOut {
        /// Which one.
        server: String,
        /// `sent no first token` or `sent no further token`.
        waited: &'static str,
        /// The limit.
        after: Duration,
        /// Which setting to raise.
        advice: &'static str,
    },
    /// The connection ended in the middle of the reply.
    #[error("{server} broke off in the middle of its reply ({reason}); try again")]
    BrokenOff {
        /// Which one.
        server: String,
        /// Of the network.
        reason: String,
    },
    /// The run's limit of time passed.
    #[error(
        "{server} was still writing when the run's limit of time passed; raise limits.runTimeoutSeconds, or choose a faster model"
    )]
    RunTimedOut {
        /// Which one.
        server: String,
    },
    /// The reply did not end.
    #[error(
        "{server} wrote more than {limit} bytes and was stopped; try again, or choose another model"
    )]
    Endless {
        /// Which one.
        server: String,
        /// In bytes.
        limit: usize,
    },
}

impl ModelError {
    /// Stable name for scripts and for the window.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoModel => "no_model",
            Self::BadAddress { .. } => "bad_address",
            Self::Unreachable { .. } => "unreachable",
            Self::WrongKey { .. } => "wrong_key",
            Self::MissingKey { .. } => "missing_key",
            Self::NoCredit { .. } => "no_credit",
            Self::UnknownModel { .. } => "unknown_model",
            Self::WrongAddress { .. } => "wrong_address",
            Self::TooLong { .. } => "too_long",
            Self::Busy { .. } => "busy",
            Self::Failed { .. } => "failed",
            Self::Refused { .. } => "refused",
            Self::TimedOut { .. } => "timed_out",
            Self::BrokenOff { .. } => "broken_off",
            Self::RunTimedOut { .. } => "run_timed_out",
            Self::Endless { .. } => "endless",
        }
    }

    /// Whether the same request may succeed a moment later.
    pub(super) fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Busy { .. }
                | Self::Failed { .. }
                | Self::BrokenOff { .. }
                | Self::Unreachable { .. }
        )
    }

    /// Whether asking anything else would end in the same way, perhaps after a long wait.
    pub(crate) fn is_lasting(&self) -> bool {
        matches!(
            self,
            Self::NoModel
                | Self::BadAddress { .. }
                | Self::Unreachable { .. }
                | Self::WrongKey { .. }
                | Self::MissingKey { .. }
                | Self::NoCredit { .. }
                | Self::UnknownModel { .. }
                | Self::WrongAddress { .. }
                | Self::TimedOut { .. }
        )
    }

    /// What the server asked to wait.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Busy { retry_after, .. } | Self::Failed { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}
