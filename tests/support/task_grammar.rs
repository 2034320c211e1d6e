//! The life of one task, as the grammar of events has it: planned → waiting → running → ended.

use trawl_core::event::{EventKind, TaskStatus};

use crate::grammar::{milliseconds, require, told};

/// Longest preview of a result, in bytes.
const MAX_PREVIEW: usize = 2048;

/// What has been seen of one task so far.
pub(crate) struct TaskLog {
    depends_on: Vec<usize>,
    attempts: u32,
    running: bool,
    ended: Option<TaskStatus>,
    /// It failed since an equal call was made by another task.
    is_asked_elsewhere: bool,
}

impl TaskLog {
    pub(crate) fn new(depends_on: Vec<usize>) -> Self {
        Self { depends_on, attempts: 0, running: false, ended: None, is_asked_elsewhere: false }
    }

    pub(crate) fn depends_on(&self) -> &[usize] {
        &self.depends_on
    }

    pub(crate) fn is_finished(&self) -> bool {
        self.ended.is_some()
    }

    pub(crate) fn ended_as(&self, status: TaskStatus) -> bool {
        self.ended == Some(status)
    }

    pub(crate) fn was_never_started(&self) -> bool {
        self.attempts == 0
    }

    /// Whether the answer lacks what it would have told.
    pub(crate) fn is_a_gap(&self) -> bool {
        !self.ended_as(TaskStatus::Completed) && !self.is_asked_elsewhere
    }

    pub(crate) fn waiting(&self) -> Result<(), String> {
        self.alive()?;
        require(!self.running, "a running task does not wait")
    }

    pub(crate) fn started(&mut self, attempt: u32) -> Result<(), String> {
        self.alive()?;
        require(!self.running, "it is running already")?;
        require(attempt == self.attempts + 1, "attempts count up from 1")?;
        self.attempts = attempt;
        self.running = true;
        Ok(())
    }

    pub(crate) fn progressed(&self) -> Result<(), String> {
        self.alive()?;
        require(self.running, "progress of a task that is not running")
    }

    pub(crate) fn retrying(&mut self, attempt: u32) -> Result<(), String> {
        self.alive()?;
        require(self.running, "a task that is not running cannot have failed")?;
        require(attempt == self.attempts, "it names the attempt that failed")?;
        self.running = false;
        Ok(())
    }

    pub(crate) fn finished(&mut self, kind: &EventKind) -> Result<(), String> {
        let EventKind::TaskFinished {
            status, elapsed_ms, attempts, preview, reused, error, ..
        } = kind
        else {
            return Ok(());
        };
        self.alive()?;
        milliseconds(&[*elapsed_ms])?;
        require(*attempts == self.attempts, "attempts is not the number of taskStarted")?;
        require(*attempts > 0 || *elapsed_ms == 0.0, "time in a task that never started")?;
        require(preview.len() <= MAX_PREVIEW, "the preview is too long")?;
        require(reused.is_none() || *attempts == 0, "reused, and called all the same")?;
        match status {
            TaskStatus::Completed => {
                require(self.running || reused.is_some(), "completed without a call")?;
                require(error.is_none(), "completed, with an error")?;
            }
            TaskStatus::Failed => require(error.is_some(), "failed without a reason")?,
            TaskStatus::Skipped => {
                require(*attempts == 0, "skipped after a call")?;
                require(error.is_some(), "skipped without a reason")?;
            }
            TaskStatus::Cancelled => {}
        }
        let snake = |code: &str| code.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        require(error.as_ref().is_none_or(|e| snake(&e.code)), "the code is not snake_case")?;
        if let Some(error) = error {
            told(&error.message, error.todo.as_deref())?;
        }
        self.running = false;
        self.ended = Some(*status);
        self.is_asked_elsewhere = error.as_ref().is_some_and(|e| e.code == "duplicate_call");
        Ok(())
    }

    fn alive(&self) -> Result<(), String> {
        require(self.ended.is_none(), "after the task's taskFinished")
    }
}
