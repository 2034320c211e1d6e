//! Quotations in an answer, held against the results that it cites.
//!
//! Comes in: Markdown, what it cites and what the tasks found. Goes out: the same text with a mark
//! behind each quotation that stands in no cited result. Words are compared, not marks or markup; a
//! result's numbers and the names of its fields are words too. Code is left alone.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Found, pieces::pieces};
use crate::event::Citation;

/// What is put behind a quotation that nobody can find.
pub(super) const NOT_FOUND: &str = "*(not found in the sources)*";

/// Shorter quotations are titles or single words, which need no source.
const SHORTEST_WORDS: usize = 4;

/// Longer values are not read together with their neighbours.
const LONGEST_NEIGHBOUR: usize = 200;

/// Marks that open a quotation, and those that may close it, the likeliest first.
const MARKS: &[(char, &[char])] = &[
    ('"', &['"']),
    ('“', &['”', '"']),
    ('„', &['“', '”', '"']),
    ('«', &['»']),
    ('»', &['«', '»']),
    ('‘', &['’', '\'']),
    ('‚', &['‘', '’']),
    ('‹', &['›']),
    ('›', &['‹', '›']),
    ('「', &['」']),
    ('『', &['』']),
    ('\'', &['\'', '’']),
];

/// Between a field's name and its value, as people put them into a sentence.
const LINKS: [&str; 4] = ["is", "are", "was", "were"];

/// Puts a mark behind each quotation that stands neither in a cited result nor in the question.
pub(super) fn marked(
    markdown: &str,
    cited: &[Citation],
    found: &[Found],
    question: &str,
) -> String {
    let mut sources: Option<String> = None;
    let mut text = String::with_capacity(markdown.len());
    for (is_code, piece) in pieces(markdown) {
        if is_code {
            text.push_str(piece);
            continue;
        }
        let mut rest = piece;
        while let Some((before, quote, after)) = quotation(rest) {
            text.push_str(before);
            text.push_str(quote);
            let is_long = quote.split_whitespace().count() >= SHORTEST_WORDS;
            let mut stands_in = |quote| {
                sources.get_or_insert_with(|| sources_of(cited, found, question)).contains(quote)
            };
            if is_long && !stands_in(&letters(quote)) {
                text.push(' ');
                text.push_str(NOT_FOUND);
            }
            rest = after;
        }
        text.push_str(rest);
    }
    text
}

/// The text before the next quotation, the quotation with its marks, and the text behind it. A lone
/// mark comes as a quotation of its own.
fn quotation(text: &str) -> Option<(&str, &str, &str)> {
    let (start, open, closes) = text.char_indices().find_map(|(at, letter)| {
        let (open, closes) = MARKS.iter().find(|(open, _)| *open == letter)?;
        opens(text, at, *open).then_some((at, *open, *closes))
    })?;
    let inside = start + open.len_utf8();
    // A quotation ends within its paragraph.
    let paragraph = text[inside..].find("\n\n").map_or(text.len(), |end| inside + end);
    let within = &text[inside..paragraph];
    let end = closes.iter().find_map(|close| {
        let ends = within.match_indices(*close).map(|(at, mark)| (inside + at, mark.len()));
        ends.filter(|(at, _)| *at > inside).find(|(at, _)| ends_there(text, *at, *close))
    });
    let end = end.map_or(inside, |(at, length)| at + length);
    Some((&text[..start], &text[start..end], &text[end..]))
}

/// A straight single mark opens before a word alone: elsewhere it is an apostrophe.
fn opens(text: &str, at: usize, mark: char) -> bool {
    let before = text[..at].chars().next_back();
    let after = text[at + mark.len_utf8()..].chars().next();
    mark != '\''
        || (before.is_none_or(|letter| !letter.is_alphanumeric())
            && after.is_some_and(char::is_alphabetic))
}

/// A single mark within a word is an apostrophe.
fn ends_there(text: &str, at: usize, mark: char) -> bool {
    let before = text[..at].chars().next_back();
    let after = text[at + mark.len_utf8()..].chars().next();
    !matches!(mark, '\'' | '’')
        || (after.is_none_or(|letter| !letter.is_alphanumeric())
            && before.is_some_and(|letter| !letter.is_whitespace()))
}

/// All text of the cited results and of the question, in letters and digits alone.
fn sources_of(cited: &[Citation], found: &[Found], question: &str) -> String {
    let indexes: BTreeSet<usize> = cited.iter().map(|citation| citation.index).collect();
    let mut sources = letters(question);
    for task in found.iter().filter(|task| indexes.contains(&task.index)) {
        sources.push('\n');
        gather(&task.evidence.value, &mut sources);
    }
    sources
}

fn gather(value: &Value, text: &mut String) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| gather(item, text)),
        Value::Object(fields) => {
            // A record read aloud: “score is 412, author ann”.
            for (name, value) in fields {
                if let Some(value) = scalar(value).filter(|value| value.len() <= LONGEST_NEIGHBOUR)
                {
                    text.push_str(&letters(name));
                    text.push_str(&letters(&value));
                }
            }
            text.push('\n');
            fields.values().for_each(|field| gather(field, text));
        }
        _ => {
            text.push_str(&scalar(value).map_or_else(String::new, |value| letters(&value)));
            text.push('\n');
        }
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// What is compared: spaces, marks and markup differ without a difference in the words.
fn letters(text: &str) -> String {
    let words = text.split(|letter: char| !letter.is_alphanumeric()).map(str::to_lowercase);
    words.filter(|word| !LINKS.contains(&word.as_str())).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::synthesize::evidence::Evidence;

    /// Whether anything is marked in an answer that cites one result.
    fn is_marked(markdown: &str) -> bool {
        let value = json!({"results": [{"title": "The first story is here", "score": 412, "author": "ann"}],
            "text": "Words that are\nreally *there*. They don't lie, and the 7 users' data stays."});
        let found = Found {
            index: 0,
            server: "s".into(),
            tool: "find".into(),
            description: String::new(),
            arguments: json!({}),
            evidence: Evidence::read(&json!({"structuredContent": value}).to_string()),
        };
        let cited = [Citation { index: 0, item: None }];
        marked(markdown, &cited, &[found], "What does the person really ask?").contains(NOT_FOUND)
    }

    #[test]
    fn what_stands_in_a_source_is_not_marked_in_any_kind_of_marks() {
        for quote in ["words that are really there", "They don't lie, and the 7 users' data stays"]
        {
            for (open, closes) in MARKS {
                for close in *closes {
                    let text = format!("It says {open}{quote}{close} [1].");
                    assert!(!is_marked(&text), "{text}");
                }
            }
        }
        for text in [
            "The “score is 412, author ann” [1], or \"title: The first story is here; score: 412\".",
            "A \"short title\" [1]. Asked: \"what does the person really ask?\"",
            "One \" mark, and `\"code that is not a quote\"` [1].",
            "It's the users' data, isn't it, and that's all of the users' own.",
            "Rock 'n' roll of the '90s and of the others' years",
        ] {
            assert!(!is_marked(text), "{text}");
        }
    }

    #[test]
    fn what_nobody_wrote_is_marked_in_any_kind_of_marks() {
        for (open, closes) in MARKS {
            for close in *closes {
                let text = format!("It says {open}something that nobody don’t wrote{close} [1].");
                assert!(is_marked(&text), "{text}");
            }
        }
        assert!(is_marked("“The score is 413, author ann”"));
    }
}
