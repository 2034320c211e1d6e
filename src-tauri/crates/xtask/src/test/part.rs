//! The parts of the tests that can be run by themselves: what each needs, and how it is started.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{EVERYTHING, build};
use crate::clippy::checking;
use crate::command::{Failure, ask, cargo, root, target};
use crate::display::Virtual;
use crate::packages::{self, Need};

/// The oldest Node whose own test runner the UI's tests work with.
const OLDEST_NODE: u32 = 18;

/// One part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// The page's scripts, in Node.
    Ui,
    /// All of Rust that needs no window.
    Rust,
    /// The real window, under a display in memory.
    Window,
}

/// A part that only has to be started, with what must stay until it has ended.
pub(super) struct Ready {
    pub(super) command: Command,
    _display: Option<Virtual>,
}

impl Part {
    /// By its name on the command line.
    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::Ui, Self::Rust, Self::Window].into_iter().find(|part| part.name() == name)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Ui => "ui",
            Self::Rust => "rust",
            Self::Window => "window",
        }
    }

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Ui => "UI tests",
            Self::Rust => "Rust tests",
            Self::Window => "The real window",
        }
    }

    /// Builds all that it runs.
    pub(super) fn build(self) -> Result<(), Failure> {
        match self {
            Self::Ui => Ok(()),
            Self::Rust | Self::Window => build(),
        }
    }

    /// How it is started; an error says why it cannot be here.
    pub(super) fn ready(self) -> Result<Ready, String> {
        match self {
            Self::Ui => in_node().map(Ready::from),
            Self::Rust => {
                let kinds = ["--lib", "--bins", "--test", "integration"];
                in_rust(&kinds).map(Ready::from).map_err(|failure| failure.to_string())
            }
            Self::Window => in_the_window(),
        }
    }
}

impl From<Command> for Ready {
    fn from(command: Command) -> Self {
        Self { command, _display: None }
    }
}

fn in_node() -> Result<Command, String> {
    let version = ask("node", &["--version"]);
    if version.as_deref().and_then(major_version).is_none_or(|major| major < OLDEST_NODE) {
        let found = version.unwrap_or_else(|| "none".to_owned());
        return Err(format!("the UI's tests need Node {OLDEST_NODE} or newer; found {found}"));
    }
    let mut files = Vec::new();
    find_tests(&root().join("tests/ui"), &mut files);
    files.sort();
    if files.is_empty() {
        // Node would look for tests of its own choice.
        return Err("tests/ui has no tests".to_owned());
    }
    let mut node = Command::new("node");
    node.current_dir(root()).arg("--test").args(files);
    Ok(node)
}

/// Named one by one: what a folder means to `--test` differs between versions of Node.
fn find_tests(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            find_tests(&path, found);
        } else if [".test.js", ".test.mjs"].iter().any(|end| path.to_string_lossy().ends_with(end))
        {
            found.push(path.strip_prefix(root()).unwrap_or(&path).to_owned());
        }
    }
}

/// `cargo test` that knows where the programs are that the build step made.
pub(super) fn in_rust(kinds: &[&str]) -> Result<Command, Failure> {
    let mut tests = checking(cargo())?;
    tests.arg("test").args(EVERYTHING).args(kinds);
    tests.env("TRAWL_TEST_PROGRAMS", target().join("debug"));
    Ok(tests)
}

fn in_the_window() -> Result<Ready, String> {
    if !cfg!(target_os = "linux") {
        return Err("the real window can be driven on Linux only".to_owned());
    }
    let lacking = packages::missing(&[Need::Xvfb, Need::Driver]);
    if !lacking.is_empty() {
        return Err(format!("the real window cannot be driven without {lacking:?}"));
    }
    let display = Virtual::start().map_err(|failure| failure.to_string())?;
    // One window at a time: a test's time-outs are not to depend on the others.
    let tests = in_rust(&["--test", "e2e", "--", "--test-threads", "1"]);
    let mut tests = tests.map_err(|failure| failure.to_string())?;
    tests.env("DISPLAY", display.name()).env_remove("WAYLAND_DISPLAY");
    Ok(Ready { command: tests, _display: Some(display) })
}

/// `v20.11.1` is 20.
fn major_version(version: &str) -> Option<u32> {
    version.trim_start_matches('v').split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{Part, major_version};

    #[test]
    fn versions_of_node_are_read() {
        assert_eq!(major_version("v20.11.1"), Some(20));
        assert_eq!(major_version("18.0.0"), Some(18));
        assert_eq!(major_version("nothing"), None);
    }

    #[test]
    fn parts_have_names() {
        for part in [Part::Ui, Part::Rust, Part::Window] {
            assert_eq!(Part::named(part.name()), Some(part));
        }
        assert_eq!(Part::named("everything"), None);
    }
}
