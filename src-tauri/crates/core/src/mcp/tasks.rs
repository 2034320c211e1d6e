//! What runs beside the calls.

use tokio_util::task::TaskTracker;

/// What runs for the servers of a process, so that its end can be waited for.
#[derive(Clone, Default)]
pub(super) struct Tasks {
    /// As long as their servers.
    pub(super) links: TaskTracker,
    /// Telling a server that a call is not wanted any longer.
    pub(super) notices: TaskTracker,
}
