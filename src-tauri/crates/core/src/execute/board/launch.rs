//! From ready to running: placeholders, approval, a place in the server's queue, a job.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use tracing::Instrument as _;

use crate::execute::call::Call;
use crate::execute::job::{self, Arguments, Job};
use crate::execute::task_value::TaskValue;
use crate::failure::FailureCode;
use crate::placeholder;
use crate::request::Approval;

use super::consent::refusal;
use super::{Board, State};

/// Values of the tasks that a template names, by the id it uses; shared while they are looked at.
type Values = HashMap<String, Arc<TaskValue>>;

impl Board {
    /// Starts whatever is ready: higher priority first, then plan order.
    pub(in crate::execute) fn launch(&mut self) {
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
            && let Some(asking) =
                self.slot(index).and_then(|slot| self.asking(&tool, &slot.carried))
        {
            if self.context.approval == Approval::ReadOnly {
                let message = refusal(&tool, &asking);
                return self.fail(index, FailureCode::NeedsApproval.because(message));
            }
            if !is_template {
                return self.is_to_be_asked(index, asking);
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
        let call = Call {
            index,
            priority: slot.priority,
            tool,
            server: server.clone(),
            connections: self.context.connections.clone(),
            gate: gate.clone(),
            recorder: self.context.recorder.clone(),
            cancel: cancel.clone(),
            deadline: self.context.deadline,
        };
        let job = Job { call, reuse: self.context.reuse.clone(), only_fill };
        let handle = self.running.spawn(job::run(job, arguments).instrument(span));
        self.jobs.insert(handle.id(), index);
        self.change(index, |slot| {
            slot.state = State::Running;
            slot.cancel = Some(cancel);
        });
    }
}
