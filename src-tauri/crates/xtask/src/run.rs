//! `cargo xtask run`: from a fresh clone to an open window.

use crate::command::{Failure, cargo, must};
use crate::packages::{self, Need};
use crate::{display, say};

/// Answered by the bundled sample server.
const SAMPLE_QUESTION: &str = "How many stories have upstream keyword?";

/// How much the compiler is to think.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    /// Built soonest; dependencies are optimised, so the window is quick all the same.
    Dev,
    /// What is shipped.
    Release,
}

/// Builds and opens the window; where there is no display, asks on the command line instead.
pub(crate) fn run(profile: Profile) -> Result<(), Failure> {
    if display::is_there() {
        packages::provide(&packages::TO_BUILD)?;
        say::step("Build the window", || {
            must(cargo().args(["build", "--package", "trawl-desktop"]).args(profile.flags()))
        })?;
        return must(
            cargo().args(["run", "--quiet", "--package", "trawl-desktop"]).args(profile.flags()),
        );
    }
    say::note("there is no display here, so a question is asked on the command line instead");
    packages::provide(&[Need::Compiler])?;
    must(cargo().args(["run", "--package", "trawl-cli"]).args(profile.flags()).args([
        "--",
        "ask",
        SAMPLE_QUESTION,
    ]))
}

impl Profile {
    fn flags(self) -> &'static [&'static str] {
        match self {
            Self::Dev => &[],
            Self::Release => &["--release"],
        }
    }
}
