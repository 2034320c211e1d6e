//! What one task's call needs once nothing but its server's limit holds it back.

use std::sync::Arc;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::catalog::Tool;
use crate::history::Recorder;
use crate::mcp::{Connections, Server};

use super::gate::{Gate, Ticket};

/// Whom a task calls, and with what it does so.
pub(super) struct Call {
    pub(super) index: usize,
    pub(super) priority: i64,
    pub(super) tool: Arc<Tool>,
    pub(super) server: Server,
    pub(super) connections: Connections,
    pub(super) gate: Arc<Gate>,
    pub(super) recorder: Recorder,
    pub(super) cancel: CancellationToken,
    /// The run's limit of time; no attempt is planned beyond it.
    pub(super) deadline: Instant,
}

impl Call {
    /// A place in the server's queue.
    pub(super) fn ticket(&self) -> Ticket {
        self.gate.enter(self.priority, self.index)
    }
}
