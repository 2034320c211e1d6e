//! `cargo xtask test`: all that is checked before a change is accepted, in the order of its price.
//!
//! Every cargo command selects the same packages and features: cargo unifies features over its
//! selection, and another selection would compile most dependencies again.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command::{Failure, ask, cargo, fail, in_ci, must, root, target};
use crate::packages::{self, Need};
use crate::{display::Virtual, say, types};

/// What every cargo command here selects.
const EVERYTHING: [&str; 3] = ["--workspace", "--features", "trawl-tests/e2e"];

/// The oldest Node whose own test runner the UI's tests work with.
const OLDEST_NODE: u32 = 18;

/// Checks everything.
pub(crate) fn test() -> Result<(), Failure> {
    say::step("Everything", everything)
}

fn everything() -> Result<(), Failure> {
    say::step("System packages", system_packages)?;
    say::step("Format", || must(cargo().args(["fmt", "--all", "--check"])))?;
    say::step("UI tests", ui_tests)?;
    say::step("Types of the page", types_of_the_page)?;
    say::step("Clippy", || {
        let clippy = ["clippy", "--all-targets", "--quiet"];
        must(cargo().args(clippy).args(EVERYTHING).args(["--", "-D", "warnings"]))
    })?;
    // Programs and tests in one selection: by itself, a program would get other features.
    say::step("Build", || must(cargo().args(["build", "--bins", "--tests"]).args(EVERYTHING)))?;
    say::step("Rust tests", || {
        let kinds = ["--lib", "--bins", "--test", "integration"];
        must(with_programs(cargo().arg("test").args(EVERYTHING).args(kinds)))
    })?;
    say::step("Documentation tests", || {
        must(cargo().args(["test", "--doc", "--quiet"]).args(EVERYTHING))
    })?;
    say::step("The real window", end_to_end)
}

/// In CI all of it has to be there; elsewhere the window's tests may be left out.
fn system_packages() -> Result<(), Failure> {
    match packages::provide(&packages::TO_TEST) {
        Err(failure) if !in_ci() && packages::missing(&packages::TO_BUILD).is_empty() => {
            say::note(&failure.to_string());
            Ok(())
        }
        outcome => outcome,
    }
}

fn ui_tests() -> Result<(), Failure> {
    let version = ask("node", &["--version"]);
    let major = version.as_deref().and_then(major_version);
    match major {
        Some(major) if major >= OLDEST_NODE => {
            let mut files = Vec::new();
            find_tests(&root().join("tests/ui"), &mut files);
            files.sort();
            if files.is_empty() {
                // Node would look for tests of its own choice.
                return fail("tests/ui has no tests");
            }
            must(Command::new("node").current_dir(root()).arg("--test").args(files))
        }
        _ => {
            let found = version.unwrap_or_else(|| "none".to_owned());
            left_out(&format!("the UI's tests need Node {OLDEST_NODE} or newer; found {found}"))
        }
    }
}

/// The checker comes from npm once; without a network and without it, everything else is checked.
fn types_of_the_page() -> Result<(), Failure> {
    match types::checker() {
        Ok(checker) => types::check(&checker),
        Err(failure) => left_out(&format!("the page's types; npm gave no TypeScript: {failure}")),
    }
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

fn end_to_end() -> Result<(), Failure> {
    if !cfg!(target_os = "linux") {
        return left_out("the real window can be driven on Linux only");
    }
    let lacking = packages::missing(&[Need::Xvfb, Need::Driver]);
    if !lacking.is_empty() {
        return left_out(&format!("the real window cannot be driven without {lacking:?}"));
    }
    let display = Virtual::start()?;
    // One window at a time: a test's time-outs are not to depend on the others.
    let threads = ["--", "--test-threads", "1"];
    let mut tests = cargo();
    tests.arg("test").args(EVERYTHING).args(["--test", "e2e"]).args(threads);
    tests.env("DISPLAY", display.name()).env_remove("WAYLAND_DISPLAY");
    must(with_programs(&mut tests))
}

/// Tells the tests where the programs are that the build step made.
fn with_programs(tests: &mut Command) -> &mut Command {
    let folder = target().join("debug");
    tests.env("TRAWL_TEST_PROGRAMS", folder)
}

/// Skips with a reason, except where nothing may be skipped.
fn left_out(reason: &str) -> Result<(), Failure> {
    if in_ci() {
        return fail(reason);
    }
    say::note(&format!("left out: {reason}"));
    Ok(())
}

/// `v20.11.1` is 20.
fn major_version(version: &str) -> Option<u32> {
    version.trim_start_matches('v').split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::major_version;

    #[test]
    fn versions_of_node_are_read() {
        assert_eq!(major_version("v20.11.1"), Some(20));
        assert_eq!(major_version("18.0.0"), Some(18));
        assert_eq!(major_version("nothing"), None);
    }
}
