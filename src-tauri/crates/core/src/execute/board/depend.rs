//! Who waits for whom: tasks are named, wait for each other, and become ready or fail for it.

use crate::event::{EventKind, Failure, WaitReason};
use crate::failure::FailureCode;

use super::cycle::cycles;
use super::{Board, State};

impl Board {
    /// Makes a task wait for what it names, or makes it ready.
    pub(super) fn depend(&mut self, index: usize, names: Vec<String>) {
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
    pub(super) fn name(&mut self, index: usize, names: impl IntoIterator<Item = String>) {
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
    pub(in crate::execute) fn plan_is_whole(&mut self) {
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
}
