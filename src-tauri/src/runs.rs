//! Runs of this process, by their id, while they are live.
//!
//! A run is entered when it is asked, and leaves once all of it is in the history; what is looked at
//! later is read from there. Without a history nothing leaves, so that a reloaded page still finds
//! its runs.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::future::join_all;
use trawl_core::event::RunId;
use trawl_core::run::Run;

/// How long a run that is told to end has to write its last event.
const LONGEST_END: Duration = Duration::from_secs(2);

/// Live runs. Clones are the same.
#[derive(Clone, Default)]
pub(crate) struct Runs {
    live: Arc<Mutex<HashMap<RunId, Run>>>,
}

impl Runs {
    /// Enters a run; it leaves by itself if the history `keeps` it. Must be called inside a tokio
    /// runtime.
    pub(crate) fn enter(&self, run: Run, keeps: bool) {
        self.lock().insert(run.id(), run.clone());
        let runs = self.clone();
        tokio::spawn(async move {
            run.ended().await;
            if keeps {
                runs.lock().remove(&run.id());
            }
        });
    }

    /// A live run.
    pub(crate) fn get(&self, id: RunId) -> Option<Run> {
        self.lock().get(&id).cloned()
    }

    /// Cancels a run and waits for its end; it is live no more.
    pub(crate) async fn end(&self, id: RunId) {
        if let Some(run) = self.get(id) {
            cancel(&run).await;
            self.lock().remove(&id);
        }
    }

    /// Cancels all of them, and waits until what they found is kept.
    pub(crate) async fn end_all(&self) {
        let runs: Vec<Run> = self.lock().drain().map(|(_, run)| run).collect();
        join_all(runs.iter().map(cancel)).await;
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<RunId, Run>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn cancel(run: &Run) {
    run.control().cancel();
    if tokio::time::timeout(LONGEST_END, run.ended()).await.is_err() {
        tracing::warn!(run = %run.id(), "a run did not end in time");
    }
}
