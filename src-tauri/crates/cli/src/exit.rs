//! How the program ends: 0 finished, 1 failed, 2 wrong usage or unusable settings, 130 cancelled.

use std::fmt;
use std::io;
use std::process::ExitCode;

use crate::output;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// It did what it was asked to.
    Finished,
    /// It did not, or found nothing.
    Failed,
    /// It cannot be done as asked.
    Usage,
    /// A person ended it.
    Cancelled,
}

/// An error that is the asker's to correct.
#[derive(Debug)]
pub(crate) struct Usage(pub(crate) String);

impl fmt::Display for Usage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

impl Usage {
    /// From an error whose words say all that is needed.
    pub(crate) fn of(error: impl fmt::Display) -> Self {
        Self(error.to_string())
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

impl Exit {
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Finished => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Cancelled => 130,
        }
    }
}

/// Says what went wrong, and how that ends the program.
pub(crate) fn tell(error: &anyhow::Error) -> Exit {
    // A reader that has seen enough, as `head` does, is no failure.
    let is_closed_pipe = |cause: &(dyn std::error::Error + 'static)| {
        let cause = cause.downcast_ref::<io::Error>();
        cause.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    };
    if error.chain().any(is_closed_pipe) {
        return Exit::Finished;
    }
    output::note(&format!("trawl: {error:#}"));
    if error.is::<Usage>() { Exit::Usage } else { Exit::Failed }
}
