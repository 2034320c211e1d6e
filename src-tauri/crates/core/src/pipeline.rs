//! The five steps in order, and the one event that ends a run.
//!
//! Comes in: a [`Request`]. Goes out: a [`Run`], at once; the steps run on a task of their own.
//! Steps do not call each other: what one finds reaches the next one here. Plan and execute run at
//! the same time, joined by a channel, so that a task starts the moment it is planned.

use std::sync::Arc;

use tokio::sync::mpsc;
use tracing::{Instrument as _, info_span};
use uuid::Uuid;

use crate::{
    discover::{Discovered, discover},
    error::RunError,
    event::{Event, EventKind, Finished, NotConsulted, TaskStatus, Timings, shortened},
    execute::{Allowed, CallLimits, Context, Control, Reuse, execute},
    history::{History, Recorder},
    initialize::{Initialized, RefusedQuestion, checked_question, initialize},
    llm::{Model, ModelError, Models},
    mcp::Connections,
    plan::{Plan, PlanEnd, PlanInput, plan},
    reason::Reason,
    request::Request,
    run::Run,
    synthesize::{self, Answer, model::WriteInput},
    task::{Executed, Outcome, Stop},
};

/// Bytes of one task's failure in the run's: each is told whole by its task.
const LONGEST_REASON: usize = 1 << 10;

/// What every run of a process shares.
#[derive(Clone)]
pub struct Agent {
    /// The servers, held open between runs.
    pub connections: Connections,
    /// Where runs are kept; without one, they live as long as somebody looks at them.
    pub history: Option<History>,
    /// Each server's limits, over all running queries.
    pub limits: CallLimits,
    /// What is known of language models, keys typed in this process included.
    pub models: Models,
    /// Tools that a person is not asked about any more.
    pub allowed: Allowed,
}

/// How a run ends.
enum End {
    Finished(Box<Finished>),
    Failed(RunError),
    Cancelled,
}

impl Agent {
    /// With servers and a history, and nothing learned yet.
    pub fn new(connections: Connections, history: Option<History>) -> Self {
        Self {
            connections,
            history,
            limits: CallLimits::default(),
            models: Models::default(),
            allowed: Allowed::default(),
        }
    }

    /// Starts a run and returns at once; what happens is told by [`Run::follow`].
    ///
    /// Must be called inside a tokio runtime.
    pub fn ask(&self, request: Request) -> Result<Run, RefusedQuestion> {
        let question = checked_question(&request.question)?.to_owned();
        if request.continues.is_some() && self.history.is_none() {
            return Err(RefusedQuestion::NoHistory);
        }
        let request = Request { question, ..request };
        let run_id = Uuid::new_v4();
        let recorder =
            Recorder::start(self.history.as_ref(), run_id, &request.question, request.continues);
        let control = Control::default();
        let span = info_span!("run", run = %run_id);
        let steps =
            drive(self.clone(), request, recorder.clone(), control.clone()).instrument(span);
        tokio::spawn(end(steps, recorder.clone()));
        Ok(Run::new(recorder, control))
    }
}

/// Sees to it that every run has a last event, whatever happens to its steps.
async fn end(steps: impl Future<Output = End> + Send + 'static, recorder: Recorder) {
    let end = tokio::spawn(steps).await.unwrap_or_else(|panic| {
        End::Failed(RunError::Internal(Reason::new(
            format!("Trawl itself failed ({panic})"),
            "what was found until then is kept, and the log tells more",
        )))
    });
    recorder.emit(match end {
        End::Finished(finished) => EventKind::Finished(finished),
        End::Failed(error) => {
            let (code, message) = (error.code().to_owned(), error.to_string());
            EventKind::Failed { code, message, todo: error.reason().todo.clone() }
        }
        End::Cancelled => EventKind::Cancelled {},
    });
}

async fn drive(agent: Agent, request: Request, recorder: Recorder, control: Control) -> End {
    let initializing = initialize(&request, agent.history.as_ref());
    // The history may be another process's for a while.
    let initialized = tokio::select! {
        initialized = initializing.instrument(info_span!("initialize")) => initialized,
        () = control.cancelled() => return End::Cancelled,
    };
    let (chosen, context) = (&request.settings.model, request.settings.limits.context_tokens);
    let (wait, deadline) = (request.wait, initialized.deadline);
    let discovering = discover(&agent.connections, wait, deadline, &recorder);
    // A keychain may take its time, so the model is looked up while servers are.
    let found = async {
        let discovering = discovering.instrument(info_span!("discover"));
        tokio::join!(discovering, agent.models.chosen(chosen, context))
    };
    let (discovered, model) = tokio::select! {
        found = found => found,
        () = control.cancelled() => return End::Cancelled,
    };
    let steps = Steps {
        agent: &agent,
        request: &request,
        initialized: &initialized,
        discovered: &discovered,
        model: model.as_ref().map(Option::as_ref),
        recorder: &recorder,
        control: &control,
    };
    let (planned, executed) = steps.plan_and_execute().await;
    if control.is_cancelled() {
        return End::Cancelled;
    }
    let mut timings = Timings {
        discover_ms: discovered.elapsed_ms,
        plan_ms: planned.elapsed_ms,
        execute_ms: executed.wall_ms,
        ..Timings::default()
    };
    let not_consulted = synthesize::not_consulted(&discovered.failed, &executed.tasks);
    let answer = match &planned.end {
        PlanEnd::NoTools(reason) => return End::Failed(RunError::NoTools(reason.clone())),
        PlanEnd::Failed(reason) => return End::Failed(RunError::PlanFailed(reason.clone())),
        PlanEnd::Direct { answer, is_broken } => synthesize::direct(answer, *is_broken),
        PlanEnd::Tasks | PlanEnd::Stopped(_) => {
            if let Some(error) = nothing_found(&planned.end, &executed) {
                return End::Failed(error);
            }
            let writing = recorder.elapsed_ms();
            let writes = steps.write(&planned, &executed, &not_consulted);
            let answer = tokio::select! {
                answer = writes.instrument(info_span!("synthesize")) => answer,
                () = control.cancelled() => return End::Cancelled,
            };
            timings.synthesize_ms = recorder.elapsed_ms() - writing;
            if let PlanEnd::Stopped(why) = planned.end {
                synthesize::to_part_of_a_plan(answer, why.words(), &recorder)
            } else {
                answer
            }
        }
    };
    timings.total_ms = recorder.elapsed_ms();
    if answer.usage.is_some() || planned.usage.is_some() {
        timings.first_token_ms = first_text_ms(&recorder);
    }
    let usage = match (planned.usage, answer.usage) {
        (Some(planning), Some(writing)) => Some(planning.and(writing)),
        (planning, writing) => planning.or(writing),
    };
    End::Finished(Box::new(Finished {
        partial: !not_consulted.is_empty() || answer.broken,
        answer: answer.markdown,
        writer: Some(answer.writer),
        citations: answer.citations,
        citations_removed: answer.citations_removed,
        not_consulted,
        timings,
        usage,
        writing: answer.usage,
        cuts: answer.cuts,
    }))
}

/// What the steps of one run share once its tools are known.
struct Steps<'a> {
    agent: &'a Agent,
    request: &'a Request,
    initialized: &'a Initialized,
    discovered: &'a Discovered,
    model: Result<Option<&'a Model>, &'a ModelError>,
    recorder: &'a Recorder,
    control: &'a Control,
}

impl Steps<'_> {
    /// Steps 3 and 4, at the same time. Planning ends early when the run's limit of time passes, or
    /// when a person stops it; what was planned until then is executed or cancelled by `execute`.
    async fn plan_and_execute(&self) -> (Plan, Executed) {
        let (tasks, planned) = mpsc::unbounded_channel();
        let input = PlanInput {
            question: &self.request.question,
            conversation: &self.initialized.conversation,
            catalog: &self.discovered.catalog,
            settings: &self.request.settings,
            model: self.model,
            recorder: self.recorder,
            tasks,
        };
        let stopped = async {
            tokio::select! {
                () = self.control.tasks_stopped() => Stop::Tasks,
                () = self.control.cancelled() => Stop::Run,
                () = tokio::time::sleep_until(self.initialized.deadline) => Stop::TimedOut,
            }
        };
        let context = Context {
            catalog: Arc::clone(&self.discovered.catalog),
            connections: self.agent.connections.clone(),
            servers: self.discovered.servers.clone(),
            recorder: self.recorder.clone(),
            limits: self.agent.limits.clone(),
            approval: self.request.approval,
            allowed: self.agent.allowed.clone(),
            reuse: self.reuse(),
            control: self.control.clone(),
            deadline: self.initialized.deadline,
        };
        let executing = execute(planned, context);
        tokio::join!(
            plan(input, stopped).instrument(info_span!("plan")),
            executing.instrument(info_span!("execute"))
        )
    }

    /// Without a history there is nothing to use again.
    fn reuse(&self) -> Option<Reuse> {
        let (history, max_age) = (self.agent.history.clone()?, self.request.reuse?);
        Some(Reuse { history, max_age })
    }

    /// Step 5, with the model if there is one that can be asked.
    async fn write(
        &self,
        planned: &Plan,
        executed: &Executed,
        not_consulted: &[NotConsulted],
    ) -> Answer {
        let found = synthesize::found(&executed.tasks, self.recorder).await;
        let Ok(Some(model)) = self.model else {
            return synthesize::list(&found, not_consulted, self.recorder);
        };
        let input = WriteInput {
            question: &self.request.question,
            conversation: &self.initialized.conversation,
            found: &found,
            not_consulted,
            recorder: self.recorder,
            ends: self.initialized.writing_ends(),
        };
        if let Some(error) = &planned.lasting {
            return synthesize::model::without(&input, model, error);
        }
        synthesize::model::write(&input, model).await
    }
}

/// When the first text of the answer was there.
fn first_text_ms(recorder: &Recorder) -> Option<f64> {
    let is_text = |event: &&Arc<Event>| matches!(event.kind, EventKind::AnswerDelta { .. });
    recorder.events().iter().find(is_text).map(|event| event.at_ms)
}

/// A run with tasks fails only when none of them completed.
fn nothing_found(end: &PlanEnd, executed: &Executed) -> Option<RunError> {
    let completed = |task: &Outcome| task.status == TaskStatus::Completed;
    if executed.tasks.iter().any(completed) {
        return None;
    }
    let mut reasons: Vec<String> = Vec::new();
    for task in &executed.tasks {
        let Some(failure) = &task.failure else { continue };
        let words = shortened(&failure.message, LONGEST_REASON);
        reasons.push(format!("task {} ({}): {words}", task.index + 1, task.tool));
    }
    let count = executed.tasks.len();
    let reasons = reasons.join("; ");
    // Both see the limit at the same moment; `execute` has nothing to end where planning is first.
    let timed_out = executed.timed_out || *end == PlanEnd::Stopped(Stop::TimedOut);
    Some(match (timed_out, count) {
        (true, 0) => RunError::TimedOut(Reason::new(
            "the run's limit of time passed before it had a task",
            "raise limits.runTimeoutSeconds or choose a faster model",
        )),
        (true, _) => RunError::TimedOut(Reason::new(
            format!(
                "the run's limit of time passed before any of its {count} tasks completed. {reasons}"
            ),
            "raise limits.runTimeoutSeconds or ask for less",
        )),
        (false, 0) => RunError::PlanFailed(Reason::new(
            "planning was stopped before it had a task",
            "ask again",
        )),
        (false, _) if all_declined(&executed.tasks) => {
            RunError::Declined(declined(&executed.tasks).into())
        }
        (false, _) => {
            RunError::AllTasksFailed(format!("none of {count} tasks completed. {reasons}").into())
        }
    })
}

/// Whether a person's word is all that these tasks did not complete for.
fn all_declined(tasks: &[Outcome]) -> bool {
    let of_itself = |task: &&Outcome| task.status != TaskStatus::Skipped;
    tasks.iter().any(Outcome::was_denied) && tasks.iter().filter(of_itself).all(Outcome::was_denied)
}

fn declined(tasks: &[Outcome]) -> String {
    let denied: Vec<&Outcome> = tasks.iter().filter(|task| task.was_denied()).collect();
    match denied.as_slice() {
        [one] => format!(
            "you did not allow the call of {}, so there is nothing to answer from",
            one.tool
        ),
        several => {
            let count = several.len();
            format!("you allowed none of the {count} calls, so there is nothing to answer from")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_that_took_all_the_time_is_no_failed_plan() {
        let code = |end: PlanEnd, timed_out: bool| {
            let (wall_ms, sequential_ms) = (0.0, 0.0);
            let executed = Executed { tasks: Vec::new(), timed_out, wall_ms, sequential_ms };
            nothing_found(&end, &executed).unwrap().code()
        };
        assert_eq!(code(PlanEnd::Stopped(Stop::TimedOut), false), "timed_out");
        assert_eq!(code(PlanEnd::Stopped(Stop::TimedOut), true), "timed_out");
        assert_eq!(code(PlanEnd::Stopped(Stop::Tasks), false), "plan_failed");
    }
}
