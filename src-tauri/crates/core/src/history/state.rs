//! How a run stands, and how that is written in the file and in lists.

use serde::Serialize;

/// How a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RunState {
    /// Its process is alive and at it.
    Running,
    /// With an answer from everything.
    Finished,
    /// With an answer that says what was not consulted.
    Partial,
    /// Without an answer.
    Failed,
    /// Ended by a person.
    Cancelled,
    /// Its process ended before it did.
    Interrupted,
}

impl RunState {
    /// As in the list and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Finished => "finished",
            Self::Partial => "partial",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Interrupted => "interrupted",
        }
    }

    pub(super) fn of(name: &str) -> Self {
        match name {
            "running" => Self::Running,
            "finished" => Self::Finished,
            "partial" => Self::Partial,
            "failed" => Self::Failed,
            "cancelled" => Self::Cancelled,
            _ => Self::Interrupted,
        }
    }
}
