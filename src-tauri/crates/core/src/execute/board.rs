//! The state of every task of one run, and the only place that changes it.
//!
//! The board is owned by the one task that runs [`super::execute`]; jobs talk to it by ending, hosts
//! by orders. So no state is shared, and nothing here needs a lock. What is told of it: every event
//! that ends a task, asks about it or lets it wait for other tasks.
//!
//! A task that arrives is given its place ([`Board::arrived`]); when nothing it depends on is open
//! (`depend`), it is *ready* and `launch` starts it, or `ask`s a person first; `finish` ends it and
//! wakes what depends on it. The state is these files' alone; others see it through methods.

mod ask;
mod consent;
mod cycle;
mod depend;
mod finish;
mod launch;
mod slot;
mod totals;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde_json::Value;
use tokio::task::{Id, JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::event::TaskStatus;
use crate::failure::FailureCode;
use crate::mcp::Server;
use crate::placeholder;
use crate::task::{Planned, Rejected, Stop, Task};

use super::Context;
use super::gate::Gate;
use super::job::Ended;

use self::consent::Asking;
use self::slot::{Slot, State};
use self::totals::Totals;

/// What a task's job leaves behind.
pub(super) type Joined = Result<(Id, Ended), JoinError>;

/// All tasks of one run.
pub(super) struct Board {
    context: Context,
    servers: HashMap<String, (Server, Arc<Gate>)>,
    /// In plan order. A hole is a task that is still being repaired.
    slots: Vec<Option<Slot>>,
    ids: HashMap<String, usize>,
    /// Who waits for an id that no task has yet.
    awaited: HashMap<String, Vec<usize>>,
    /// To be launched before the board looks at anything else.
    ready: Vec<usize>,
    /// To be asked about, and what.
    to_ask: Vec<(usize, Asking)>,
    running: JoinSet<Ended>,
    jobs: HashMap<Id, usize>,
    /// Stopped by a person before they arrived.
    unwanted: HashSet<usize>,
    /// Tasks that have arrived and not ended.
    open: usize,
    stop: CancellationToken,
    stopped: Option<Stop>,
    totals: Totals,
}

impl Board {
    pub(super) fn new(context: Context) -> Self {
        let gated = |(name, server): (&String, &Server)| {
            let gate = context.limits.gate(name, server.entry());
            (name.clone(), (server.clone(), gate))
        };
        let servers = context.servers.iter().map(gated).collect();
        Self {
            context,
            servers,
            slots: Vec::new(),
            ids: HashMap::new(),
            awaited: HashMap::new(),
            ready: Vec::new(),
            to_ask: Vec::new(),
            running: JoinSet::new(),
            jobs: HashMap::new(),
            unwanted: HashSet::new(),
            open: 0,
            stop: CancellationToken::new(),
            stopped: None,
            totals: Totals::default(),
        }
    }

    /// The plan goes on.
    pub(super) fn arrived(&mut self, planned: Planned) {
        match planned {
            Planned::Task(index, task) => self.accepted(index, task),
            Planned::Rejected(index, rejected) => self.rejected(index, rejected),
            Planned::Alias(index, name) => self.name(index, [name]),
        }
    }

    fn rejected(&mut self, index: usize, rejected: Rejected) {
        let Rejected { id, tool_name, description, failure } = rejected;
        let slot = Slot::new(index, id.clone(), tool_name, description, Value::Null, 0);
        self.place(index, slot);
        self.name(index, [id]);
        self.fail(index, failure);
    }

    fn place(&mut self, index: usize, slot: Slot) {
        if self.slots.len() <= index {
            self.slots.resize_with(index + 1, || None);
        }
        self.slots[index] = Some(slot);
        self.open += 1;
    }

    fn accepted(&mut self, index: usize, task: Task) {
        let Task { id, aliases, tool_name, arguments, depends_on, priority, description } = task;
        let tool = self.context.catalog.resolve(&tool_name).cloned();
        let mut names = depends_on;
        for name in placeholder::references(&arguments) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let mut slot = Slot::new(index, id.clone(), tool_name, description, arguments, priority);
        if let Ok(tool) = &tool {
            slot.outcome.server = Some(tool.server.clone());
            slot.outcome.tool.clone_from(&tool.name);
            slot.tool = Some(tool.clone());
        }
        self.place(index, slot);
        self.name(index, std::iter::once(id).chain(aliases));
        if let Some(stop) = self.stopped {
            return self.cancelled(index, stop.failure());
        }
        if self.unwanted.contains(&index) {
            return self.cancelled(index, Stop::of_one_task());
        }
        match tool {
            Err(unknown) => self.fail(index, FailureCode::UnknownTool.because(unknown.to_string())),
            Ok(tool) => match self.refused(index, &tool) {
                Some(failure) => self.fail(index, failure),
                None => self.depend(index, names),
            },
        }
    }

    /// Whether a task has arrived and not ended.
    pub(super) fn has_open_tasks(&self) -> bool {
        self.open > 0
    }

    /// Why all open tasks were stopped, if they were.
    pub(super) fn stopped(&self) -> Option<Stop> {
        self.stopped
    }

    /// The next job that comes to its end; `None` where none runs. May be dropped and called again.
    pub(super) async fn next_joined(&mut self) -> Option<Joined> {
        self.running.join_next_with_id().await
    }

    fn index_of(&self, id: &str) -> Option<usize> {
        self.ids.get(id).copied()
    }

    fn slot(&self, index: usize) -> Option<&Slot> {
        self.slots.get(index).and_then(Option::as_ref)
    }

    fn change(&mut self, index: usize, change: impl FnOnce(&mut Slot)) {
        if let Some(slot) = self.slots.get_mut(index).and_then(Option::as_mut) {
            change(slot);
        }
    }

    fn make_ready(&mut self, index: usize) {
        self.change(index, |slot| slot.state = State::Ready);
        self.ready.push(index);
    }

    /// Ended without a result.
    fn is_broken(&self, index: usize) -> bool {
        self.slot(index).is_some_and(|slot| {
            slot.state == State::Ended && slot.outcome.status != TaskStatus::Completed
        })
    }
}
