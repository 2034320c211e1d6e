//! `cargo xtask bench`: figures for people, of what is shipped.

use crate::command::{Failure, cargo, must, target};
use crate::packages::{self, Need};
use crate::say;

/// One selection for the programs and for what measures them, so that they are the same programs.
const PACKAGES: [&str; 5] = ["--locked", "--package", "trawl-tests", "--package", "trawl-cli"];

/// Measures all, or those named, and prints tables.
pub(crate) fn bench(names: &[&str]) -> Result<(), Failure> {
    packages::provide(&[Need::Compiler])?;
    say::step("Build", || {
        let programs = ["build", "--release", "--bin", "trawl", "--bin", "fake-mcp"];
        must(cargo().args(programs).args(PACKAGES))
    })?;
    say::step("Benchmarks", || {
        let mut bench = cargo();
        bench.arg("bench").args(PACKAGES).args(["--bench", "benchmarks", "--"]).args(names);
        must(bench.env("TRAWL_TEST_PROGRAMS", target().join("release")))
    })
}
