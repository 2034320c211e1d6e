//! Takes out what would make a link of a citation.
//!
//! Markdown lets a text say elsewhere where a bracket leads: after `[1]: https://example.com` every
//! `[1]` is a link to there. Models end answers with such lists; a number cites a result whatever
//! they say of it. Comes in: an answer, and which names cite. Goes out: the answer without the
//! definitions of those; definitions of other names stay.

use std::borrow::Cow;
use std::ops::Range;

use pulldown_cmark::{Options, Parser};

/// Of several definitions of a name the first one counts; without it, the next one does.
const MOST_PASSES: usize = 8;

/// The text without the definitions of names that cite, in block quotes and lists too.
pub(super) fn without_definitions(text: &str, cites: impl Fn(&str) -> bool) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(text);
    for _ in 0..MOST_PASSES {
        let found = definitions(&text, &cites);
        if found.is_empty() {
            return text;
        }
        text = Cow::Owned(without(&text, &found));
    }
    // What is left defines nothing once its colon stands apart.
    Cow::Owned(text.replace("]:", "] :"))
}

/// Where they stand, in order.
fn definitions(text: &str, cites: impl Fn(&str) -> bool) -> Vec<Range<usize>> {
    if !text.contains("]:") {
        return Vec::new();
    }
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let parser = Parser::new_ext(text, options);
    let all = parser.reference_definitions().iter();
    let mut found: Vec<Range<usize>> =
        all.filter(|(name, _)| cites(name)).map(|(_, defined)| defined.span.clone()).collect();
    found.sort_by_key(|place| place.start);
    found
}

fn without(text: &str, found: &[Range<usize>]) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut done = 0;
    for place in found {
        let place = with_its_line(text, place);
        kept.push_str(&text[done..place.start.max(done)]);
        done = place.end;
    }
    kept.push_str(&text[done..]);
    kept
}

/// The whole line where nothing else is on it: no empty quotation or list item stays behind.
fn with_its_line(text: &str, place: &Range<usize>) -> Range<usize> {
    let start = text[..place.start].rfind('\n').map_or(0, |end| end + 1);
    let end = text[place.end..].find('\n').map_or(text.len(), |end| place.end + end + 1);
    let is_mark = |c: char| c.is_ascii_digit() || " \t>-*+.)".contains(c);
    let alone = text[start..place.start].chars().all(is_mark)
        && text[place.end..end].chars().all(char::is_whitespace);
    if alone { start..end } else { place.clone() }
}
