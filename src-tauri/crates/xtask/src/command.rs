//! Starting programs: what is found, what is asked, what is run and must succeed.

use std::env;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::say;

/// Why a task cannot go on, in words for the person at the terminal.
#[derive(Debug)]
pub(crate) struct Failure(pub(crate) String);

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// A failure from anything that has words.
pub(crate) fn fail<T>(words: impl Into<String>) -> Result<T, Failure> {
    Err(Failure(words.into()))
}

/// Runs a command to its end, with its output on this terminal. Prints it first.
pub(crate) fn must(command: &mut Command) -> Result<(), Failure> {
    let shown = shown(command);
    say::command(&shown);
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => fail(format!("`{shown}` ended with {status}")),
        Err(error) => fail(format!("`{shown}` cannot be started: {error}")),
    }
}

/// What a command prints, or `None` when it fails or is not there.
pub(crate) fn ask(program: &str, arguments: &[&str]) -> Option<String> {
    let output =
        Command::new(program).args(arguments).stderr(Stdio::null()).stdin(Stdio::null()).output();
    let output = output.ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Whether a program is on the PATH.
pub(crate) fn on_path(program: &str) -> bool {
    let Some(path) = env::var_os("PATH") else { return false };
    env::split_paths(&path).any(|folder| {
        folder.join(program).is_file()
            || (cfg!(windows) && folder.join(format!("{program}.cmd")).is_file())
    })
}

/// The same cargo that runs this, in the workspace's root.
pub(crate) fn cargo() -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root());
    if in_ci() {
        // Nothing is built a second time there, so that preparing for it is for nothing.
        cargo.env("CARGO_INCREMENTAL", "0");
    }
    cargo
}

/// The workspace's root.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(3).unwrap_or(here).to_owned()
}

/// The workspace's target folder, wherever the person's configuration puts it.
pub(crate) fn target() -> PathBuf {
    // This program itself is TARGET/PROFILE/xtask.
    let own = env::current_exe().ok();
    own.as_deref()
        .and_then(|path| path.ancestors().nth(2))
        .map_or_else(|| root().join("target"), Path::to_owned)
}

/// Whether this runs where nothing may be skipped.
pub(crate) fn in_ci() -> bool {
    env::var("CI").is_ok_and(|value| !matches!(value.as_str(), "" | "0" | "false"))
}

fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_stem().unwrap_or_default();
    let mut words = vec![program.to_string_lossy().into_owned()];
    words.extend(command.get_args().map(|word| word.to_string_lossy().into_owned()));
    words.join(" ")
}
