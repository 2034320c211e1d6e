//! What is known of one task.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::catalog::Tool;
use crate::event::Reused;
use crate::task::Outcome;

/// One task.
pub(super) struct Slot {
    pub(super) tool: Option<Arc<Tool>>,
    /// As planned; with placeholders replaced when they have been.
    pub(super) arguments: Arc<Value>,
    pub(super) filled: bool,
    pub(super) approved: bool,
    /// Its tool was always allowed when it was asked about.
    pub(super) was_allowed: bool,
    pub(super) priority: i64,
    pub(super) waits_for: Vec<usize>,
    pub(super) unseen: Vec<String>,
    /// How many of both are open.
    pub(super) needs: usize,
    pub(super) dependants: Vec<usize>,
    /// Servers whose results are in its arguments.
    pub(super) carried: BTreeSet<String>,
    pub(super) state: State,
    /// Stops its job.
    pub(super) cancel: Option<CancellationToken>,
    pub(super) outcome: Outcome,
    pub(super) result_bytes: usize,
    /// Whose result it has, where no call was made.
    pub(super) reused: Option<Reused>,
}

/// Where a task stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// For other tasks.
    Waiting,
    /// Nothing but its approval and its server's limit holds it back.
    Ready,
    /// For a person.
    Asking,
    /// Its job runs, or waits for a place at its server.
    Running,
    /// For good.
    Ended,
}

impl Slot {
    pub(super) fn new(
        index: usize,
        id: String,
        tool: String,
        description: String,
        arguments: Value,
        priority: i64,
    ) -> Self {
        Self {
            tool: None,
            arguments: Arc::new(arguments),
            filled: false,
            approved: false,
            was_allowed: false,
            priority,
            waits_for: Vec::new(),
            unseen: Vec::new(),
            needs: 0,
            dependants: Vec::new(),
            carried: BTreeSet::new(),
            state: State::Waiting,
            cancel: None,
            outcome: Outcome::open(index, id, tool, description),
            result_bytes: 0,
            reused: None,
        }
    }
}
