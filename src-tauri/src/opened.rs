//! Results that are read in parts, opened once and kept while there is room.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use indexmap::IndexMap;
use trawl_core::event::RunId;
use trawl_core::value::Opened;

/// All of them together; those that were not looked at for the longest time go.
const MOST_BYTES: usize = 256 << 20;

/// By run and task, the one that was looked at last at the end.
#[derive(Default)]
pub(crate) struct OpenedResults {
    kept: Mutex<IndexMap<(RunId, usize), Arc<Opened>>>,
}

impl OpenedResults {
    /// An opened one, if it is still there.
    pub(crate) fn get(&self, run: RunId, index: usize) -> Option<Arc<Opened>> {
        let mut kept = self.kept();
        let opened = kept.shift_remove(&(run, index))?;
        kept.insert((run, index), Arc::clone(&opened));
        Some(opened)
    }

    /// Keeps one, whatever has to go for it but itself.
    pub(crate) fn keep(&self, run: RunId, index: usize, opened: &Arc<Opened>) {
        let mut kept = self.kept();
        kept.shift_remove(&(run, index));
        kept.insert((run, index), Arc::clone(opened));
        let mut bytes: usize = kept.values().map(|opened| opened.bytes()).sum();
        while bytes > MOST_BYTES && kept.len() > 1 {
            let Some((_, gone)) = kept.shift_remove_index(0) else { break };
            bytes -= gone.bytes();
        }
    }

    /// What is deleted is not kept here either.
    pub(crate) fn forget(&self, runs: &[RunId]) {
        self.kept().retain(|(run, _), _| !runs.contains(run));
    }

    fn kept(&self) -> MutexGuard<'_, IndexMap<(RunId, usize), Arc<Opened>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn the_longest_unseen_goes_where_room_is_needed() {
        let results = OpenedResults::default();
        let big = Arc::new(Opened::read(&format!(
            "{{\"structuredContent\":\"{}\"}}",
            "x".repeat(100 << 20)
        )));
        let run = Uuid::new_v4();
        results.keep(run, 0, &big);
        results.keep(run, 1, &big);
        assert!(results.get(run, 0).is_some());
        results.keep(run, 2, &big);
        let there = |index| results.get(run, index).is_some();
        assert_eq!([there(0), there(1), there(2)], [true, false, true]);
        results.forget(&[run]);
        assert!(!there(0));
    }
}
