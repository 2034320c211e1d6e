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
    discover::{Discovered, Wait, discover},
    error::RunError,
    event::{EventKind, Finished, RunId, TaskStatus, Timings},
    execute::{Approval, CallLimits, Context, Control, Executed, Outcome, execute},
    history::{History, Recorder},
    initialize::{Initialized, RefusedQuestion, checked_question, initialize},
    mcp::Connections,
    plan::{Plan, PlanEnd, PlanInput, plan},
    run::Run,
    settings::Settings,
    synthesize::{self, Answer},
};

/// What every run of a process shares.
#[derive(Clone)]
pub struct Agent {
    /// The servers, held open between runs.
    pub connections: Connections,
    /// Where runs are kept; without one, they live as long as somebody looks at them.
    pub history: Option<History>,
    /// Each server's limits, over all running queries.
    pub limits: CallLimits,
}

/// One question and how it is to be asked.
#[derive(Debug, Clone)]
pub struct Request {
    /// What the person asks.
    pub question: String,
    /// The run it follows up.
    pub continues: Option<RunId>,
    /// What happens to a call that is not marked read-only.
    pub approval: Approval,
    /// How long servers are waited for.
    pub wait: Wait,
    /// As they are now; a later change does not touch this run.
    pub settings: Arc<Settings>,
}

/// How a run ends.
enum End {
    Finished(Box<Finished>),
    Failed(RunError),
    Cancelled,
}

impl Agent {
    /// Starts a run and returns at once; what happens is told by [`Run::follow`].
    ///
    /// Must be called inside a tokio runtime.
    pub fn ask(&self, request: Request) -> Result<Run, RefusedQuestion> {
        let question = checked_question(&request.question)?.to_owned();
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
        End::Failed(RunError::Internal(format!(
            "Trawl itself failed ({panic}); what was found until then is kept, and the log tells more"
        )))
    });
    recorder.emit(match end {
        End::Finished(finished) => EventKind::Finished(finished),
        End::Failed(error) => {
            EventKind::Failed { code: error.code().to_owned(), message: error.to_string() }
        }
        End::Cancelled => EventKind::Cancelled {},
    });
}

async fn drive(agent: Agent, request: Request, recorder: Recorder, control: Control) -> End {
    let initialized = initialize(&request, agent.history.as_ref()).await;
    let discovering = discover(&agent.connections, request.wait, &recorder);
    let discovered = tokio::select! {
        discovered = discovering.instrument(info_span!("discover")) => discovered,
        () = control.cancelled() => return End::Cancelled,
    };
    let (planned, executed) =
        plan_and_execute(&agent, &request, &initialized, &discovered, &recorder, &control).await;
    if control.is_cancelled() {
        return End::Cancelled;
    }
    let mut timings = Timings {
        discover_ms: discovered.elapsed_ms,
        plan_ms: planned.elapsed_ms,
        execute_ms: executed.wall_ms,
        ..Timings::default()
    };
    let answer = match planned.end {
        PlanEnd::NoTools(message) => return End::Failed(RunError::NoTools(message)),
        PlanEnd::Failed(message) => return End::Failed(RunError::PlanFailed(message)),
        PlanEnd::Tasks | PlanEnd::Stopped => {
            if let Some(error) = nothing_found(&executed) {
                return End::Failed(error);
            }
            let writing = recorder.elapsed_ms();
            let answer = write(&discovered, &executed, &recorder);
            timings.synthesize_ms = recorder.elapsed_ms() - writing;
            answer
        }
    };
    timings.total_ms = recorder.elapsed_ms();
    let not_consulted = synthesize::not_consulted(&discovered.failed, &executed.tasks);
    End::Finished(Box::new(Finished {
        partial: !not_consulted.is_empty(),
        answer: answer.markdown,
        citations: answer.citations,
        citations_removed: answer.citations_removed,
        not_consulted,
        timings,
        usage: planned.usage,
    }))
}

/// Steps 3 and 4, at the same time. Planning ends early when the run's limit of time passes, or when
/// a person stops it; what was planned until then is executed or cancelled by `execute` itself.
async fn plan_and_execute(
    agent: &Agent,
    request: &Request,
    initialized: &Initialized,
    discovered: &Discovered,
    recorder: &Recorder,
    control: &Control,
) -> (Plan, Executed) {
    let (tasks, planned) = mpsc::unbounded_channel();
    let input = PlanInput {
        question: &request.question,
        conversation: &initialized.conversation,
        catalog: &discovered.catalog,
        settings: &request.settings,
        recorder,
        tasks,
    };
    let planning = async {
        tokio::select! {
            plan = plan(input) => plan,
            () = control.tasks_stopped() => Plan::stopped(),
            () = control.cancelled() => Plan::stopped(),
            () = tokio::time::sleep_until(initialized.deadline) => Plan::stopped(),
        }
    };
    let context = Context {
        catalog: Arc::clone(&discovered.catalog),
        connections: agent.connections.clone(),
        servers: discovered.servers.clone(),
        recorder: recorder.clone(),
        limits: agent.limits.clone(),
        approval: request.approval,
        control: control.clone(),
        deadline: initialized.deadline,
    };
    let executing = execute(planned, context);
    tokio::join!(
        planning.instrument(info_span!("plan")),
        executing.instrument(info_span!("execute"))
    )
}

fn write(discovered: &Discovered, executed: &Executed, recorder: &Recorder) -> Answer {
    let _step = info_span!("synthesize").entered();
    let gaps = synthesize::not_consulted(&discovered.failed, &executed.tasks);
    let found = synthesize::found(&executed.tasks, recorder);
    synthesize::list(&found, &gaps, recorder)
}

/// A run with tasks fails only when none of them completed.
fn nothing_found(executed: &Executed) -> Option<RunError> {
    let completed = |task: &Outcome| task.status == TaskStatus::Completed;
    if executed.tasks.iter().any(completed) {
        return None;
    }
    let mut reasons: Vec<String> = Vec::new();
    for task in &executed.tasks {
        let Some(failure) = &task.failure else { continue };
        reasons.push(format!("task {} ({}): {}", task.index + 1, task.tool, failure.message));
    }
    let count = executed.tasks.len();
    let reasons = reasons.join("; ");
    Some(match executed.timed_out {
        true => RunError::TimedOut(format!(
            "the run's limit of time passed before any of its {count} tasks completed; \
             raise limits.runTimeoutSeconds or ask for less. {reasons}"
        )),
        false if count == 0 => {
            RunError::PlanFailed("planning was stopped before it had a task; ask again".to_owned())
        }
        false => RunError::AllTasksFailed(format!("none of {count} tasks completed. {reasons}")),
    })
}
