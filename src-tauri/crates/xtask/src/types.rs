//! The types of the page's scripts, held by TypeScript's own checker.
//!
//! The page has no build step and no packages. The checker is fetched from npm once, into a folder
//! of its own below the target folder, and is found there by every later run, without a network.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command::{Failure, must, root, target};

/// The checker's version: with another one, other findings.
const TYPESCRIPT: &str = "5.9.3";

/// Where npm puts it, or why it cannot.
pub(crate) fn checker() -> Result<PathBuf, Failure> {
    let folder = target().join(format!("typescript-{TYPESCRIPT}"));
    if !is_whole(&folder) {
        must(&mut npm_install(&folder))?;
    }
    Ok(folder.join("node_modules/typescript/bin/tsc"))
}

/// Checks every script of the page against what its comments say of types.
pub(crate) fn check(checker: &Path) -> Result<(), Failure> {
    let project = ["--project", "tests/ui/tsconfig.json"];
    must(Command::new("node").current_dir(root()).arg(checker).args(project))
}

/// npm writes this file last.
fn is_whole(folder: &Path) -> bool {
    folder.join("node_modules/.package-lock.json").is_file()
}

fn npm_install(folder: &Path) -> Command {
    let mut npm = Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" });
    npm.current_dir(root()).args(["install", "--prefix"]).arg(folder);
    npm.args(["--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries", "1"]);
    npm.arg(format!("typescript@{TYPESCRIPT}"));
    npm
}
