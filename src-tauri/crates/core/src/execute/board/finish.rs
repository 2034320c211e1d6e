//! How tasks end: each exactly once, with one event, and with everything that depends on it woken.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::event::{EventKind, Failure, LONGEST, TaskStatus, shortened};
use crate::execute::job::{Ended, Ending, own_fault, panic_words};
use crate::execute::kept::Kept;
use crate::execute::meter::Meter;
use crate::failure::FailureCode;
use crate::task::{Executed, Stop};

use super::{Board, Joined, State};

impl Board {
    /// A job came to its end, or was thrown off the runtime. Others that ended at the same moment are
    /// taken with it.
    pub(in crate::execute) fn joined(&mut self, joined: Joined) {
        self.one_joined(joined);
        while let Some(joined) = self.running.try_join_next_with_id() {
            self.one_joined(joined);
        }
    }

    fn one_joined(&mut self, joined: Joined) {
        match joined {
            Ok((id, ended)) => {
                self.jobs.remove(&id);
                self.ended(ended);
            }
            Err(error) => {
                let Some(index) = self.jobs.remove(&error.id()) else { return };
                let words = match error.try_into_panic() {
                    Ok(panic) => panic_words(panic.as_ref()).to_owned(),
                    Err(error) => error.to_string(),
                };
                self.fail(index, FailureCode::Internal.because(own_fault(&words)));
            }
        }
    }

    fn ended(&mut self, ended: Ended) {
        let Ended { index, ending, meter, filled } = ended;
        if let Some(arguments) = filled {
            self.change(index, |slot| {
                slot.arguments = arguments;
                slot.filled = true;
            });
        }
        match ending {
            Ending::Completed(kept) => {
                self.finish(index, TaskStatus::Completed, None, kept, &meter);
            }
            Ending::Reused(kept, reused) => {
                self.change(index, |slot| slot.reused = Some(reused));
                self.finish(index, TaskStatus::Completed, None, kept, &meter);
            }
            Ending::Failed(failure, kept) => {
                self.finish(index, TaskStatus::Failed, Some(failure), kept, &meter);
            }
            Ending::Stopped => {
                let failure = self.stopped.map_or_else(Stop::of_one_task, Stop::failure);
                self.finish(index, TaskStatus::Cancelled, Some(failure), Kept::default(), &meter);
            }
            Ending::Filled => self.filled(index),
        }
    }

    /// The arguments are real now: a person is asked, unless the run was stopped meanwhile.
    fn filled(&mut self, index: usize) {
        let stopped = self.stopped.map(Stop::failure);
        let Some(slot) = self.slot(index) else { return };
        let one_stopped = slot.cancel.as_ref().is_some_and(CancellationToken::is_cancelled);
        let asking = slot.tool.as_ref().and_then(|tool| self.asking(tool, &slot.carried));
        if let Some(failure) = stopped.or_else(|| one_stopped.then(Stop::of_one_task)) {
            return self.cancelled(index, failure);
        }
        match asking {
            Some(asking) => self.is_to_be_asked(index, asking),
            // Allowed meanwhile.
            None => self.make_ready(index),
        }
    }

    pub(super) fn fail(&mut self, index: usize, failure: Failure) {
        let (kept, meter) = (Kept::default(), Meter::default());
        self.finish(index, TaskStatus::Failed, Some(failure), kept, &meter);
    }

    pub(super) fn cancelled(&mut self, index: usize, failure: Failure) {
        let (kept, meter) = (Kept::default(), Meter::default());
        self.finish(index, TaskStatus::Cancelled, Some(failure), kept, &meter);
    }

    pub(super) fn skip(&mut self, index: usize, broken: usize) {
        let failure = self.because_of(broken);
        let (kept, meter) = (Kept::default(), Meter::default());
        self.finish(index, TaskStatus::Skipped, Some(failure), kept, &meter);
    }

    /// Ends several tasks with the same failure before anything that depends on them is woken.
    pub(super) fn fail_together(&mut self, indexes: &[usize], failure: &Failure) {
        let mut woken = VecDeque::new();
        for index in indexes {
            let (kept, meter) = (Kept::default(), Meter::default());
            let failure = Some(failure.clone());
            woken.extend(self.end(*index, TaskStatus::Failed, failure, kept, &meter));
        }
        self.wake(woken);
    }

    fn finish(
        &mut self,
        index: usize,
        status: TaskStatus,
        failure: Option<Failure>,
        kept: Kept,
        meter: &Meter,
    ) {
        let woken = self.end(index, status, failure, kept, meter);
        self.wake(woken.into());
    }

    /// Tells the end of one task; gives back who depends on it, each with its name.
    fn end(
        &mut self,
        index: usize,
        status: TaskStatus,
        failure: Option<Failure>,
        kept: Kept,
        meter: &Meter,
    ) -> Vec<(usize, usize)> {
        let Some(slot) = self.slots.get_mut(index).and_then(Option::as_mut) else {
            return Vec::new();
        };
        if slot.state == State::Ended {
            return Vec::new();
        }
        let elapsed_ms = self.totals.add(meter);
        slot.state = State::Ended;
        slot.cancel = None;
        slot.result_bytes = kept.bytes;
        slot.outcome.status = status;
        slot.outcome.failure = failure.as_ref().map(told);
        slot.outcome.elapsed_ms = elapsed_ms;
        slot.outcome.attempts = meter.attempts;
        let dependants = std::mem::take(&mut slot.dependants);
        let reused = slot.reused.take();
        self.open -= 1;
        self.context.recorder.emit(EventKind::TaskFinished {
            index,
            status,
            elapsed_ms,
            attempts: meter.attempts,
            result_bytes: kept.bytes as u64,
            preview: kept.preview,
            items: kept.items,
            reused,
            error: failure,
        });
        dependants.into_iter().map(|dependant| (dependant, index)).collect()
    }

    /// Makes ready what waited for this alone, skips what can no longer run, and so on along the
    /// graph; without recursion, since a chain may be as long as a plan.
    fn wake(&mut self, mut woken: VecDeque<(usize, usize)>) {
        if self.stopped.is_some() {
            // Whoever stopped the tasks ends all of them, with the right reason.
            return;
        }
        while let Some((index, because)) = woken.pop_front() {
            if self.slot(index).is_none_or(|slot| slot.state != State::Waiting) {
                continue;
            }
            let completed =
                self.slot(because).is_some_and(|slot| slot.outcome.status == TaskStatus::Completed);
            if completed {
                self.change(index, |slot| slot.needs -= 1);
                if self.slot(index).is_some_and(|slot| slot.needs == 0) {
                    self.make_ready(index);
                }
            } else {
                let failure = self.because_of(because);
                let (kept, meter) = (Kept::default(), Meter::default());
                woken.extend(self.end(index, TaskStatus::Skipped, Some(failure), kept, &meter));
            }
        }
    }

    fn because_of(&self, broken: usize) -> Failure {
        let outcome = self.slot(broken).map(|slot| &slot.outcome);
        let how = match outcome.map(|outcome| (outcome.status, outcome.was_denied())) {
            Some((TaskStatus::Cancelled, _)) => "was cancelled",
            Some((TaskStatus::Skipped, _)) => "was skipped",
            Some((_, true)) => "was not allowed",
            _ => "failed",
        };
        FailureCode::DependencyFailed.because(format!("because task {} {how}", broken + 1))
    }

    /// Stops everything that is open, now and later.
    pub(in crate::execute) fn stop_all(&mut self, stop: Stop) {
        self.stopped = Some(stop);
        self.stop.cancel();
        for index in 0..self.slots.len() {
            let idle = |state| matches!(state, State::Waiting | State::Ready | State::Asking);
            if self.slot(index).is_some_and(|slot| idle(slot.state)) {
                self.cancelled(index, stop.failure());
            }
        }
    }

    /// Stops one task; what depends on it is skipped.
    pub(in crate::execute) fn stop_one(&mut self, index: usize) {
        let Some(slot) = self.slot(index) else {
            self.unwanted.insert(index);
            return;
        };
        match slot.state {
            State::Waiting | State::Ready | State::Asking => {
                self.cancelled(index, Stop::of_one_task());
            }
            State::Running => slot.cancel.iter().for_each(CancellationToken::cancel),
            State::Ended => {}
        }
    }

    /// Tells the totals, if there was a task.
    pub(in crate::execute) fn close(self) -> Executed {
        let count = |status| {
            let ended = self.slots.iter().flatten();
            ended.filter(|slot| slot.outcome.status == status).count()
        };
        let (wall_ms, sequential_ms) = self.totals.milliseconds();
        let timed_out = self.stopped == Some(Stop::TimedOut);
        if !self.slots.is_empty() {
            self.context.recorder.emit(EventKind::TasksFinished {
                completed: count(TaskStatus::Completed),
                failed: count(TaskStatus::Failed),
                skipped: count(TaskStatus::Skipped),
                cancelled: count(TaskStatus::Cancelled),
                wall_ms,
                sequential_ms,
            });
        }
        let tasks = self.slots.into_iter().flatten().map(|slot| {
            let mut outcome = slot.outcome;
            outcome.arguments = Arc::unwrap_or_clone(slot.arguments);
            outcome
        });
        Executed { tasks: tasks.collect(), timed_out, wall_ms, sequential_ms }
    }
}

/// A failure as later steps read it: they need no more of a long message than events tell.
fn told(failure: &Failure) -> Failure {
    let message = shortened(&failure.message, LONGEST).into_owned();
    Failure { message, ..failure.clone() }
}
