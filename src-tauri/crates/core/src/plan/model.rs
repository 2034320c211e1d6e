//! The planner that is a language model: its tasks leave while it is still writing.
//!
//! Comes in: a [`PlanInput`] and a model. Goes out: each task through the [`Checker`] the moment its
//! JSON object closes; after the stream one call that repairs all invalid tasks together. Says how it
//! ended; taking over from a model that failed is the caller's part.

use super::{
    PlanInput,
    check::Checker,
    elements::{Cut, Parser},
    prompt,
    spent::Spent,
    streamed::{Read, read},
};
use crate::{
    event::EventKind,
    llm::{Model, ModelError, Prompt, bytes_of, tokens_of},
};

/// Times that a prompt which is too long is asked again with half of it.
const HALVINGS: u32 = 2;

/// How it ended.
pub(super) struct Ended {
    pub(super) end: End,
    /// What a person should know of the plan.
    pub(super) notes: Vec<String>,
    /// Tools that the model was not told of.
    pub(super) left_out: Vec<String>,
}

/// Whether there is something to go on with.
pub(super) enum End {
    /// At least one valid task was sent.
    Tasks,
    /// No tool is needed. The text was streamed already when `told`; `broken` is why it is not whole.
    Direct { answer: String, told: bool, broken: Option<String> },
    /// No valid task.
    Failed {
        reason: String,
        /// What the model wrote instead of a plan.
        prose: Option<Prose>,
        /// Why it cannot be asked anything else either.
        lasting: Option<ModelError>,
    },
}

/// Text where a plan should have been; it may be an answer.
pub(super) struct Prose {
    pub(super) text: String,
    pub(super) broken: Option<String>,
}

/// Plans with the model.
pub(super) async fn plan(
    input: &PlanInput<'_>,
    model: &Model,
    checker: &mut Checker<'_>,
    spent: &mut Spent,
) -> Ended {
    input.recorder.emit(EventKind::PlanStarted { planner: model.name().to_owned() });
    if input.catalog.is_empty() {
        return direct(input, model, spent).await;
    }
    let (asked, read) = match asked(input, model, checker, spent).await {
        Ok(planned) => planned,
        Err(error) => {
            return Ended { end: End::failed(error), notes: Vec::new(), left_out: Vec::new() };
        }
    };
    checker.end();
    let mut notes = notes(input, &asked, &read, checker);
    if !checker.invalid().is_empty()
        && read.broken.is_none()
        && let Err(error) = repair(model, &asked.prompt, &read.rest.text, checker, spent).await
    {
        notes.push(format!("invalid tasks could not be repaired: {error}"));
    }
    checker.finish();
    Ended { end: end(read, checker), notes, left_out: asked.left_out }
}

/// Asks and reads; a prompt that is too long, or that was plainly not read to its end before a task
/// came of it, is asked again with half of the room.
async fn asked(
    input: &PlanInput<'_>,
    model: &Model,
    checker: &mut Checker<'_>,
    spent: &mut Spent,
) -> Result<(prompt::Asked, Read), ModelError> {
    let most = input.settings.limits.max_tasks;
    let mut room = Room::of(model);
    loop {
        let asked =
            prompt::plan(input.question, input.conversation, input.catalog, room.bytes, most);
        let planned = match model.ask(&asked.prompt).await {
            Ok(mut reply) => {
                spent.call(&reply);
                checker.begin();
                // A plan that is stopped at its limit should cost no further tokens.
                Ok(read(&mut reply, checker, spent).await)
            }
            Err(error) => Err(error),
        };
        let is_too_long = match &planned {
            Ok(read) => read.unread && checker.count() == 0,
            Err(error) => matches!(error, ModelError::TooLong { .. }),
        };
        if !is_too_long || room.is_least() {
            return planned.map(|read| (asked, read));
        }
        room.halve(&asked.prompt, model);
    }
}

/// How much of a prompt is sent, in bytes.
struct Room {
    bytes: usize,
    halvings: u32,
}

impl Room {
    /// What the model is known to read.
    fn of(model: &Model) -> Self {
        Self { bytes: bytes_of(model.context_tokens()), halvings: 0 }
    }

    fn is_least(&self) -> bool {
        self.halvings == HALVINGS
    }

    /// Half of what was really sent, where that was less than the room; from now on for this model.
    fn halve(&mut self, sent: &Prompt, model: &Model) {
        self.halvings += 1;
        self.bytes = self.bytes.min(sent.bytes()) / 2;
        model.reads_at_most(tokens_of(self.bytes));
    }
}

/// What a person should know of the plan.
fn notes(
    input: &PlanInput<'_>,
    asked: &prompt::Asked,
    read: &Read,
    checker: &Checker<'_>,
) -> Vec<String> {
    let mut notes = Vec::new();
    if !asked.left_out.is_empty() {
        let (left_out, all) = (asked.left_out.len(), input.catalog.len());
        notes.push(format!("{left_out} of {all} tools did not fit and were left out of the plan"));
    }
    if read.unread {
        notes.push(
            "the model's server read only a part of the tools and the question; set \
             limits.contextTokens to what it reads"
                .to_owned(),
        );
    }
    if read.full {
        let most = checker.count();
        notes.push(format!(
            "the plan had more than {most} tasks (limits.maxTasks); the others were dropped"
        ));
    }
    if read.unreadable > 0 {
        notes.push(format!("{} entries of the plan were no tasks", read.unreadable));
    }
    if let Some(error) = &read.broken {
        notes.push(format!("the plan broke off: {error}"));
    } else if read.rest.begun && !read.rest.whole && !read.full {
        notes.push("the plan ended before it was whole".to_owned());
    }
    notes
}

/// One call for all invalid tasks together.
async fn repair(
    model: &Model,
    asked: &Prompt,
    plan: &str,
    checker: &mut Checker<'_>,
    spent: &mut Spent,
) -> Result<(), ModelError> {
    let invalid = checker.invalid().to_vec();
    let mut reply = model.ask(&prompt::repair(asked, plan, &invalid)).await?;
    spent.call(&reply);
    let mut parser = Parser::default();
    let mut place = 0;
    while place < 2 * invalid.len() {
        let piece = reply.text().await;
        spent.update(&reply);
        let Some(piece) = piece? else { break };
        for cut in parser.push(&piece) {
            let Cut::Task(raw) = cut else { continue };
            // By its name; models that leave names out are held to the order.
            let named = raw.id.as_ref().and_then(|id| invalid.iter().find(|task| task.id == *id));
            if let Some(task) = named.or_else(|| invalid.get(place)) {
                checker.repair(task.index, raw);
            }
            place += 1;
        }
    }
    Ok(())
}

fn end(read: Read, checker: &Checker<'_>) -> End {
    if checker.valid() > 0 {
        return End::Tasks;
    }
    let why_broken = || match (&read.broken, read.cut_off) {
        (Some(error), _) => Some(error.to_string()),
        (None, true) => Some(LENGTH.to_owned()),
        (None, false) => None,
    };
    if let Some(answer) = read.rest.answer.as_ref().filter(|_| checker.count() == 0) {
        let unfinished =
            || (!read.rest.answer_is_whole).then(|| "it ended in the middle".to_owned());
        let broken = why_broken().filter(|_| !read.rest.answer_is_whole).or_else(unfinished);
        return End::Direct { answer: answer.clone(), told: false, broken };
    }
    let reason = match (&read.broken, checker.count(), read.rest.begun) {
        (Some(error), 0, _) => error.to_string(),
        (_, 1.., _) => "none of its tasks can be called".to_owned(),
        (_, 0, true) => "its plan is empty".to_owned(),
        (_, 0, false) if read.rest.text.trim().is_empty() => "it wrote nothing".to_owned(),
        (_, 0, false) => "it wrote prose instead of a plan".to_owned(),
    };
    let text = read.rest.text.trim();
    let is_prose = !read.rest.begun && !text.is_empty() && !text.contains('{');
    let prose = is_prose.then(|| Prose { text: text.to_owned(), broken: why_broken() });
    End::Failed { reason, prose, lasting: read.broken.filter(ModelError::is_lasting) }
}

/// Why an answer ends early that nobody broke off.
const LENGTH: &str = "the model reached its limit of length";

impl End {
    fn failed(error: ModelError) -> Self {
        let reason = error.to_string();
        Self::Failed { reason, prose: None, lasting: Some(error).filter(ModelError::is_lasting) }
    }
}

/// The model answers by itself: there is no tool that it could plan. As long as nothing was told, a
/// prompt that is too long is asked again with half of the room for the conversation.
async fn direct(input: &PlanInput<'_>, model: &Model, spent: &mut Spent) -> Ended {
    let began = input.recorder.elapsed_ms();
    let mut room = Room::of(model);
    let answered = loop {
        let prompt = prompt::direct(input.question, input.conversation, room.bytes);
        let is_last = room.is_least() || input.conversation.is_empty();
        let answered = answer(input, model, &prompt, is_last, began, spent).await;
        let is_too_long =
            answered.unread || matches!(answered.broken, Some(ModelError::TooLong { .. }));
        if !is_too_long || is_last || !spent.answer().is_empty() {
            break answered;
        }
        room.halve(&prompt, model);
    };
    let Answered { broken, cut_off, .. } = answered;
    if spent.answer().trim().is_empty() {
        let nothing =
            || End::Failed { reason: "it wrote nothing".to_owned(), prose: None, lasting: None };
        return Ended {
            end: broken.map_or_else(nothing, End::failed),
            notes: Vec::new(),
            left_out: Vec::new(),
        };
    }
    let broken = broken.map(|error| error.to_string());
    let broken = broken.or_else(|| cut_off.then(|| LENGTH.to_owned()));
    let answer = spent.answer().to_owned();
    Ended {
        end: End::Direct { answer, told: true, broken },
        notes: Vec::new(),
        left_out: Vec::new(),
    }
}

/// How one call for a direct answer ended.
#[derive(Default)]
struct Answered {
    broken: Option<ModelError>,
    cut_off: bool,
    /// The server read only a part of the prompt.
    unread: bool,
}

/// Asks once for a direct answer and tells it as it is written. What is written to a part of the
/// prompt is told only by the last call, if the server says that early what it read.
async fn answer(
    input: &PlanInput<'_>,
    model: &Model,
    prompt: &Prompt,
    is_last: bool,
    began: f64,
    spent: &mut Spent,
) -> Answered {
    let mut reply = match model.ask(prompt).await {
        Ok(reply) => reply,
        Err(error) => return Answered { broken: Some(error), ..Answered::default() },
    };
    spent.call(&reply);
    let broken = loop {
        let piece = reply.text().await;
        spent.update(&reply);
        match piece {
            Ok(Some(text)) => {
                if spent.answer().is_empty() {
                    if reply.read_too_little() && !is_last {
                        break None;
                    }
                    tell_direct(input, began);
                }
                input.recorder.emit(EventKind::AnswerDelta { text: text.clone() });
                spent.said(&text);
            }
            Ok(None) => break None,
            Err(error) => break Some(error),
        }
    };
    Answered { broken, cut_off: reply.was_cut_off(), unread: reply.read_too_little() }
}

/// Says that there is no plan, before the answer's first text.
fn tell_direct(input: &PlanInput<'_>, began: f64) {
    let elapsed_ms = input.recorder.elapsed_ms() - began;
    let note = Some("no tool is connected; the model answers by itself".to_owned());
    let planned =
        EventKind::Planned { task_count: 0, elapsed_ms, usage: None, note, left_out: Vec::new() };
    input.recorder.emit(planned);
}
