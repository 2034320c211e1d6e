//! What the writer is told.

use std::sync::{Arc, Weak, mpsc::Sender};

use crate::event::{Event, RunId};

/// Something to write.
pub(super) enum Message {
    /// A run begins.
    Run {
        run_id: RunId,
        question: String,
        continues: Option<RunId>,
        started_at: String,
        owner: String,
    },
    /// Something happened in it.
    Event(Arc<Event>),
    /// A task's result, compressed.
    Result { run_id: RunId, index: usize, zstd: Arc<[u8]> },
    /// A task's result may stand for the same call in a later run.
    Reusable { run_id: RunId, index: usize, key: String, called_at_ms: i64 },
    /// The owner of running queries is gone.
    Interrupted { owner: String, done: Done },
    /// Remove runs.
    Delete { runs: Vec<RunId>, done: Done },
    /// Say when everything before this is committed, and whether all that is the run's could be.
    Flush { run_id: RunId, done: Sender<bool> },
}

/// Gets the number of runs that a message changed, or why it changed none.
pub(super) struct Done {
    pub(super) outcome: Sender<Result<usize, String>>,
    /// Held by who asked, until that is told that it cannot be done now.
    pub(super) wanted: Weak<()>,
}
