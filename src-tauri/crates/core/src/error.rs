//! What ends a run. A failed tool call or server is data, never one of these.

use crate::reason::Reason;

/// Why a run ended without an answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    /// Nothing can be asked.
    #[error("{0}")]
    NoTools(Reason),
    /// Tasks ran and none completed.
    #[error("{0}")]
    AllTasksFailed(Reason),
    /// A person allowed none of its calls.
    #[error("{0}")]
    Declined(Reason),
    /// The run's limit of time passed and nothing had completed.
    #[error("{0}")]
    TimedOut(Reason),
    /// Neither the model nor the built-in planner made a plan.
    #[error("{0}")]
    PlanFailed(Reason),
    /// A bug in Trawl itself; what had been obtained is kept.
    #[error("{0}")]
    Internal(Reason),
}

impl RunError {
    /// What happened, and what to do.
    pub fn reason(&self) -> &Reason {
        match self {
            Self::NoTools(reason)
            | Self::AllTasksFailed(reason)
            | Self::Declined(reason)
            | Self::TimedOut(reason)
            | Self::PlanFailed(reason)
            | Self::Internal(reason) => reason,
        }
    }

    /// Stable name for scripts and for the window.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoTools(_) => "no_tools",
            Self::AllTasksFailed(_) => "all_tasks_failed",
            Self::Declined(_) => "declined",
            Self::TimedOut(_) => "timed_out",
            Self::PlanFailed(_) => "plan_failed",
            Self::Internal(_) => "internal",
        }
    }
}
