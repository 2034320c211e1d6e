//! What is printed, in one shape: steps with their times, notes, failures.
#![expect(
    clippy::print_stdout,
    reason = "a task runner speaks to the terminal it was started from"
)]

use std::io::{IsTerminal, stdout};
use std::time::{Duration, Instant};

/// Plain text.
pub(crate) fn line(text: &str) {
    println!("{text}");
}

/// Runs a step under its name and prints the time it took.
pub(crate) fn step<T, E>(name: &str, work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    println!("{}", styled("1", &format!("▸ {name}")));
    let began = Instant::now();
    let outcome = work();
    let (mark, colour) = if outcome.is_ok() { ("✓", "32") } else { ("✗", "31") };
    println!("{} {name} · {}", styled(colour, mark), seconds(began.elapsed()));
    outcome
}

/// Something worth knowing that stops nothing.
pub(crate) fn note(text: &str) {
    println!("{} {text}", styled("33", "!"));
}

/// A command that is about to run.
pub(crate) fn command(text: &str) {
    println!("{}", styled("2", &format!("$ {text}")));
}

/// The end, when it is a bad one.
pub(crate) fn failure(text: &str) {
    println!("{} {text}", styled("31", "✗"));
}

/// `4.2 s`, `3 min 07 s`.
pub(crate) fn seconds(time: Duration) -> String {
    let whole = time.as_secs();
    if whole < 60 {
        format!("{:.1} s", time.as_secs_f64())
    } else {
        format!("{} min {:02} s", whole / 60, whole % 60)
    }
}

fn styled(code: &str, text: &str) -> String {
    if stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none() {
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    } else {
        text.to_owned()
    }
}
