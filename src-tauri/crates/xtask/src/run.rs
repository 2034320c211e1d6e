//! `cargo xtask run`: from a fresh clone to an open window.

use std::path::PathBuf;
use std::process::Command;

use crate::command::{Failure, cargo, must, target};
use crate::packages::{self, Need};
use crate::{display, say};

/// Answered by the bundled sample server.
const SAMPLE_QUESTION: &str = "How many stories have upstream keyword?";

/// How much the compiler is to think.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    /// Built soonest; what is slow otherwise is optimised, so the window is quick all the same.
    Dev,
    /// What is shipped.
    Release,
}

/// Builds and opens the window; where there is no display, asks on the command line instead.
///
/// The packages that are selected are the tests', so that neither builds what the other has built.
pub(crate) fn run(profile: Profile) -> Result<(), Failure> {
    if display::is_there() {
        packages::provide(&packages::TO_BUILD)?;
        let program = ["build", "--locked", "--workspace", "--bin", "trawl-desktop"];
        say::step("Build the window", || must(cargo().args(program).args(profile.flags())))?;
        return must(&mut Command::new(profile.folder().join("trawl-desktop")));
    }
    say::note("there is no display here, so a question is asked on the command line instead");
    packages::provide(&[Need::Compiler])?;
    let program = ["build", "--locked", "--bin", "trawl"];
    say::step("Build the command line", || must(cargo().args(program).args(profile.flags())))?;
    must(Command::new(profile.folder().join("trawl")).args(["ask", SAMPLE_QUESTION]))
}

impl Profile {
    fn flags(self) -> &'static [&'static str] {
        match self {
            Self::Dev => &[],
            Self::Release => &["--release"],
        }
    }

    fn folder(self) -> PathBuf {
        target().join(match self {
            Self::Dev => "debug",
            Self::Release => "release",
        })
    }
}
