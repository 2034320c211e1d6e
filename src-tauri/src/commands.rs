//! What the page may ask for: every `#[tauri::command]`, each a few lines that only pass on.
//!
//! Arguments and results are camelCase JSON; an error is `{code, message}`. What a command does is
//! found where it passes on to.

#![expect(clippy::needless_pass_by_value, reason = "a command owns what the page sent")]

pub(crate) mod answer;
pub(crate) mod history;
pub(crate) mod model;
pub(crate) mod runs;
pub(crate) mod servers;
pub(crate) mod settings;

#[cfg(test)]
mod tests;

use crate::error::CommandError;

/// What a command answers.
type Answer<T = ()> = Result<T, CommandError>;
