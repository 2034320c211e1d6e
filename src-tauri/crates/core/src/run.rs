//! A running query, as its host holds it: what happens in it, and the handle to stop it.

use std::sync::Arc;

use futures::{Stream, StreamExt};

use crate::{
    event::{AskedTool, Event, EventKind, RunId},
    execute::Control,
    history::{Kept, Recorder},
};

/// A running or ended query. Clones are handles to the same run; dropping them does not end it.
#[derive(Clone)]
pub struct Run {
    recorder: Recorder,
    control: Control,
}

impl Run {
    pub(crate) fn new(recorder: Recorder, control: Control) -> Self {
        Self { recorder, control }
    }

    /// The run's id.
    pub fn id(&self) -> RunId {
        self.recorder.run_id()
    }

    /// The events after `after_seq` (all of them for `None`): first what happened already, then what
    /// happens. Ends after the run's last event.
    pub fn follow(&self, after_seq: Option<u64>) -> impl Stream<Item = Arc<Event>> + use<> {
        self.recorder.follow(after_seq)
    }

    /// To stop the run or its tasks, and to decide on approvals.
    pub fn control(&self) -> &Control {
        &self.control
    }

    /// The calls that a person is asked about and has not decided on yet.
    pub fn asked(&self) -> Vec<AskedTool> {
        let mut open: Vec<AskedTool> = Vec::new();
        for event in self.recorder.events() {
            match &event.kind {
                EventKind::ApprovalRequested { tools, .. } => open.extend(tools.iter().cloned()),
                EventKind::ApprovalResolved { approved, denied, .. } => {
                    open.retain(|call| {
                        !approved.contains(&call.index) && !denied.contains(&call.index)
                    });
                }
                EventKind::TaskFinished { index, .. } => open.retain(|call| call.index != *index),
                _ => {}
            }
        }
        open
    }

    /// One task's whole result as JSON, from memory; of a live run or one that just ended.
    pub fn result(&self, index: usize) -> Option<String> {
        self.recorder.result(index)
    }

    /// Waits for the last event, and until everything is committed to the history if it can be.
    pub async fn ended(&self) -> Option<Arc<Event>> {
        let last = self.last().await;
        self.recorder.flush().await;
        last
    }

    /// Waits as [`Self::ended`] does, and says how much of the run the history has then.
    pub async fn kept(&self) -> Kept {
        self.last().await;
        self.recorder.flush().await
    }

    async fn last(&self) -> Option<Arc<Event>> {
        Box::pin(self.follow(None)).fold(None, async |_, event| Some(event)).await
    }
}
