//! What a person is asked about, and what comes of their answer.
//!
//! Comes in: tasks that are ready but for a person's word. Goes out: one request for all that came to
//! need it, and the events of what was decided. Where nobody can be asked, the task fails at once.

use std::collections::BTreeSet;

use crate::catalog::Tool;
use crate::event::{AskedTool, EventKind, Failure, RealArguments, WaitReason};
use crate::execute::Standing;
use crate::failure::FailureCode;
use crate::placeholder;
use crate::request::Approval;

use super::consent::{Asking, Word, asking, refusal};
use super::{Board, State};

impl Board {
    /// What can be said against a call before anything is known of its arguments.
    pub(super) fn refused(&self, index: usize, tool: &Tool) -> Option<Failure> {
        if !self.servers.contains_key(&tool.server) {
            let message = format!("server \"{}\" is not connected in this run", tool.server);
            return Some(FailureCode::ServerUnavailable.because(message));
        }
        match self.context.approval {
            Approval::ReadOnly => {
                let asking = self.asking(tool, &self.would_carry(index))?;
                // What would be carried is not sure before it is there; what the tool does is.
                let sure = !tool.hints.read_only;
                sure.then(|| FailureCode::NeedsApproval.because(refusal(tool, &asking)))
            }
            Approval::All | Approval::Ask => None,
        }
    }

    /// What a person is to be asked about this call in this run, if it needs their approval.
    pub(super) fn asking(&self, tool: &Tool, carried: &BTreeSet<String>) -> Option<Asking> {
        let word = match self.context.approval {
            Approval::All => return None,
            // Whoever wrote the settings is not asked, so that the settings are their word.
            Approval::ReadOnly => Word { always: false, trusted: true, only_reads: false },
            Approval::Ask => Word {
                always: self.context.allowed.standing(tool) == Standing::Allowed,
                trusted: self.context.allowed.trusts(&tool.server),
                only_reads: self
                    .servers
                    .get(&tool.server)
                    .is_some_and(|(server, _)| server.entry().read_only),
            },
        };
        asking(tool, carried, word)
    }

    /// Servers whose results a task's arguments would carry, as far as the plan is known.
    fn would_carry(&self, index: usize) -> BTreeSet<String> {
        let sources = |index: usize| {
            let slot = self.slot(index);
            let ids = slot.map(|slot| placeholder::references(&slot.arguments)).unwrap_or_default();
            ids.into_iter().filter_map(|id| self.index_of(&id)).collect::<Vec<usize>>()
        };
        let (mut carried, mut seen) = (BTreeSet::new(), BTreeSet::new());
        let mut open = sources(index);
        while let Some(source) = open.pop() {
            if seen.insert(source) {
                carried.extend(self.slot(source).and_then(|slot| slot.outcome.server.clone()));
                open.extend(sources(source));
            }
        }
        carried
    }

    /// A person decides on the task before it goes on.
    pub(super) fn is_to_be_asked(&mut self, index: usize, asking: Asking) {
        let tool = self.slot(index).and_then(|slot| slot.tool.clone());
        let standing = tool.map(|tool| self.context.allowed.standing(&tool));
        self.change(index, |slot| {
            slot.state = State::Asking;
            slot.was_allowed = standing == Some(Standing::Allowed);
        });
        self.to_ask.push((index, asking));
    }

    /// Asks a person about everything that came to need it, in one request.
    pub(in crate::execute) fn ask(&mut self) {
        let mut asked = std::mem::take(&mut self.to_ask);
        asked
            .retain(|(index, _)| self.slot(*index).is_some_and(|slot| slot.state == State::Asking));
        if asked.is_empty() {
            return;
        }
        asked.sort_by_key(|(index, _)| *index);
        let mut reasons: Vec<String> = Vec::new();
        let (mut arguments, mut tools) = (Vec::new(), Vec::new());
        for (index, asking) in &asked {
            let index = *index;
            self.context.recorder.emit(EventKind::waiting(index, WaitReason::Approval));
            for reason in &asking.reasons {
                if !reasons.contains(reason) {
                    reasons.push(reason.clone());
                }
            }
            let Some(slot) = self.slot(index) else { continue };
            if slot.filled {
                arguments.push(RealArguments { index, arguments: (*slot.arguments).clone() });
            }
            tools.extend(slot.tool.as_ref().map(|tool| self.asked_tool(index, tool, asking)));
        }
        self.context.recorder.emit(EventKind::ApprovalRequested {
            indexes: asked.into_iter().map(|(index, _)| index).collect(),
            reason: reasons.join("; "),
            arguments,
            tools,
        });
    }

    fn asked_tool(&self, index: usize, tool: &Tool, asking: &Asking) -> AskedTool {
        AskedTool {
            index,
            server: tool.server.clone(),
            tool: tool.name.clone(),
            effects: asking.effects.clone(),
            sends_from: asking.sends_from.clone(),
            read_only: tool.hints.read_only,
            destructive: tool.hints.destructive && !tool.hints.read_only,
            definition: tool.definition.clone(),
            changed: self.context.allowed.standing(tool) == Standing::Changed,
        }
    }

    /// A person decided. What was not asked about, or was decided before, is left alone.
    pub(in crate::execute) fn resolved(&mut self, approved: &[usize], denied: &[usize]) {
        let denied = self.undecided(denied);
        let mut approved = self.undecided(approved);
        approved.retain(|index| !denied.contains(index));
        if approved.is_empty() && denied.is_empty() {
            return;
        }
        let always = |index: &usize| {
            let slot = self.slot(*index).filter(|slot| !slot.was_allowed);
            let tool = slot.and_then(|slot| slot.tool.as_ref()).filter(|t| !t.hints.read_only);
            tool.is_some_and(|tool| self.context.allowed.standing(tool) == Standing::Allowed)
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
            self.fail(index, FailureCode::Denied.because("you did not allow it"));
        }
    }

    fn undecided(&self, indexes: &[usize]) -> Vec<usize> {
        let asked =
            |index: &usize| self.slot(*index).is_some_and(|slot| slot.state == State::Asking);
        indexes.iter().copied().filter(asked).collect::<BTreeSet<_>>().into_iter().collect()
    }
}
