//! What a call of a tool is given, and what it gives.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// How long a call may take, who can end it, and who hears of its progress.
#[derive(Debug, Clone)]
pub struct CallOptions {
    /// From the start, or from the last progress.
    pub timeout: Duration,
    /// From the start, whatever the progress.
    pub total_timeout: Duration,
    /// Ends the call.
    pub cancel: CancellationToken,
    /// Gets progress in increasing order.
    pub progress: Option<mpsc::UnboundedSender<Progress>>,
}

/// How far a call is (MCP specification, "Progress").
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    /// Done so far, in the server's own unit.
    pub progress: f64,
    /// Of how much, where the server knows.
    pub total: Option<f64>,
    /// The server's own words.
    pub message: Option<String>,
}

/// What a tool gave back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolResult {
    /// The whole `CallToolResult` as JSON, as the server wrote it.
    pub json: String,
    /// The tool says that it failed.
    pub is_error: bool,
}
