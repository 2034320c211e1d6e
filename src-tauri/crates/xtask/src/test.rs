//! `cargo xtask test`: all that is checked before a change is accepted, in the order of its price.
//!
//! Every cargo command selects the same packages and features: cargo unifies features over its
//! selection, and another selection would compile most dependencies again.

mod part;
mod repeat;

pub(crate) use self::part::Part;
pub(crate) use self::repeat::repeat;

use crate::clippy::checking;
use crate::command::{Failure, cargo, fail, in_ci, must};
use crate::{packages, say, types};

/// What every cargo command here selects, as the lock file has it.
const EVERYTHING: [&str; 4] = ["--locked", "--workspace", "--features", "trawl-tests/e2e"];

/// Checks everything.
pub(crate) fn test() -> Result<(), Failure> {
    say::step("Everything", everything)
}

/// Builds what one part needs, and runs it.
pub(crate) fn part(part: Part) -> Result<(), Failure> {
    say::step("System packages", system_packages)?;
    say::step("Build", || part.build())?;
    run(part)
}

fn everything() -> Result<(), Failure> {
    say::step("System packages", system_packages)?;
    say::step("Format", || must(cargo().args(["fmt", "--all", "--check"])))?;
    run(Part::Ui)?;
    say::step("Types of the page", types_of_the_page)?;
    say::step("Build, checked by Clippy", build)?;
    run(Part::Rust)?;
    say::step("Documentation tests", || {
        must(checking(cargo())?.args(["test", "--doc", "--quiet"]).args(EVERYTHING))
    })?;
    say::step("Benchmarks, one cheap round", || {
        must(&mut part::in_rust(&["--bench", "benchmarks"])?)
    })?;
    run(Part::Window)
}

/// Programs, tests and benchmarks in one selection: by itself, a program would get other features.
fn build() -> Result<(), Failure> {
    must(checking(cargo())?.args(["build", "--bins", "--tests", "--benches"]).args(EVERYTHING))
}

/// The documentation of all packages. Not among the checks: it reads every dependency once more.
pub(crate) fn doc() -> Result<(), Failure> {
    let doc = ["doc", "--no-deps", "--quiet"];
    must(cargo().args(doc).args(EVERYTHING).env("RUSTDOCFLAGS", "-D warnings"))
}

/// Once. A part that cannot be run here is left out, except where nothing may be skipped.
fn run(part: Part) -> Result<(), Failure> {
    say::step(part.title(), || match part.ready() {
        Ok(mut ready) => must(&mut ready.command),
        Err(reason) => left_out(&reason),
    })
}

/// The checker comes from npm once; without a network and without it, everything else is checked.
fn types_of_the_page() -> Result<(), Failure> {
    match types::checker() {
        Ok(checker) => types::check(&checker),
        Err(failure) => left_out(&format!("the page's types; npm gave no TypeScript: {failure}")),
    }
}

/// Skips with a reason, except where nothing may be skipped.
fn left_out(reason: &str) -> Result<(), Failure> {
    if in_ci() {
        return fail(reason);
    }
    say::note(&format!("left out: {reason}"));
    Ok(())
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
