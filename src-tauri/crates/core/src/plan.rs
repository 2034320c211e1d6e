//! Step 3: what to ask of which tool. Sends each task on the moment it is known.
//!
//! Comes in: the question and the catalog. Goes out: [`Planned`] tasks over a channel that
//! `execute` reads at the same time, and `taskPlanned` / `planned` events, which only this step
//! emits. Runs nothing.

mod arguments;
mod builtin;
mod check;
mod describe;
mod elements;
mod lenient;
mod model;
mod prompt;
mod schema;
mod shortlist;
mod spent;
mod streamed;
mod strict;

use serde_json::Value;
use tokio::sync::mpsc::UnboundedSender;

use self::{check::Checker, spent::Spent};
use crate::{
    catalog::Catalog,
    conversation::Turn,
    event::{EventKind, Usage},
    history::Recorder,
    llm::{Model, ModelError},
    reason::Reason,
    settings::Settings,
    task::{Planned, Stop},
};

/// Names of left out tools that an event holds, at most.
const MOST_NAMED: usize = 100;

/// What a plan is made from, and where its tasks go.
pub(crate) struct PlanInput<'a> {
    pub(crate) question: &'a str,
    /// Earlier turns of the thread, oldest first.
    pub(crate) conversation: &'a [Turn],
    pub(crate) catalog: &'a Catalog,
    pub(crate) settings: &'a Settings,
    /// The model, none, or why the chosen one cannot be used.
    pub(crate) model: Result<Option<&'a Model>, &'a ModelError>,
    pub(crate) recorder: &'a Recorder,
    /// Closed, by being dropped, after `planned` was emitted.
    pub(crate) tasks: UnboundedSender<Planned>,
}

/// How planning went.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plan {
    pub(crate) end: PlanEnd,
    /// Since the first `planStarted`.
    pub(crate) elapsed_ms: f64,
    /// Of the calls made, also when planning was stopped.
    pub(crate) usage: Option<Usage>,
    /// Why the model cannot be asked anything else either.
    pub(crate) lasting: Option<ModelError>,
}

/// How planning ended.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum PlanEnd {
    /// With at least one task.
    Tasks,
    /// With an answer, since no tool is needed; its `answerDelta`s are out.
    Direct {
        answer: String,
        /// It is not whole.
        is_broken: bool,
    },
    /// Nothing can be asked; says what to do.
    NoTools(Reason),
    /// Neither the model nor the built-in planner made a plan.
    Failed(Reason),
    /// Ended before it was whole.
    Stopped(Stop),
}

/// Plans, with the model if there is one; the built-in planner takes over from one that fails.
/// Planning ends early when `stopped` is ready, and says why; what was planned until then stays.
pub(crate) async fn plan(input: PlanInput<'_>, stopped: impl Future<Output = Stop>) -> Plan {
    let began = input.recorder.elapsed_ms();
    let most = input.settings.limits.max_tasks.max(1);
    let mut checker = Checker::new(input.catalog, input.recorder, &input.tasks, most);
    let (mut spent, mut lasting) = (Spent::default(), None);
    let end = tokio::select! {
        end = planned(&input, &mut checker, &mut spent, &mut lasting) => Ok(end),
        why = stopped => Err(why),
    };
    let end = end.unwrap_or_else(|why| {
        // Those that waited for their repair have an index, and every index has an end.
        checker.finish();
        match spent.answer() {
            "" => PlanEnd::Stopped(why),
            answer => told(&input, answer.to_owned(), true, Some(why.words())),
        }
    });
    let elapsed_ms = input.recorder.elapsed_ms() - began;
    Plan { end, elapsed_ms, usage: spent.usage(), lasting }
}

async fn planned(
    input: &PlanInput<'_>,
    checker: &mut Checker<'_>,
    spent: &mut Spent,
    lasting: &mut Option<ModelError>,
) -> PlanEnd {
    let began = input.recorder.elapsed_ms();
    let model = match input.model {
        Ok(Some(model)) => model,
        Ok(None) => return plan_builtin(input, checker, None, None),
        Err(error) => return plan_builtin(input, checker, Some(error.to_string()), None),
    };
    let ended = model::plan(input, model, checker, spent).await;
    let (mut notes, usage) = (ended.notes, spent.usage());
    let left_out: Vec<String> = ended.left_out.into_iter().take(MOST_NAMED).collect();
    let tell = |task_count: usize, notes: &[String]| {
        let elapsed_ms = input.recorder.elapsed_ms() - began;
        let note = (!notes.is_empty()).then(|| notes.join("; "));
        input.recorder.emit(EventKind::Planned {
            task_count,
            elapsed_ms,
            usage,
            note,
            left_out: left_out.clone(),
        });
    };
    match ended.end {
        model::End::Tasks => {
            tell(checker.count(), &notes);
            PlanEnd::Tasks
        }
        model::End::Direct { answer, told: is_told, broken } => {
            if !is_told {
                tell(0, &notes);
            }
            told(input, answer, is_told, broken.as_deref())
        }
        model::End::Failed { reason, prose, lasting: error } => {
            *lasting = error;
            notes.insert(0, format!("{} made no plan: {reason}", model.name()));
            if let Some(prose) = prose
                && builtin::choose(input.question, input.catalog).is_empty()
            {
                notes.push("no tool fits the question, so its text is the answer".to_owned());
                tell(0, &notes);
                return told(input, prose.text, false, prose.broken.as_deref());
            }
            plan_builtin(input, checker, Some(notes.join("; ")), usage)
        }
    }
}

/// Ends with an answer, of which nothing or everything until now was told; `broken` is why it is not
/// whole.
fn told(input: &PlanInput<'_>, mut answer: String, is_told: bool, broken: Option<&str>) -> PlanEnd {
    let addition = broken.map(|reason| format!("\n\n*The answer broke off: {reason}.*"));
    let addition = addition.unwrap_or_default();
    let untold = if is_told { addition.clone() } else { format!("{answer}{addition}") };
    if !untold.is_empty() {
        input.recorder.emit(EventKind::AnswerDelta { text: untold });
    }
    answer.push_str(&addition);
    PlanEnd::Direct { answer, is_broken: broken.is_some() }
}

/// The planner that needs no model; `failure` is why it stands in for one.
fn plan_builtin(
    input: &PlanInput<'_>,
    checker: &mut Checker<'_>,
    failure: Option<String>,
    usage: Option<Usage>,
) -> PlanEnd {
    let nothing = |what: &str, todo: &str| {
        let reason = Reason::new(what, todo);
        match &failure {
            Some(failure) => {
                PlanEnd::Failed(reason.retold(|what| format!("{failure}; and {what}")))
            }
            None => PlanEnd::NoTools(reason),
        }
    };
    if input.catalog.is_empty() {
        return nothing(
            "no connected server offers a tool",
            "add a server in the settings, or test the ones there",
        );
    }
    let began = input.recorder.elapsed_ms();
    input.recorder.emit(EventKind::PlanStarted { planner: "builtin".to_owned() });
    // Tasks of a model that cannot be called leave no less room for those that can.
    checker.allow(input.settings.limits.max_tasks.max(1));
    for raw in builtin::choose(input.question, input.catalog) {
        checker.take(raw);
    }
    checker.finish();
    if checker.count() == 0 {
        return nothing(
            "no read-only tool of the connected servers fits the question",
            "name what to search for, add a server, or choose a language model in the settings",
        );
    }
    let outcome = if checker.valid() > 0 {
        "the built-in planner took over"
    } else {
        "and the built-in planner found no read-only tool that fits the question"
    };
    input.recorder.emit(EventKind::Planned {
        task_count: checker.count(),
        elapsed_ms: input.recorder.elapsed_ms() - began,
        usage,
        note: failure.map(|failure| format!("{failure}; {outcome}")),
        left_out: Vec::new(),
    });
    PlanEnd::Tasks
}

/// One element of a plan's `tasks`, as it was written: nothing resolved, nothing validated.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RawTask {
    /// The plan's own name for it.
    pub id: Option<String>,
    /// Qualified name of the tool, or a bare one.
    pub tool_name: String,
    /// Arguments; a string that holds JSON is read as that JSON.
    pub tool_arguments: Value,
    /// Why, in a person's words.
    pub description: Option<String>,
    /// Ids it waits for.
    pub depends_on: Option<Vec<String>>,
    /// Higher leaves a queue first.
    pub priority: Option<i64>,
}
