//! Runs of this process, by their id, while they are live.
//!
//! A run is entered when it is asked, and leaves once all of it is in the history; what is looked at
//! later is read from there. Without a history nothing leaves, nor does what could not be written to
//! it, so that a reloaded page still finds its runs.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::future::join_all;
use trawl_core::event::RunId;
use trawl_core::history::Kept;
use trawl_core::run::Run;

use crate::store::Store;

/// What the person is told, once, of runs that are not all in the history.
const NOT_KEPT: &str = "the history cannot be written, so that what is asked now is not all kept; make \
    space on the disk. Until the window is closed, it can still be read here";

/// What the person is told, once, of runs that wait for another process.
const NOT_YET: &str = "another program holds the history, so that what is asked now is kept only once \
    that lets go of it. Until the window is closed, it can still be read here";

/// How long a run that is told to end has to write its last event.
const LONGEST_END: Duration = Duration::from_secs(2);

/// Live runs. Clones are the same.
#[derive(Clone, Default)]
pub(crate) struct Runs {
    live: Arc<Mutex<HashMap<RunId, Run>>>,
}

impl Runs {
    /// Enters a run. Where the window `has_history`, the run leaves by itself once that has all of
    /// it; else it stays, and `store` tells of it. Must be called inside a tokio runtime.
    pub(crate) fn enter(&self, run: Run, has_history: bool, store: &Arc<Store>) {
        self.lock().insert(run.id(), run.clone());
        if !has_history {
            return;
        }
        let (runs, store) = (self.clone(), Arc::clone(store));
        tokio::spawn(async move {
            let mut kept = Kept::NotYet;
            while kept == Kept::NotYet {
                kept = run.kept().await;
                runs.ended(run.id(), kept, &store);
            }
        });
    }

    fn ended(&self, id: RunId, kept: Kept, store: &Store) {
        let notice = match kept {
            Kept::Whole => {
                self.lock().remove(&id);
                return;
            }
            Kept::NotYet => NOT_YET,
            Kept::Part | Kept::Nowhere => NOT_KEPT,
        };
        if !store.notices().iter().any(|told| told == notice) {
            store.tell(vec![notice.to_owned()]);
        }
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

#[cfg(test)]
mod tests {
    use trawl_core::mcp::Connections;
    use trawl_core::pipeline::Agent;
    use trawl_core::request::Approval;
    use trawl_core::request::Request;
    use trawl_core::request::Wait;
    use trawl_core::settings::Settings;

    use super::*;

    #[tokio::test]
    async fn a_run_that_is_not_all_in_the_history_stays_and_it_is_said_once() {
        let folder = tempfile::tempdir().unwrap();
        let (store, runs) = (Arc::new(Store::open(folder.path())), Runs::default());
        let request = Request {
            question: "What is kept?".to_owned(),
            continues: None,
            approval: Approval::ReadOnly,
            reuse: None,
            wait: Wait::Each,
            settings: Arc::new(Settings::default()),
        };
        let run = Agent::new(Connections::new(None), None).ask(request).unwrap();
        runs.enter(run.clone(), false, &store);
        assert_eq!(run.kept().await, Kept::Nowhere);
        for kept in [Kept::NotYet, Kept::Part, Kept::NotYet, Kept::Part] {
            runs.ended(run.id(), kept, &store);
        }
        assert!(runs.get(run.id()).is_some());
        assert_eq!(store.notices(), [NOT_YET, NOT_KEPT]);
        runs.ended(run.id(), Kept::Whole, &store);
        assert!(runs.get(run.id()).is_none());
    }
}
