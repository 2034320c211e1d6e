//! The state of every task of one run, and the only place that changes it.
//!
//! The board is owned by the one task that runs [`super::execute`]; jobs talk to it by ending, hosts
//! by orders. So no state is shared, and nothing here needs a lock. What is told of it: every event
//! that ends a task, asks about it or lets it wait for other tasks.
//!
//! A task that arrives is given its place ([`Board::arrived`]); when nothing it depends on is open,
//! it is *ready* and `launch` starts it; `finish` ends it and wakes what depends on it.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use serde_json::Value;
use tokio::task::{Id, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::catalog::Tool;
use crate::event::{EventKind, Failure, Reused, TaskStatus, WaitReason};
use crate::mcp::Server;
use crate::placeholder;
use crate::plan::{Planned, Task};

use super::consent::Asking;
use super::cycle::cycles;
use super::failure::FailureCode;
use super::finish::{Stop, Totals};
use super::gate::Gate;
use super::job::Ended;
use super::{Context, Outcome};

/// All tasks of one run.
pub(super) struct Board {
    pub(super) context: Context,
    pub(super) servers: HashMap<String, (Server, Arc<Gate>)>,
    /// In plan order. A hole is a task that is still being repaired.
    pub(super) slots: Vec<Option<Slot>>,
    ids: HashMap<String, usize>,
    /// Who waits for an id that no task has yet.
    awaited: HashMap<String, Vec<usize>>,
    /// To be launched before the board looks at anything else.
    pub(super) ready: Vec<usize>,
    /// To be asked about, and what.
    pub(super) to_ask: Vec<(usize, Asking)>,
    pub(super) running: JoinSet<Ended>,
    pub(super) jobs: HashMap<Id, usize>,
    /// Stopped by a person before they arrived.
    pub(super) unwanted: HashSet<usize>,
    /// Tasks that have arrived and not ended.
    pub(super) open: usize,
    pub(super) stop: CancellationToken,
    pub(super) stopped: Option<Stop>,
    pub(super) totals: Totals,
}

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
    waits_for: Vec<usize>,
    unseen: Vec<String>,
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

    /// A task was planned. An index that arrives again brings only further aliases.
    pub(super) fn arrived(&mut self, planned: Planned) {
        let Planned { index, task } = planned;
        if self.slot(index).is_some() {
            if let Ok(task) = task {
                self.name(index, task.aliases);
            }
            return;
        }
        if self.slots.len() <= index {
            self.slots.resize_with(index + 1, || None);
        }
        self.open += 1;
        match task {
            Err(rejected) => {
                let id = rejected.id.clone();
                let (tool, description) = (rejected.tool_name, rejected.description);
                self.slots[index] =
                    Some(Slot::new(index, rejected.id, tool, description, Value::Null, 0));
                self.name(index, [id]);
                self.fail(index, rejected.failure);
            }
            Ok(task) => self.accepted(index, task),
        }
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
        self.slots[index] = Some(slot);
        self.name(index, std::iter::once(id).chain(aliases));
        if let Some(stop) = self.stopped {
            return self.cancelled(index, stop.failure());
        }
        if self.unwanted.contains(&index) {
            return self.cancelled(index, Stop::task());
        }
        match tool {
            Err(unknown) => self.fail(index, FailureCode::UnknownTool.because(unknown.to_string())),
            Ok(tool) => match self.refused(index, &tool) {
                Some(failure) => self.fail(index, failure),
                None => self.depend(index, names),
            },
        }
    }

    /// Makes a task wait for what it names, or makes it ready.
    fn depend(&mut self, index: usize, names: Vec<String>) {
        for name in names {
            match self.ids.get(&name).copied() {
                Some(other) if other == index => {
                    return self.fail(index, self.circle(&[index]));
                }
                Some(other) => self.wait_for(index, other),
                None => {
                    self.awaited.entry(name.clone()).or_default().push(index);
                    self.change(index, |slot| {
                        slot.unseen.push(name);
                        slot.needs += 1;
                    });
                }
            }
        }
        let broken = self
            .slot(index)
            .and_then(|slot| slot.waits_for.iter().copied().find(|other| self.is_broken(*other)));
        match (broken, self.slot(index).map_or(0, |slot| slot.needs)) {
            (Some(other), _) => self.skip(index, other),
            (None, 0) => self.make_ready(index),
            (None, _) => {
                self.tell_waiting(index);
            }
        }
    }

    /// It waits for other tasks, as far as those are known.
    fn tell_waiting(&self, index: usize) {
        let Some(slot) = self.slot(index) else { return };
        let open = |other: &usize| self.slot(*other).is_some_and(|on| on.state != State::Ended);
        let on = slot.waits_for.iter().copied().filter(open).collect();
        let reason = WaitReason::Dependency;
        let waiting = EventKind::TaskWaiting { index, reason, on, limit: None, until_ms: None };
        self.context.recorder.emit(waiting);
    }

    fn wait_for(&mut self, index: usize, other: usize) {
        let known = self.slot(index).is_some_and(|slot| slot.waits_for.contains(&other));
        let Some(on) = self.slots.get_mut(other).and_then(Option::as_mut) else { return };
        let open = on.state != State::Ended;
        if open && !known {
            on.dependants.push(index);
        }
        self.change(index, |slot| {
            if !known {
                slot.waits_for.push(other);
                slot.needs += usize::from(open);
            }
        });
    }

    /// A task is known by these ids from now on; whoever waited for one now waits for the task.
    fn name(&mut self, index: usize, names: impl IntoIterator<Item = String>) {
        for name in names {
            // The first task of an id keeps it; the plan rejects the second.
            if self.ids.contains_key(&name) {
                continue;
            }
            let waiting = self.awaited.remove(&name).unwrap_or_default();
            self.ids.insert(name.clone(), index);
            for waiter in waiting {
                if self.slot(waiter).is_none_or(|slot| slot.state != State::Waiting) {
                    continue;
                }
                self.change(waiter, |slot| {
                    slot.unseen.retain(|unseen| *unseen != name);
                    slot.needs -= 1;
                });
                if waiter == index {
                    self.fail(waiter, self.circle(&[waiter]));
                    continue;
                }
                self.wait_for(waiter, index);
                if self.is_broken(index) {
                    self.skip(waiter, index);
                } else if self.slot(waiter).is_some_and(|slot| slot.needs == 0) {
                    self.make_ready(waiter);
                } else {
                    self.tell_waiting(waiter);
                }
            }
        }
    }

    /// No further task will come: what waits for one that is not there, or in a circle, fails.
    pub(super) fn plan_is_whole(&mut self) {
        for index in 0..self.slots.len() {
            let Some(slot) = self.slot(index).filter(|slot| slot.state == State::Waiting) else {
                continue;
            };
            if !slot.unseen.is_empty() {
                let unseen: Vec<_> = slot.unseen.iter().map(|id| format!("\"{id}\"")).collect();
                let message = format!(
                    "it waits for {}, which no task of the plan is called (a literal \"${{\" is written \"$${{\")",
                    unseen.join(" and ")
                );
                self.fail(index, FailureCode::UnknownDependency.because(message));
            }
        }
        let waiting =
            |index: &usize| self.slot(*index).is_some_and(|slot| slot.state == State::Waiting);
        let edges: Vec<(usize, Vec<usize>)> = (0..self.slots.len())
            .filter(waiting)
            .filter_map(|index| {
                let others = self.slot(index)?.waits_for.iter().copied().filter(waiting).collect();
                Some((index, others))
            })
            .collect();
        for circle in cycles(&edges) {
            let failure = self.circle(&circle);
            // All of them at once: none is skipped since its neighbour failed first.
            self.fail_together(&circle, &failure);
        }
    }

    fn circle(&self, tasks: &[usize]) -> Failure {
        let called = |index: usize| {
            let id = self.slot(index).map(|slot| slot.outcome.id.as_str()).unwrap_or_default();
            format!("task {} ({id})", index + 1)
        };
        let first = tasks.first().copied().unwrap_or_default();
        let mut words = called(first);
        for task in tasks.iter().skip(1).copied().chain([first]) {
            words = format!("{words} waits for {}, which", called(task));
        }
        let words = words.strip_suffix(", which").unwrap_or(&words).to_owned();
        FailureCode::DependencyCycle.because(words)
    }

    pub(super) fn index_of(&self, id: &str) -> Option<usize> {
        self.ids.get(id).copied()
    }

    pub(super) fn slot(&self, index: usize) -> Option<&Slot> {
        self.slots.get(index).and_then(Option::as_ref)
    }

    pub(super) fn change(&mut self, index: usize, change: impl FnOnce(&mut Slot)) {
        if let Some(slot) = self.slots.get_mut(index).and_then(Option::as_mut) {
            change(slot);
        }
    }

    pub(super) fn make_ready(&mut self, index: usize) {
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

impl Slot {
    fn new(
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
