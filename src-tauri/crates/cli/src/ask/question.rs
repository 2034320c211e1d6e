//! The question: from the command line or from standard input, within its limits.

use std::io::{self, Read as _};

use anyhow::Context as _;
use trawl_core::initialize::checked_question;

use crate::exit::Usage;

/// Far more than is taken, so that a refusal can name the size; an endless stream is not read.
const READ_AT_MOST: u64 = 16 << 20;

/// The question as it is asked, or why it is not.
pub(super) fn read(argument: &str) -> anyhow::Result<String> {
    let question = if argument == "-" { from_stdin()? } else { argument.to_owned() };
    let question = checked_question(&question).map_err(Usage::of)?;
    Ok(question.to_owned())
}

fn from_stdin() -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    io::stdin()
        .lock()
        .take(READ_AT_MOST)
        .read_to_end(&mut bytes)
        .context("standard input is unreadable")?;
    String::from_utf8(bytes)
        .map_err(|_| Usage("the question on standard input is not UTF-8 text".to_owned()).into())
}
