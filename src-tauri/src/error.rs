//! What a command answers when it cannot do its work: a code for the page, words for the person.

use std::fmt::Display;
use std::io;

use serde::Serialize;
use tauri_plugin_store::Error as StoreError;
use trawl_core::{
    event::RunId, history::HistoryError, initialize::RefusedQuestion, llm::ModelError,
    settings::load::SettingsError,
};

/// Crosses to the page as `{code, message}`.
#[derive(Debug, Serialize)]
pub(crate) struct CommandError {
    /// Stable, in `snake_case`.
    code: &'static str,
    /// For people: what happened, and what to do.
    message: String,
}

impl CommandError {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    pub(crate) fn no_such_run(run: RunId) -> Self {
        Self::new("no_such_run", format!("there is no run {run}; it may have been deleted"))
    }

    pub(crate) fn not_running(run: RunId) -> Self {
        Self::new("not_running", format!("the run {run} is not running here; it may have ended"))
    }

    pub(crate) fn no_history() -> Self {
        Self::new(
            "history_unavailable",
            "the history could not be opened at the start, so nothing is kept; \
             make the data folder writable and start Trawl again",
        )
    }
}

impl From<RefusedQuestion> for CommandError {
    fn from(refused: RefusedQuestion) -> Self {
        Self::new(refused.code(), refused.to_string())
    }
}

impl From<HistoryError> for CommandError {
    fn from(error: HistoryError) -> Self {
        Self::new("history_unavailable", error.to_string())
    }
}

impl From<ModelError> for CommandError {
    fn from(error: ModelError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

impl From<SettingsError> for CommandError {
    fn from(error: SettingsError) -> Self {
        Self::new("settings_unusable", error.to_string())
    }
}

impl From<StoreError> for CommandError {
    fn from(error: StoreError) -> Self {
        not_saved(&error)
    }
}

/// Files are written nowhere else here.
impl From<io::Error> for CommandError {
    fn from(error: io::Error) -> Self {
        not_saved(&error)
    }
}

fn not_saved(error: &dyn Display) -> CommandError {
    let message = format!(
        "the settings could not be saved, and stay as they were: {error}; is there room in the \
         data folder, and is it writable?"
    );
    CommandError::new("settings_not_saved", message)
}

impl From<tauri::Error> for CommandError {
    fn from(error: tauri::Error) -> Self {
        Self::new("internal", error.to_string())
    }
}
