//! Step 1: what a run works with.
//!
//! Comes in: a request. Goes out: the question, the planner and writer, the conversation so far and
//! the run's limit of time. Connects to nothing.

use std::time::Duration;

use tokio::time::Instant;

use crate::{event::RunId, history::History, llm::Message, pipeline::Request};

/// Longest question, in bytes: what is longer is a document, not a question.
pub const MAX_QUESTION_BYTES: usize = 32 * 1024;

/// Turns of a conversation that a follow-up carries along.
const MAX_TURNS: usize = 10;

/// A question that is not asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RefusedQuestion {
    /// Nothing but white space.
    #[error("the question is empty; write what you want to know")]
    Blank,
    /// More than [`MAX_QUESTION_BYTES`].
    #[error("the question has {0} bytes; at most {MAX_QUESTION_BYTES} (32 KiB) are taken")]
    TooLong(usize),
}

impl RefusedQuestion {
    /// Stable name for scripts and for the window.
    pub fn code(self) -> &'static str {
        match self {
            Self::Blank => "blank_question",
            Self::TooLong(_) => "question_too_long",
        }
    }
}

/// An earlier question of the same thread and its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// What was asked.
    pub question: String,
    /// What was answered.
    pub answer: String,
}

impl Turn {
    /// The conversation as a model reads it, with the new question last.
    pub(crate) fn messages(turns: &[Self], question: &str) -> Vec<Message> {
        let said = |turn: &Self| [Message::user(&turn.question), Message::assistant(&turn.answer)];
        let asked = std::iter::once(Message::user(question));
        // A turn that was cancelled has no answer; some servers refuse an empty message.
        let ended = turns.iter().filter(|turn| !turn.answer.trim().is_empty());
        ended.flat_map(said).chain(asked).collect()
    }
}

/// What a run works with.
pub(crate) struct Initialized {
    pub(crate) conversation: Vec<Turn>,
    pub(crate) deadline: Instant,
}

/// The question as it is asked, or why it is not.
pub fn checked_question(question: &str) -> Result<&str, RefusedQuestion> {
    if question.len() > MAX_QUESTION_BYTES {
        return Err(RefusedQuestion::TooLong(question.len()));
    }
    match question.trim() {
        "" => Err(RefusedQuestion::Blank),
        question => Ok(question),
    }
}

/// Reads the conversation so far and sets the run's limit of time.
pub(crate) async fn initialize(request: &Request, history: Option<&History>) -> Initialized {
    let limit = request.settings.limits.run_timeout_seconds;
    let limit = Duration::try_from_secs_f64(limit).unwrap_or(Duration::from_mins(10));
    let deadline = Instant::now() + limit;
    let conversation = match (request.continues, history) {
        (Some(run), Some(history)) => conversation(run, history.clone()).await,
        _ => Vec::new(),
    };
    Initialized { conversation, deadline }
}

/// The last turns up to and with `run`, oldest first. A run that is gone ends the conversation.
async fn conversation(run: RunId, history: History) -> Vec<Turn> {
    let read = tokio::task::spawn_blocking(move || {
        let mut turns = Vec::new();
        let mut next = Some(run);
        while let (Some(id), true) = (next, turns.len() < MAX_TURNS) {
            let Ok(Some(run)) = history.run(id) else { break };
            turns.push(Turn {
                question: run.listed.question,
                answer: run.answer.unwrap_or_default(),
            });
            next = run.listed.continues;
        }
        turns.reverse();
        turns
    });
    read.await.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_and_huge_questions_are_refused() {
        assert_eq!(checked_question(" \n\t"), Err(RefusedQuestion::Blank));
        let huge = "x".repeat(MAX_QUESTION_BYTES + 1);
        assert_eq!(checked_question(&huge), Err(RefusedQuestion::TooLong(huge.len())));
        assert_eq!(checked_question("  why? "), Ok("why?"));
    }
}
