//! `trawl`: the same agent as in the window, for a terminal and for scripts.
//!
//! Comes in: a command line. Goes out: answers on standard output, everything else on standard
//! error, and an exit code that says how it ended ([`exit`]). What a question does is the core's
//! work; nothing here decides it.

mod arguments;
mod ask;
mod exit;
mod history;
mod output;
mod place;
mod servers;
mod stories;
mod tools;
mod words;

use std::process::ExitCode;

use clap::Parser as _;
use trawl_core::mcp::supervisor;

use crate::arguments::{Arguments, Command};

fn main() -> ExitCode {
    if let Some(code) = supervisor::run_if_asked() {
        return code;
    }
    let Arguments { place, command } = Arguments::parse();
    let ended = match command {
        Command::Ask(ask) => ask::run(&ask, &place),
        Command::History { command } => history::run(&command, &place),
        Command::Servers { command } => servers::run(command, &place),
        Command::Tools { json } => tools::run(json, &place),
        Command::Mcp { command } => stories::run(command),
    };
    ended.unwrap_or_else(|error| exit::tell(&error)).into()
}
