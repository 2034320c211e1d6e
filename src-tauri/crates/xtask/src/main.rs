//! `cargo xtask …`: everything that is done to Trawl from a terminal, in one command each.
//!
//! Standard library only, so that it is built in seconds and needs nothing but the toolchain. What
//! the system lacks is installed where `apt-get` is there, and named elsewhere.

mod bench;
mod bundle;
mod clippy;
mod command;
mod display;
mod packages;
mod run;
mod say;
mod test;
mod types;

use std::process::ExitCode;

use crate::command::Failure;
use crate::test::Part;

const USAGE: &str = "\
cargo xtask run [--release]            install what is missing, build, and open the window
cargo xtask test                       all that is checked before a change is accepted
cargo xtask test PART                  one part of it: ui, rust or window
cargo xtask test --repeat N PART       that part N times; counts which tests failed how often
cargo xtask doc                        the documentation of all packages; a broken link is an error
cargo xtask bench [NAME…]              measure, and print tables
cargo xtask bundle                     make the .deb in target/release/bundle/deb

CI=true cargo xtask test               the same, and nothing is skipped
";

fn main() -> ExitCode {
    if let Some(compiled) = clippy::compile() {
        return compiled;
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if matches!(arguments.as_slice(), ["help" | "--help" | "-h"]) {
        say::line(USAGE);
        return ExitCode::SUCCESS;
    }
    match done(&arguments) {
        Some(Ok(())) => ExitCode::SUCCESS,
        Some(Err(failure)) => {
            say::failure(&failure.to_string());
            ExitCode::FAILURE
        }
        None => {
            say::line(USAGE);
            ExitCode::from(2)
        }
    }
}

/// Does what the arguments ask for; `None` where they ask for nothing that is known.
fn done(arguments: &[&str]) -> Option<Result<(), Failure>> {
    Some(match arguments {
        ["run"] => run::run(run::Profile::Dev),
        ["run", "--release"] => run::run(run::Profile::Release),
        ["test"] => test::test(),
        ["test", part] => test::part(Part::named(part)?),
        ["test", "--repeat", times, part] | ["test", part, "--repeat", times] => {
            let times = times.parse().ok().filter(|times| *times > 0)?;
            test::repeat(times, Part::named(part)?)
        }
        ["doc"] => test::doc(),
        ["bench", names @ ..] => bench::bench(names),
        ["bundle"] => bundle::bundle(),
        _ => return None,
    })
}
