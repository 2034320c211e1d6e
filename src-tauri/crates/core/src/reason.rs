//! Why something did not work, for people: what happened, and what they can do about it.
//!
//! Told as one sentence; what is to be done also stands by itself, so that nobody has to cut the
//! sentence apart to find it.

use std::fmt;

/// What happened, and what a person can do about it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reason {
    /// What happened.
    pub what: String,
    /// What can be done, where there is something.
    pub todo: Option<String>,
}

impl Reason {
    /// Something that a person can do something about.
    pub fn new(what: impl Into<String>, todo: impl Into<String>) -> Self {
        Self { what: what.into(), todo: Some(todo.into()) }
    }

    /// Both parts changed alike.
    pub(crate) fn map(&self, change: impl Fn(&str) -> String) -> Self {
        Self { what: change(&self.what), todo: self.todo.as_deref().map(change) }
    }

    /// The same, with other words for what happened.
    pub(crate) fn retold(self, tell: impl FnOnce(&str) -> String) -> Self {
        Self { what: tell(&self.what), ..self }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.what)?;
        match &self.todo {
            Some(todo) => write!(out, "; {todo}"),
            None => Ok(()),
        }
    }
}

/// Nothing can be done about it.
impl From<String> for Reason {
    fn from(what: String) -> Self {
        Self { what, todo: None }
    }
}

/// Nothing can be done about it.
impl From<&str> for Reason {
    fn from(what: &str) -> Self {
        what.to_owned().into()
    }
}
