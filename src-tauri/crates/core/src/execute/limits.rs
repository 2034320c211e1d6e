//! Each server's limits, shared by every run of the process.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::settings::ServerEntry;

use super::gate::Gate;

/// Calls at once and calls per second of every server. Clones share their counts; a process has one.
#[derive(Clone, Default)]
pub struct CallLimits {
    gates: Arc<Mutex<HashMap<String, Arc<Gate>>>>,
}

impl CallLimits {
    /// No server known yet; each one's limits come from its entry when a run first calls it.
    pub fn new() -> Self {
        Self::default()
    }

    /// The gate before a server, with the limits of its newest entry.
    pub(super) fn gate(&self, server: &str, entry: &ServerEntry) -> Arc<Gate> {
        let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        let gate = gates.get(server).cloned().unwrap_or_else(|| {
            let gate = Arc::new(Gate::new(server));
            gates.insert(server.to_owned(), gate.clone());
            gate
        });
        // No call to the gate under this lock: a slow one would hold back every other server.
        drop(gates);
        gate.configure(entry);
        gate
    }
}

impl std::fmt::Debug for CallLimits {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("CallLimits").finish_non_exhaustive()
    }
}
