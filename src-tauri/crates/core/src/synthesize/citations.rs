//! Holds an answer against what it cites.
//!
//! Comes in: Markdown that a model wrote, and what the tasks found. Goes out: the same text in which
//! a citation of something that does not exist is taken out (and counted), several in one bracket
//! stand in brackets of their own, and a quotation that stands in no cited result is marked. Code is
//! left alone.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Found;
use crate::event::Citation;

/// What is put behind a quotation that nobody can find.
pub const NOT_FOUND: &str = "*(not found in the sources)*";

/// Shorter quotations are titles or single words, which need no source.
const SHORTEST_QUOTE_WORDS: usize = 4;

/// An answer that has been checked.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Checked {
    /// The text as it may be shown.
    pub markdown: String,
    /// What it cites, each once, in the order of appearance.
    pub citations: Vec<Citation>,
    /// Citations taken out.
    pub removed: usize,
}

/// Checks an answer. What stands in the question is no quotation of a source.
pub fn check(markdown: &str, found: &[Found], question: &str) -> Checked {
    let mut checked = Checked::default();
    for (is_code, piece) in pieces(markdown) {
        if is_code {
            checked.markdown.push_str(piece);
        } else {
            cite(piece, found, &mut checked);
        }
    }
    checked.markdown = marked(&checked.markdown, &checked.citations, found, question);
    checked
}

/// Copies prose, with its citations put right.
fn cite(prose: &str, found: &[Found], checked: &mut Checked) {
    let mut rest = prose;
    while let Some(open) = rest.find('[') {
        checked.markdown.push_str(&rest[..open]);
        let Some((cited, length)) = bracket(&rest[open..]) else {
            checked.markdown.push('[');
            rest = &rest[open + 1..];
            continue;
        };
        let mut kept = String::new();
        for citation in cited {
            if !exists(citation, found) {
                checked.removed += 1;
                continue;
            }
            kept.push_str(&written(citation));
            if !checked.citations.contains(&citation) {
                checked.citations.push(citation);
            }
        }
        if kept.is_empty() && checked.markdown.ends_with(' ') {
            // “so it is [9].” would leave a gap before the full stop.
            checked.markdown.pop();
        }
        checked.markdown.push_str(&kept);
        rest = &rest[open + length..];
    }
    checked.markdown.push_str(rest);
}

/// The citations in a bracket and its length; `None` where it is another kind of bracket.
fn bracket(text: &str) -> Option<(Vec<Citation>, usize)> {
    let close = text.find(']')?;
    let inside = &text[1..close];
    if inside.is_empty() || inside.len() > 64 {
        return None;
    }
    let cited: Option<Vec<Citation>> = inside.split([',', ';']).map(one).collect();
    let after = &text[close + 1..];
    // A target that a model made up for the number; the window knows where it leads.
    let target = after.strip_prefix('(').and_then(|target| target.find(')'));
    let target = target.map_or(0, |end| end + 2);
    Some((cited?, close + 1 + target))
}

fn one(mark: &str) -> Option<Citation> {
    let mark = mark.trim().trim_start_matches(['^', 't']);
    let (task, item) = mark.split_once('.').map_or((mark, None), |(task, item)| (task, Some(item)));
    let number = |text: &str| {
        let digits =
            !text.is_empty() && text.len() <= 6 && text.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| text.parse::<usize>().ok()).flatten()
    };
    // 0 is read too, so that it is taken out like any other number that does not exist.
    let index = number(task)?.wrapping_sub(1);
    let item = item.map(number);
    if item == Some(None) { None } else { Some(Citation { index, item: item.flatten() }) }
}

fn exists(citation: Citation, found: &[Found]) -> bool {
    let task = found.iter().find(|task| task.index == citation.index);
    match (task, citation.item) {
        (Some(task), Some(item)) => (1..=task.evidence.items().len()).contains(&item),
        (task, None) => task.is_some(),
        (None, Some(_)) => false,
    }
}

fn written(citation: Citation) -> String {
    match citation.item {
        Some(item) => format!("[{}.{item}]", citation.index + 1),
        None => format!("[{}]", citation.index + 1),
    }
}

/// Puts a mark behind each quotation that stands in no cited result.
fn marked(markdown: &str, cited: &[Citation], found: &[Found], question: &str) -> String {
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
            let bare = letters(quote);
            let sources = sources.get_or_insert_with(|| sources_of(cited, found, question));
            if quote.split_whitespace().count() >= SHORTEST_QUOTE_WORDS && !sources.contains(&bare)
            {
                text.push(' ');
                text.push_str(NOT_FOUND);
            }
            rest = after;
        }
        text.push_str(rest);
    }
    text
}

/// The text before the next quotation, the quotation with its marks, and the text behind it.
fn quotation(text: &str) -> Option<(&str, &str, &str)> {
    const MARKS: [(char, char); 5] = [('"', '"'), ('“', '”'), ('„', '“'), ('«', '»'), ('»', '«')];
    let (start, open) =
        text.char_indices().find(|(_, c)| MARKS.iter().any(|(open, _)| open == c))?;
    let close = MARKS.iter().find(|(mark, _)| *mark == open)?.1;
    let inside = start + open.len_utf8();
    // A quotation ends within its paragraph.
    let paragraph = text[inside..].find("\n\n").map_or(text.len(), |end| inside + end);
    let Some(end) = text[inside..paragraph].find(close) else {
        // A lone mark is copied; the search goes on behind it.
        return Some((&text[..start], &text[start..inside], &text[inside..]));
    };
    let end = inside + end + close.len_utf8();
    Some((&text[..start], &text[start..end], &text[end..]))
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
        Value::String(string) => {
            text.push_str(&letters(string));
            text.push('\n');
        }
        Value::Array(items) => items.iter().for_each(|item| gather(item, text)),
        Value::Object(fields) => fields.values().for_each(|field| gather(field, text)),
        Value::Number(_) | Value::Bool(_) | Value::Null => {}
    }
}

/// What is compared: spaces, marks and markup differ without a difference in the words.
fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Prose and code, in their order.
pub(super) fn pieces(markdown: &str) -> Vec<(bool, &str)> {
    let mut pieces = Vec::new();
    let mut rest = markdown;
    while let Some(start) = rest.find('`') {
        let ticks = rest[start..].bytes().take_while(|b| *b == b'`').count();
        let fence = &rest[start..start + ticks];
        let inside = start + ticks;
        let Some(end) = rest[inside..].find(fence).map(|end| inside + end + ticks) else { break };
        pieces.push((false, &rest[..start]));
        pieces.push((true, &rest[start..end]));
        rest = &rest[end..];
    }
    pieces.push((false, rest));
    pieces
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::synthesize::evidence::Evidence;

    fn found() -> Vec<Found> {
        let task = |index: usize, value: Value| Found {
            index,
            server: "s".into(),
            tool: "find".into(),
            description: String::new(),
            arguments: json!({}),
            evidence: Evidence::read(&json!({"structuredContent": value}).to_string()),
        };
        vec![
            task(0, json!({"results": [{"title": "The first story is here"}, {"title": "b"}]})),
            task(2, json!({"text": "Words that are\nreally *there*."})),
        ]
    }

    fn text(markdown: &str) -> (String, usize) {
        let checked = check(markdown, &found(), "What does the person really ask?");
        (checked.markdown, checked.removed)
    }

    #[test]
    fn citations_of_nothing_are_taken_out_and_counted() {
        let cases = [
            ("Yes [1], [1.2] and [3].", "Yes [1], [1.2] and [3].", 0),
            ("No [2], [9].", "No,.", 2),
            ("Half [1.2, 1.3; 3].", "Half [1.2][3].", 1),
            ("Zero [0] [1.0] [3.1].", "Zero.", 3),
            ("Link [1](https://evil) and [text](https://x).", "Link [1] and [text](https://x).", 0),
            ("List [a] [x, 1] [ ] [", "List [a] [x, 1] [ ] [", 0),
            ("Code `a[9]` and\n```\nx[7]\n```\nend [9]", "Code `a[9]` and\n```\nx[7]\n```\nend", 1),
        ];
        for (markdown, expected, removed) in cases {
            assert_eq!(text(markdown), (expected.to_owned(), removed), "{markdown}");
        }
        let cited = check("[1.2] [3] [1.2]", &found(), "").citations;
        assert_eq!(
            cited,
            [Citation { index: 0, item: Some(2) }, Citation { index: 2, item: None }]
        );
    }

    #[test]
    fn quotations_are_looked_up_in_what_is_cited() {
        let marked = |markdown: &str| text(markdown).0.contains(NOT_FOUND);
        assert!(!marked("It says “words that are really there” [3]."));
        assert!(marked("It says “words that are really there” [1]."));
        assert!(marked("It says \"something that nobody ever wrote\" [1]."));
        assert!(!marked("A \"short title\" [1]. Asked: \"what does the person really ask?\""));
        assert!(!marked("One \" mark, and `\"code that is not a quote\"` [1]."));
    }

    proptest! {
        #[test]
        fn no_answer_breaks_it(markdown in "[\\[\\]()0-3.,;`\"“”\\n a]{0,80}") {
            check(&markdown, &found(), "q");
        }
    }
}
