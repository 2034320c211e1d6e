//! The two ways out: answers to standard output, everything else to standard error.
//!
//! Colours only where a terminal shows them and `NO_COLOR` does not forbid them; control characters
//! of servers and models never reach a terminal.

use std::env;
use std::io::{self, IsTerminal, Write};

/// Writes an answer, with a line break at its end.
pub(crate) fn answer(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    if !text.ends_with('\n') {
        out.write_all(b"\n")?;
    }
    out.flush()
}

/// Writes a line for people. That nobody reads it is no reason to stop.
pub(crate) fn note(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// How things look, plain where nobody can see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Style {
    coloured: bool,
}

impl Style {
    /// For standard error.
    pub(crate) fn of_stderr() -> Self {
        Self::of(io::stderr().is_terminal())
    }

    /// For standard output.
    pub(crate) fn of_stdout() -> Self {
        Self::of(io::stdout().is_terminal())
    }

    /// Never coloured.
    #[cfg(test)]
    pub(crate) fn plain() -> Self {
        Self { coloured: false }
    }

    fn of(is_terminal: bool) -> Self {
        // https://no-color.org: present and not empty.
        let forbidden = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = env::var_os("TERM").is_some_and(|term| term == "dumb");
        Self { coloured: is_terminal && !forbidden && !dumb }
    }

    pub(crate) fn good(self, text: &str) -> String {
        self.wrapped("32", text)
    }

    pub(crate) fn bad(self, text: &str) -> String {
        self.wrapped("31", text)
    }

    pub(crate) fn strong(self, text: &str) -> String {
        self.wrapped("1", text)
    }

    pub(crate) fn faint(self, text: &str) -> String {
        self.wrapped("2", text)
    }

    fn wrapped(self, code: &str, text: &str) -> String {
        if self.coloured { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

/// Text of others without what a terminal would obey.
pub(crate) fn harmless(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
}

/// The same on one line.
pub(crate) fn one_line(text: &str) -> String {
    harmless(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_is_not_told_what_to_do() {
        assert_eq!(harmless("a\u{1b}[31mb\u{7}\r\n\tc\u{9b}2J"), "a[31mb\n\tc2J");
        assert_eq!(one_line("  two\n lines "), "two lines");
    }

    #[test]
    fn plain_is_plain() {
        assert_eq!(Style::plain().bad("x"), "x");
        assert_eq!(Style { coloured: true }.bad("x"), "\u{1b}[31mx\u{1b}[0m");
    }
}
