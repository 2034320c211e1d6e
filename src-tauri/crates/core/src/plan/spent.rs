//! What planning has cost and said until now, so that it is not lost when planning is stopped.

use crate::{event::Usage, llm::Reply};

/// The calls of one plan.
#[derive(Debug, Default)]
pub(super) struct Spent {
    calls: Vec<Usage>,
    answer: String,
}

impl Spent {
    /// A further call has begun.
    pub(super) fn call(&mut self, reply: &Reply) {
        self.calls.push(reply.usage());
    }

    /// The last call has come further.
    pub(super) fn update(&mut self, reply: &Reply) {
        if let Some(last) = self.calls.last_mut() {
            *last = reply.usage();
        }
    }

    /// All calls together.
    pub(super) fn usage(&self) -> Option<Usage> {
        self.calls.iter().copied().reduce(Usage::and)
    }

    /// A piece of an answer that was shown already.
    pub(super) fn said(&mut self, text: &str) {
        self.answer.push_str(text);
    }

    /// The answer that was shown.
    pub(super) fn answer(&self) -> &str {
        &self.answer
    }
}
