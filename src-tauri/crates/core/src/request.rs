//! What a host asks for: the question, and how it is to be asked.

use std::{sync::Arc, time::Duration};

use crate::{event::RunId, settings::Settings};

/// One question and how it is to be asked.
#[derive(Debug, Clone)]
pub struct Request {
    /// What the person asks.
    pub question: String,
    /// The run it follows up.
    pub continues: Option<RunId>,
    /// What happens to a call that is not marked read-only.
    pub approval: Approval,
    /// How old the result of an earlier run may be to be used again; `None` is never.
    pub reuse: Option<Duration>,
    /// How long servers are waited for.
    pub wait: Wait,
    /// As they are now; a later change does not touch this run.
    pub settings: Arc<Settings>,
}

/// How long a question waits for servers that are not ready yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// Each server has its own limit; all are waited for.
    Each,
    /// No longer than this for any of them.
    AtMost(Duration),
}

/// What happens to calls that need a person's approval: those of tools that are not marked
/// read-only, and those that would carry one server's results to another one's open world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Approval {
    /// They fail with `needs_approval`, and say how to allow them.
    ReadOnly,
    /// They are approved.
    All,
    /// A person is asked, and [`Control::resolve`](crate::execute::Control::resolve) answers.
    Ask,
}
