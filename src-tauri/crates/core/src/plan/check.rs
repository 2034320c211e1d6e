//! From a task as it was written to a task that can be run, or to the reason why it cannot.
//!
//! Comes in: [`RawTask`]s of either planner, in the plan's order. Goes out, at once: `taskPlanned`
//! and a [`Planned`] for each. A task that a model may repair is kept back until it has tried
//! ([`Checker::invalid`], [`Checker::repair`]); what is not repaired is sent as rejected. Whether
//! the tasks of a dependency exist, and whether they form a circle, is seen when they run.

use std::{collections::HashMap, sync::Arc};

use tokio::sync::mpsc::UnboundedSender;

use super::{
    Planned, RawTask, Rejected, Task,
    arguments::{call, valid},
    strict,
};
use crate::{
    catalog::{self, Catalog, Tool},
    event::{EventKind, Failure},
    history::Recorder,
    placeholder,
};

/// What a plan's tasks are checked against, and what is known of those already seen.
pub(super) struct Checker<'a> {
    catalog: &'a Catalog,
    recorder: &'a Recorder,
    tasks: &'a UnboundedSender<Planned>,
    most: usize,
    /// Tasks by id, aliases included.
    ids: HashMap<String, usize>,
    /// Tasks by server, tool and arguments.
    calls: HashMap<(String, String, String), usize>,
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
            calls: HashMap::new(),
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

    /// Takes the plan's next task.
    pub(super) fn take(&mut self, mut raw: RawTask) -> Checked {
        let checked = self.resolve(&mut raw);
        if let Ok(tool) = &checked {
            let call = call(tool, &raw.tool_arguments);
            if let Some(index) = self.calls.get(&call).copied() {
                self.alias(index, raw);
                return Checked::Alias;
            }
            if self.next < self.most {
                self.calls.insert(call, self.next);
            }
        }
        if self.next >= self.most {
            return Checked::Full;
        }
        let index = self.next;
        self.next += 1;
        let id = raw.id.clone().unwrap_or_else(|| self.free_id(index));
        if let Some(first) = self.ids.get(&id) {
            let message = format!(
                "its id \"{id}\" is task {}'s already; every task needs an id of its own",
                first + 1
            );
            let failure = Failure { code: "duplicate_id".to_owned(), message };
            self.reject(Invalid { index, id, raw, failure, aliases: Vec::new() });
            return Checked::Taken;
        }
        self.ids.insert(id.clone(), index);
        match checked.and_then(|tool| valid(&tool, &mut raw).map(|()| tool)) {
            Ok(tool) => self.send(index, id, Vec::new(), &raw, &tool),
            Err(failure) => {
                self.invalid.push(Invalid { index, id, raw, failure, aliases: Vec::new() });
            }
        }
        Checked::Taken
    }

    /// Puts a repaired task in the place of an invalid one; it stays invalid if it still is.
    pub(super) fn repair(&mut self, index: usize, mut raw: RawTask) {
        let Some(at) = self.invalid.iter().position(|invalid| invalid.index == index) else {
            return;
        };
        let checked = self.resolve(&mut raw);
        let checked = checked.and_then(|tool| valid(&tool, &mut raw).map(|()| tool));
        match checked {
            Ok(tool) => {
                let Invalid { index, id, aliases, raw: before, .. } = self.invalid.remove(at);
                // What the repair leaves out is as it was.
                raw.description = raw.description.or(before.description);
                raw.depends_on = raw.depends_on.or(before.depends_on);
                raw.priority = raw.priority.or(before.priority);
                self.send(index, id, aliases, &raw, &tool);
            }
            Err(failure) => self.invalid[at].failure = failure,
        }
    }

    /// Rejects what nobody repairs any more.
    pub(super) fn reject_invalid(&mut self) {
        for invalid in std::mem::take(&mut self.invalid) {
            self.reject(invalid);
        }
    }

    /// Finds the tool and brings the arguments into the shape that it knows.
    fn resolve(&self, raw: &mut RawTask) -> Result<Arc<Tool>, Failure> {
        let tool = self.catalog.resolve(&raw.tool_name).map_err(|unknown| Failure {
            code: "unknown_tool".to_owned(),
            message: unknown.to_string(),
        })?;
        strict::without_nulls(&tool.input_schema, &mut raw.tool_arguments);
        Ok(Arc::clone(tool))
    }

    /// The same call again: later tasks may name it by this id too.
    fn alias(&mut self, index: usize, raw: RawTask) {
        let Some(id) = raw.id.filter(|id| !self.ids.contains_key(id)) else { return };
        self.ids.insert(id.clone(), index);
        if let Some(invalid) = self.invalid.iter_mut().find(|invalid| invalid.index == index) {
            invalid.aliases.push(id);
            return;
        }
        let task = Task {
            id: id.clone(),
            aliases: vec![id],
            tool_name: raw.tool_name,
            arguments: raw.tool_arguments,
            depends_on: Vec::new(),
            priority: 0,
            description: String::new(),
        };
        self.hand_on(Planned { index, task: Ok(task) });
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
        self.tell(index, &id, Some(tool), raw, &depends_on);
        let task = Task {
            id,
            aliases,
            tool_name: catalog::qualified_name(&tool.server, &tool.name),
            arguments: raw.tool_arguments.clone(),
            depends_on,
            priority: raw.priority.unwrap_or_default(),
            description: raw.description.clone().unwrap_or_default(),
        };
        self.hand_on(Planned { index, task: Ok(task) });
    }

    fn reject(&mut self, invalid: Invalid) {
        let Invalid { index, id, raw, failure, aliases: _ } = invalid;
        let tool = self.catalog.resolve(&raw.tool_name).ok().cloned();
        let depends_on = raw.depends_on.clone().unwrap_or_default();
        self.tell(index, &id, tool.as_deref(), &raw, &depends_on);
        let description = raw.description.unwrap_or_default();
        let rejected = Rejected { id, tool_name: raw.tool_name, description, failure };
        self.hand_on(Planned { index, task: Err(rejected) });
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

    /// `t<index + 1>`, unless an earlier task took that name for itself.
    fn free_id(&self, index: usize) -> String {
        let mut id = format!("t{}", index + 1);
        while self.ids.contains_key(&id) {
            id.push('b');
        }
        id
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use tokio::sync::mpsc;
    use uuid::Uuid;

    use super::*;
    use crate::catalog::{Hints, Validator};

    fn catalog() -> Catalog {
        let schema = json!({"type": "object", "required": ["q"], "additionalProperties": false,
            "properties": {"q": {"type": "string"}, "size": {"type": "integer"}}});
        let tool = |name: &str| {
            Arc::new(Tool {
                server: "s".into(),
                name: name.into(),
                title: None,
                description: String::new(),
                input_schema: schema.as_object().cloned().unwrap(),
                output_schema: None,
                hints: Hints::default(),
                validator: Validator::default(),
            })
        };
        Catalog::new([tool("find"), tool("list")])
    }

    fn raw(id: Option<&str>, tool: &str, arguments: Value) -> RawTask {
        RawTask {
            id: id.map(str::to_owned),
            tool_name: tool.to_owned(),
            tool_arguments: arguments,
            ..RawTask::default()
        }
    }

    /// Checks tasks; returns what was sent, as `index:ok:id` or `index:code`.
    fn check(most: usize, raws: Vec<RawTask>, repaired: Vec<(usize, RawTask)>) -> Vec<String> {
        let (catalog, recorder) = (catalog(), Recorder::start(None, Uuid::nil(), "?", None));
        let (sender, mut receiver) = mpsc::unbounded_channel();
        let mut checker = Checker::new(&catalog, &recorder, &sender, most);
        for raw in raws {
            checker.take(raw);
        }
        for (index, raw) in repaired {
            checker.repair(index, raw);
        }
        checker.reject_invalid();
        drop(sender);
        let mut sent = Vec::new();
        while let Ok(Planned { index, task }) = receiver.try_recv() {
            sent.push(match task {
                Ok(task) if task.aliases.is_empty() => {
                    format!("{index}:{}:{}", task.id, task.arguments)
                }
                Ok(task) => format!("{index}={}", task.aliases.join(",")),
                Err(rejected) => format!("{index}!{}", rejected.failure.code),
            });
        }
        sent
    }

    #[test]
    fn tasks_are_resolved_named_and_told_apart() {
        let sent = check(
            9,
            vec![
                raw(None, "find", json!({"q": "a", "size": null})),
                raw(Some("again"), "s__find", json!({"q": "a"})),
                raw(Some("t1"), "list", json!({"q": "b"})),
                raw(None, "list", json!({"size": "3", "q": 7})),
                raw(None, "list", json!({"q": "${t1:/x}"})),
            ],
            Vec::new(),
        );
        assert_eq!(
            sent,
            [
                r#"0:t1:{"q":"a"}"#,
                "0=again",
                "1!duplicate_id",
                r#"2:t3:{"size":3,"q":"7"}"#,
                r#"3:t4:{"q":"${t1:/x}"}"#
            ]
        );
    }

    #[test]
    fn a_repaired_task_keeps_its_place() {
        let broken = vec![
            raw(None, "nothing", json!({})),
            raw(None, "find", json!({"q": "a"})),
            raw(None, "find", json!({"size": 1})),
        ];
        let repaired = vec![
            (0, raw(Some("x"), "find", json!({"q": "c"}))),
            (2, raw(None, "find", json!({"size": "no"}))),
        ];
        assert_eq!(
            check(9, broken.clone(), repaired),
            [r#"1:t2:{"q":"a"}"#, r#"0:t1:{"q":"c"}"#, "2!invalid_arguments"]
        );
        assert_eq!(check(2, broken, Vec::new()), [r#"1:t2:{"q":"a"}"#, "0!unknown_tool"]);
    }
}
