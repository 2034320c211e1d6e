//! The log: daily files in the data folder, kept seven days.
//!
//! Comes in: everything that is traced, results as a whole under the target `trawl::results`. Goes
//! out: lines, with every known secret covered. Written by a thread of its own, and no line is left
//! out: while that thread cannot keep up, whoever has a result writes it himself. Whether results are
//! logged is the host's choice, and can be changed while it runs.

mod daily;
mod queue;
mod results;

use std::io;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use serde_json::Value;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Registry, filter::filter_fn, fmt, reload};

use self::queue::Lines;
use crate::event::Object;
use crate::mcp::LOG_FILTER;
use crate::paths::{create_private_folder, logs_folder};

/// What the running log lets through.
static FILTER: OnceLock<reload::Handle<EnvFilter, Registry>> = OnceLock::new();

/// The log of this process, once it is started.
static LINES: OnceLock<Arc<Lines>> = OnceLock::new();

/// Writes what is still waiting when it is dropped. To be held by `main`.
#[must_use]
pub struct Log {
    lines: Arc<Lines>,
}

impl Drop for Log {
    fn drop(&mut self) {
        self.lines.end();
    }
}

/// Whether the log holds the results of tools.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Results {
    /// As a whole.
    Logged,
    /// For runs that are to leave no trace, or where the person turned them off.
    LeftOut,
}

impl Results {
    /// As the person chose in `preferences.logResults`; logged where nothing is said.
    pub fn chosen(settings_file: &Object) -> Self {
        let chosen = settings_file.get("preferences").and_then(|all| all.get("logResults"));
        if chosen == Some(&Value::Bool(false)) { Self::LeftOut } else { Self::Logged }
    }
}

/// Starts the log of this process in the data folder's `logs`. On an error nothing is logged, and
/// everything else works.
pub fn start(data_folder: &Path, results: Results) -> io::Result<Log> {
    let folder = logs_folder(data_folder);
    create_private_folder(&folder)?;
    let lines = Lines::start(daily::DailyFile::open(folder)?)?;
    let (everything, handle) = reload::Layer::new(filter(results)?);
    let whole = results::Whole::in_lines(&lines).with_filter(filter_fn(results::is_one));
    let other = fmt::layer().with_ansi(false).with_writer(Arc::clone(&lines));
    let other = other.with_filter(filter_fn(|what| !results::is_one(what)));
    let log = tracing_subscriber::registry().with(everything).with(whole).with(other);
    log.try_init().map_err(io::Error::other)?;
    // The registry accepts one log a process, so that these are the first.
    let _ = FILTER.set(handle);
    let _ = LINES.set(Arc::clone(&lines));
    Ok(Log { lines })
}

/// Whether the log cannot keep up: a result is to be put away on a thread that may wait.
pub(crate) fn is_behind() -> bool {
    LINES.get().is_some_and(|lines| lines.are_many())
}

/// From now on results are logged, or left out. Without a log this does nothing.
pub fn choose(results: Results) -> io::Result<()> {
    let Some(handle) = FILTER.get() else { return Ok(()) };
    handle.reload(filter(results)?).map_err(io::Error::other)
}

fn filter(results: Results) -> io::Result<EnvFilter> {
    let level = match results {
        Results::Logged => "debug",
        Results::LeftOut => "off",
    };
    let directives = format!("info,trawl::results={level},{LOG_FILTER}");
    EnvFilter::try_new(directives).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_logged_only_while_the_person_wants_it() {
        let folder = tempfile::tempdir().unwrap();
        let log = start(folder.path(), Results::LeftOut).unwrap();
        let found = |result: &str| tracing::debug!(target: "trawl::results", result);
        found("first");
        choose(Results::Logged).unwrap();
        found("second");
        choose(Results::LeftOut).unwrap();
        found("third");
        tracing::info!("still told");
        drop(log);
        let files = std::fs::read_dir(logs_folder(folder.path())).unwrap();
        let written: String =
            files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap()).collect();
        let said = ["first", "second", "third", "still told"].map(|word| written.contains(word));
        assert_eq!(said, [false, true, false, true], "{written}");
    }
}
