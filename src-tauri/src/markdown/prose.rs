//! A piece of text as its author wrote it: what is shown, and which of its brackets are markup.
//!
//! The parser gives a text in parts, one for each character that might have meant something. A bracket
//! behind a backslash, or one written as an entity, stands for itself: the author, or the writer that
//! escaped a server's words, meant no citation.

use std::ops::Range;

/// Parts of a text that follow one another.
#[derive(Default)]
pub(super) struct Prose {
    text: String,
    /// Where brackets stand that are text.
    plain: Vec<usize>,
}

impl Prose {
    /// Adds a part that stands at `place` in the source.
    pub(super) fn push(&mut self, part: &str, source: &str, place: Range<usize>) {
        let as_written = source.get(place.clone()) == Some(part);
        for (at, _) in part.match_indices(['[', ']']) {
            if !as_written || is_escaped(source, place.start + at) {
                self.plain.push(self.text.len() + at);
            }
        }
        self.text.push_str(part);
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Whether the bracket at this place may be one of a citation.
    pub(super) fn is_markup(&self, at: usize) -> bool {
        self.plain.binary_search(&at).is_err()
    }
}

/// An odd number of backslashes stands before it; two are one that is shown.
fn is_escaped(source: &str, at: usize) -> bool {
    let backslashes = source.as_bytes()[..at].iter().rev().take_while(|byte| **byte == b'\\');
    backslashes.count() % 2 == 1
}
