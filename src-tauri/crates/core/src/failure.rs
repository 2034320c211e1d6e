//! Every code with which a task can end other than completed, in one place.

use crate::{event::Failure, mcp::CallError, reason::Reason};

/// Why a task did not complete. In events as `snake_case`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureCode {
    /// `unknown_tool`: no connected server has it, or several have and the plan did not say which.
    UnknownTool,
    /// `duplicate_id`: an earlier task of the plan is called so.
    DuplicateId,
    /// `duplicate_call`: its repair made it an earlier task's call.
    DuplicateCall,
    /// `server_unavailable`: the tool's server is not part of this run.
    ServerUnavailable,
    /// `invalid_arguments`: they do not fit the tool's schema once placeholders are replaced.
    InvalidArguments,
    /// `placeholder_not_found`: a JSON pointer found nothing in the other task's result.
    PlaceholderNotFound,
    /// `unknown_dependency`: the plan ended without the task that this one waits for.
    UnknownDependency,
    /// `dependency_cycle`: it waits for itself, directly or through others.
    DependencyCycle,
    /// `dependency_failed`: a task that it depends on did not complete. The status is `skipped`.
    DependencyFailed,
    /// `needs_approval`: the tool is not marked read-only, or would carry one server's results to
    /// another one's open world, and nobody can be asked.
    NeedsApproval,
    /// `denied`: a person said no.
    Denied,
    /// `tool_error`: the tool itself reported an error; the message is the tool's words.
    ToolError,
    /// `disconnected`: the server is gone, or the way to it.
    Disconnected,
    /// `http_error`: an HTTP server refused the request.
    HttpError,
    /// `timed_out`: no answer within the call's limits.
    TimedOut,
    /// `rpc_error`: the server answered with a protocol error.
    RpcError,
    /// `result_too_large`: the result is larger than what is accepted.
    ResultTooLarge,
    /// `cancelled`: a person stopped it. The status is `cancelled`.
    Cancelled,
    /// `run_timed_out`: the run's limit of time passed. The status is `cancelled`.
    RunTimedOut,
    /// `internal`: a fault in Trawl itself; other tasks are not touched by it.
    Internal,
}

impl FailureCode {
    /// As events and scripts know it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UnknownTool => "unknown_tool",
            Self::DuplicateId => "duplicate_id",
            Self::DuplicateCall => "duplicate_call",
            Self::ServerUnavailable => "server_unavailable",
            Self::InvalidArguments => "invalid_arguments",
            Self::PlaceholderNotFound => "placeholder_not_found",
            Self::UnknownDependency => "unknown_dependency",
            Self::DependencyCycle => "dependency_cycle",
            Self::DependencyFailed => "dependency_failed",
            Self::NeedsApproval => "needs_approval",
            Self::Denied => "denied",
            Self::ToolError => "tool_error",
            Self::Disconnected => "disconnected",
            Self::HttpError => "http_error",
            Self::TimedOut => "timed_out",
            Self::RpcError => "rpc_error",
            Self::ResultTooLarge => "result_too_large",
            Self::Cancelled => "cancelled",
            Self::RunTimedOut => "run_timed_out",
            Self::Internal => "internal",
        }
    }

    /// Whether a task failed with this code.
    pub(crate) fn is_of(self, failure: Option<&Failure>) -> bool {
        failure.is_some_and(|failure| failure.code == self.as_str())
    }

    /// With its words for people.
    pub(crate) fn because(self, reason: impl Into<Reason>) -> Failure {
        let reason = reason.into();
        Failure { code: self.as_str().to_owned(), message: reason.to_string(), todo: reason.todo }
    }
}

impl From<&CallError> for FailureCode {
    fn from(error: &CallError) -> Self {
        match error {
            CallError::Disconnected { .. } => Self::Disconnected,
            CallError::Http { .. } => Self::HttpError,
            CallError::TimedOut { .. } => Self::TimedOut,
            CallError::Rpc { .. } => Self::RpcError,
            CallError::TooLarge { .. } => Self::ResultTooLarge,
            CallError::Cancelled => Self::Cancelled,
        }
    }
}
