//! From ready to running: placeholders, approval, a place in the server's queue, a job.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use tracing::Instrument as _;

use crate::catalog::Tool;
use crate::event::{AskedTool, EventKind, RealArguments, WaitReason};
use crate::placeholder;

use super::board::{Board, State};
use super::consent::how_to_allow;
use super::failure::FailureCode;
use super::job::{self, Arguments, Job};
use super::value::TaskValue;
use super::{Approval, Standing};

/// Values of the tasks that a template names, by the id it uses; shared while they are looked at.
type Values = HashMap<String, Arc<TaskValue>>;

impl Board {
    /// Starts whatever is ready: higher priority first, then plan order.
    pub(super) fn launch(&mut self) {
        let mut ready = std::mem::take(&mut self.ready);
        ready.sort_by_key(|index| {
            (Reverse(self.slot(*index).map_or(0, |slot| slot.priority)), *index)
        });
        // The value of a task is parsed once for all that became ready with it.
        let mut parsed = HashMap::new();
        for index in ready {
            self.start(index, &mut parsed);
        }
    }

    fn start(&mut self, index: usize, parsed: &mut HashMap<usize, Arc<TaskValue>>) {
        let Some(slot) = self.slot(index).filter(|slot| slot.state == State::Ready) else { return };
        let Some(tool) = slot.tool.clone() else { return };
        let is_template = !slot.filled && placeholder::needs_filling(&slot.arguments);
        let approved = slot.approved;
        let values = if is_template { self.values(index, parsed) } else { Values::new() };
        let mut ask = false;
        if !approved
            && let Some(why) =
                self.slot(index).and_then(|slot| self.why_asked(&tool, &slot.carried))
        {
            if self.context.approval == Approval::ReadOnly {
                let message = format!("{why}; {}", how_to_allow(&tool));
                return self.fail(index, FailureCode::NeedsApproval.because(message));
            }
            if !is_template {
                self.change(index, |slot| slot.state = State::Asking);
                self.to_ask.push((index, why));
                return;
            }
            ask = true;
        }
        self.spawn(index, ask, is_template.then_some(values));
    }

    /// What the placeholders stand for; notes whose data they carry.
    fn values(&mut self, index: usize, parsed: &mut HashMap<usize, Arc<TaskValue>>) -> Values {
        let Some(slot) = self.slot(index) else { return Values::new() };
        let mut values = Values::new();
        let mut carried = BTreeSet::new();
        for id in placeholder::references(&slot.arguments) {
            let Some(source) = self.index_of(&id) else { continue };
            let Some(of) = self.slot(source) else { continue };
            carried.extend(of.carried.iter().cloned());
            carried.extend(of.outcome.server.clone());
            let bytes = of.result_bytes;
            let value = parsed
                .entry(source)
                .or_insert_with(|| Arc::new(TaskValue::new(&self.context.recorder, source, bytes)));
            values.insert(id, value.clone());
        }
        self.change(index, |slot| slot.carried = carried);
        values
    }

    fn spawn(&mut self, index: usize, only_fill: bool, template: Option<Values>) {
        let Some(slot) = self.slot(index) else { return };
        let Some(tool) = slot.tool.clone() else { return };
        let Some((server, gate)) = self.servers.get(&tool.server) else { return };
        let cancel = self.stop.child_token();
        // A call that may turn out to need no server takes its place later, in the same order.
        let may_be_reused = self.context.reuse.is_some() && tool.hints.read_only;
        let arguments = match template {
            Some(values) => Arguments::Template { template: slot.arguments.clone(), values },
            None => Arguments::Ready {
                arguments: slot.arguments.clone(),
                filled: slot.filled,
                ticket: (!may_be_reused).then(|| gate.enter(slot.priority, index)),
            },
        };
        let span = tracing::info_span!("task", index, server = tool.server, tool = tool.name);
        let job = Job {
            index,
            priority: slot.priority,
            tool,
            server: server.clone(),
            connections: self.context.connections.clone(),
            gate: gate.clone(),
            recorder: self.context.recorder.clone(),
            reuse: self.context.reuse.clone(),
            cancel: cancel.clone(),
            deadline: self.context.deadline,
            only_fill,
        };
        let handle = self.running.spawn(job::run(job, arguments).instrument(span));
        self.jobs.insert(handle.id(), index);
        self.change(index, |slot| {
            slot.state = State::Running;
            slot.cancel = Some(cancel);
        });
    }

    /// Asks a person about everything that came to need it, in one request.
    pub(super) fn ask(&mut self) {
        let mut asked = std::mem::take(&mut self.to_ask);
        asked
            .retain(|(index, _)| self.slot(*index).is_some_and(|slot| slot.state == State::Asking));
        if asked.is_empty() {
            return;
        }
        asked.sort_by_key(|(index, _)| *index);
        let mut reasons: Vec<String> = Vec::new();
        let (mut arguments, mut tools) = (Vec::new(), Vec::new());
        for (index, why) in &asked {
            let index = *index;
            self.context.recorder.emit(EventKind::waiting(index, WaitReason::Approval));
            if !reasons.contains(why) {
                reasons.push(why.clone());
            }
            let Some(slot) = self.slot(index) else { continue };
            if slot.filled {
                arguments.push(RealArguments { index, arguments: (*slot.arguments).clone() });
            }
            tools.extend(slot.tool.as_ref().map(|tool| self.asked_tool(index, tool)));
        }
        self.context.recorder.emit(EventKind::ApprovalRequested {
            indexes: asked.into_iter().map(|(index, _)| index).collect(),
            reason: reasons.join("; "),
            arguments,
            tools,
        });
    }

    fn asked_tool(&self, index: usize, tool: &Tool) -> AskedTool {
        AskedTool {
            index,
            read_only: tool.hints.read_only,
            destructive: tool.hints.destructive && !tool.hints.read_only,
            definition: tool.definition.clone(),
            changed: self.context.allowed.standing(tool) == Standing::Changed,
        }
    }

    /// A person decided. What was not asked about, or was decided before, is left alone.
    pub(super) fn resolved(&mut self, approved: &[usize], denied: &[usize]) {
        let denied = self.undecided(denied);
        let mut approved = self.undecided(approved);
        approved.retain(|index| !denied.contains(index));
        if approved.is_empty() && denied.is_empty() {
            return;
        }
        // They were asked about, so whatever is always allowed now has just become so.
        let always = |index: &usize| {
            let tool = self.slot(*index).and_then(|slot| slot.tool.as_ref());
            let of_itself = tool.filter(|tool| !tool.hints.read_only);
            of_itself.is_some_and(|t| self.context.allowed.standing(t) == Standing::Allowed)
        };
        self.context.recorder.emit(EventKind::ApprovalResolved {
            always: approved.iter().copied().filter(always).collect(),
            approved: approved.clone(),
            denied: denied.clone(),
        });
        for index in approved {
            self.change(index, |slot| slot.approved = true);
            self.make_ready(index);
        }
        for index in denied {
            self.fail(index, FailureCode::Denied.because("it was not approved"));
        }
    }

    fn undecided(&self, indexes: &[usize]) -> Vec<usize> {
        let asked =
            |index: &usize| self.slot(*index).is_some_and(|slot| slot.state == State::Asking);
        indexes.iter().copied().filter(asked).collect::<BTreeSet<_>>().into_iter().collect()
    }
}
