//! Step 1: what a run works with.
//!
//! Comes in: a request. Goes out: the question, the planner and writer, the conversation so far and
//! the run's limit of time. Connects to nothing.

use std::time::Duration;

use tokio::time::Instant;

use crate::{
    conversation::Turn,
    event::RunId,
    history::History,
    request::Request,
    settings::{Limits, Settings, seconds},
};

/// Longest question, in bytes: what is longer is a document, not a question.
pub const MAX_QUESTION_BYTES: usize = 32 * 1024;

/// Turns of a conversation that a follow-up carries along.
const MAX_TURNS: usize = 10;

/// Time for writing the answer, where the tasks have used up the run's.
const TO_WRITE: Duration = Duration::from_mins(1);

/// A question that is not asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RefusedQuestion {
    /// Nothing but white space.
    #[error("the question is empty; write what you want to know")]
    Blank,
    /// More than [`MAX_QUESTION_BYTES`].
    #[error("the question has {0} bytes; at most {MAX_QUESTION_BYTES} (32 KiB) are taken")]
    TooLong(usize),
    /// It follows up a run, and there is no history to read that from.
    #[error("without a history there is no run to continue; ask it as a question of its own")]
    NoHistory,
}

impl RefusedQuestion {
    /// Stable name for scripts and for the window.
    pub fn code(self) -> &'static str {
        match self {
            Self::Blank => "blank_question",
            Self::TooLong(_) => "question_too_long",
            Self::NoHistory => "history_unavailable",
        }
    }
}

/// What a run works with.
pub(crate) struct Initialized {
    pub(crate) conversation: Vec<Turn>,
    /// When planning and tasks end.
    pub(crate) deadline: Instant,
    limit: Duration,
}

impl Initialized {
    /// When a writer that begins now has to end: at the run's limit of time, but not before a minute
    /// (or the limit itself, if it is shorter), so that a task that hung does not cost the answer.
    pub(crate) fn writing_ends(&self) -> Instant {
        self.deadline.max(Instant::now() + self.limit.min(TO_WRITE))
    }
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
    let limit = run_limit(&request.settings);
    let deadline = Instant::now() + limit;
    let conversation = match (request.continues, history) {
        (Some(run), Some(history)) => earlier(run, history.clone()).await,
        _ => Vec::new(),
    };
    Initialized { conversation, deadline, limit }
}

/// The last turns up to and with `run`, oldest first. A run that is gone ends the conversation.
async fn earlier(run: RunId, history: History) -> Vec<Turn> {
    // A follow-up may be asked the moment its run has ended, which is before that is written. Where
    // another process holds the file, it is asked without what is not written yet.
    history.flush(run).await;
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

/// A limit that is none is the default; a year is for ever.
fn run_limit(settings: &Settings) -> Duration {
    seconds(settings.limits.run_timeout_seconds, Limits::default().run_timeout_seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_of_any_size_is_a_time() {
        let mut settings = Settings::default();
        for (given, seconds) in
            [(2.0, 2), (0.0, 600), (-1.0, 600), (f64::NAN, 600), (f64::MAX, 31_536_000)]
        {
            settings.limits.run_timeout_seconds = given;
            assert_eq!(run_limit(&settings), Duration::from_secs(seconds), "{given}");
        }
    }

    #[test]
    fn blank_and_huge_questions_are_refused() {
        assert_eq!(checked_question(" \n\t"), Err(RefusedQuestion::Blank));
        let huge = "x".repeat(MAX_QUESTION_BYTES + 1);
        assert_eq!(checked_question(&huge), Err(RefusedQuestion::TooLong(huge.len())));
        assert_eq!(checked_question("  why? "), Ok("why?"));
    }
}
