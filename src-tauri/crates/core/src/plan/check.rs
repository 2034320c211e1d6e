//! From a task as it was written to a task that can be run, or to the reason why it cannot.
//!
//! Comes in: [`RawTask`]s of either planner, in the plan's order. Goes out, at once: `taskPlanned`
//! and a [`Planned`] for each. A task that a model may repair is kept back until it has tried
//! ([`Checker::invalid`], [`Checker::repair`]); what is not repaired is sent as rejected. Whether
//! the tasks of a dependency exist, and whether they form a circle, is seen when they run.
//!
//! A model that names no task counts its plan's elements, so the n-th one is `t<n>`, whatever became
//! of those before it: an identical call's name leads to the first one, and the name of an element
//! that is no task leads nowhere. Other models name a task by its tool; whom they mean is known at
//! once where no later task can have such a name for its id, and else when the plan was read
//! ([`Checker::end`]).

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use indexmap::IndexMap;
use tokio::sync::mpsc::UnboundedSender;

use super::{
    RawTask,
    arguments::{Call, settle},
};
use crate::{
    catalog::{Catalog, Tool},
    event::{EventKind, Failure},
    failure::FailureCode,
    history::Recorder,
    placeholder,
    reason::Reason,
    task::{Planned, Rejected, Task},
};

/// What a plan's tasks are checked against, and what is known of those already seen.
pub(super) struct Checker<'a> {
    catalog: &'a Catalog,
    recorder: &'a Recorder,
    tasks: &'a UnboundedSender<Planned>,
    most: usize,
    /// Tasks by id, aliases included.
    ids: HashMap<String, usize>,
    /// Names of elements that are no tasks.
    nobodys: HashSet<String>,
    /// Names of tools that tasks wait for as if they were tasks, each with those that wait.
    tools_awaited: IndexMap<String, Vec<usize>>,
    /// The plan was read: no further id comes.
    has_ended: bool,
    /// The first task of each call.
    calls: HashMap<Call, usize>,
    /// Elements of the plan until now.
    elements: usize,
    next: usize,
    valid: usize,
    invalid: Vec<Invalid>,
}

/// A task that waits for its repair.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Invalid {
    pub(super) index: usize,
    pub(super) id: String,
    pub(super) raw: RawTask,
    pub(super) failure: Failure,
    aliases: Vec<String>,
}

/// What became of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Checked {
    /// It has an index, valid or not.
    Taken,
    /// It is the same call as an earlier one.
    Alias,
    /// The plan has as many tasks as it may.
    Full,
}

impl<'a> Checker<'a> {
    pub(super) fn new(
        catalog: &'a Catalog,
        recorder: &'a Recorder,
        tasks: &'a UnboundedSender<Planned>,
        most: usize,
    ) -> Self {
        Self {
            catalog,
            recorder,
            tasks,
            most,
            ids: HashMap::new(),
            nobodys: HashSet::new(),
            tools_awaited: IndexMap::new(),
            has_ended: false,
            calls: HashMap::new(),
            elements: 0,
            next: 0,
            valid: 0,
            invalid: Vec::new(),
        }
    }

    /// How many tasks have an index.
    pub(super) fn count(&self) -> usize {
        self.next
    }

    /// How many of them can be run.
    pub(super) fn valid(&self) -> usize {
        self.valid
    }

    /// Those that a model may repair.
    pub(super) fn invalid(&self) -> &[Invalid] {
        &self.invalid
    }

    /// A plan begins: its elements are counted from its beginning.
    pub(super) fn begin(&mut self) {
        self.has_ended = false;
        self.elements = 0;
        self.nobodys.clear();
    }

    /// Lets so many further tasks in, whatever was taken before.
    pub(super) fn allow(&mut self, further: usize) {
        self.most = self.next + further;
    }

    /// Takes the plan's next task.
    pub(super) fn take(&mut self, mut raw: RawTask) -> Checked {
        let place = self.counted_name();
        let (tool, settled) = self.settled(&mut raw);
        let call = Call::of(tool.as_deref(), &raw);
        if let Some(first) = self.calls.get(&call).copied() {
            self.also_called(first, raw.id.unwrap_or(place));
            return Checked::Alias;
        }
        if self.next >= self.most {
            return Checked::Full;
        }
        let index = self.next;
        self.next += 1;
        let id = raw.id.clone().unwrap_or_else(|| self.free(place));
        if let Some(first) = self.ids.get(&id) {
            let what = format!("its id \"{id}\" is task {}'s already", first + 1);
            let reason = Reason::new(what, "every task needs an id of its own");
            let failure = FailureCode::DuplicateId.because(reason);
            self.reject(Invalid { index, id, raw, failure, aliases: Vec::new() });
            return Checked::Taken;
        }
        self.ids.insert(id.clone(), index);
        self.calls.insert(call, index);
        match settled {
            Ok(tool) => self.send(index, id, Vec::new(), &raw, &tool),
            Err(failure) => {
                self.invalid.push(Invalid { index, id, raw, failure, aliases: Vec::new() });
            }
        }
        Checked::Taken
    }

    /// Counts an element that is no task; nobody is called by its name.
    pub(super) fn skip(&mut self) {
        let name = self.counted_name();
        self.nobodys.insert(name);
    }

    /// Puts a repaired task in the place of an invalid one; it stays invalid if it still is.
    pub(super) fn repair(&mut self, index: usize, mut raw: RawTask) {
        let Some(at) = self.invalid.iter().position(|invalid| invalid.index == index) else {
            return;
        };
        let (_, settled) = self.settled(&mut raw);
        let before = &self.invalid[at].raw;
        // What the repair leaves out is as it was.
        raw.description = raw.description.or_else(|| before.description.clone());
        raw.depends_on = raw.depends_on.or_else(|| before.depends_on.clone());
        raw.priority = raw.priority.or(before.priority);
        let tool = match settled {
            Ok(tool) => tool,
            Err(failure) => {
                // Shown together: what was written last, and what is wrong with it.
                self.invalid[at].raw = raw;
                self.invalid[at].failure = failure;
                return;
            }
        };
        let Invalid { id, aliases, .. } = self.invalid.remove(at);
        let call = Call::of(Some(&tool), &raw);
        if let Some(first) = self.calls.get(&call).copied().filter(|first| *first != index) {
            let message =
                format!("it is the same call as task {}, which has its result", first + 1);
            let failure = FailureCode::DuplicateCall.because(message);
            for name in std::iter::once(&id).chain(&aliases) {
                self.ids.remove(name);
                self.also_called(first, name.clone());
            }
            self.reject(Invalid { index, id, raw, failure, aliases: Vec::new() });
        } else {
            self.calls.insert(call, index);
            self.send(index, id, aliases, &raw, &tool);
        }
    }

    /// The plan was read. What is named by its tool need not wait for the repair of others.
    pub(super) fn end(&mut self) {
        self.has_ended = true;
        self.understand();
    }

    /// No further task comes, and nobody repairs any more what is still invalid.
    pub(super) fn finish(&mut self) {
        self.end();
        for invalid in std::mem::take(&mut self.invalid) {
            self.reject(invalid);
        }
    }

    /// The tool, and the arguments in the shape that it knows; or what is wrong with either.
    fn settled(&self, raw: &mut RawTask) -> (Option<Arc<Tool>>, Result<Arc<Tool>, Failure>) {
        match self.catalog.resolve(&raw.tool_name) {
            Ok(tool) => (Some(Arc::clone(tool)), settle(tool, raw).map(|()| Arc::clone(tool))),
            Err(unknown) => (None, Err(FailureCode::UnknownTool.because(unknown.to_string()))),
        }
    }

    /// A task has one more name, if nobody else has it.
    fn also_called(&mut self, index: usize, name: String) {
        if self.ids.contains_key(&name) {
            return;
        }
        self.ids.insert(name.clone(), index);
        match self.invalid.iter_mut().find(|invalid| invalid.index == index) {
            Some(invalid) => invalid.aliases.push(name),
            None => self.hand_on(Planned::Alias(index, name)),
        }
    }

    fn send(&mut self, index: usize, id: String, aliases: Vec<String>, raw: &RawTask, tool: &Tool) {
        self.valid += 1;
        let mut depends_on = raw.depends_on.clone().unwrap_or_default();
        depends_on.extend(placeholder::references(&raw.tool_arguments));
        let mut seen = Vec::new();
        depends_on.retain(|id| {
            !seen.contains(id) && {
                seen.push(id.clone());
                true
            }
        });
        // Where ids are places in the plan, no later task can have this name for its id.
        let at_once = raw.id.is_none() || self.has_ended;
        for name in &depends_on {
            if !self.names_a_tool(name) {
                continue;
            }
            match self.meant(name, index).filter(|_| at_once) {
                Some(task) => self.also_called(task, name.clone()),
                None => self.tools_awaited.entry(name.clone()).or_default().push(index),
            }
        }
        self.tell(index, &id, Some(tool), raw, &depends_on);
        let task = Task {
            id,
            aliases,
            tool_name: self.catalog.name_of(tool),
            arguments: raw.tool_arguments.clone(),
            depends_on,
            priority: raw.priority.unwrap_or_default(),
            description: raw.description.clone().unwrap_or_default(),
        };
        self.hand_on(Planned::Task(index, task));
    }

    /// Whether a name that no task has yet is a tool's.
    fn names_a_tool(&self, name: &str) -> bool {
        !self.ids.contains_key(name) && self.catalog.resolve(name).is_ok()
    }

    /// Calls tasks by the tools' names that others wait for. The first of those that can mean one
    /// task alone decides; where none can, the repair may still bring that task.
    fn understand(&mut self) {
        for (name, waiting) in std::mem::take(&mut self.tools_awaited) {
            match waiting.iter().find_map(|waiter| self.meant(&name, *waiter)) {
                Some(task) => self.also_called(task, name),
                None => {
                    self.tools_awaited.insert(name, waiting);
                }
            }
        }
    }

    /// The one task that another can mean by a tool's name: of those that call it the earlier one,
    /// or the later one where there is no earlier one.
    fn meant(&self, name: &str, waiter: usize) -> Option<usize> {
        let tool = self.catalog.resolve(name).ok()?;
        let calls = self.calls.iter().filter(|(call, _)| call.calls(tool));
        let others = calls.map(|(_, index)| *index).filter(|index| *index != waiter);
        let (earlier, later): (BTreeSet<usize>, BTreeSet<usize>) =
            others.partition(|index| *index < waiter);
        let meant = if earlier.is_empty() { later } else { earlier };
        meant.first().copied().filter(|_| meant.len() == 1)
    }

    fn reject(&mut self, invalid: Invalid) {
        let Invalid { index, id, raw, failure, aliases } = invalid;
        // A later task that makes the same call is one of its own.
        self.calls.retain(|_, first| *first != index);
        let tool = self.catalog.resolve(&raw.tool_name).ok().cloned();
        let depends_on = raw.depends_on.clone().unwrap_or_default();
        self.tell(index, &id, tool.as_deref(), &raw, &depends_on);
        let description = raw.description.unwrap_or_default();
        let rejected = Rejected { id, tool_name: raw.tool_name, description, failure };
        self.hand_on(Planned::Rejected(index, rejected));
        for name in aliases {
            self.hand_on(Planned::Alias(index, name));
        }
    }

    fn tell(
        &self,
        index: usize,
        id: &str,
        tool: Option<&Tool>,
        raw: &RawTask,
        depends_on: &[String],
    ) {
        let known = depends_on.iter().filter_map(|id| self.ids.get(id).copied());
        let mut depends_on: Vec<usize> = known.filter(|other| *other != index).collect();
        depends_on.dedup();
        self.recorder.emit(EventKind::TaskPlanned {
            index,
            id: id.to_owned(),
            server: tool.map(|tool| tool.server.clone()),
            tool: tool.map_or_else(|| raw.tool_name.clone(), |tool| tool.name.clone()),
            arguments: raw.tool_arguments.clone(),
            description: raw.description.clone().unwrap_or_default(),
            depends_on,
            priority: raw.priority.unwrap_or_default(),
        });
    }

    fn hand_on(&self, planned: Planned) {
        // The receiver is gone only when the run is.
        let _ = self.tasks.send(planned);
    }

    /// The name of the plan's next element, counted from `t1`.
    fn counted_name(&mut self) -> String {
        self.elements += 1;
        format!("t{}", self.elements)
    }

    /// A name, unless another task took it for itself.
    fn free(&self, mut name: String) -> String {
        while self.ids.contains_key(&name) || self.nobodys.contains(&name) {
            name.push('b');
        }
        name
    }
}

#[cfg(test)]
mod tests;
