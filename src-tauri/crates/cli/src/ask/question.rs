//! The question: from the command line or from standard input, within its limits.

use std::io::{self, Read as _};

use anyhow::Context as _;
use trawl_core::initialize::{MAX_QUESTION_BYTES, checked_question};

use crate::exit::Usage;

/// The question as it is asked, or why it is not.
pub(super) fn read(argument: &str) -> anyhow::Result<String> {
    let question = if argument == "-" { from_stdin()? } else { argument.to_owned() };
    let question = checked_question(&question).map_err(Usage::of)?;
    Ok(question.to_owned())
}

fn from_stdin() -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    // A little more than is taken, so that too much is seen without reading all of it.
    let limit = MAX_QUESTION_BYTES as u64 * 2;
    io::stdin()
        .lock()
        .take(limit)
        .read_to_end(&mut bytes)
        .context("standard input is unreadable")?;
    String::from_utf8(bytes)
        .map_err(|_| Usage("the question on standard input is not UTF-8 text".to_owned()).into())
}
