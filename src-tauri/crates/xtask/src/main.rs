//! `cargo xtask …`: everything that is done to Trawl from a terminal, in one command each.
//!
//! Standard library only, so that it is built in seconds and needs nothing but the toolchain. What
//! the system lacks is installed where `apt-get` is there, and named elsewhere.

mod bundle;
mod command;
mod display;
mod packages;
mod run;
mod say;
mod test;
mod types;

use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask run [--release]   install what is missing, build, and open the window
cargo xtask test              all that is checked before a change is accepted
cargo xtask bundle            make the .deb in target/release/bundle/deb

CI=true cargo xtask test      the same, and nothing is skipped
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match arguments.as_slice() {
        ["run"] => run::run(run::Profile::Dev),
        ["run", "--release"] => run::run(run::Profile::Release),
        ["test"] => test::test(),
        ["bundle"] => bundle::bundle(),
        ["help" | "--help" | "-h"] => {
            say::line(USAGE);
            return ExitCode::SUCCESS;
        }
        _ => {
            say::line(USAGE);
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            say::failure(&failure.to_string());
            ExitCode::FAILURE
        }
    }
}
